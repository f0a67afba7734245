"""Taking stored messages through safety and dialogue into the outbox. Imports `model`, `storage`, the channel contract.

One message per conversation is in flight, conversations don't wait for each other. A message leaves the inbox in the
same transaction that writes its replies: killed at any moment, it is either still there or answered.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import SystemRandom

import structlog
from sqlalchemy import Connection

from bot.channels.base import Channel, Erases
from bot.inbox.handler import Handler, Outcome
from bot.inbox.ports import OpensCases
from bot.model.cases import UNANSWERED
from bot.model.clock import Clock, utc_now
from bot.model.errors import DialogueDown
from bot.model.messages import Reply
from bot.model.people import Conversation
from bot.model.waiting import either
from bot.outbox import retry
from bot.phrases import Phrases
from bot.shaping import Shaper
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations, messages, outbox
from bot.storage.repositories.messages import ClaimLost, Work

log = structlog.get_logger()
LEASE_SECONDS = 120.0
POLL_SECONDS = 0.5
TOGETHER = 8
"""Messages in hand at once. Answering is work for the processor: more would not be answered sooner, only be kept from
others, and acknowledging new ones would have to wait for them."""
GLANCE_SECONDS = 0.5
RECENT = 4
TELL_AFTER = 3
GIVE_UP_AFTER = 8


class Worker:
    """Claims, handles, finishes. `owner` names this process; `told` and `erased` are called with a conversation that
    has news, or is no more."""

    def __init__(
        self,
        store: Store,
        crypt: Crypt,
        handler: Handler,
        channels: Mapping[str, Channel],
        shaper: Shaper,
        opener: OpensCases,
        phrases: Phrases,
        owner: str,
        told: Callable[[str, str], None],
        erased: Callable[[str, str], None],
        awake: asyncio.Event,
        busy: Callable[[], bool] = lambda: False,
        clock: Clock = utc_now,
    ) -> None:
        self._busy = busy
        self._store = store
        self._crypt = crypt
        self._handler = handler
        self._channels = channels
        self._shaper = shaper
        self._opener = opener
        self._phrases = phrases
        self._owner = owner
        self._told = told
        self._erased = erased
        self._clock = clock
        self._awake = awake
        self._running: set[asyncio.Task[None]] = set()
        self._random = SystemRandom()
        self._glanced = datetime.min.replace(tzinfo=UTC)

    def wake(self) -> None:
        """There is something to do."""
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled; then give back what is not finished."""
        try:
            while True:
                self._awake.clear()
                if not await self._start_some():
                    await either(self._awake, POLL_SECONDS)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            await self._store.write(lambda connection: messages.release_owner(connection, self._owner))

    async def _start_some(self) -> bool:
        most = 1 if self._busy() else TOGETHER
        free = most - len(self._running)
        if free < max(1, most // 2):
            return False  # claims are made in handfuls: with thousands waiting each costs milliseconds
        try:
            works, waiting = await self._store.write(lambda c: self._claim(c, free))
        except Exception as broken:
            log.error("claim_failed", error=type(broken).__name__)
            return False
        for work in works:
            self._spawn(self._work(work))
        for work in waiting:
            self._spawn(self._glance(work))
        return bool(works)

    def _spawn(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _claim(self, connection: Connection, free: int) -> tuple[list[Work], list[Work]]:
        now = self._clock()
        works = messages.claim(connection, self._crypt, self._owner, now, LEASE_SECONDS, free)
        if now - self._glanced < timedelta(seconds=GLANCE_SECONDS):
            return works, []
        self._glanced = now
        return works, messages.claim(connection, self._crypt, self._owner, now, LEASE_SECONDS, free, unseen=True)

    async def _glance(self, work: Work) -> None:
        """A message that must wait for an older one is looked at for danger all the same."""
        try:
            recent = await self._store.read(lambda c: messages.recent_texts(c, self._crypt, work, RECENT))
            if reply := await self._handler.glance(work.message_id, work.incoming, work.conversation, recent):
                await self._say_early(work, reply)
        except Exception as broken:
            log.error("glance_failed", message=work.message_id, error=type(broken).__name__)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._awake.set()

    async def _work(self, work: Work) -> None:
        try:
            await self._answer(work)
        except ClaimLost:
            log.warning("claim_lost", message=work.message_id)
        except DialogueDown as down:
            await self._later(work, down.log, broken=down.broken)
        except Exception as broken:
            log.error("handling_failed", message=work.message_id, error=type(broken).__name__, exc_info=True)
            await self._later(work, type(broken).__name__, broken=True)

    async def _answer(self, work: Work) -> None:
        recent = await self._store.read(lambda c: messages.recent_texts(c, self._crypt, work, RECENT))

        async def early(reply: Reply) -> None:
            await self._say_early(work, reply)

        outcome = await self._handler.handle(work.message_id, work.incoming, work.conversation, recent, early)
        if outcome.erase:
            await self._erase(work)
        else:
            await self._finish(work, outcome)

    async def _erase(self, work: Work) -> None:
        """Everything that was said goes, on our side and, as far as the channel can, on theirs."""
        person = work.conversation
        channel = self._channels[person.channel]
        if isinstance(channel, Erases):
            sent = await self._store.read(lambda c: outbox.gateway_ids(c, person.id))
            received = await self._store.read(lambda c: messages.gateway_ids(c, self._crypt, person.id))
            await channel.forget(person.address, (*sent, *received))
        await self._store.write(lambda c: conversations.erase(c, person.id))
        self._erased(person.channel, person.address)

    async def _finish(self, work: Work, outcome: Outcome) -> None:
        """Write what is said. If a person took the case meanwhile, only what was ordered or is urgent is said."""
        conversation = work.conversation
        shaped = self._shaper.more(conversation) if outcome.more else self._shaper.shape(conversation, outcome.replies)
        done = messages.Done(shaped, outcome.changes, outcome.meta, outcome.ordered, outcome.forget)

        def write(connection: Connection) -> None:
            now = self._clock()
            silent = messages.finish(connection, self._crypt, work, self._owner, done, now)
            if outcome.case and not silent:
                self._opener.open(connection, conversation, outcome.case, now)

        await self._store.write(write)
        self._told(conversation.channel, conversation.address)

    async def _say_early(self, work: Work, reply: Reply) -> None:
        """Say something before the answer, once per message however often it is taken up; danger opens a case."""
        shaped = self._shaper.shape(work.conversation, (reply,))
        kind = reply.meta.get("urgency")
        person = _as_read(work.conversation, reply)

        def write(connection: Connection) -> None:
            now = self._clock()
            said = messages.add_early(connection, self._crypt, work, shaped, now, urgent=kind is not None)
            if said and kind:
                self._opener.open(connection, person, str(kind), now)

        await self._store.write(write)
        self._told(work.conversation.channel, work.conversation.address)

    async def _later(self, work: Work, reason: str, broken: bool) -> None:
        """Put a message back; after a while say so. One that always breaks goes to a person, not round for ever."""
        log.warning("message_waits", message=work.message_id, attempts=work.attempts, reason=reason)
        tag = work.conversation.language or "en"
        try:
            if broken and work.attempts >= GIVE_UP_AFTER:
                await self._hand_over(work, tag)
                return
            if work.attempts >= TELL_AFTER:
                await self._say_early(work, self._waits(tag))
            at = self._clock() + timedelta(seconds=min(retry.pause(work.attempts + 1, self._random), 60))
            await self._store.write(lambda c: messages.release(c, work.message_id, self._owner, at))
        except Exception as fault:
            log.error("release_failed", message=work.message_id, error=type(fault).__name__)

    def _waits(self, tag: str) -> Reply:
        values = {"emergency": self._phrases.text("utter_emergency_number", tag)}
        return self._phrases.reply("utter_dialogue_down", tag, values)

    async def _hand_over(self, work: Work, tag: str) -> None:
        reply = self._phrases.reply("utter_no_answer", tag)
        await self._finish(work, Outcome((reply,), meta={"decision": "person"}, case=UNANSWERED))


def _as_read(conversation: Conversation, reply: Reply) -> Conversation:
    """The conversation with the language and the countries of the message that is just being read."""
    origin, destination = reply.meta.get("origin"), reply.meta.get("destination")
    return replace(
        conversation,
        language=reply.language,
        origin=str(origin) if origin else conversation.origin,
        destination=str(destination) if destination else conversation.destination,
    )
