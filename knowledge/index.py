"""Lines whose answer is known, and the signs by which a message is like them. PURE numpy; imports `knowledge` only."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge import space
from knowledge.model import Knowledge
from knowledge.near import EXACT, Near

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
ENTRY, TOPIC, NOTHING, UNKNOWN = range(4)
"""Kinds of outcome: an entry; a topic without an entry; no topic at all; nothing like anything that is known."""
SOFT = 12.0
FAINT = 0.02
"""Likeness of letters below this is chance."""
SPELT_ALIKE, MOST_SPELT = 0.2, 512
"""Where not every row is looked at: those at least so alike in letters, and at most so many of them, are."""
NEAREST, AROUND, LETTERS = 8.0, 4.0, 3.0
"""How the three kinds of likeness are mixed: measured on questions in other words, misspelt and romanised, which the
examples are not; held-out examples alone would trust letters too little (docs/quality.md)."""
SIGNS = ("likeness", "topic without entry", "no topic", "unknown")


class Example(NamedTuple):
    """A line that asks for an outcome. `name` is the entry's or the topic's id, or empty."""

    kind: int
    name: str
    language: str
    text: str


def examples(knowledge: Knowledge) -> list[Example]:
    """What is learned from, sorted by outcome. A negative of a topic that has an entry by now is left out."""
    asked = [Example(ENTRY, q.entry, q.language, q.text) for q in knowledge.questions]
    asked += [Example(ENTRY, e.id, e.language, e.title) for e in knowledge.entries.values()]
    answered = {entry.topic for entry in knowledge.entries.values()}
    negatives = [
        Example(TOPIC if n.topic else NOTHING, n.topic, n.language, n.text)
        for n in knowledge.negatives
        if n.topic not in answered
    ]
    return sorted(set(asked + negatives))


class Index:
    """Examples (sorted by outcome), placed. `outcomes` has their (kind, name); "unknown" comes after the last.

    Up to `exact` examples all are compared with a message, beyond that the nearest.
    """

    def __init__(self, found: Sequence[Example], vectors: Floats, exact: int = EXACT) -> None:
        self.outcomes = list(dict.fromkeys((example.kind, example.name) for example in found))
        number = {outcome: i for i, outcome in enumerate(self.outcomes)}
        self._labels = np.array([number[example.kind, example.name] for example in found], dtype=np.int64)
        self._sizes = np.bincount(self._labels, minlength=len(self.outcomes)).astype(np.float32)
        self._space = space.fit(vectors, self._labels, len(self.outcomes))
        self._near = Near(self._space.place(vectors), exact)
        kinds = [kind for kind, _ in self.outcomes] + [UNKNOWN]
        self._kinds = np.array([[kind == k for k in (TOPIC, NOTHING, UNKNOWN)] for kind in kinds], dtype=np.float32)

    def signs(self, vector: Floats, letters: Floats) -> tuple[Numbers, Floats]:
        """Numbers of outcomes, the last one "unknown", and their signs (outcomes, `SIGNS`).

        `letters`: likeness of the message to every example, in letters.
        """
        placed = self._space.place(vector)
        rows, near = self._near.find(placed, lambda: _spelt_alike(letters))
        labels = self._labels[rows]
        starts = np.flatnonzero(np.diff(labels, prepend=-1))
        there = labels[starts]
        sizes = self._sizes[there]
        around = np.add.reduceat(np.exp(SOFT * (near - 1)), starts) / sizes
        spelt = np.sqrt(np.add.reduceat(letters[rows] ** 2, starts) / np.sqrt(sizes))
        likeness = NEAREST * np.maximum.reduceat(near, starts)
        likeness += AROUND * (np.log(around + 1e-9) / SOFT + 1) + LETTERS * np.log(spelt + FAINT)
        numbers = np.append(there, len(self.outcomes))
        signs = np.zeros((len(numbers), len(SIGNS)), dtype=np.float32)
        signs[:-1, 0] = likeness
        signs[:, 1:] = self._kinds[numbers]
        return numbers, signs


def _spelt_alike(letters: Floats) -> Numbers:
    """The rows that are most alike in letters."""
    rows = np.flatnonzero(letters >= SPELT_ALIKE)
    if len(rows) <= MOST_SPELT:
        return rows
    best: Numbers = rows[np.argpartition(-letters[rows], MOST_SPELT)[:MOST_SPELT]]
    return best
