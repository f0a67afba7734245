"""Nearest examples: exact while they are few, by an index when they are many; either way the same entries are found."""

from dataclasses import replace

import numpy as np
import pytest

from knowledge import calibrate
from knowledge.index import Index, examples
from knowledge.learn import START
from knowledge.lexical import Lexical
from knowledge.model import Knowledge, Question
from knowledge.near import NEAREST, Near
from knowledge.space import unit
from tests.knowledge.samples import ENTRY

SIZE, ENTRIES, LINES = 32, 80, 12


def rows(count: int, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float32))


def test_few_rows_are_all_compared() -> None:
    placed = rows(50, 1)
    found, likeness = Near(placed).find(placed[7], lambda: np.zeros(0, dtype=np.int64))
    assert found.tolist() == list(range(50))
    assert likeness == pytest.approx(placed @ placed[7], abs=1e-6)


def test_of_many_rows_the_nearest_come_with_those_asked_for() -> None:
    placed = rows(4000, 2)
    vector = unit(placed[123] + 0.05)
    found, likeness = Near(placed, exact=100).find(vector, lambda: np.array([3, 5], dtype=np.int64))
    truth = placed @ vector
    assert {3, 5, *np.argsort(-truth)[:10].tolist()} <= set(found.tolist())
    assert len(found) <= NEAREST + 2
    assert (np.diff(found) > 0).all()
    assert likeness == pytest.approx(truth[found], abs=2e-3)  # half precision


def test_an_index_ranks_as_comparing_all_does() -> None:
    centres = rows(ENTRIES, 3)
    questions = [Question(f"e{n}", "en", f"line {n} {k} of words{n}") for n in range(ENTRIES) for k in range(LINES)]
    entries = {f"e{n}": replace(ENTRY, id=f"e{n}", title=f"title words{n}") for n in range(ENTRIES)}
    found = examples(Knowledge(entries, questions=tuple(questions)))
    numbers = np.array([int(example.name[1:]) for example in found])
    vectors = unit(centres[numbers] + 0.3 * rows(len(found), 4))
    lexical = Lexical([example.text for example in found])
    every, nearest = Index(found, vectors), Index(found, vectors, exact=100)
    for n in range(0, ENTRIES, 7):
        vector, letters = unit(centres[n] + 0.3 * rows(1, 50 + n)[0]), lexical.similar(f"some words{n}")
        best = []
        for index in (every, nearest):
            places, signs = index.signs(vector, letters)
            chances = calibrate.probabilities(signs, START)
            place = int(chances[:-1].argmax())
            best.append((index.outcomes[places[place]][1], float(chances[place])))
        assert best[0][0] == best[1][0] == f"e{n}"
        assert best[0][1] == pytest.approx(best[1][1], abs=0.05)
