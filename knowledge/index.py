"""Lines whose answer is known, and the signs by which a message is like them. PURE numpy; imports `knowledge` only."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge import space
from knowledge.model import Knowledge

Floats = NDArray[np.float32]
ENTRY, TOPIC, NOTHING, UNKNOWN = range(4)
"""Kinds of outcome: an entry; a topic without an entry; no topic at all; nothing like anything that is known."""
SOFT = 12.0
FAINT = 0.02
"""Likeness of letters below this is chance."""
RIDGE, NEAREST, AROUND, LETTERS = 6.0, 8.0, 4.0, 3.0
"""How the four kinds of likeness are mixed: measured on questions in other words, misspelt and romanised, which the
examples are not; held-out examples alone would trust letters too little (docs/quality-search.md)."""
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
    """Examples (sorted by outcome), placed. `outcomes` has their (kind, name); "unknown" comes after the last."""

    def __init__(self, found: Sequence[Example], vectors: Floats) -> None:
        self.outcomes = list(dict.fromkeys((example.kind, example.name) for example in found))
        number = {outcome: i for i, outcome in enumerate(self.outcomes)}
        labels = np.array([number[example.kind, example.name] for example in found], dtype=np.int64)
        self._starts = np.flatnonzero(np.diff(labels, prepend=-1))
        self._sizes = np.diff(self._starts, append=len(found)).astype(np.float32)
        self._space = space.fit(vectors, labels, len(self.outcomes))
        self._placed = self._space.place(vectors)
        kinds = [kind for kind, _ in self.outcomes] + [UNKNOWN]
        self._kinds = np.array([[kind == k for k in (TOPIC, NOTHING, UNKNOWN)] for kind in kinds], dtype=np.float32)

    def signs(self, vectors: Floats, letters: Floats) -> Floats:
        """(messages, outcomes and unknown, `SIGNS`). `letters`: likeness of messages to examples, in letters."""
        placed = self._space.place(vectors)
        near = placed @ self._placed.T
        around = np.add.reduceat(np.exp(SOFT * (near - 1)), self._starts, axis=1) / self._sizes
        spelt = np.sqrt(np.add.reduceat(letters**2, self._starts, axis=1) / np.sqrt(self._sizes))
        likeness = RIDGE * self._space.scores(placed) + NEAREST * np.maximum.reduceat(near, self._starts, axis=1)
        likeness += AROUND * (np.log(around + 1e-9) / SOFT + 1) + LETTERS * np.log(spelt + FAINT)
        signs = np.zeros((len(vectors), len(self.outcomes) + 1, len(SIGNS)), dtype=np.float32)
        signs[:, :-1, 0] = likeness
        signs[:, :, 1:] = self._kinds
        return signs
