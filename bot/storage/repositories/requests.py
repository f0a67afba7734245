"""Who asked for a person, and what people said of answers. Imports `bot.storage` only."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

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


def ask_for_person(session: Session, conversation_id: str, message_id: str, reason: str, now: datetime) -> None:
    """Store a request, once for a message and reason."""
    table = person_requests
    same = (table.c.message_id == message_id) & (table.c.reason == reason)
    if session.execute(sa.select(table.c.id).where(same)).scalar():
        return
    row = {"conversation_id": conversation_id, "message_id": message_id, "reason": reason, "status": "open", "at": now}
    session.execute(sa.insert(table).values(id=new_id(), **row))


def open_requests(session: Session) -> list[PersonRequest]:
    """Whoever waits, longest first."""
    table = person_requests
    rows = session.execute(sa.select(table).where(table.c.status == "open").order_by(table.c.at))
    return [PersonRequest(row.id, row.conversation_id, row.message_id, row.reason, row.at) for row in rows]


def useful(
    session: Session, conversation_id: str, message_id: str, entry: str | None, is_useful: bool, now: datetime
) -> None:
    """Store what somebody said of an answer, once for a message."""
    if session.execute(sa.select(feedback.c.id).where(feedback.c.message_id == message_id)).scalar():
        return
    row = {"conversation_id": conversation_id, "message_id": message_id, "entry": entry, "useful": is_useful}
    session.execute(sa.insert(feedback).values(id=new_id(), at=now, **row))
