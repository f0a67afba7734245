"""`safar evaluate`: a file of questions through the whole way of a message, and what came of each.

Every line is a new conversation, from intake to outbox, with the real Rasa; the database is a temporary one.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.commands.temporary import Answered, TemporaryDesk, temporary_desk
from bot.model.errors import SetupError

TOGETHER = 24
FIELDS = ("decision", "entry", "topic", "probability", "choices")


@dataclass(frozen=True)
class Row:
    """One question as it was given, and what came of it."""

    given: Mapping[str, Any]
    prediction: Mapping[str, Any]


def run(questions: Path, out: Path, summary: Path | None) -> None:
    """Evaluate, write predictions (and a summary), print a table. Raises `SetupError` for an unreadable file."""
    lines = read(questions)
    rows, seconds = asyncio.run(_evaluate(lines))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(json.dumps(row.prediction, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    result = summarise(rows, seconds)
    if summary is not None:
        summary.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    Console().print(_table(result))


def read(path: Path) -> list[Mapping[str, Any]]:
    """The questions of a file. Raises `SetupError` that names the line which is no JSON object with a text."""
    try:
        raw = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        message = f"{path} can't be read as UTF-8 text: give a file of JSON lines."
        raise SetupError(message) from bad
    return [_line(path, number, line) for number, line in enumerate(raw.split("\n"), 1) if line.strip()]


def _line(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
        if isinstance(row, dict) and isinstance(row.get("text"), str):
            return row
    except ValueError:
        pass
    message = f"{path}, line {number}: this is no JSON object with a text; mend the line."
    raise SetupError(message)


async def _evaluate(lines: list[Mapping[str, Any]]) -> tuple[list[Row], float]:
    results: dict[int, Row] = {}
    async with temporary_desk() as desk:
        gate = asyncio.Semaphore(TOGETHER)
        began = time.perf_counter()
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Asking", total=len(lines))

            async def one(number: int, line: Mapping[str, Any]) -> None:
                async with gate:
                    results[number] = Row(line, predict(line, await _ask(desk, number, line)))
                    progress.advance(task)

            await asyncio.gather(*(one(number, line) for number, line in enumerate(lines)))
        seconds = time.perf_counter() - began
    return [results[number] for number in range(len(lines))], seconds


async def _ask(desk: TemporaryDesk, number: int, line: Mapping[str, Any]) -> Answered:
    known = {key: line[key] for key in ("origin", "destination") if line.get(key)}
    return await desk.ask(line["text"], f"line-{number}", str(line.get("channel") or "webchat"), known)


def predict(given: Mapping[str, Any], answered: Answered) -> Mapping[str, Any]:
    """One line of the predictions."""
    meta = answered.meta
    return {
        "id": given.get("id"),
        "text": given["text"],
        "language": meta.get("language"),
        **{key: meta.get(key) for key in FIELDS},
        "choices": meta.get("choices") or [],
        "urgent": meta.get("urgency") is not None,
        "urgency": meta.get("urgency"),
        "reply_language": meta.get("reply_language"),
        "reply": answered.text,
    }


Check = Callable[[Mapping[str, Any], Mapping[str, Any]], bool | None]
DECLINED = {"decline", "smalltalk", "help", "person"}


def _topic(given: Mapping[str, Any], predicted: Mapping[str, Any], within: int) -> bool | None:
    if not given.get("topic"):
        return None
    first = [predicted["topic"]] if predicted["topic"] else []
    return given["topic"] in [*first, *(choice["topic"] for choice in predicted["choices"])][:within]


def _decision(given: Mapping[str, Any], predicted: Mapping[str, Any]) -> bool | None:
    expected = given.get("expected")
    if not expected:
        return None
    return predicted["decision"] in DECLINED if expected == "out_of_scope" else expected == predicted["decision"]


CHECKS: Mapping[str, Check] = {
    "language": lambda given, p: given["lang"] == p["language"] if given.get("lang") else None,
    "topic": lambda given, p: _topic(given, p, 1),
    "topic@3": lambda given, p: _topic(given, p, 3),
    "entry": lambda given, p: given["entry"] == p["entry"] if given.get("entry") else None,
    "decision": _decision,
    "urgent": lambda given, p: given["urgent"] == p["urgent"] if isinstance(given.get("urgent"), bool) else None,
}


def summarise(rows: list[Row], seconds: float) -> dict[str, Any]:
    """Shares of right predictions by language and over all; only checks that a line's expectations allow."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[str(row.given.get("lang") or "-")].append(row)
    return {
        "lines": len(rows),
        "seconds": round(seconds, 2),
        "lines_per_second": round(len(rows) / seconds, 1) if seconds else None,
        "all": _shares(rows),
        "by_language": {tag: {"lines": len(group), **_shares(group)} for tag, group in sorted(groups.items())},
    }


def _shares(rows: list[Row]) -> dict[str, float | None]:
    shares: dict[str, float | None] = {}
    for name, check in CHECKS.items():
        results = [result for row in rows if (result := check(row.given, row.prediction)) is not None]
        shares[name] = round(sum(results) / len(results), 4) if results else None
    return shares


def _table(result: Mapping[str, Any]) -> Table:
    table = Table(title=f"{result['lines']} lines, {result['lines_per_second']} a second")
    table.add_column("language")
    table.add_column("lines", justify="right")
    for name in CHECKS:
        table.add_column(name, justify="right")
    for tag, shares in [*result["by_language"].items(), ("all", {"lines": result["lines"], **result["all"]})]:
        table.add_row(tag, str(shares["lines"]), *(_percent(shares[name]) for name in CHECKS))
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
