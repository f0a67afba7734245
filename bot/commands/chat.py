"""`safar chat`: a conversation in the terminal."""

import asyncio

from rich.console import Console
from rich.markup import escape

from bot.commands.temporary import temporary_desk

WAYS_OUT = {"/quit", "/exit"}


def run(channel: str) -> None:
    """Talk until Ctrl-D, Ctrl-C or /quit."""
    asyncio.run(_talk(channel))


async def _talk(channel: str) -> None:
    console = Console()
    with console.status("Starting …"):
        context = temporary_desk()
        desk = await context.__aenter__()
    console.print("Write a question, a number to choose, or /quit to leave.", style="dim")
    try:
        while (line := await asyncio.to_thread(_line)) is not None:
            answered = await desk.ask(line, "chat", channel)
            for letter in answered.letters:
                console.print(escape(letter.outgoing.text), style="red" if letter.urgent else "green")
                for number, button in enumerate(letter.outgoing.buttons, 1):
                    console.print(f"  \\[{number}] {escape(button.label)}", style="cyan")
    finally:
        await context.__aexit__(None, None, None)


def _line() -> str | None:
    try:
        line = input("> ")
    except (EOFError, KeyboardInterrupt):
        return None
    return None if line.strip() in WAYS_OUT else line
