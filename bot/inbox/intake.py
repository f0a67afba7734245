"""How a message comes in: cleaned, stored, and only then acknowledged. Imports `bot.model` and `bot.storage`.

`accept()` returns when the row is committed and not before; the caller acknowledges to its gateway afterwards. The same
message delivered again is found by its `dedupe` key and changes nothing.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from bot.model.clock import Clock, utc_now
from bot.model.messages import MAX_TEXT, Incoming
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import messages
from bot.storage.repositories.messages import Taken

BUSY_MESSAGES, BUSY_SECONDS = 40, 0.5


class Intake:
    """The one door by which messages enter. `wake` tells the worker that there is something to do."""

    def __init__(self, store: Store, crypt: Crypt, wake: Callable[[], None], clock: Clock = utc_now) -> None:
        self._store = store
        self._crypt = crypt
        self._wake = wake
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=BUSY_MESSAGES)

    async def accept(self, incoming: Incoming) -> Taken:
        """Store a message. Raises what the database raises; then nothing is stored and nothing may be acknowledged."""
        self._taken.append(time.monotonic())
        cleaned = clean(incoming)
        now = self._clock()
        taken = await self._store.write(lambda session: messages.take_in(session, self._crypt, cleaned, now))
        if taken.new:
            self._wake()
        return taken

    def busy(self) -> bool:
        """Do so many messages arrive that answering should leave the processor to taking them in?"""
        full = len(self._taken) == BUSY_MESSAGES
        return full and time.monotonic() - self._taken[0] < BUSY_SECONDS and time.monotonic() - self._taken[-1] < 0.1


def clean(incoming: Incoming) -> Incoming:
    """The message without what no database or encoder takes (NUL, lone surrogates), cut to `MAX_TEXT`."""
    return replace(incoming, text=_plain(incoming.text)[:MAX_TEXT], payload=_short(incoming.payload))


def _plain(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()


def _short(payload: str | None) -> str | None:
    return None if payload is None else _plain(payload)[:200]
