"""How well topics are found, chosen and declined: `python -m benchmarks.search_quality [more lines …]`.

Input: the files of `benchmarks/data/`, and any further files of JSON lines (text, lang, topic or null, perhaps style).
Nothing in them is trained on. Prints the tables of docs/quality.md: Safar beside BM25 and beside the nearest way of asking
in the vectors of e5 as it comes and as it is tuned; by language and style; thresholds; reliability.
"""

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.dialogue.e5.graph import build
from bot.dialogue.e5.packed import Packed
from bot.dialogue.encoder import Encoder
from bot.dialogue.vectors import VectorCache
from bot.settings import ROOT, read
from knowledge.latin import romanise
from knowledge.load import load
from knowledge.model import Knowledge
from knowledge.search import Search

Asked = Mapping[str, Any]
Floats = NDArray[np.float32]
Found = tuple[list[str], float]
"""Topics, likeliest first, and the probability of the first entry."""
DATA = ROOT / "benchmarks" / "data"
ANSWER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
MOST = 3


class Bm25:
    """Words of lines, weighed as Robertson and others do (k1 1.2, b 0.75)."""

    def __init__(self, lines: Sequence[str]) -> None:
        bags = [Counter(romanise(line).split()) for line in lines]
        self._lengths = np.array([sum(bag.values()) for bag in bags], dtype=np.float32)
        self._found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row, bag in enumerate(bags):
            for word, count in bag.items():
                self._found[word].append((row, count))

    def scores(self, text: str) -> Floats:
        """Of every line."""
        total = np.zeros(len(self._lengths), dtype=np.float32)
        mean = float(self._lengths.mean())
        for word in romanise(text).split():
            there = self._found.get(word, [])
            rarity = math.log(1 + (len(total) - len(there) + 0.5) / (len(there) + 0.5))
            for row, count in there:
                length = 1.2 * (0.25 + 0.75 * self._lengths[row] / mean)
                total[row] += rarity * count * 2.2 / (count + length)
        return total


def distinct(topics: Iterable[str]) -> list[str]:
    """The first few, each once."""
    return list(dict.fromkeys(topics))[:MOST]


def nearest(scores: Floats, topics: Sequence[str]) -> Found:
    """Topics by their best line."""
    best = np.argsort(-scores, kind="stable")[:200]
    return distinct(topics[row] for row in best), 1.0


def untuned() -> Encoder:
    """The encoder as its weights come."""
    folder = Path(mkdtemp())
    (folder / f"{Encoder().name.replace('/', '-')}.onnx").write_bytes(build(Packed.installed(), {}))
    return Encoder(folder=folder)


def ways(knowledge: Knowledge) -> Mapping[str, Callable[[Sequence[str]], list[Found]]]:
    """What is compared: from messages to topics."""
    encoder = Encoder()
    cache = VectorCache(read().data_path / "cache", encoder.name, encoder.encode_many)
    lines = [question.text for question in knowledge.questions]
    topics = [knowledge.entries[question.entry].topic for question in knowledge.questions]
    bm25, search = Bm25(lines), Search(knowledge, cache.vectors)
    tuned = cache.vectors(lines)

    def safar(texts: Sequence[str]) -> list[Found]:
        ranked = [search.rank(text, vector) for text, vector in zip(texts, encoder.encode_many(texts), strict=True)]
        return [(distinct(c.topic for c in r.candidates), r.candidates[0].probability) for r in ranked]

    def plain(texts: Sequence[str]) -> list[Found]:
        other = untuned()
        known = other.encode_many(lines)
        return [nearest(known @ vector, topics) for vector in other.encode_many(texts)]

    return {
        "BM25": lambda texts: [nearest(bm25.scores(text), topics) for text in texts],
        "nearest in e5": plain,
        "nearest in e5, tuned": lambda texts: [
            nearest(tuned @ vector, topics) for vector in encoder.encode_many(texts)
        ],
        "Safar": safar,
    }


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One table in Markdown."""
    names = list(head)
    print("\n| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


def percent(hits: Sequence[bool]) -> str:
    """The share of hits."""
    return f"{100 * float(np.mean(hits)):.1f}" if hits else ""


def shares(lines: Sequence[Asked], found: Sequence[Found]) -> list[str]:
    """First, and among three."""
    pairs = [(line["topic"], topics) for line, (topics, _) in zip(lines, found, strict=True)]
    return [percent([topics[:1] == [wanted] for wanted, topics in pairs]), percent([w in t for w, t in pairs])]


def by(lines: Sequence[Asked], found: Sequence[Found], key: str) -> None:
    """A table by a value of the lines."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row, line in enumerate(lines):
        groups[str(line.get(key) or "-")].append(row)
    rows = ([name, len(g), *shares([lines[i] for i in g], [found[i] for i in g])] for name, g in sorted(groups.items()))
    table([key, "lines", "first", "among three"], rows)


def thresholds(lines: Sequence[Asked], found: Sequence[Found], nothing: Sequence[Found]) -> None:
    """What the answer threshold does."""
    rows = []
    for least in ANSWER:
        told = [t[:1] == [line["topic"]] for line, (t, chance) in zip(lines, found, strict=True) if chance >= least]
        rows.append(
            [
                least,
                f"{100 * sum(told) / len(lines):.1f}",
                f"{100 * (len(told) - sum(told)) / len(lines):.1f}",
                percent([chance >= least for _, chance in nothing]),
            ]
        )
    table(["answer from", "right topic told", "wrong topic told", "told on no topic"], rows)


def reliability(lines: Sequence[Asked], found: Sequence[Found]) -> None:
    """How often the first entry's topic is right, by the probability that was given."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for line, (topics, chance) in zip(lines, found, strict=True):
        bins[min(9, int(chance * 10))].append((chance, topics[:1] == [line["topic"]]))
    rows = (
        [
            f"{n / 10:.1f} to {(n + 1) / 10:.1f}",
            len(b),
            f"{100 * np.mean([c for c, _ in b]):.0f}",
            percent([r for _, r in b]),
        ]
        for n, b in sorted(bins.items())
    )
    table(["probability", "lines", "mean, %", "right, %"], rows)


def main() -> None:
    """Print everything."""
    paths = [*sorted(DATA.glob("*.jsonl")), *map(Path, sys.argv[1:])]
    sets = {
        path.stem: [json.loads(raw) for raw in path.read_text(encoding="utf-8").splitlines() if raw] for path in paths
    }
    knowledge = load(ROOT / "knowledge", ROOT / "locales")
    methods = ways(knowledge)
    asked = {name: [line for line in lines if line.get("topic")] for name, lines in sets.items()}
    asked = {name: lines for name, lines in asked.items() if lines}
    found = {
        method: {name: way([line["text"] for line in lines]) for name, lines in asked.items()}
        for method, way in methods.items()
    }
    table(
        ["", *(f"{name} ({len(lines)}): first / among three" for name, lines in asked.items())],
        (
            [method, *(" / ".join(shares(lines, found[method][name])) for name, lines in asked.items())]
            for method in found
        ),
    )
    other = [line["text"] for lines in sets.values() for line in lines if not line.get("topic")]
    nothing = methods["Safar"](other)
    for name, lines in asked.items():
        print(f"\n{name}")
        by(lines, found["Safar"][name], "lang")
        by(lines, found["Safar"][name], "style")
        thresholds(lines, found["Safar"][name], nothing)
        reliability(lines, found["Safar"][name])


if __name__ == "__main__":
    main()
