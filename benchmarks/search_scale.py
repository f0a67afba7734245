"""How the search holds up at size: `python -m benchmarks.search_scale [lines …]`, asked on one core.

Ways of asking beyond those that there are are made by mixing the words of real ones, with vectors that lie around those
of the real ones as paraphrases do. Prints a table of docs/quality.md: building, memory, time a question, and how many
of the nearest ten that exact comparison finds the approximate index finds too.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import psutil
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.dialogue.encoder import Encoder
from bot.dialogue.vectors import VectorCache
from bot.settings import ROOT, read
from knowledge.index import examples
from knowledge.learn import START
from knowledge.load import load
from knowledge.model import Knowledge, Question
from knowledge.near import EXACT, Near
from knowledge.search import Search
from knowledge.space import fit, unit

Floats = NDArray[np.float32]
SIZES = (1_000, 10_000, 100_000, 1_000_000)
LINES_AN_ENTRY = 10
APART_ENTRIES, APART_LINES = 0.035, 0.02
"""How far made entries lie from real lines, and their lines from each other: two real paraphrases are as far apart."""
ASKED, NEIGHBOURS = 400, 10


class Made:
    """A knowledge base of a given size, and the vectors of its lines."""

    def __init__(self, size: int) -> None:
        self._random = np.random.default_rng(7)
        encoder = Encoder()
        cache = VectorCache(read().data_path / "cache", encoder.name, encoder.encode_many)
        real = load(ROOT / "knowledge", ROOT / "locales")
        self._texts = [question.text for question in real.questions]
        self._seeds = cache.vectors(self._texts)
        self._words = [text.split() for text in self._texts]
        model = next(iter(real.entries.values()))
        count = max(1, size // LINES_AN_ENTRY)
        names = [f"entry_{number}" for number in range(count)]
        entries = {name: replace(model, id=name, title=name, related=(), variants=()) for name in names}
        self._places: dict[str, Floats] = {}
        questions = [question for name in names for question in self._entry(name)]
        self.knowledge = Knowledge(entries, questions=tuple(questions), negatives=real.negatives)
        negatives = [negative.text for negative in real.negatives]
        self._places |= dict(zip(negatives, cache.vectors(negatives), strict=True))
        self._places |= dict.fromkeys(names, self._seeds[0])

    def _entry(self, name: str) -> list[Question]:
        seed = int(self._random.integers(len(self._texts)))
        middle = unit(self._seeds[seed] + self._noise(APART_ENTRIES))
        lines = []
        for number in range(LINES_AN_ENTRY):
            other = self._words[int(self._random.integers(len(self._words)))]
            text = " ".join([*self._words[seed][number % 3 :], *other[:4], name, str(number)])
            self._places[text] = unit(middle + self._noise(APART_LINES))
            lines.append(Question(name, "en", text))
        return lines

    def _noise(self, size: float) -> Floats:
        return self._random.normal(0, size, self._seeds.shape[1]).astype(np.float32)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """As an encoder would give them."""
        return np.stack([self._places[text] for text in texts])

    def asked(self) -> list[tuple[str, Floats]]:
        """Messages like the lines, but none of them."""
        chosen = self._random.choice(len(self.knowledge.questions), ASKED)
        lines = [self.knowledge.questions[int(number)].text for number in chosen]
        return [(" ".join(line.split()[:-2]), unit(self._places[line] + self._noise(APART_LINES))) for line in lines]


def resident() -> float:
    """MB of this process."""
    return float(psutil.Process().memory_info().rss) / 1e6


def recall(made: Made, asked: Sequence[tuple[str, Floats]]) -> float:
    """Of the nearest rows by exact comparison, the share that the index finds."""
    found = examples(made.knowledge)
    vectors = made.vectors([example.text for example in found])
    classes = np.unique([f"{example.kind} {example.name}" for example in found], return_inverse=True)[1]
    order = np.argsort(classes, kind="stable")
    space = fit(vectors[order], classes[order], int(classes.max()) + 1)
    placed = space.place(vectors)
    del vectors
    near = Near(placed)
    hits = []
    for _, vector in asked[:100]:
        wanted = space.place(vector)
        exact = np.argpartition(-(placed @ wanted), NEIGHBOURS)[:NEIGHBOURS]
        rows, likeness = near.find(wanted, lambda: np.zeros(0, dtype=np.int64))
        best = rows[np.argsort(-likeness)[:NEIGHBOURS]]
        hits.append(len(np.intersect1d(exact, best)) / NEIGHBOURS)
    return float(np.mean(hits))


def measure(size: int) -> None:
    """One row of the table."""
    made = Made(size)
    before, began = resident(), time.perf_counter()
    search = Search(made.knowledge, made.vectors, START.tolist())
    built, grown = time.perf_counter() - began, resident() - before
    asked = made.asked()
    taken = []
    with threadpool_limits(1):
        for text, vector in asked:
            began = time.perf_counter()
            search.rank(text, vector)
            taken.append(1000 * (time.perf_counter() - began))
    p50, p95 = np.percentile(taken, [50, 95])
    del search
    way = "exact" if size <= EXACT else f"{100 * recall(made, asked):.1f} %"
    entries = len(made.knowledge.entries)
    print(f"| {entries:,} | {size:,} | {built:.1f} | {grown:,.0f} | {p50:.1f} | {p95:.1f} | {way} |", flush=True)


def main() -> None:
    """The table."""
    print("| entries | lines | building, s | memory, MB | a question p50, ms | p95, ms | recall of the nearest 10 |")
    print("|---|---|---|---|---|---|---|")
    for size in [int(raw) for raw in sys.argv[1:]] or SIZES:
        measure(size)


if __name__ == "__main__":
    main()
