"""Every text in every language that has it: complete where it must be, with its placeholders, marked as a draft."""

import re
from pathlib import Path

import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.channels.commands import Commands
from bot.channels.text import fold
from bot.i18n import DRAFT_COMMENT, Locales
from bot.model.messages import Command
from bot.model.payloads import parse
from bot.phrases import standard
from bot.settings import ROOT
from bot.webchat.texts import ERRORS, PAGE
from knowledge import words

LOCALES = Locales(ROOT / "locales")
LAUNCH = {"en", "fr", "es", "ar", "hi", "bn", "ne", "fil", "id", "sw", "am", "ru"}
FULL = sorted(LAUNCH - {"en"})
CATALOGUES = sorted((ROOT / "locales").glob("*/LC_MESSAGES/*.po"))
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def sources(domain: str) -> set[str]:
    if domain == "webchat":
        return {*PAGE.values(), *(sentence for _, sentence in ERRORS.values())}
    variants = [variant for listed in DOMAIN["responses"].values() for variant in listed]
    titles = {
        button["title"]
        for variant in variants
        for button in variant.get("buttons", ())
        if not button["payload"].startswith("language:")
    }
    return {variant["text"].strip() for variant in variants} | titles | set(words.ALL)


def test_all_launch_languages_are_there() -> None:
    assert set(LOCALES.languages) >= LAUNCH


@pytest.mark.parametrize("domain", ["bot", "webchat"])
@pytest.mark.parametrize("tag", FULL)
def test_nothing_is_missing_or_left_over(tag: str, domain: str) -> None:
    found = catalogue(ROOT / "locales" / tag / "LC_MESSAGES" / f"{domain}.po")
    translated = {str(message.id) for message in found if message.id and message.string}
    assert translated == sources(domain)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_placeholders_survive_and_drafts_say_so(path: Path) -> None:
    for message in catalogue(path):
        if not message.id or not message.string or message.fuzzy:
            continue
        wanted, found = (sorted(re.findall(r"\{[a-z_:0-9]+\}", str(text))) for text in (message.id, message.string))
        assert found == wanted, message.id
        assert DRAFT_COMMENT in message.user_comments, message.id


@pytest.mark.parametrize("tag", sorted(LAUNCH))
def test_orders_have_words_and_no_word_orders_two_things(tag: str) -> None:
    commands = Commands(LOCALES)
    for command in Command:
        listed = LOCALES.languages[tag].commands[command.value]
        assert listed
        assert [word for word in listed if commands.find(word) is not command] == []


def test_a_cry_for_help_is_no_order_for_the_menu() -> None:
    commands = Commands(LOCALES)
    cries = ["help me", "auxilio", "au secours", "النجدة", "बचाओ", "বাঁচাও", "बचाउनुहोस्", "saklolo", "tolong", "msaada"]
    assert [cry for cry in cries if commands.find(cry)] == []


def test_every_button_of_the_domain_carries_something_known() -> None:
    payloads = [
        button["payload"]
        for variants in DOMAIN["responses"].values()
        for variant in variants
        for button in variant.get("buttons", ())
    ]
    assert [payload for payload in payloads if parse(payload) is None] == []
    offered = standard().reply("utter_ask_language", "ne").buttons
    assert {button.payload for button in offered} == {f"language:{tag}" for tag in LOCALES.languages}
    assert "नेपाली" in {button.label for button in offered}


def test_command_words_are_distinct_when_folded() -> None:
    seen: dict[str, str] = {}
    for language in LOCALES.languages.values():
        for name, listed in language.commands.items():
            for word in listed:
                assert seen.setdefault(fold(word), name) == name, word
