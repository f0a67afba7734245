"""Every check over its own examples of good and bad, and the whole over a small knowledge base."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.checks.base import EXAMPLE_SETTING, Asked, Check, Text
from knowledge.checks.wording import glossary
from knowledge.confusion import asked
from knowledge.errors import KnowledgeError
from knowledge.lint import CHECKS, lint
from knowledge.model import Knowledge, Question
from knowledge.readability import grade
from tests.knowledge.samples import ENTRY, LATER, service

ROOT = Path(__file__).resolve().parents[2]
LINE = service("sa_labour", "SA", "labour", "19911")


def test_every_check_is_described_and_has_examples() -> None:
    page = (ROOT / "docs" / "knowledge.md").read_text(encoding="utf-8")
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.description.rstrip().endswith((".", ")."))
        assert check.good
        assert check.bad
        assert f"`{check.id}`" in page


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_good_and_bad(check: Check) -> None:
    for subject in check.good:
        assert check.find(subject, EXAMPLE_SETTING) is None, subject
    for subject in check.bad:
        assert check.find(subject, EXAMPLE_SETTING), subject


def test_findings_name_their_place() -> None:
    knowledge = Knowledge({ENTRY.id: replace(ENTRY, review_by=date(2026, 1, 1))}, {LINE.id: LINE})
    found = lint(knowledge, [Text("passport_kept.sms", "Appelez", "fr", ENTRY.sms)], EXAMPLE_SETTING)
    assert [(one.check, one.where, one.must) for one in found] == [
        ("reviewed_in_time", "passport_kept", False),
        ("placeholders_kept", "fr: passport_kept.sms", True),
    ]
    assert found[1].sentence == "lost: {emergency} {hotline:labour}."
    assert lint(Knowledge({ENTRY.id: replace(ENTRY, review_by=LATER)}), [], EXAMPLE_SETTING) == []


def test_entries_that_are_taken_for_each_other() -> None:
    """Two entries whose lines lie in one heap, and one that lies apart."""
    rng = np.random.default_rng(5)
    heaps = {"a": 0, "b": 0, "c": 1}
    questions = [Question(entry, "en", f"{entry}{n}") for entry in heaps for n in range(30)]
    centres = np.eye(8, dtype=np.float32)
    vectors = {q.text: centres[heaps[q.entry]] + rng.normal(0, 0.05, 8).astype(np.float32) for q in questions}
    entries = {name: replace(ENTRY, id=name) for name in (*heaps, "d")}
    knowledge = Knowledge(entries, questions=tuple(questions))
    found = {
        one.entry: one
        for one in asked(knowledge, lambda lines: np.array([vectors[line] for line in lines], dtype=np.float32))
    }
    assert found["c"] == Asked("c", 30, 30)
    assert (found["a"].lines, found["a"].instead) == (30, "b")
    assert found["a"].mistaken > 5
    assert found["d"] == Asked("d", 0, 0)
    assert asked(Knowledge(), lambda lines: np.zeros((0, 8), dtype=np.float32)) == []


def test_a_broken_pattern_of_the_glossary_is_named(tmp_path: Path) -> None:
    path = tmp_path / "glossary.yml"
    path.write_text("languages:\n  en:\n    avoid:\n    - {word: '(', say: x}\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="is no pattern"):
        glossary("avoid", path)


def test_reading_grades() -> None:
    assert grade("The cat sat on the mat. It was warm.") < 2
    assert grade("Notwithstanding contractual irregularities, representation necessitates authorisation.") > 15
    assert grade("") == grade("24") == 0.0
