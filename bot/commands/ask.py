"""`safar ask "…"`: one question, what was understood, and the answer."""

import asyncio
import json as jsons
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bot.commands.evaluate import predict
from bot.commands.temporary import Answered, temporary_desk
from bot.model.errors import SetupError


def run(text: str, json: bool, channel: str) -> None:
    """Ask and print."""
    if not text.strip():
        raise SetupError('Write a question: safar ask "my employer keeps my passport"')
    answered = asyncio.run(_ask(text, channel))
    prediction = {**predict({"text": text}, answered), "places": answered.meta.get("places")}
    if json:
        Console(soft_wrap=True).print_json(jsons.dumps(prediction, ensure_ascii=False))
        return
    _show(prediction, answered)


async def _ask(text: str, channel: str) -> Answered:
    async with temporary_desk() as desk:
        return await desk.ask(text, "ask", channel)


def _show(prediction: dict[str, Any], answered: Answered) -> None:
    console = Console()
    understood = ("language", "decision", "entry", "probability", "urgency", "places")
    console.print("  ".join(f"[bold]{key}[/bold] {escape(str(prediction[key]))}" for key in understood))
    for letter in answered.letters:
        console.print(Panel(escape(letter.outgoing.text), title="urgent" if letter.urgent else None))
        for number, button in enumerate(letter.outgoing.buttons, 1):
            console.print(f"  \\[{number}] {escape(button.label)}")
