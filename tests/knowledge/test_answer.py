"""What a person is told: the variant of their corridor, real numbers, source, date, and an honest line for a hole."""

from dataclasses import replace
from datetime import date

import pytest

from knowledge import words
from knowledge.answer import Answer, Person, Translated, choose, compose, country_name
from knowledge.directory import Directory
from knowledge.model import Entry, Source
from tests.knowledge.samples import ENTRY, ON_CORRIDORS, service

SERVICES = [
    service("sa_police", "SA", "emergency", "999"),
    service("sa_labour", "SA", "labour", "19911", hours="08:00-20:00"),
]
DIRECTORY = Directory({found.id: found for found in SERVICES})
TODAY = date(2026, 12, 1)


def english(text: str, context: str | None) -> Translated:
    return Translated(text, "en")


def told(entry: Entry = ENTRY, origin: str | None = None, destination: str | None = "SA", **more: object) -> Answer:
    person = Person(**{"language": "en", "origin": origin, "destination": destination, "today": TODAY, **more})  # type: ignore[arg-type]
    return compose(entry, DIRECTORY, person, english)


def test_everything_is_there() -> None:
    answer = told()
    assert "Call Sa Police: 999." in answer.text
    assert "Sa Labour: 19911 (08:00-20:00)" in answer.text
    assert f"{words.STEPS}\n1. Make a copy.\n2. Call 19911." in answer.text
    assert "Source: The convention (https://example.org/convention). Checked on November 23, 2026." in answer.text
    assert answer.sms == "In danger: Sa Police: 999. Advice: Sa Labour: 19911 (08:00-20:00)"
    assert (answer.title, answer.language, answer.draft, answer.by_country) == (ENTRY.title, "en", False, False)
    assert words.PLEASE_CHECK not in answer.text


def test_no_hole_where_there_is_no_number() -> None:
    for destination in (None, "MM"):
        answer = told(destination=destination)
        assert f"Call {words.NO_EMERGENCY}." in answer.text
        assert f"Advice:\n{words.NO_SERVICE}" in answer.text
        assert "{" not in answer.text + answer.sms
    assert "works only inside Saudi Arabia" in told(destination=None).text
    gone = compose(ENTRY, Directory({}), Person("en", None, "SA", TODAY), english)
    assert f"2. Call {words.NO_SERVICE}" in gone.text


@pytest.mark.parametrize(
    ("origin", "destination", "wanted"),
    [(None, None, None), ("IN", "AE", None), ("IN", "SA", 0), ("NP", "SA", 1), ("NP", "QA", 1), ("NP", "AE", 2)],
)
def test_the_most_specific_corridor(origin: str | None, destination: str | None, wanted: int | None) -> None:
    assert choose(ON_CORRIDORS, origin, destination) == wanted
    answer = told(ON_CORRIDORS, origin, destination)
    assert (answer.variant, answer.by_country) == (wanted, True)
    if wanted is not None:
        assert answer.sms in {"SA: 19911", "NP-SA", "NP"}


def test_a_variant_has_its_own_steps_and_date_or_the_entrys() -> None:
    own, general = told(ON_CORRIDORS, "NP", "AE"), told(ON_CORRIDORS, "NP", "SA")
    assert "1. Ask in Kathmandu." in own.text
    assert "Checked on January 2, 2026." in own.text
    assert "1. Make a copy." in general.text
    assert "Checked on November 23, 2026." in general.text


def test_what_is_overdue_says_so() -> None:
    late = told(today=date(2027, 3, 1)).text
    assert words.PLEASE_CHECK in late
    assert f"19911 (08:00-20:00; {words.CHECK_NUMBER})" in late
    assert f"999 ({words.CHECK_NUMBER})" not in late


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"website": "https://example.org"}, "Fund: https://example.org"),
        ({"about": "ask your municipality"}, "Fund: ask your municipality"),
        (
            {"phone": "19911", "website": "https://example.org", "hours": "24/7"},
            "Fund: 19911, https://example.org (24/7)",
        ),
    ],
)
def test_a_service_is_shown_with_the_ways_to_reach_it(more: dict[str, str], wanted: str) -> None:
    fund = service("fund", "SA", "welfare", **{"phone": "", **more})
    entry = replace(ENTRY, answer="Ask:\n{service:fund}")
    assert (
        f"Ask:\n{wanted}\n" in compose(entry, Directory({"fund": fund}), Person("en", None, "SA", TODAY), english).text
    )


def test_the_address_of_a_copy_is_not_shown() -> None:
    copy = Source("The law", "https://copy.example", "2026", public=False)
    assert "Source: The law. Checked on November 23, 2026." in told(replace(ENTRY, sources=(copy,))).text
    both = told(replace(ENTRY, sources=(copy, *ENTRY.sources))).text
    assert "copy.example" not in both
    assert "The law" not in both
    assert "\nChecked on November 23, 2026." in told(replace(ENTRY, sources=())).text


def test_translated_with_contexts_and_said_to_be_a_draft() -> None:
    asked: list[str | None] = []

    def french(text: str, context: str | None) -> Translated:
        asked.append(context)
        return Translated(text.replace("Call", "Appelez"), "fr", draft=context == "passport_kept.steps.0")

    answer = compose(ON_CORRIDORS, DIRECTORY, Person("fr", "IN", "SA", TODAY), french)
    assert {"passport_kept.title", "passport_kept.variants.0.answer", "passport_kept.variants.0.sms"} <= set(asked)
    assert (answer.language, answer.draft) == ("fr", True)
    assert answer.text.endswith(words.DRAFT)
    assert "23 novembre 2026" in answer.text


@pytest.mark.parametrize(
    ("translated", "wanted"),
    [({"answer", "variants.0.answer"}, 0), ({"answer"}, None), ({"variants.0.answer"}, 0), (set(), 0)],
)
def test_what_can_be_read_goes_before_what_fits_the_corridor(translated: set[str], wanted: int | None) -> None:
    def french(text: str, context: str | None) -> Translated:
        known = str(context).removeprefix("passport_kept.") in translated
        return Translated(text, "fr" if known else "en")

    assert compose(ON_CORRIDORS, DIRECTORY, Person("fr", "IN", "SA", TODAY), french).variant == wanted


def test_a_translation_that_is_missing_shows_in_the_language() -> None:
    answer = compose(ENTRY, DIRECTORY, Person("sw", None, "SA", TODAY), english)
    assert answer.language == "en"


def test_numbers_stand_in_order_in_text_from_right_to_left() -> None:
    person = Person("ar", None, "SA", TODAY, rtl=True)
    answer = compose(ENTRY, DIRECTORY, person, english)
    assert "\u2066999\u2069" in answer.text
    assert "\u200e999\u200e" in answer.sms  # old telephones know this mark only
    assert "\u2066" not in answer.sms


@pytest.mark.parametrize("language", ["fil", "tl", "zh-Hant", "pt_BR", "", "not a language", "x" * 300])
def test_any_language_tag_has_a_country_name(language: str) -> None:
    assert country_name("SA", language)
    assert country_name("??", language) == "??"
