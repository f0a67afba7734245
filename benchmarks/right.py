"""The right entry on questions that neither assistant has seen, by language: stock Rasa beside Safar."""

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from bot.settings import ROOT
from knowledge.load import load

QUESTIONS = ROOT / "benchmarks" / "data" / "questions.jsonl"
Line = Mapping[str, Any]
Right = Mapping[str, tuple[int, int]]
"""By language: how many were right, and of how many."""


def lines() -> list[Line]:
    """The held-out questions that an entry answers."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row.get("entry")]


async def of_stock(url: str) -> Right:
    """Each question a conversation of its own; the answer's text tells the entry."""
    entries = {entry.answer.strip(): entry.id for entry in load(ROOT / "knowledge", ROOT / "locales").entries.values()}
    asked = lines()
    gate = asyncio.Semaphore(4)

    async def ask(http: httpx.AsyncClient, number: int, text: str) -> str | None:
        async with gate:
            body = {"sender": f"right-{number}", "message": text}
            found = (await http.post("/webhooks/rest/webhook", json=body)).json()
        return entries.get(str(found[0].get("text", "")).strip()) if found else None

    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        given = await asyncio.gather(*(ask(http, number, row["text"]) for number, row in enumerate(asked)))
    return _count(asked, given)


def of_safar(folder: Path) -> Right:
    """By `safar evaluate`: the entry given, or the first of those offered."""
    asked = lines()
    source, target = folder / "asked.jsonl", folder / "answered.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in asked), encoding="utf-8")
    safar = str(Path(sys.executable).with_name("safar"))
    subprocess.run([safar, "evaluate", str(source), "--out", str(target)], cwd=ROOT, check=True, capture_output=True)
    told = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    return _count(asked, [row["choices"][0]["entry"] if row["choices"] else None for row in told])


def _count(asked: Sequence[Line], given: Sequence[str | None]) -> Right:
    found: dict[str, list[bool]] = defaultdict(list)
    for row, entry in zip(asked, given, strict=True):
        found[row["lang"]].append(row["entry"] == entry)
    return {tag: (sum(hits), len(hits)) for tag, hits in sorted(found.items())}


def table(theirs: Right, ours: Right) -> str:
    """Both, in Markdown."""
    rows = [(tag, theirs[tag][0], right, of) for tag, (right, of) in ours.items()]
    rows.append(("all", *(sum(row[column] for row in rows) for column in (1, 2, 3))))
    shown = "".join(f"| {tag} | {of} | {a / of:.1%} | {b / of:.1%} |\n" for tag, a, b, of in rows)
    return f"| language | questions | stock Rasa | Safar |\n| --- | --- | --- | --- |\n{shown}"
