"""Cases and what happened in them. Imports `bot.model` and `bot.storage`.

Who may do what is decided in `bot.handoff`; here rows are found and changed. A conversation has at most one case
that is not closed: the database itself sees to that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.cases import Case, Status
from bot.storage.case_tables import audit, case_events, cases
from bot.storage.crypt import Crypt
from bot.storage.database import is_new
from bot.storage.repositories.sealing import seal, unseal
from bot.storage.tables import conversations

FIELDS = tuple(Case.__dataclass_fields__)
ACTIVE = cases.c.status != Status.CLOSED.value


@dataclass(frozen=True)
class Event:
    """Something that happened in a case; `body` is what was written or chosen."""

    id: int
    case_id: str
    kind: str
    staff_id: str | None
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class Audited:
    """A row of the audit log: words of ours, never of a person."""

    id: int
    at: datetime
    staff_id: str | None
    action: str
    subject: str | None
    detail: str | None


def from_row(row: Any) -> Case:
    """A case from its columns."""
    values = {name: getattr(row, name) for name in FIELDS}
    return Case(**{**values, "status": Status(row.status)})


def get(db: Connection, case_id: str) -> Case | None:
    """The case with an id."""
    row = db.execute(sa.select(cases).where(cases.c.id == case_id)).one_or_none()
    return from_row(row) if row else None


def active(db: Connection, conversation_id: str) -> Case | None:
    """The case of a conversation that is not closed."""
    row = db.execute(sa.select(cases).where(cases.c.conversation_id == conversation_id, ACTIVE)).one_or_none()
    return from_row(row) if row else None


def last_closed(db: Connection, conversation_id: str, since: datetime) -> Case | None:
    """The last case of a conversation, if it was closed after `since`."""
    of_it = sa.select(cases).where(cases.c.conversation_id == conversation_id, cases.c.closed_at >= since)
    row = db.execute(of_it.order_by(cases.c.closed_at.desc()).limit(1)).one_or_none()
    return from_row(row) if row else None


def add(db: Connection, case: Case) -> None:
    """Store a new case."""
    db.execute(sa.insert(cases).values(**{name: getattr(case, name) for name in FIELDS}))


def change(db: Connection, case_id: str, **values: Any) -> None:
    """Set columns of a case."""
    db.execute(sa.update(cases).where(cases.c.id == case_id).values(**values))


def take(db: Connection, case_id: str, staff_id: str, now: datetime) -> bool:
    """Make somebody the owner of a case that nobody has. Of two at once one gets True."""
    free = sa.update(cases).where(
        cases.c.id == case_id, cases.c.status == Status.OPEN.value, cases.c.owner_id.is_(None)
    )
    taken = free.values(status=Status.CLAIMED.value, owner_id=staff_id, last_at=now, widen_at=None)
    return db.execute(taken.returning(cases.c.id)).scalar() is not None


def lock(db: Connection, conversation_id: str) -> bool:
    """Hold the conversation's own row until the end of the transaction: whoever decides who speaks goes through it.
    False when there is no such conversation any more."""
    wanted = sa.select(conversations.c.id).where(conversations.c.id == conversation_id)
    return db.execute(wanted.with_for_update()).one_or_none() is not None


def hold(db: Connection, conversation_id: str, staff_id: str | None) -> None:
    """A person has the conversation (or nobody): what makes the assistant silent."""
    mine = sa.update(conversations).where(conversations.c.id == conversation_id)
    db.execute(mine.values(held_by=staff_id))


_HEARD = (
    sa.update(cases)
    .where(cases.c.conversation_id == sa.bindparam("of_conversation"), ACTIVE)
    .values(
        last_at=sa.bindparam("now"),
        waiting_since=sa.func.coalesce(cases.c.waiting_since, sa.bindparam("now")),
        parked_until=None,
        status=sa.case((cases.c.status == Status.PARKED.value, Status.CLAIMED.value), else_=cases.c.status),
    )
    .returning(cases.c.id)
)


def heard(db: Connection, crypt: Crypt, conversation_id: str, now: datetime) -> None:
    """The person wrote: their case, if there is one, waits for an answer and is parked no longer."""
    case_id = db.execute(_HEARD, {"of_conversation": conversation_id, "now": now}).scalar()
    if case_id:
        note(db, crypt, case_id, "message", None, {}, now)


def follow(db: Connection, conversation_id: str, changes: Mapping[str, object]) -> None:
    """What became known of a conversation's language and corridor is known of its case."""
    known = {key: changes[key] for key in ("language", "origin", "destination") if changes.get(key)}
    if known:
        db.execute(sa.update(cases).where(cases.c.conversation_id == conversation_id, ACTIVE).values(**known))


def note(
    db: Connection,
    crypt: Crypt,
    case_id: str,
    kind: str,
    staff_id: str | None,
    body: Mapping[str, object],
    now: datetime,
    once: str | None = None,
) -> bool:
    """Write what happened. False when `once` says that it was written before."""
    row = {"case_id": case_id, "kind": kind, "staff_id": staff_id, "once": once, "at": now}
    return is_new(db, case_events, {**row, "body": seal(crypt, body) if body else None})


def events(db: Connection, crypt: Crypt, case_id: str) -> list[Event]:
    """All that happened in a case, in order."""
    rows = db.execute(sa.select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.id))
    return [Event(r.id, r.case_id, r.kind, r.staff_id, unseal(crypt, r.body), r.at) for r in rows]


def newest_event(db: Connection) -> int:
    """The id of the last thing that happened in any case; 0 when nothing ever did."""
    return db.execute(sa.select(sa.func.max(case_events.c.id))).scalar() or 0


def changed_since(db: Connection, event_id: int) -> list[tuple[int, str, str]]:
    """What happened after an event: its id, the case and the kind."""
    after = sa.select(case_events.c.id, case_events.c.case_id, case_events.c.kind).where(case_events.c.id > event_id)
    return [(row.id, row.case_id, row.kind) for row in db.execute(after.order_by(case_events.c.id).limit(500))]


def of(db: Connection, staff_id: str) -> list[Case]:
    """Every case that a colleague has in hand."""
    theirs = sa.select(cases).where(cases.c.owner_id == staff_id, ACTIVE)
    return [from_row(row) for row in db.execute(theirs)]


def load(db: Connection) -> dict[str, int]:
    """Cases that are not closed, by centre."""
    counted = sa.select(cases.c.centre_id, sa.func.count()).where(ACTIVE).group_by(cases.c.centre_id)
    return {str(centre): int(number) for centre, number in db.execute(counted)}


def overdue(db: Connection, now: datetime) -> list[Case]:
    """Open cases that nobody has claimed in time."""
    late = sa.select(cases).where(cases.c.status == Status.OPEN.value, cases.c.widen_at <= now)
    return [from_row(row) for row in db.execute(late.limit(200).with_for_update(skip_locked=True))]


def rested(db: Connection, now: datetime) -> list[Case]:
    """Parked cases whose time has come."""
    due = sa.select(cases).where(cases.c.status == Status.PARKED.value, cases.c.parked_until <= now)
    return [from_row(row) for row in db.execute(due.limit(200).with_for_update(skip_locked=True))]


def record(db: Connection, staff_id: str | None, action: str, subject: str | None, detail: str, now: datetime) -> None:
    """A line of the audit log."""
    row = {"staff_id": staff_id, "action": action, "subject": subject, "detail": detail[:200], "at": now}
    db.execute(sa.insert(audit).values(**row))


def audited(db: Connection, before: int | None, limit: int, subjects: Sequence[str] = ()) -> list[Audited]:
    """The audit log, newest first, below an id."""
    wanted = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(audit.c.id < before)
    if subjects:
        wanted = wanted.where(audit.c.subject.in_(subjects))
    return [Audited(r.id, r.at, r.staff_id, r.action, r.subject, r.detail) for r in db.execute(wanted)]
