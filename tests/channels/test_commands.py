"""bot.channels.commands: whole messages only, every language at once, and no word for two commands."""

from collections import defaultdict
from pathlib import Path

import pytest

from bot.channels.commands import UNIVERSAL, Commands
from bot.channels.text import fold
from bot.i18n import Locales
from bot.model.messages import Command
from bot.settings import ROOT

SMALL = {
    "fr": "name: French\nnative: Français\ncommands:\n  stop: [arrêt, arrêter]\n  start: [démarrer]\n  help: [aide]\n"
    "  more: [suite]\n  language: [langue]\n",
    "ar": "name: Arabic\nnative: العربية\ncommands:\n  stop: [توقف, إيقاف]\n  start: [ابدأ]\n  help: [مساعدة]\n"
    "  more: [المزيد]\n  language: [اللغة]\n",
    "hi": "name: Hindi\nnative: हिन्दी\ncommands:\n  stop: [रोकें]\n  help: [मदद]\n",
}


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    for tag, text in SMALL.items():
        (tmp_path / tag).mkdir()
        (tmp_path / tag / "language.yml").write_text(text, encoding="utf-8")
    return Commands(Locales(tmp_path))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STOP", Command.STOP),
        (" Stop. ", Command.STOP),
        ("STOPALL", Command.STOP),
        ("unsubscribe", Command.STOP),
        ("Cancel", Command.STOP),
        ("END", Command.STOP),
        ("quit!", Command.STOP),
        ("ARRET", Command.STOP),
        ("ايقاف", Command.STOP),
        ("रोकें।", Command.STOP),
        ("unstop", Command.START),
        ("ابدأ", Command.START),
        ("HELP", Command.HELP),
        ("/help", Command.HELP),
        ("info", Command.HELP),
        ("مُساعدة", Command.HELP),
        ("More", Command.MORE),
        ("LANGUE", Command.LANGUAGE),
        ("help me he is beating me", None),
        ("stop him please", None),
        ("yes", None),
        ("1", None),
        ("", None),
        ("...", None),
        ("stop" + " " * 5000, None),
        ("\ud800", None),
    ],
)
def test_finds_whole_messages_only(commands: Commands, text: str, command: Command | None) -> None:
    assert commands.find(text) == command


def _languages() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "locales").glob("*/language.yml"))


@pytest.mark.parametrize("tag", _languages())
def test_every_language_has_words_for_every_command(tag: str) -> None:
    locales = Locales(ROOT / "locales")
    commands = Commands(locales)
    for command in Command:
        words = locales.languages[tag].commands.get(command.value, ())
        assert words, f"locales/{tag}/language.yml has no words for {command.value}"
        assert [commands.find(word) for word in words] == [command] * len(words)


def test_no_word_means_two_commands() -> None:
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for command, words in UNIVERSAL.items():
        for word in words:
            meanings[fold(word)].add(command.value)
    for language in Locales(ROOT / "locales").languages.values():
        for name, words in language.commands.items():
            assert name in set(Command), f"{language.tag}: no such command: {name}"
            for word in words:
                meanings[fold(word)].add(name)
    assert {word: names for word, names in meanings.items() if len(names) > 1} == {}
    assert not {"", "yes", "no", "1"} & set(meanings)
