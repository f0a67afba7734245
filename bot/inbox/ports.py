"""What the worker needs from stages it may not import. PURE protocols; `wiring` fills them in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.model.messages import Incoming, Reply
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


class Step(Protocol):
    """What was said about being written to safely, and what is answered and remembered."""

    @property
    def replies(self) -> tuple[Reply, ...]: ...

    @property
    def changes(self) -> Mapping[str, object]: ...

    @property
    def erase(self) -> bool: ...

    @property
    def secret(self) -> bool: ...


class SafeContact(Protocol):
    """Whether it is safe to write, discretion, and the word that deletes everything."""

    def is_code(self, incoming: Incoming, conversation: Conversation) -> bool: ...

    def step(self, incoming: Incoming, payload: str | None, conversation: Conversation, tag: str) -> Step | None: ...


class OpensCases(Protocol):
    """A case for a conversation, by a word that says why: `asked`, `unanswered` or a kind of danger."""

    def open(self, db: Connection, conversation: Conversation, why: str, now: datetime) -> str: ...


class FindsCommands(Protocol):
    """STOP, START, HELP … in every language; None for anything else."""

    def find(self, text: str) -> str | None: ...
