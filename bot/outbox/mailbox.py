"""Replies that people fetch themselves (web chat, terminal), and who waits for them. Imports `model`, `storage`."""

import asyncio
from collections import OrderedDict, defaultdict

from bot.model.waiting import either
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import outbox
from bot.storage.repositories.outbox import Letter

LOOK_AGAIN = 2.0
MOST = 200
ERASED_REMEMBERED = 20_000


class Mailbox:
    """Letters by channel and address. `told()` wakes whoever waits; other processes' letters are found by looking."""

    def __init__(self, store: Store, crypt: Crypt) -> None:
        self._store = store
        self._crypt = crypt
        self._waiting: defaultdict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)
        self._erased: OrderedDict[tuple[str, str], None] = OrderedDict()

    def told(self, channel: str, address: str) -> None:
        """There is news for this address."""
        for event in self._waiting.get((channel, address), ()):
            event.set()

    def erased(self, channel: str, address: str) -> None:
        """The person had everything deleted: their page must be emptied as well."""
        self._erased[channel, address] = None
        while len(self._erased) > ERASED_REMEMBERED:
            self._erased.popitem(last=False)
        self.told(channel, address)

    def is_erased(self, channel: str, address: str) -> bool:
        """Was everything deleted?"""
        return (channel, address) in self._erased

    async def letters(self, channel: str, address: str, after: int = 0) -> list[Letter]:
        """Letters with an id above `after`, oldest first."""
        return await self._store.read(lambda c: outbox.letters(c, self._crypt, channel, address, after, MOST))

    async def wait(self, channel: str, address: str, after: int, seconds: float) -> list[Letter]:
        """Letters above `after`, as soon as there are any; an empty list after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        event = asyncio.Event()
        self._waiting[channel, address].add(event)
        try:
            while not (letters := await self.letters(channel, address, after)):
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0 or self.is_erased(channel, address):
                    break
                await either(event, min(left, LOOK_AGAIN))
                event.clear()
            return letters
        finally:
            self._forget(channel, address, event)

    async def news(self, channel: str, address: str, seconds: float) -> None:
        """Return when there is news for this address, or after `seconds`."""
        event = asyncio.Event()
        self._waiting[channel, address].add(event)
        try:
            await either(event, seconds)
        finally:
            self._forget(channel, address, event)

    def _forget(self, channel: str, address: str, event: asyncio.Event) -> None:
        events = self._waiting[channel, address]
        events.discard(event)
        if not events:
            del self._waiting[channel, address]
