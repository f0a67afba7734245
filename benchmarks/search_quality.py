"""How well the search finds, chooses and declines: `python benchmarks/search_quality.py [more lines …]`.

Input: `benchmarks/data/questions.jsonl` (lines with text, lang, style, topic and entry, or entry null for topics that
have none), and any further files of lines given as arguments; a line with neither topic nor entry must be declined.
Prints the tables of docs/quality-search.md.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.dialogue.encoder import Encoder  # noqa: E402
from bot.dialogue.vectors import VectorCache  # noqa: E402
from bot.settings import read  # noqa: E402
from knowledge.load import load  # noqa: E402
from knowledge.search import Ranking, Search  # noqa: E402

Asked = Mapping[str, Any]
Row = tuple[Asked, str | None, Ranking]
"""A line, the entry that answers it or None, and what the search said."""
DATA = ROOT / "benchmarks" / "data" / "questions.jsonl"
ANSWER, CHOICE = (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8), (0.05, 0.08, 0.12, 0.18, 0.25)
NOTHING = "no topic"


def decide(ranking: Ranking, answer: float, choice: float) -> tuple[str, list[str]]:
    """What a person would get: an answer, choices, or nothing."""
    best = ranking.candidates[:3]
    if best[0].probability >= answer:
        return "answer", [best[0].entry]
    close = [candidate.entry for candidate in best if candidate.probability >= choice]
    return ("choices", close) if close else ("nothing", [])


def rank(paths: Iterable[Path]) -> dict[str, list[Row]]:
    """Every line of every file, ranked: by file, those with and without an entry apart."""
    knowledge = load(ROOT / "knowledge", ROOT / "locales")
    encoder = Encoder()
    cache = VectorCache(read().data_path, encoder.name, encoder.encode_many)
    search = Search(knowledge, cache.vectors)
    by_topic = {entry.topic: entry.id for entry in knowledge.entries.values()}
    sets: dict[str, list[Row]] = defaultdict(list)
    for path in paths:
        lines: list[Asked] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for line, vector in zip(lines, cache.vectors([str(line["text"]) for line in lines]), strict=True):
            wanted = line["entry"] if "entry" in line else by_topic.get(line.get("topic", ""))
            kind = "with an entry" if wanted else "topic without an entry" if line.get("topic") else NOTHING
            sets[f"{path.stem}: {kind}"].append((line, wanted, search.rank(line["text"], vector, line["lang"])))
    return sets


def share(rows: list[Row], hit: Callable[[Row], bool]) -> str:
    """How many of the rows, in per cent."""
    return f"{100 * float(np.mean([hit(row) for row in rows])):.1f}"


def found(rows: list[Row]) -> list[str]:
    """How many were ranked first, and among the first three."""
    first = share(rows, lambda row: row[2].candidates[0].entry == row[1])
    return [first, share(rows, lambda row: row[1] in [candidate.entry for candidate in row[2].candidates[:3]])]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One table in Markdown."""
    names = list(head)
    print("\n| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


def by(rows: list[Row], key: str) -> dict[str, list[Row]]:
    """The rows apart, by a value of their lines."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[str(row[0].get(key, "-"))].append(row)
    return groups


def curve(sets: Mapping[str, list[Row]], answer: float, choice: float) -> list[str]:
    """What comes out at two thresholds, for each set."""
    cells = []
    for name, rows in sets.items():
        said = [(decide(ranking, answer, choice), wanted) for _, wanted, ranking in rows]
        answered = [wanted == entries[0] for (way, entries), wanted in said if way == "answer"]
        offered = sum(way == "choices" and (wanted in entries or not wanted) for (way, entries), wanted in said)
        parts = [sum(answered), len(answered) - sum(answered), offered]
        shown = parts if name.endswith("with an entry") else parts[1:]
        cells.append(" / ".join(f"{100 * part / len(rows):.1f}" for part in shown))
    return cells


def main() -> None:
    """Rank everything and print the tables."""
    sets = rank([DATA, *map(Path, sys.argv[1:])])
    head = ["", "lines", "first", "first three"]
    with_entry = {name: rows for name, rows in sets.items() if name.endswith("with an entry")}
    table(head, ([name, len(rows), *found(rows)] for name, rows in with_entry.items()))
    own = with_entry[f"{DATA.stem}: with an entry"]
    for key in ("lang", "style", "entry"):
        table([key, *head[1:]], ([name, len(rows), *found(rows)] for name, rows in by(own, key).items()))
    pairs = [(answer, 0.12) for answer in ANSWER] + [(0.5, choice) for choice in CHOICE]
    table(["answer", "choice", *sets], ([answer, choice, *curve(sets, answer, choice)] for answer, choice in pairs))


if __name__ == "__main__":
    main()
