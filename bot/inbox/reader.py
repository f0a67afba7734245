"""Understanding a message once: vector, language, places, danger. Imports `bot.model`; the parts come as ports.

A broken part never hides danger: without a vector the phrases still work, and the message goes on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from bot.inbox.ports import Encodes, FindsPlaces, Recognises, SeesDanger
from bot.model.messages import Incoming
from bot.model.people import Conversation
from bot.model.understanding import FloatVector, LanguageGuess, Understanding

REMEMBERED = 2_000
SURE = 0.5
log = structlog.get_logger()


class Vectors:
    """The vectors of the messages that are being answered, by message id, for the actions that Rasa calls back."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, FloatVector] = OrderedDict()

    def get(self, message_id: str) -> FloatVector | None:
        """The vector of a message, if it was read by this process not long ago."""
        return self._kept.get(message_id)

    def put(self, message_id: str, vector: FloatVector) -> None:
        """Remember; the oldest are forgotten."""
        self._kept[message_id] = vector
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)


class Reader:
    """Reads messages on a few threads of its own, so that the event loop stays free."""

    def __init__(
        self,
        encoder: Encodes,
        recogniser: Recognises,
        places: FindsPlaces,
        danger: SeesDanger,
        spoken: Collection[str],
        fallback: str,
        vectors: Vectors,
        threads: int = 2,
    ) -> None:
        self._encoder = encoder
        self._recogniser = recogniser
        self._places = places
        self._danger = danger
        self._spoken = spoken
        self._fallback = fallback
        self._vectors = vectors
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    async def read(
        self, message_id: str, incoming: Incoming, conversation: Conversation, recent: Sequence[str]
    ) -> Understanding:
        """Everything that can be known of a message before it is answered."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, message_id, incoming, conversation, recent)

    def _read(
        self, message_id: str, incoming: Incoming, conversation: Conversation, recent: Sequence[str]
    ) -> Understanding:
        text = incoming.text
        vector = self._encode(message_id, text)
        previous = conversation.language
        guess = self._recogniser.recognise(text, vector, incoming.locale, previous)
        language = self._reply_language(guess, conversation, incoming.locale)
        alarm = self._danger.detect(text, vector, recent, guess.tag) if text else None
        return Understanding(message_id, text, language, guess, self._places.find(text), vector, alarm)

    def _encode(self, message_id: str, text: str) -> FloatVector | None:
        try:
            vector = self._encoder.encode(text)
        except Exception as broken:
            log.error("encoder_failed", message=message_id, error=type(broken).__name__)
            return None
        self._vectors.put(message_id, vector)
        return vector

    def _reply_language(self, guess: LanguageGuess, conversation: Conversation, hint: str | None) -> str:
        if conversation.language and conversation.language_chosen:
            return conversation.language
        if guess.tag in self._spoken and guess.probability >= SURE:
            return guess.tag
        candidates = (conversation.language, (hint or "").partition("-")[0], self._fallback)
        return next((tag for tag in candidates if tag and tag in self._spoken), self._fallback)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
