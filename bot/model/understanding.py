"""What was understood of one message, and the ports between stages. PURE: shapes and protocols, no I/O.

The desk understands a message once (vector, language, places, danger) and hands the result on: to safety, to Rasa as
metadata, and to the search. `FloatVector` is 384 floats of multilingual-e5, L2-normalised, float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.model.messages import Reply

FloatVector = NDArray[np.float32]


@dataclass(frozen=True)
class LanguageGuess:
    """The language a text is written in: a tag of `locales/` or any ISO 639 code, with a probability."""

    tag: str
    probability: float


@dataclass(frozen=True)
class Place:
    """A country found in a text. `role` is "origin", "destination" or "" where the text does not say which."""

    country: str
    role: str
    start: int
    end: int


@dataclass(frozen=True)
class Alarm:
    """Danger, as `safety` sees it. `kind` is one of `bot.safety.kinds`; `probability` is calibrated."""

    kind: str
    probability: float
    by: str  # "phrase", "classifier" or "both": what saw it


@dataclass(frozen=True)
class Understanding:
    """Everything the desk knows of one message before anybody answers."""

    message_id: str
    text: str
    language: str  # the language to reply in
    guess: LanguageGuess
    places: tuple[Place, ...] = ()
    vector: FloatVector | None = None
    alarm: Alarm | None = None


@dataclass(frozen=True)
class Turn:
    """What the dialogue made of a message: replies in order, what it now remembers, how it understood."""

    replies: tuple[Reply, ...]
    slots: Mapping[str, str | None] = field(default_factory=dict)  # language origin destination
    intent: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)


class Dialogue(Protocol):
    """The desk's way to Rasa. Raises `DialogueDown`; asking twice with the same message id gives the same turn."""

    async def ask(
        self, conversation_id: str, understanding: Understanding, payload: str | None, known: Mapping[str, str | None]
    ) -> Turn: ...
