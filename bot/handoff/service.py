"""Cases for the running desk: commands in transactions, what follows from them, and the clock. Imports `storage`.

The console and the API call `do`; the desk runs `watch`. Whoever waits for news of cases (pages, alerts) is woken here;
what other desk processes do is seen by looking twice a second.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.handoff import hours, rounds
from bot.handoff.commands import Act, Commands
from bot.handoff.opening import Opener
from bot.model.cases import ASKED, Case, Centre, HandoffError, NotFound, Staff
from bot.model.clock import Clock, utc_now
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import cases, conversations, staff

log = structlog.get_logger()
LOOK_SECONDS = 0.5
ROUND_SECONDS = 5.0
OVERLAP = 100

Command = Callable[[Connection, Act], Case]


@dataclass(frozen=True)
class Change:
    """Something that happened in a case."""

    number: int
    case_id: str
    kind: str


class Handoff:
    """`told` is called with channel and address of a conversation that has news."""

    def __init__(
        self,
        store: Store,
        crypt: Crypt,
        opener: Opener,
        commands: Commands,
        told: Callable[[str, str], None],
        clock: Clock = utc_now,
    ) -> None:
        self.commands = commands
        self.opener = opener
        self._store = store
        self._crypt = crypt
        self._told = told
        self._clock = clock
        self._handed_on: set[int] = set()
        self._listeners: set[asyncio.Queue[Change]] = set()

    async def do(self, by: Staff, case_id: str, command: Command) -> Case:
        """Carry out a command. Raises `HandoffError`; what was refused is in the audit log all the same."""
        act = Act(by, case_id, self._clock())
        try:
            case = await self._store.write(lambda db: command(db, act))
        except HandoffError as refused:
            await self._refused(act, refused)
            raise
        await self._tell(case.conversation_id)
        return case

    async def _refused(self, act: Act, refused: HandoffError) -> None:
        if not isinstance(refused, NotFound):
            await self._store.write(
                lambda db: cases.record(db, act.by.id, "refused", act.case_id, refused.name, act.now)
            )

    async def _tell(self, conversation_id: str) -> None:
        person = await self._store.read(lambda db: conversations.get(db, self._crypt, conversation_id))
        if person is not None:
            self._told(person.channel, person.address)

    async def asked(self, conversation_id: str) -> datetime | None:
        """The person wants a person: a case, and when somebody is there if nobody is now (None: somebody is)."""
        now = self._clock()

        def write(db: Connection) -> Centre | None:
            conversation = conversations.get(db, self._crypt, conversation_id)
            if conversation is None:
                return None
            case = cases.get(db, self.opener.open(db, conversation, ASKED, now))
            return staff.centre(db, case.centre_id) if case and case.centre_id else None

        centre = await self._store.write(write)
        if centre is None or hours.is_open(centre, now):
            return None
        return hours.opens_at(centre, now)

    def listen(self) -> "asyncio.Queue[Change]":
        """A queue that gets every change from now on; give it back with `ignore`."""
        queue: asyncio.Queue[Change] = asyncio.Queue(maxsize=1000)
        self._listeners.add(queue)
        return queue

    def ignore(self, queue: "asyncio.Queue[Change]") -> None:
        """Nobody reads this queue any more."""
        self._listeners.discard(queue)

    async def watch(self) -> None:
        """Hand on what happens in cases, and let time do its part, until cancelled."""
        last = await self._store.read(cases.newest_event)
        self._handed_on = set(range(last - OVERLAP, last + 1))
        passed = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            passed += LOOK_SECONDS
            try:
                last = await self._hand_on(last)
                if passed >= ROUND_SECONDS:
                    passed = 0.0
                    now = self._clock()
                    await self._store.write(lambda db: rounds.go_round(db, self._crypt, self.opener, now))  # noqa: B023
            except Exception as broken:
                log.error("cases_not_watched", error=type(broken).__name__)

    async def _hand_on(self, last: int) -> int:
        """Numbers are given before they are committed: what came late behind a higher one is looked for as well."""
        found = await self._store.read(lambda db: cases.changed_since(db, last - OVERLAP))
        for number, case_id, kind in found:
            if number in self._handed_on:
                continue
            self._handed_on.add(number)
            for queue in self._listeners:
                if not queue.full():  # a page that reads nothing any more must not hold up the others
                    queue.put_nowait(Change(number, case_id, kind))
            last = max(last, number)
        self._handed_on = {number for number in self._handed_on if number >= last - OVERLAP}
        return last
