"""Is the trained model still the right one? Decided by a digest of all it is made from, without importing Rasa."""

import json
from pathlib import Path

from bot.settings import ROOT
from knowledge.load import digest

MODEL = "model.tar.gz"
STATE = "model.json"
DANGER = "danger.npz"


def inputs() -> list[Path]:
    """The files a model is made from, and the code of its components."""
    code = [ROOT / "bot" / "dialogue" / f"{name}.py" for name in ("components", "classifier", "encoder", "importer")]
    training = (ROOT / "bot" / "dialogue" / "training").rglob("*.yml")
    questions = (ROOT / "locales").glob("*/questions.yml")
    danger = [ROOT / "bot" / "safety" / name for name in ("examples.yml", "classifier.py")]
    return [*danger, ROOT / "config.yml", ROOT / "domain.yml", ROOT / "requirements.lock", *code, *training, *questions]


def current(folder: Path) -> Path | None:
    """The model in `folder` if it was made from just these inputs."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    model = folder / MODEL
    return model if state.get("inputs") == digest(inputs(), ROOT) and model.exists() else None


def note(folder: Path) -> None:
    """Say what the model in `folder` was made from; written last, so that a broken training is done again."""
    (folder / STATE).write_text(json.dumps({"inputs": digest(inputs(), ROOT)}) + "\n", encoding="utf-8")
