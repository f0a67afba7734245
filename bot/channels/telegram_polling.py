"""Long polling: fetch, store, and only then move on. Imports `bot.model` and this channel.

Telegram counts an update as delivered when the next call asks for a higher offset; that call is made after the commit,
so an update is never lost between the two. https://core.telegram.org/bots/api#getupdates
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from secrets import SystemRandom
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram import Telegram, seconds
from bot.model.errors import Malformed
from bot.model.messages import Incoming
from bot.outbox import retry

log = structlog.get_logger()
HOLD_SECONDS = 50
RAW_UPDATES = "getupdates"  # method names have no case; spelt like this the library hands the raw objects over
TYPES = ["message", "edited_message", "callback_query", "my_chat_member"]


class Poller:
    """Asks Telegram for updates until cancelled. `accept` returns when a message is committed."""

    def __init__(self, channel: Telegram, accept: Callable[[Incoming], Awaitable[object]]) -> None:
        self._channel = channel
        self._accept = accept
        self._offset = 0
        self._failures = 0
        self._random = SystemRandom()

    async def run(self) -> None:
        """Poll; after a failure wait, longer each time."""
        await self._again(self._channel.bot.initialize)
        await self._again(self._channel.bot.delete_webhook)
        while True:
            await self._again(self.once)

    async def once(self) -> None:
        """One call, and everything it brought stored."""
        wanted = {"offset": self._offset, "timeout": HOLD_SECONDS, "allowed_updates": TYPES}
        updates = await self._channel.bot.do_api_request(RAW_UPDATES, wanted, read_timeout=HOLD_SECONDS + 10)
        for update in updates:
            await self._take(update)

    async def _take(self, update: Mapping[str, Any]) -> None:
        """The update as it came, not as the library reads it: one that it can't read must not block the others."""
        try:
            incoming = self._channel.read(update)
        except Malformed as broken:
            log.warning("update_malformed", reason=broken.log)
            return
        await self._accept(incoming)
        await self._channel.received(incoming)
        self._offset = int(update["update_id"]) + 1

    async def _again(self, call: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await call()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                await self._pause(error)
            else:
                self._failures = 0
                return

    async def _pause(self, error: Exception) -> None:
        self._failures += 1
        reason = _reason(error)
        pause = retry.pause(min(self._failures, 6), self._random)
        if isinstance(error, RetryAfter):
            pause = max(pause, seconds(error))
        log.warning("polling_failed", reason=reason, pause=round(pause, 1))
        await asyncio.sleep(pause)


def _reason(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program polls with the same bot token"
    if isinstance(error, InvalidToken):
        return "SAFAR_TELEGRAM_TOKEN is not accepted"
    return type(error).__name__ if isinstance(error, TelegramError) else f"fault {type(error).__name__}"
