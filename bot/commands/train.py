"""`safar train`."""

from rich.console import Console

from bot.commands.prepare import prepared_model
from bot.dialogue import training_state
from bot.settings import read
from bot.wiring import model_folder


def run(force: bool) -> None:
    """Train if needed, and say which it was."""
    settings = read()
    fresh = not force and training_state.current(model_folder(settings)) is not None
    model = prepared_model(settings, force)
    Console().print(f"{'Nothing has changed; the model is' if fresh else 'Trained:'} {model}", soft_wrap=True)
