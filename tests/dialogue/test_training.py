"""What Rasa is trained on, when, and that nothing half trained is ever used."""

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bot.dialogue import train, training_state
from bot.settings import ROOT
from knowledge.load import load

pytestmark = pytest.mark.xdist_group("training")


@pytest.fixture(scope="module", autouse=True)
def rasa() -> None:
    """Imports of Rasa warn and undo every filter."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        import bot.dialogue.classifier
        import bot.dialogue.importer
        import bot.dialogue.nlg  # noqa: F401


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that a model is made from, and a folder `models` with that model."""
    one = tmp_path / "domain.yml"
    one.write_text("a: 1", encoding="utf-8")
    monkeypatch.setattr(training_state, "inputs", lambda: [one])
    folder = tmp_path / "models"
    folder.mkdir()
    for name in (training_state.MODEL, training_state.DANGER):
        (folder / name).write_bytes(b"trained")
    training_state.note(folder, training_state.inputs_digest())
    return one


def test_a_model_is_current_until_what_it_is_made_from_changes(inputs: Path) -> None:
    folder = inputs.with_name("models")
    assert training_state.current(folder) == folder / training_state.MODEL
    os.utime(inputs, (1, 1))
    assert training_state.current(folder)
    inputs.write_text("a: 2", encoding="utf-8")
    assert training_state.current(folder) is None


@pytest.mark.parametrize("name", [training_state.MODEL, training_state.DANGER, training_state.STATE])
def test_a_model_that_is_not_whole_is_made_again(inputs: Path, name: str) -> None:
    (inputs.with_name("models") / name).unlink()
    assert training_state.current(inputs.with_name("models")) is None


@pytest.mark.parametrize("state", ["", "{", "[]", "7", '{"inputs": 7}'])
def test_a_broken_note_means_training_again(inputs: Path, state: str) -> None:
    (inputs.with_name("models") / training_state.STATE).write_text(state, encoding="utf-8")
    assert training_state.current(inputs.with_name("models")) is None


def test_deciding_needs_no_rasa_and_is_quick(trained: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bot.dialogue import training_state as state;"
        "began = time.process_time(); found = state.current(Path(sys.argv[1])); took = time.process_time() - began;"
        "assert found, 'not current'; assert 'rasa' not in sys.modules; print(took)"
    )
    command = [sys.executable, "-c", code, str(trained.parent)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert float(done.stdout) < 0.05


def test_every_file_that_is_learned_from_is_among_the_inputs() -> None:
    names = {str(path.relative_to(ROOT)) for path in training_state.inputs()}
    assert {"domain.yml", "config.yml", "bot/dialogue/training/rules.yml", "locales/ne/questions.yml"} <= names


@pytest.mark.rasa
def test_a_training_that_is_killed_leaves_the_old_model_whole(tmp_path: Path, trained: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(trained.parent, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    process = training(folder, ROOT)
    deadline = time.monotonic() + 60
    while not list(folder.glob(f"{train.WORK}*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    train._clear(folder)
    assert {path.name for path in folder.iterdir()} == set(before)


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("name", "old", "new", "word"),
    [
        ("domain.yml", "intents:\n", "intents: [\n", "domain.yml"),
        ("domain.yml", "  - text: Which language do you want?", "  - txt: Which language do you want?", "domain"),
        ("bot/dialogue/training/rules.yml", "action: action_person", "action: utter_help", "Contradicting"),
    ],
)
def test_what_can_not_be_trained_on_is_said_in_one_sentence(
    tmp_path: Path, name: str, old: str, new: str, word: str
) -> None:
    copy = tmp_path / "checkout"
    copy.mkdir()
    for part in ("bot", "knowledge", "locales"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("domain.yml", "config.yml", "endpoints.yml", "requirements.lock"):
        shutil.copy(ROOT / part, copy / part)
    source = (copy / name).read_text(encoding="utf-8")
    assert old in source
    if word == "Contradicting":
        extra = "  - rule: Another thing for the same\n    steps: [{intent: ask_person}, {action: utter_help}]\n"
        (copy / name).write_text(source + extra, encoding="utf-8")
    else:
        (copy / name).write_text(source.replace(old, new, 1), encoding="utf-8")
    process = training(tmp_path / "models", copy)
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert b"Traceback" not in said
    last = [line for line in said.decode().splitlines() if "safar: " in line][-1]
    assert word.lower() in last.lower()
    assert not (tmp_path / "models" / training_state.STATE).exists()


def training(folder: Path, checkout: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "bot.dialogue.train", str(folder)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "SAFAR_DATA_DIR": str(ROOT / "var")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.filterwarnings("ignore")
def test_every_question_of_the_knowledge_base_is_learned_as_one_and_every_intent_has_examples() -> None:
    from bot.dialogue.importer import SafarImporter

    data = SafarImporter(str(ROOT / "config.yml")).get_nlu_data()
    learned: dict[str, set[str]] = {}
    for message in data.intent_examples:
        learned.setdefault(message.get("intent"), set()).add(message.get("text"))
    assert {question.text for question in load(ROOT / "knowledge", ROOT / "locales").questions} <= learned["ask"]
    intents = set(yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"])
    assert intents - set(learned) <= {"help", "choose", "set_language", "set_country"}  # only buttons carry these
    assert set(learned) <= intents


async def test_a_response_is_said_in_the_language_of_the_message_with_everything_filled() -> None:
    from rasa.shared.core.events import UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    from bot.dialogue.nlg import SafarNLG

    nlg = SafarNLG()
    for tag in ("en", "fr", "ar", "ne", "xx"):
        heard = UserUttered("x", metadata={"language": tag})
        said: Any = await nlg.generate("utter_abuse", DialogueStateTracker.from_events("c", [heard]), "safar")
        assert said["custom"]["language"] == ("en" if tag == "xx" else tag)
        assert said["custom"]["draft"] is (tag not in {"en", "xx"})
        assert "{" not in said["text"]
        assert said["buttons"][0]["payload"] == "person:ask"
        assert (said["buttons"][0]["title"] == "I want a person") is (tag in {"en", "xx"})
    assert await nlg.generate("utter_nobody_wrote", DialogueStateTracker.from_events("c", []), "safar") is None
    short: Any = await nlg.generate("utter_first_notice", DialogueStateTracker.from_events("c", []), "safar")
    assert len(short["custom"]["sms"]) < len(short["text"])


def test_the_classifier_is_the_same_after_loading_and_doubts_small_talk(tmp_path: Path) -> None:
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    from bot.dialogue.classifier import IntentClassifier
    from bot.dialogue.components import VECTOR

    rng = np.random.default_rng(7)
    centres = {name: rng.normal(size=384) / 20 for name in ("ask", "greet", "thanks")}

    def near(name: str, text: str = "hi") -> Message:
        vector = (centres[name] + rng.normal(size=384) / 100).astype(np.float32)
        return Message({"text": text, "intent": name, VECTOR: vector})

    (tmp_path / "model").mkdir()
    storage = LocalModelStorage(tmp_path / "model")
    fresh: Any = IntentClassifier({"C": 20.0}, storage, Resource("intents"))
    examples = [near(name) for name in centres for _ in range(20)]
    resource = fresh.train(TrainingData(training_examples=examples))
    context: Any = None
    began = time.perf_counter()
    loaded = IntentClassifier.load({"C": 20.0}, storage, resource, context)
    assert time.perf_counter() - began < 0.1
    for name in centres:
        first, second = near(name), None
        second = Message({"text": "hi", VECTOR: first.get(VECTOR)})
        fresh.process([first])
        loaded.process([second])
        assert second.get("intent")["name"] == name
        assert second.get("intent") == first.get("intent")
    between = ((centres["greet"] + centres["ask"]) / 2).astype(np.float32)
    story = Message({"text": "hello, " + "and then he said that I must go " * 3, VECTOR: between})
    loaded.process([story])
    assert story.get("intent")["name"] == "ask"
    pressed = Message({"text": "/choose", "intent": {"name": "choose"}})
    loaded.process([pressed])
    assert pressed.get("intent") == {"name": "choose"}
