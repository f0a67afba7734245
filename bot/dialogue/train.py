"""Training as the desk starts it: `python -m bot.dialogue.train FOLDER`. `rasa train` without what nothing here needs.

The new model replaces the old one in a single step: killed half-way, the old one is still there.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from bot.dialogue import lazy, serve, training_state
from bot.dialogue.adapt import adapt
from bot.settings import ROOT

NEEDED = frozenset({"sklearn", "skops"})
WORK = "training-"


def main() -> None:
    """Train into the folder given; exit code 1 with one sentence when the files can't be trained on."""
    folder = Path(sys.argv[1])
    lazy.UNUSED -= NEEDED
    serve.prepare()
    from rasa.shared.exceptions import RasaException

    from knowledge.errors import KnowledgeError

    try:
        train(folder)
    except (RasaException, KnowledgeError) as bad:
        print(f"safar: {' '.join(str(bad).split())}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def train(folder: Path) -> None:
    """Train and replace `folder`'s model. Raises Rasa's and the knowledge base's own errors."""
    from rasa.model_training import train as rasa_train

    adapt()
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    made_from = training_state.inputs_digest()
    with tempfile.TemporaryDirectory(dir=folder, prefix=WORK) as work:
        result = rasa_train(
            domain=str(ROOT / "domain.yml"),
            config=str(ROOT / "config.yml"),
            training_files=[],
            output=work,
            fixed_model_name="model",
            force_training=True,
        )
        if result.code or not result.model:
            print("safar: training failed; see above", file=sys.stderr)  # noqa: T201
            sys.exit(1)
        Path(result.model).replace(folder / training_state.MODEL)
    from bot.safety_training import train_danger

    train_danger(folder / training_state.DANGER)
    training_state.note(folder, made_from)


def _clear(folder: Path) -> None:
    """Take away what a training that was killed left behind."""
    for left in folder.glob(f"{WORK}*"):
        shutil.rmtree(left, ignore_errors=True)


if __name__ == "__main__":
    main()
