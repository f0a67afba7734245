"""The `safar` command. Imports nothing heavy: each command loads what it needs when it runs.

A `SetupError` becomes one sentence on standard error and exit code 1; an unforeseen error becomes one sentence with the
place where its trace was written, never a trace on the operator's screen.
"""

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer

from bot.model.errors import SafarError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The assistant of a migrant resource centre.",
)
outbox = typer.Typer(no_args_is_help=True, help="What could not be sent.")
app.add_typer(outbox, name="outbox")
staff = typer.Typer(no_args_is_help=True, help="Who may sign in to the console.")
app.add_typer(staff, name="staff")
knowledge = typer.Typer(no_args_is_help=True, help="The answers: what to mend, and how far they are.")
app.add_typer(knowledge, name="knowledge")
translations = typer.Typer(no_args_is_help=True, help="Texts on their way to translators and back.")
app.add_typer(translations, name="translations")


@app.command()
def up(
    check: Annotated[bool, typer.Option(help="End after the first question has been answered.")] = False,
) -> None:
    """Set up what is missing, start desk and Rasa, and serve until Ctrl-C."""
    from bot.commands import up as command

    command.run(check)


@app.command()
def train(force: Annotated[bool, typer.Option(help="Train even if nothing has changed.")] = False) -> None:
    """Train the model if anything it is made from has changed."""
    from bot.commands import train as command

    command.run(force)


@app.command()
def ask(
    text: str,
    json: Annotated[bool, typer.Option("--json", help="Print everything that was understood, as JSON.")] = False,
    channel: Annotated[str, typer.Option(help="Shape the answer as for: webchat, telegram or sms.")] = "webchat",
) -> None:
    """Ask one question and see what was understood and what is answered."""
    from bot.commands import ask as command

    command.run(text, json, channel)


@app.command()
def chat(channel: Annotated[str, typer.Option(help="webchat, telegram or sms.")] = "webchat") -> None:
    """Talk with the assistant in the terminal."""
    from bot.commands import chat as command

    command.run(channel)


@app.command()
def evaluate(
    questions: Annotated[Path, typer.Argument(help="JSON lines with text and, if known, what is expected.")],
    out: Annotated[Path, typer.Option(help="Where the predictions go, one JSON line each.")],
    json: Annotated[Path | None, typer.Option("--json", help="Where a summary goes.")] = None,
) -> None:
    """Ask every question of a file, each in a conversation of its own, and compare with what was expected."""
    from bot.commands import evaluate as command

    command.run(questions, out, json)


@app.command()
def bench(
    epochs: Annotated[int, typer.Option(help="How many epochs stock Rasa is trained for.")] = 100,
) -> None:
    """Measure speed beside a stock Rasa assistant and write docs/benchmarks.md."""
    from bot.commands import bench as command

    command.run(epochs)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run style, types and all tests; with arguments only pytest, which gets them."""
    from bot.commands import test as command

    command.run(context.args)


@outbox.command("list")
def outbox_list() -> None:
    """List the messages that could not be sent, with the reason."""
    from bot.commands import outbox as command

    command.show()


@outbox.command("resend")
def outbox_resend(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids from `outbox list`; none: all.")] = None,
) -> None:
    """Put unsendable messages back into the outbox."""
    from bot.commands import outbox as command

    command.resend(ids or [])


@staff.command("add")
def staff_add(
    email: str,
    name: Annotated[str, typer.Option(help="As colleagues read it.")],
    role: Annotated[str, typer.Option(help="agent, curator, trainer or administrator.")] = "administrator",
    languages: Annotated[str, typer.Option(help="Codes of the languages they speak, with commas.")] = "en",
) -> None:
    """Add a colleague and print the link by which they set their password."""
    from bot.commands import staff as command

    command.add(email, name, role, languages)


@staff.command("link")
def staff_link(email: str) -> None:
    """Print a new link for a colleague who can't sign in."""
    from bot.commands import staff as command

    command.link(email)


@knowledge.command("lint")
def knowledge_lint(
    explain: Annotated[bool, typer.Option(help="Say what each check is for, with an example.")] = False,
    notes: Annotated[bool, typer.Option(help="Show what can wait as well.")] = False,
) -> None:
    """Check every answer, translation, number and way of asking; exit code 1 if something must be mended."""
    from bot.commands import knowledge as command

    command.run_lint(explain, notes)


@knowledge.command("status")
def knowledge_status() -> None:
    """Tables: entries by language, services by country and age."""
    from bot.commands import knowledge as command

    command.status()


@translations.command("extract")
def translations_extract() -> None:
    """Write what there is to translate as templates, locales/<domain>.pot."""
    from bot.commands import translations as command

    command.extract()


@translations.command("update")
def translations_update(
    tags: Annotated[list[str] | None, typer.Argument(help="Languages, as their folders are named; none: all.")] = None,
) -> None:
    """Bring catalogues up to the sources: new texts are added, translations of changed ones marked fuzzy."""
    from bot.commands import translations as command

    command.update(tags or [])


@translations.command("compile")
def translations_compile() -> None:
    """Check all catalogues and keep them in a form that is read fast."""
    from bot.commands import translations as command

    command.compile_all()


@translations.command("status")
def translations_status() -> None:
    """How far each language is: reviewed, drafted, stale, missing."""
    from bot.commands import translations as command

    command.status()


@app.command()
def screenshots(
    folder: Annotated[Path, typer.Option(help="Where the pictures go.")] = Path("docs/screenshots"),
) -> None:
    """Take the pictures of the web chat that the README shows (needs Chromium)."""
    from bot.commands import screenshots as command

    command.run(folder)


ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Entry point of the `safar` script."""
    for name in ONE_THREAD:  # numpy's helpers spin while they wait, and take the processor from those who answer
        os.environ.setdefault(name, "1")
    try:
        app(standalone_mode=False)
    except SafarError as error:
        _fail(error.log)
    except typer.Exit as leave:
        sys.exit(leave.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except Exception as fault:
        _fail(_explain(fault))


def _explain(fault: Exception) -> str:
    if hasattr(fault, "format_message"):  # how Typer says that the command line is wrong
        return str(fault.format_message())
    if isinstance(fault, OSError) and fault.errno == 28:
        return "The disk is full: free some space and start again."
    with tempfile.NamedTemporaryFile("w", prefix="safar-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exception(fault, file=file)
    return f"Something went wrong that nobody foresaw ({type(fault).__name__}); what happened is in {file.name}."


def _fail(sentence: str) -> None:
    print(f"safar: {sentence}", file=sys.stderr)  # noqa: T201
    sys.exit(1)
