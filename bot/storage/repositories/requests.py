"""Who asked for a person, and what people said of answers. Imports `bot.storage` only."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.storage.database import insert_new
from bot.storage.repositories.conversations import new_id
from bot.storage.tables import feedback, person_requests


@dataclass(frozen=True)
class PersonRequest:
    """Somebody waits for a person. `reason` is a word: asked, danger, unanswerable …"""

    id: str
    conversation_id: str
    message_id: str
    reason: str
    at: datetime


def ask_for_person(db: Connection, conversation_id: str, message_id: str, reason: str, now: datetime) -> None:
    """Store a request, once for a message and reason."""
    row = {"conversation_id": conversation_id, "message_id": message_id, "reason": reason, "status": "open", "at": now}
    insert_new(db, person_requests, [{"id": new_id(), **row}])


def open_requests(db: Connection) -> list[PersonRequest]:
    """Whoever waits, longest first."""
    table = person_requests
    rows = db.execute(sa.select(table).where(table.c.status == "open").order_by(table.c.at))
    return [PersonRequest(row.id, row.conversation_id, row.message_id, row.reason, row.at) for row in rows]


def useful(
    db: Connection, conversation_id: str, message_id: str, entry: str | None, is_useful: bool, now: datetime
) -> None:
    """Store what somebody said of an answer, once for a message."""
    row = {"conversation_id": conversation_id, "message_id": message_id, "entry": entry, "useful": is_useful}
    insert_new(db, feedback, [{"id": new_id(), "at": now, **row}])
