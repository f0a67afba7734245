"""What Rasa trains on: our domain, rules and small talk, and the questions of the knowledge base as `ask`.

Named in `config.yml`, so that the plain `rasa` commands find everything without a `data/` folder. Imports Rasa and
`knowledge`.
"""

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.settings import ROOT
from knowledge.load import load

TRAINING = ROOT / "bot" / "dialogue" / "training"


class SafarImporter(RasaFileImporter):
    """Rasa's own importer, with our places."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        given = [training_data_paths] if isinstance(training_data_paths, str) else list(training_data_paths or [])
        existing = [path for path in given if path]
        super().__init__(config_file, domain_path or str(ROOT / "domain.yml"), [*existing, str(TRAINING)])

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Small talk from the files, questions from the knowledge base."""
        small_talk = super().get_nlu_data(language)
        knowledge = load(ROOT / "knowledge", ROOT / "locales")
        asked = [Message({TEXT: question.text, INTENT: "ask"}) for question in knowledge.questions]
        return small_talk.merge(TrainingData(training_examples=asked))
