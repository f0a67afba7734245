"""What the worker needs from stages it may not import. PURE protocols; `wiring` fills them in."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.model.messages import Reply
from bot.model.people import Conversation
from bot.model.understanding import Alarm, FloatVector, LanguageGuess, Place


class Encodes(Protocol):
    """Text to vector."""

    def encode(self, text: str) -> FloatVector: ...


class Recognises(Protocol):
    """Text to language."""

    def recognise(
        self, text: str, vector: FloatVector | None = None, hint: str | None = None, previous: str | None = None
    ) -> LanguageGuess: ...


class FindsPlaces(Protocol):
    """Text to countries."""

    def find(self, text: str) -> tuple[Place, ...]: ...


class SeesDanger(Protocol):
    """Text (and the last few together) to an alarm, and what is said at once."""

    def detect(
        self, text: str, vector: FloatVector | None, recent: Sequence[str] = (), language: str | None = None
    ) -> Alarm | None: ...

    def say(self, alarm: Alarm, conversation: Conversation, language: str) -> Reply: ...

    def values(self, conversation: Conversation, language: str) -> Mapping[str, str]: ...


class FindsCommands(Protocol):
    """STOP, START, HELP … in every language; None for anything else."""

    def find(self, text: str) -> str | None: ...
