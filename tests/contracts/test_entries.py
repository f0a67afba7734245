"""Every real entry, in every language and for every country: complete, short, safe, with real numbers."""

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from bot.commands.knowledge import findings
from bot.dialogue.encoder import Encoder
from bot.dialogue.vectors import VectorCache
from bot.i18n import Locales
from bot.settings import read
from knowledge.answer import Answer, Person, Translated, compose
from knowledge.confusion import asked
from knowledge.directory import Directory
from knowledge.load import load, texts
from knowledge.model import Knowledge

ROOT = Path(__file__).resolve().parents[2]
LOCALES = Locales(ROOT / "locales")
LANGUAGES = sorted(LOCALES.languages)
CONTENT_LANGUAGES = ("am", "ar", "bn", "en", "es", "fil", "fr", "hi", "id", "ne", "ru", "sw")
"""In these every answer can be read and asked for; corridor variants may still be missing in some."""
FEWEST = 8
TODAY = date(2026, 11, 24)
"""The day the content was last looked at: whether it is overdue on the day of a test says nothing about the code."""


@cache
def knowledge() -> Knowledge:
    return load(ROOT / "knowledge", ROOT / "locales")


def test_nothing_to_mend() -> None:
    encoder = Encoder()
    cache = VectorCache(read().data_path / "cache", encoder.name, encoder.encode_many)
    found = [one for one in findings(knowledge(), asked(knowledge(), cache.vectors), TODAY) if one.must]
    assert not found, "\n".join(f"{one.where}: {one.sentence} ({one.check})" for one in found)


def test_enough_ways_of_asking() -> None:
    asked_in = Counter((question.entry, question.language) for question in knowledge().questions)
    missing = {
        (entry, language): count
        for entry in knowledge().entries
        for language in CONTENT_LANGUAGES
        if (count := asked_in[entry, language]) < FEWEST
    }
    assert not missing


def test_the_content_languages_are_complete() -> None:
    for entry in knowledge().entries.values():
        for field, text in texts(entry):
            for language in CONTENT_LANGUAGES if "variants" not in field else ():
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
