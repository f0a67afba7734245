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
    dialogue = ROOT / "bot" / "dialogue"
    code = [dialogue / f"{name}.py" for name in ("components", "classifier", "encoder", "importer")]
    code += (dialogue / "e5").glob("*.py")
    training = (ROOT / "bot" / "dialogue" / "training").rglob("*.yml")
    questions = (ROOT / "locales").glob("*/questions.yml")
    danger = [ROOT / "bot" / "safety" / name for name in ("examples.yml", "classifier.py")]
    danger += (ROOT / "locales").glob("*/danger.yml")
    return [*danger, ROOT / "config.yml", ROOT / "domain.yml", ROOT / "requirements.lock", *code, *training, *questions]


def current(folder: Path) -> Path | None:
    """The model in `folder` if it was made from just these inputs."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(state, dict):
        return None
    whole = all((folder / name).exists() for name in (MODEL, DANGER))
    return folder / MODEL if whole and state.get("inputs") == inputs_digest() else None


def inputs_digest() -> str:
    """What a model made now would be made from."""
    return digest(inputs(), ROOT)


def note(folder: Path, made_from: str) -> None:
    """Say what the model in `folder` was made from; written last, so that a broken training is done again."""
    (folder / STATE).write_text(json.dumps({"inputs": made_from}) + "\n", encoding="utf-8")
