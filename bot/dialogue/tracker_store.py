"""Rasa's memory of conversations: our database, encrypted. Imports `bot.settings`, `bot.storage`, Rasa.

Named in `endpoints.yml`. Rasa falls back to memory, with only a warning, when a store's class is not found; one that
can't be opened ends the process instead: people's conversations must not live where nobody expects them.
"""

import json
import os
import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, SESSION_START_METADATA_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import settings
from bot.dialogue import faults
from bot.model.errors import SafarError
from bot.storage import database, keycheck
from bot.storage.crypt import Crypt
from bot.storage.tables import conversations, tracker_events

NEWEST = 60
"""Events that are loaded: the tracker travels to the actions with each message, and older ones decide nothing."""
BULKY = frozenset({"vector", "recent"})
BULKY_PARSED = frozenset({"intent_ranking", "response_selector", "text_tokens"})
KEY_FILE = "safar.key"
MOST_SAVED = 256
MOST_GUESTS = 8
CANT_OPEN = 3
"""Exit code of a process whose store can't be opened."""


class ToldTwice(Exception):
    """A message that Rasa was told before was told again; nothing of the second turn is stored."""


class SafarTrackerStore(TrackerStore):
    """Saves each event once, sealed; the message id of a user's event makes telling it twice impossible.

    Conversations that the desk does not know (somebody tries `rasa shell`) are remembered by this process alone.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self._saved: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._guests: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        try:
            self._crypt, self._engine = _open()
            self._reading = database.reading(self._engine)
        except Exception as error:
            why = error.log if isinstance(error, SafarError) else type(error).__name__
            print(f"safar: the tracker store can't be opened: {why}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(CANT_OPEN)

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """A tracker of which nothing is stored yet."""
        tracker = super().init_tracker(sender_id)
        tracker.safar_stored = 0
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the events that are new, all or none.

        Raises `TurnBroken` when an action of the turn failed, `ToldTwice` when its message was stored before.
        """
        faults.check()
        await self.stream_events(tracker)
        events = list(tracker.events)
        new = events[self._stored(tracker) :]
        if new:
            self._write(tracker, new)
        tracker.safar_stored = len(events)
        _remember(self._saved, tracker, MOST_SAVED)

    def saved(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker that was saved last, once: our input channel reads it right after the turn."""
        return self._saved.pop(sender_id, None)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with the events of the current session, at most the newest `NEWEST`."""
        with self._reading.connect() as connection:
            events = self._current(connection, sender_id)
        if not events:
            return self._guests.get(sender_id)
        again = [_event_class(body["event"])._from_parameters(body) for body in events]
        tracker = DialogueStateTracker.from_events(sender_id, again, self.domain.slots)
        tracker.safar_stored = len(tracker.events)
        return tracker

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations with events."""
        with self._reading.connect() as connection:
            return list(connection.execute(sa.select(tracker_events.c.conversation_id).distinct()).scalars())

    def has_message(self, message_id: str) -> bool:
        """Was this message told?"""
        with self._reading.connect() as connection:
            told = sa.select(tracker_events.c.id).where(tracker_events.c.message_id == message_id)
            return connection.execute(told).scalar() is not None

    def stored_turn(self, sender_id: str, message_id: str) -> list[dict[str, Any]] | None:
        """The user's event of a message and the events that followed it, or None if it was never told."""
        table = tracker_events
        mine = table.c.conversation_id == sender_id
        with self._reading.connect() as connection:
            told = sa.select(table.c.id).where(mine, table.c.message_id == message_id)
            first = connection.execute(told).scalar()
            if first is None:
                return None
            later = (table.c.id > first) & (table.c.message_id.is_not(None) | table.c.session_start)
            end = connection.execute(sa.select(sa.func.min(table.c.id)).where(mine, later)).scalar()
            turn = sa.select(table.c.body).where(mine, table.c.id >= first).order_by(table.c.id)
            bodies = connection.execute(turn if end is None else turn.where(table.c.id < end)).scalars().all()
        return [json.loads(self._crypt.unseal(body)) for body in bodies]

    def _stored(self, tracker: DialogueStateTracker) -> int:
        """How many of a tracker's events are stored. One that we did not load holds them from the first on."""
        known: int | None = getattr(tracker, "safar_stored", None)
        if known is not None:
            return known
        counted = sa.select(sa.func.count()).where(tracker_events.c.conversation_id == tracker.sender_id)
        with self._reading.connect() as connection:
            return connection.execute(counted).scalar_one()

    def _write(self, tracker: DialogueStateTracker, new: Sequence[Event]) -> None:
        rows = [_row(self._crypt, tracker.sender_id, event) for event in new]
        person = sa.select(conversations.c.id).where(conversations.c.id == tracker.sender_id)
        try:
            with self._engine.begin() as connection:
                if connection.execute(person).scalar() is not None:
                    connection.execute(sa.insert(tracker_events), rows)
                elif not any(row["message_id"] for row in rows):  # else it was erased meanwhile, and stays erased
                    _remember(self._guests, tracker, MOST_GUESTS)
        except sa.exc.IntegrityError as bad:
            if any(row["message_id"] and self.has_message(row["message_id"]) for row in rows):
                raise ToldTwice("this message was told before") from bad
            raise

    def _current(self, connection: sa.Connection, sender_id: str) -> list[dict[str, Any]]:
        """Oldest first, from the session's start or, if that is too long ago, from where Rasa last listened."""
        table = tracker_events
        mine = sa.select(table.c.body, table.c.session_start).where(table.c.conversation_id == sender_id)
        rows = connection.execute(mine.order_by(table.c.id.desc()).limit(NEWEST)).all()
        start = next((number for number, row in enumerate(rows) if row.session_start), None)
        wanted = rows if start is None else rows[: start + 1]
        events = [json.loads(self._crypt.unseal(row.body)) for row in reversed(wanted)]
        if start is None and len(rows) == NEWEST:
            listened = (number for number, event in enumerate(events) if event.get("name") == ACTION_LISTEN_NAME)
            return events[next(listened, 0) :]
        return events


def _open() -> tuple[Crypt, sa.Engine]:
    chosen = settings.read()
    # The desk syncs when it ends the message. Until then a power cut leaves it to be told again, to a Rasa without it.
    engine = database.create_engine(chosen.database, synced=False)
    database.migrate(engine)
    return keycheck.open_key(engine, chosen.data_path / KEY_FILE), engine


@cache
def _event_class(name: str) -> Any:
    """Rasa walks through all its classes for each event: most of the time that loading takes."""
    return Event.resolve_by_type(name)


def _remember(kept: "OrderedDict[str, DialogueStateTracker]", tracker: DialogueStateTracker, most: int) -> None:
    kept[tracker.sender_id] = tracker
    kept.move_to_end(tracker.sender_id)
    while len(kept) > most:
        kept.popitem(last=False)


def _row(crypt: Crypt, sender_id: str, event: Event) -> dict[str, Any]:
    body = event.as_dict()
    message_id = None
    if isinstance(event, UserUttered):
        message_id = (body.get("metadata") or {}).get("message_id")
        body["metadata"] = _without(body.get("metadata"), BULKY)
        body["parse_data"] = {**_without(body.get("parse_data"), BULKY_PARSED), "metadata": body["metadata"]}
    elif isinstance(event, SlotSet) and event.key == SESSION_START_METADATA_SLOT:
        body["value"] = _without(body.get("value"), BULKY)
    return {
        "conversation_id": sender_id,
        "message_id": message_id,
        "session_start": isinstance(event, SessionStarted),
        "at": float(event.timestamp),
        "body": crypt.seal(json.dumps(body, ensure_ascii=False, default=str)),
    }


def _without(values: dict[str, Any] | None, bulky: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in (values or {}).items() if key not in bulky}
