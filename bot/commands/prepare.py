"""The trained model, made if it is not there or no longer the right one."""

import subprocess
import sys
from pathlib import Path

from bot.commands.working import working
from bot.dialogue import training_state
from bot.model.errors import SetupError
from bot.settings import ROOT, Settings
from bot.wiring import model_folder
from knowledge.errors import KnowledgeError
from knowledge.load import load
from knowledge.model import Knowledge


def checked_knowledge() -> Knowledge:
    """The knowledge base of the checkout. Raises `SetupError` with file and line."""
    try:
        return load(ROOT / "knowledge", ROOT / "locales")
    except KnowledgeError as bad:
        path = bad.path.relative_to(ROOT) if bad.path.is_relative_to(ROOT) else bad.path
        message = f"Mend {path}, line {bad.line}: {bad.sentence}"
        raise SetupError(message) from bad


def prepared_model(settings: Settings, force: bool = False) -> Path:
    """The model that fits the checkout. Raises `SetupError` when it can't be trained."""
    folder = model_folder(settings)
    model = None if force else training_state.current(folder)
    if model is not None:
        return model
    checked_knowledge()
    with working("Training the model; about half a minute the first time"):
        _train(folder, settings)
    return folder / training_state.MODEL


def _train(folder: Path, settings: Settings) -> None:
    """In a process of its own, so that what training needs is given back when it is done."""
    settings.data_path.mkdir(parents=True, exist_ok=True)
    log = settings.data_path / "train.log"
    command = [sys.executable, "-m", "bot.dialogue.train", str(folder)]
    with log.open("wb") as output:
        done = subprocess.run(command, check=False, cwd=ROOT, stdout=output, stderr=output)
    if done.returncode:
        said = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if "safar: " in line]
        reason = said[-1].partition("safar: ")[2] if said else f"see {log}"
        message = f"The model could not be trained: {reason}"
        raise SetupError(message)
