"""Every real entry, in every language and for every country: complete, short, safe, with real numbers."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.channels.sms.encoding import segments
from bot.i18n import Locales
from knowledge.answer import Answer, Person, Translated, compose
from knowledge.directory import Directory
from knowledge.lint import Setting, Text, lint
from knowledge.load import load, texts
from knowledge.model import Knowledge

ROOT = Path(__file__).resolve().parents[2]
LOCALES = Locales(ROOT / "locales")
LANGUAGES = sorted(LOCALES.languages)
CONTENT_LANGUAGES = ("ar", "en", "fr", "ne")
TODAY = date(2026, 11, 24)
"""The day the content was last looked at: whether it is overdue on the day of a test says nothing about the code."""


@cache
def knowledge() -> Knowledge:
    return load(ROOT / "knowledge", ROOT / "locales")


def translations() -> Iterator[Text]:
    for path in sorted((ROOT / "locales").glob("*/LC_MESSAGES/knowledge.po")):
        with path.open("rb") as file:
            for message in read_po(file, abort_invalid=True):
                if message.id and message.string:
                    language = path.parent.parent.name
                    yield Text(str(message.context), str(message.string), language, str(message.id))


def test_nothing_to_mend() -> None:
    every = lint(knowledge(), translations(), Setting(TODAY, lambda text: segments(text).count))
    found = [one for one in every if one.must]
    assert not found, "\n".join(f"{one.where}: {one.sentence} ({one.check})" for one in found)


def test_enough_ways_of_asking() -> None:
    missing = {
        (entry, language): count
        for entry in knowledge().entries
        for language in CONTENT_LANGUAGES
        if (count := sum(q.entry == entry and q.language == language for q in knowledge().questions)) < 6
    }
    assert not missing


def test_the_content_languages_are_complete() -> None:
    for entry in knowledge().entries.values():
        for field, text in texts(entry):
            for language in CONTENT_LANGUAGES:
                said = LOCALES.say(text, language, "knowledge", f"{entry.id}.{field}")
                assert said.language == language, (entry.id, field, language)


def told(entry_id: str, language: str, origin: str | None, destination: str | None) -> Answer:
    def translate(text: str, context: str | None) -> Translated:
        said = LOCALES.say(text, language, "knowledge" if context else "bot", context)
        return Translated(said.text, said.language, said.draft)

    rtl = LOCALES.languages[language].direction == "rtl"
    person = Person(language, origin, destination, TODAY, rtl)
    return compose(knowledge().entries[entry_id], Directory(knowledge().services), person, translate)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_in_every_country(language: str) -> None:
    countries = sorted({service.country for service in knowledge().services.values()} - {"ZZ"})
    for entry_id in knowledge().entries:
        for destination in (None, "TL", *countries):
            answer = told(entry_id, language, "NP", destination)
            assert "{" not in answer.text + answer.sms + answer.title, (entry_id, destination)
            assert answer.text.strip()
            assert answer.sms.strip()


def test_high_risk_names_the_emergency_number_of_the_country_first() -> None:
    risky = [entry for entry in knowledge().entries.values() if entry.risk == "high"]
    assert risky
    for entry in risky:
        for language in CONTENT_LANGUAGES:
            first = told(entry.id, language, None, "AE").text.partition("\n")[0]
            assert "999" in first, (entry.id, language)
