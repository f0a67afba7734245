"""What people can order at any moment: STOP, START, HELP, MORE, LANGUAGE. PURE; imports `bot.model` and `bot.i18n`.

A command is a whole message, never a part of one: "help" is a command, "help me, he is beating me" is a message. The
words are those of every `locales/*/language.yml`, whatever language the person speaks with us, and the English ones
that carriers and gateways treat as orders everywhere.
"""

from collections.abc import Iterator

from bot.channels.text import fold
from bot.i18n import Locales
from bot.model.messages import Command

LONGEST = 60
"""Characters; a longer message is never a command."""

# The keywords that carriers act on (CTIA Messaging Principles, 5.1; Twilio's defaults) and the two of our own hints.
UNIVERSAL = {
    Command.STOP: ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "opt out", "revoke"),
    Command.START: ("start", "unstop"),
    Command.HELP: ("help", "info"),
    Command.MORE: ("more",),
    Command.LANGUAGE: ("language",),
}


class Commands:
    """Finds commands by their words. Where two languages disagree on a word, what stops messages goes first."""

    def __init__(self, locales: Locales) -> None:
        self._words: dict[str, Command] = {}
        for command in Command:
            for word in (*UNIVERSAL[command], *_of(locales, command)):
                self._words.setdefault(fold(word), command)
        self._words.pop("", None)

    def find(self, text: str) -> Command | None:
        """The command that the whole of `text` is, or None."""
        if len(text) > LONGEST:
            return None
        return self._words.get(fold(text))


def _of(locales: Locales, command: Command) -> Iterator[str]:
    for language in locales.languages.values():
        yield from (str(word) for word in language.commands.get(command.value, ()))
