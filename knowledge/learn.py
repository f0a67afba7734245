"""How much each sign weighs, learned from the examples themselves, held out. PURE numpy; imports `knowledge` only.

Lines are held out in three ways, because people do three things: ask what we know in words of their own, ask it in a
language we have no questions in, and ask for what we have no entry for (then "none" is what is right).
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge import calibrate
from knowledge.index import ENTRY, SIGNS, Example, Index
from knowledge.lexical import Lexical

Floats = NDArray[np.float32]
Truths = NDArray[np.bool_]
START = np.array([0.86, 1.64, 2.21, -4.94], dtype=np.float32)
"""What was learned from the knowledge that comes with the program: where learning begins."""
LINE_FOLDS, LANGUAGE_FOLDS, ENTRY_FOLDS = 4, 4, 4
IMPORTANCE = (1.0, 0.5, 0.5)
MOST_LINES = 1200


def weights(found: Sequence[Example], vectors: Floats, lexical: Lexical) -> Floats:
    """One weight a sign. Deterministic; examples beyond `MOST_LINES` are sampled evenly."""
    chosen = np.unique(np.linspace(0, len(found) - 1, min(MOST_LINES, len(found))).astype(np.int64))
    letters = np.stack([lexical.similar(found[row].text) for row in chosen])
    parts = [
        _held_out(found, vectors, letters, chosen, out, IMPORTANCE[way])
        for way, held in enumerate(folds(found))
        for out in held
    ]
    parts = [part for part in parts if part is not None]
    if not parts:
        return START
    signs, right, possible, importance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return calibrate.fit(signs, right, possible, importance, START)


def folds(found: Sequence[Example]) -> Iterable[list[Truths]]:
    """What is held out together: lines, languages, entries."""
    numbers = np.arange(len(found))
    yield [numbers % LINE_FOLDS == part for part in range(LINE_FOLDS)]
    languages = [example.language for example in found]
    yield _by(languages, languages, LANGUAGE_FOLDS)
    names = [example.name for example in found]
    yield _by(names, [example.name for example in found if example.kind == ENTRY], ENTRY_FOLDS)


def _by(values: Sequence[str], allowed: Iterable[str], count: int) -> list[Truths]:
    groups = sorted(set(allowed))
    parts = [set(groups[part::count]) for part in range(min(count, len(groups)))]
    return [np.array([value in part for value in values]) for part in parts]


def _held_out(
    found: Sequence[Example], vectors: Floats, letters: Floats, chosen: NDArray[np.int64], out: Truths, weight: float
) -> tuple[Floats, Truths, Truths, Floats] | None:
    kept = ~out
    asked = np.flatnonzero(out[chosen])
    if kept.sum() < 2 or not len(asked):
        return None
    every = list(dict.fromkeys((example.kind, example.name) for example in found))
    index = Index([example for example, keep in zip(found, kept, strict=True) if keep], vectors[kept], len(found))
    columns = [every.index(outcome) for outcome in index.outcomes] + [len(every)]
    signs = np.zeros((len(asked), len(every) + 1, len(SIGNS)), dtype=np.float32)
    for row, number in enumerate(asked):
        signs[row, columns] = index.signs(vectors[chosen[number]], letters[number][kept])[1]
    possible = np.zeros((len(asked), len(every) + 1), dtype=np.bool_)
    possible[:, columns] = True
    right = np.stack([_right(found[chosen[row]], every, index) for row in asked])
    return signs, right, possible, np.full(len(asked), weight / len(asked) * 100, dtype=np.float32)


def _right(example: Example, every: Sequence[tuple[int, str]], index: Index) -> Truths:
    """The entry itself if it is there; else every outcome that is no entry."""
    if example.kind == ENTRY and (example.kind, example.name) in index.outcomes:
        return np.array([outcome == (example.kind, example.name) for outcome in every] + [False])
    return np.array([kind != ENTRY for kind, _ in every] + [True])
