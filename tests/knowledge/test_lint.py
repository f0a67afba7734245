"""Every check over its own examples of good and bad, and the whole over a small knowledge base."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.lint import CHECKS, Setting, Subject, Text, lint
from knowledge.model import Knowledge, Source
from tests.knowledge.samples import ENTRY, LATER, ON_CORRIDORS, SOURCE, service

SETTING = Setting(date(2026, 12, 1), lambda text: -(-len(text) // 153))
LINE = service("sa_labour", "SA", "labour", "19911")
EXAMPLES: Mapping[str, tuple[Sequence[Subject], Sequence[Subject]]] = {
    "placeholders_kept": (
        (
            Text("x.answer", "Appelez {emergency} ou {hotline:labour}", "fr", "Call {hotline:labour} or {emergency}"),
            Text("x.answer", "Call {emergency}"),
        ),
        (
            Text("x.answer", "Appelez", "fr", "Call {emergency}"),
            Text("x.answer", "Appelez {emergency} {emergency}", "fr", "Call {emergency}"),
            Text("x.answer", "Appelez {urgence}", "fr", "Call {emergency}"),
            Text("x.answer", "Appelez {emergency", "fr", "Call {emergency"),
            Text("x.title", "A brace }"),
        ),
    ),
    "sms_fits": (
        (Text("x.sms", "a" * 459), Text("x.answer", "a" * 900)),
        (Text("x.sms", "a" * 460), Text("x.variants.0.sms", "a" * 440 + "{hotline:labour}")),
    ),
    "short_enough": (
        (Text("x.answer", "word " * 120 + "{hotline:labour}"), Text("x.title", "word " * 130)),
        (Text("x.answer", "word " * 121), Text("x.variants.2.answer", "كلمة " * 121, "ar")),
    ),
    "no_number_typed": (
        (
            Text("x.answer", "Call {phone:sa_labour}. By 23 November 2026, about 1,500 riyals, 24 hours, article 9."),
            Text("x.answer", "See ILO C189 and the rule of 2011."),
        ),
        (
            Text("x.answer", "Call +966 11 200 0000"),
            Text("x.sms", "اتصل 800-247-1234", "ar"),
            Text("x.sms", "Call 999 now"),
            Text("x.sms", "फोन ०१४४४४४४४", "ne"),
        ),
    ),
    "kind_words": (
        (
            Text("x.answer", "People without papers, domestic workers, who left the job, can ask."),
            Text("x.answer", "Les personnes sans papiers, le travail domestique, nous ne pouvons rien garantir.", "fr"),
            Text("x.answer", "المهاجرون في وضع غير نظامي والعاملة المنزلية", "ar"),
        ),
        (
            Text("x.answer", "Illegals may stay."),
            Text("x.answer", "You will get your money."),
            Text("x.answer", "A housemaid or maid who absconded"),
            Text("x.answer", "les migrants clandestins", "fr"),
            Text("x.answer", "المهاجرين غير الشرعيين", "ar"),
            Text("x.answer", "अवैध कामदार", "ne"),
        ),
    ),
    "safety_first": (
        (ENTRY, replace(ENTRY, risk="low", answer="Compare prices.", sms="Compare.")),
        (
            replace(ENTRY, answer="Advice: {hotline:labour}"),
            replace(ENTRY, answer="Call {emergency}"),
            replace(ENTRY, sms="Ask for help."),
            ON_CORRIDORS,  # its variants leave the number out
        ),
    ),
    "source_can_be_opened": (
        (ENTRY, replace(ENTRY, sources=(replace(SOURCE, public=False), SOURCE))),
        (replace(ENTRY, sources=(Source("A copy", "", "2026", public=False),)),),
    ),
    "reviewed_in_time": (
        (ENTRY, LINE, replace(ENTRY, review_by=SETTING.today)),
        (replace(ENTRY, review_by=date(2026, 11, 30)), replace(LINE, review_by=date(2020, 1, 1))),
    ),
}


def test_every_check_has_examples() -> None:
    assert {check.id for check in CHECKS} == set(EXAMPLES)
    assert all(check.description.endswith(".") for check in CHECKS)
    page = (Path(__file__).resolve().parents[2] / "docs" / "knowledge.md").read_text(encoding="utf-8")
    assert all(f"`{check.id}`" in page for check in CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_good_and_bad(check: object) -> None:
    found = next(one for one in CHECKS if one is check)
    good, bad = EXAMPLES[found.id]
    for subject in good:
        assert found.find(subject, SETTING) is None, subject
    for subject in bad:
        assert found.find(subject, SETTING), subject


def test_findings_name_their_place() -> None:
    knowledge = Knowledge({ENTRY.id: replace(ENTRY, review_by=date(2026, 1, 1))}, {LINE.id: LINE})
    found = lint(knowledge, [Text("passport_kept.sms", "Appelez", "fr", ENTRY.sms)], SETTING)
    assert [(one.check, one.where, one.must) for one in found] == [
        ("reviewed_in_time", "passport_kept", False),
        ("placeholders_kept", "fr: passport_kept.sms", True),
    ]
    assert found[1].sentence == "lost: {emergency} {hotline:labour}."
    assert lint(Knowledge({ENTRY.id: replace(ENTRY, review_by=LATER)}), [], SETTING) == []
