"""What the console shows: the queue, and a conversation as both sides saw it. Imports `bot.model` and `bot.storage`.

Every list is cut at a number of rows and found through an index, so that a page takes as long with a million messages
as with a hundred.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.cases import Case, Role, Staff, Status
from bot.storage.case_tables import case_events, cases
from bot.storage.crypt import Crypt
from bot.storage.repositories.cases import from_row
from bot.storage.repositories.sealing import unseal
from bot.storage.tables import conversations, inbox, outbox


@dataclass(frozen=True)
class Filters:
    """What somebody wants to see of the queue; empty: everything that is not closed."""

    status: str = ""
    language: str = ""
    kind: str = ""
    country: str = ""
    owner: str = ""
    urgent: bool = False
    number: str = ""


@dataclass(frozen=True)
class Sight:
    """Whose eyes: an administrator sees every case, others those of their centre, language or circle, and their own."""

    staff_id: str
    centre_id: str | None
    languages: Sequence[str]
    all: bool


def sight(one: Staff) -> Sight:
    """What a colleague may read."""
    return Sight(one.id, one.centre_id, one.languages, one.role is Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Listed:
    """A row of the queue."""

    case: Case
    channel: str


@dataclass(frozen=True)
class Line:
    """One thing that was said. `by` is person, assistant or staff; `status` tells how far a piece has come."""

    at: datetime
    by: str
    text: str
    kind: str
    staff_id: str | None
    status: str
    urgent: bool
    meta: Mapping[str, Any]


def listed(db: Connection, filters: Filters, sight: Sight, limit: int) -> list[Listed]:
    """The queue: danger first, then who has waited longest."""
    wanted = sa.select(cases, conversations.c.channel).join(
        conversations, conversations.c.id == cases.c.conversation_id
    )
    wanted = wanted.where(*_where(filters), *_seen(sight))
    if filters.status == Status.CLOSED.value:
        ordered = wanted.order_by(cases.c.closed_at.desc())
    else:
        ordered = wanted.order_by(cases.c.urgent.desc(), cases.c.opened_at)
    return [Listed(from_row(row), row.channel) for row in db.execute(ordered.limit(limit))]


def count(db: Connection, filters: Filters, sight: Sight) -> int:
    """How many there are of them."""
    wanted = sa.select(sa.func.count()).select_from(cases).where(*_where(filters), *_seen(sight))
    return db.execute(wanted).scalar_one()


def may_see(db: Connection, case_id: str, sight: Sight) -> bool:
    """Is this case one that this colleague may read?"""
    wanted = sa.select(cases.c.id).where(cases.c.id == case_id, *_seen(sight))
    return db.execute(wanted).scalar() is not None


def _where(filters: Filters) -> list[sa.ColumnElement[bool]]:
    columns = {"language": cases.c.language, "kind": cases.c.kind, "owner": cases.c.owner_id}
    found = [column == value for name, column in columns.items() if (value := getattr(filters, name))]
    if filters.country:
        found.append(sa.or_(cases.c.origin == filters.country, cases.c.destination == filters.country))
    if filters.urgent:
        found.append(cases.c.urgent)
    if filters.number:
        return [*found, cases.c.id.startswith(filters.number, autoescape=True)]
    if filters.status:
        return [*found, cases.c.status == filters.status]
    return [*found, cases.c.status.in_((Status.OPEN.value, Status.CLAIMED.value, Status.PARKED.value))]


def _seen(sight: Sight) -> list[sa.ColumnElement[bool]]:
    if sight.all:
        return []
    here = cases.c.centre_id == sight.centre_id
    speaks = sa.and_(cases.c.circle >= 1, cases.c.language.in_(list(sight.languages)))
    mine = cases.c.owner_id == sight.staff_id
    return [sa.or_(here, speaks, cases.c.circle >= 2, mine, cases.c.centre_id.is_(None))]


def said(db: Connection, crypt: Crypt, conversation_id: str, limit: int) -> list[Line]:
    """The last things that were said, by whomever, oldest first."""
    received = sa.select(inbox).where(inbox.c.conversation_id == conversation_id, inbox.c.status != "ignored")
    sent = sa.select(outbox).where(outbox.c.conversation_id == conversation_id)
    theirs = db.execute(received.order_by(inbox.c.position.desc()).limit(limit))
    ours = db.execute(sent.order_by(outbox.c.id.desc()).limit(limit))
    lines = [*(_received(crypt, row) for row in theirs), *(_sent(crypt, row) for row in ours)]
    return sorted(lines, key=lambda line: line.at)[-limit:]


def _received(crypt: Crypt, row: Any) -> Line:
    body = unseal(crypt, row.body)
    text = body.get("text") or ""
    meta = unseal(crypt, row.meta)
    return Line(row.received_at, "person", text, row.kind, None, row.status, bool(meta.get("urgency")), meta)


def _sent(crypt: Crypt, row: Any) -> Line:
    text = unseal(crypt, row.body).get("text", "")
    by = "staff" if row.staff_id else "assistant"
    return Line(row.created_at, by, text, "text", row.staff_id, row.status, row.urgent, {})


def last_note_at(db: Connection, case_id: str) -> int:
    """The id of the newest event of a case: what a page compares to know whether it is behind."""
    newest = sa.select(sa.func.max(case_events.c.id)).where(case_events.c.case_id == case_id)
    return db.execute(newest).scalar() or 0
