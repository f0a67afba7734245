"""Rasa's memory of conversations: our database, encrypted. Imports `bot.settings`, `bot.storage`, Rasa.

Named in `endpoints.yml`. Rasa falls back to memory, with only a warning, when a store's class is not found; one that
can't be opened ends the process instead: people's conversations must not live where nobody expects them.
"""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import settings
from bot.dialogue import faults
from bot.model.errors import SafarError
from bot.storage import database, keycheck
from bot.storage.crypt import Crypt, load_or_create_key
from bot.storage.tables import conversations, tracker_events

NEWEST = 60
"""Events that are loaded: the tracker travels to the actions with each message, and older ones decide nothing."""
BULKY = ("vector", "recent")
KEY_FILE = "safar.key"


class SafarTrackerStore(TrackerStore):
    """Saves each event once, sealed; the message id of a user's event makes telling it twice impossible."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self._saved: dict[str, DialogueStateTracker] = {}
        try:
            self._crypt, self._engine = _open()
            self._reading = database.reading(self._engine)
        except SafarError as error:
            print(f"safar: the tracker store can't be opened: {error.log}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(3)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the events that are new. Raises `TurnBroken` when an action of the turn failed."""
        faults.check()
        await self.stream_events(tracker) if self.event_broker else None
        with self._engine.begin() as connection:
            stored = self._count(connection, tracker.sender_id)
            skipped = getattr(tracker, "safar_skipped", 0)
            new = list(tracker.events)[max(stored - skipped, 0) :]
            rows = [_row(self._crypt, tracker.sender_id, event) for event in new]
            if rows and self._person_exists(connection, tracker.sender_id):
                connection.execute(sa.insert(tracker_events), rows)
        self._saved[tracker.sender_id] = tracker

    def saved(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker that was saved last, once: our input channel reads it right after the turn."""
        return self._saved.pop(sender_id, None)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with the events of the current session, at most the newest `NEWEST`."""
        with self._reading.connect() as connection:
            total = self._count(connection, sender_id)
            events = self._newest(connection, sender_id)
        if not events:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        tracker.safar_skipped = total - len(events)  # type: ignore[attr-defined]
        return tracker

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations with events."""
        with self._reading.connect() as connection:
            return list(connection.execute(sa.select(tracker_events.c.conversation_id).distinct()).scalars())

    def stored_turn(self, sender_id: str, message_id: str) -> list[dict[str, Any]] | None:
        """The events that followed a message, or None if it was never told."""
        table = tracker_events
        with self._reading.connect() as connection:
            first = connection.execute(sa.select(table.c.id).where(table.c.message_id == message_id)).scalar()
            if first is None:
                return None
            later = (table.c.conversation_id == sender_id) & (table.c.id >= first)
            rows = connection.execute(
                sa.select(table.c.body, table.c.message_id).where(later).order_by(table.c.id)
            ).all()
        turn = []
        for row in rows:
            if row.message_id not in {None, message_id}:
                break
            turn.append(json.loads(self._crypt.unseal(row.body)))
        return turn

    def _count(self, connection: sa.Connection, sender_id: str) -> int:
        counted = sa.select(sa.func.count()).select_from(tracker_events)
        return connection.execute(counted.where(tracker_events.c.conversation_id == sender_id)).scalar_one()

    def _newest(self, connection: sa.Connection, sender_id: str) -> list[dict[str, Any]]:
        table = tracker_events
        mine = sa.select(table.c.body).where(table.c.conversation_id == sender_id)
        bodies = connection.execute(mine.order_by(table.c.id.desc()).limit(NEWEST)).scalars().all()
        return [json.loads(self._crypt.unseal(body)) for body in reversed(bodies)]

    def _person_exists(self, connection: sa.Connection, sender_id: str) -> bool:
        """A conversation that was erased meanwhile stays erased."""
        return (
            connection.execute(sa.select(conversations.c.id).where(conversations.c.id == sender_id)).scalar()
            is not None
        )


def _open() -> tuple[Crypt, sa.Engine]:
    chosen = settings.read()
    crypt = load_or_create_key(chosen.data_path / KEY_FILE)
    engine = database.create_engine(chosen.database)
    database.migrate(engine)
    with engine.begin() as connection:
        keycheck.check(connection, crypt)
    return crypt, engine


def _row(crypt: Crypt, sender_id: str, event: Event) -> dict[str, Any]:
    body = event.as_dict()
    message_id = None
    if isinstance(event, UserUttered):
        metadata = dict(body.get("metadata") or {})
        message_id = metadata.get("message_id")
        body["metadata"] = _light(metadata)
        parse = dict(body.get("parse_data") or {})
        parse["metadata"] = body["metadata"]
        parse.pop("intent_ranking", None)
        body["parse_data"] = parse
    return {
        "conversation_id": sender_id,
        "message_id": message_id,
        "session_start": isinstance(event, SessionStarted),
        "at": float(event.timestamp),
        "body": crypt.seal(json.dumps(body, ensure_ascii=False, default=str)),
    }


def _light(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key not in BULKY}
