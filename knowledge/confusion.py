"""Which entries are taken for each other: each way of asking against all others. PURE numpy; imports `knowledge`."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge import space
from knowledge.checks.base import Asked
from knowledge.model import Knowledge

Floats = NDArray[np.float32]
AT_ONCE = 512
"""So many lines are compared with all others at a time: memory stays in bounds."""


def asked(knowledge: Knowledge, encode_many: Callable[[Sequence[str]], Floats]) -> list[Asked]:
    """Every entry by what its own lines are nearest to when each is left out."""
    lines = sorted({(question.entry, question.text) for question in knowledge.questions})
    names = sorted(knowledge.entries)
    numbers = {name: number for number, name in enumerate(sorted({entry for entry, _ in lines}))}
    nearest = (
        _nearest(encode_many([text for _, text in lines]), [numbers[entry] for entry, _ in lines]) if lines else []
    )
    takes: dict[str, Counter[str]] = {name: Counter() for name in names}
    for (entry, _), row in zip(lines, nearest, strict=True):
        takes.setdefault(entry, Counter())[lines[row][0]] += 1
    return [_asked(name, takes[name]) for name in names]


def _asked(name: str, taken: Counter[str]) -> Asked:
    others = Counter({other: count for other, count in taken.items() if other != name})
    instead, mistaken = others.most_common(1)[0] if others else ("", 0)
    return Asked(name, taken.total(), taken[name], instead, mistaken)


def _nearest(vectors: Floats, classes: Sequence[int]) -> Iterable[int]:
    """For each row the nearest other row, in the space of the search."""
    labels = np.array(classes, dtype=np.int64)
    placed = space.fit(vectors, labels, int(labels.max()) + 1).place(vectors)
    found: list[int] = []
    for start in range(0, len(placed), AT_ONCE):
        near = placed[start : start + AT_ONCE] @ placed.T
        near[np.arange(len(near)), np.arange(start, start + len(near))] = -2.0
        found.extend(int(row) for row in near.argmax(axis=1))
    return found
