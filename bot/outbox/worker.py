"""Sending what lies in the outbox. Imports `bot.model`, `bot.storage`, `bot.channels`' contract.

Pieces of one conversation leave in order, conversations don't wait for each other, urgent ones overtake. Errors are
told apart by `retry.decide`; nothing is given up silently: `safar outbox` lists what remains.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from secrets import SystemRandom

import structlog
from sqlalchemy import Connection

from bot.channels.base import Channel
from bot.model.clock import Clock, utc_now
from bot.model.errors import SendError, TryAgain
from bot.model.waiting import either
from bot.outbox import retry
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import outbox
from bot.storage.repositories.outbox import Piece

log = structlog.get_logger()
LEASE_SECONDS = 120.0
POLL_SECONDS = 1.0
TOGETHER = 24


class Sender:
    """Claims due pieces and sends them. `wake()` after something was written; otherwise it looks every second."""

    def __init__(
        self,
        store: Store,
        crypt: Crypt,
        channels: Mapping[str, Channel],
        owner: str,
        attempts: int,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._crypt = crypt
        self._channels = channels
        self._owner = owner
        self._attempts = attempts
        self._clock = clock
        self._awake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._random = SystemRandom()

    def wake(self) -> None:
        """There is something to send."""
        self._awake.set()

    async def run(self) -> None:
        """Send until cancelled. A piece in flight is allowed to end, so that it is not sent twice after a restart."""
        try:
            while True:
                self._awake.clear()
                if not await self._start_some():
                    await either(self._awake, POLL_SECONDS)
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=10)

    async def _start_some(self) -> bool:
        free = TOGETHER - len(self._running)
        if free <= 0:
            return False
        try:
            pieces = await self._store.write(
                lambda c: outbox.claim_due(c, self._crypt, self._owner, self._clock(), LEASE_SECONDS, free)
            )
        except Exception as broken:
            log.error("outbox_claim_failed", error=type(broken).__name__)
            return False
        for piece in pieces:
            task = asyncio.create_task(self._deliver(piece))
            self._running.add(task)
            task.add_done_callback(self._ended)
        return bool(pieces)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._awake.set()

    async def _deliver(self, piece: Piece) -> None:
        try:
            gateway_id = await self._send(piece)
        except SendError as error:
            await self._failed(piece, error)
            return
        await self._store.write(lambda c: outbox.sent(c, piece.id, self._owner, gateway_id, self._clock()))

    async def _send(self, piece: Piece) -> str:
        """The gateway's id. What a channel raises beside `SendError` is a fault of ours: tried again, then listed."""
        channel = self._channels.get(piece.conversation.channel)
        if channel is None:
            raise TryAgain("channel_off")
        try:
            return await channel.send(piece.outgoing, piece.conversation.address)
        except SendError:
            raise
        except Exception as fault:
            log.error("channel_fault", channel=channel.name, error=type(fault).__name__)
            raise TryAgain(type(fault).__name__) from fault

    async def _failed(self, piece: Piece, error: SendError) -> None:
        decision = retry.decide(error, piece.attempts + 1, self._attempts, self._random)
        log.warning("send_failed", piece=piece.id, decision=type(decision).__name__, reason=error.log)

        def write(connection: Connection) -> None:
            now = self._clock()
            match decision:
                case retry.Retry(pause=pause):
                    outbox.retry(connection, piece.id, self._owner, now + timedelta(seconds=pause), error.log)
                case retry.Gone():
                    outbox.dead(connection, piece.id, self._owner, error.log)
                    outbox.mark_unreachable(connection, piece.conversation.id, error.log)
                case retry.Dead():
                    outbox.dead(connection, piece.id, self._owner, error.log)

        await self._store.write(write)
