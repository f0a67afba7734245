"""Colleagues, their sessions, and centres. Imports `bot.model` and `bot.storage`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.cases import Centre, Role, Staff
from bot.storage.case_tables import centres, staff, staff_sessions


@dataclass(frozen=True)
class Account:
    """What signing in needs beside the colleague; `second_factor` is sealed."""

    staff: Staff
    password: str | None
    second_factor: bytes | None
    last_step: int | None
    failures: int
    locked_until: datetime | None
    invited_until: datetime | None


@dataclass(frozen=True)
class Session:
    """Somebody signed in; `complete` when no second factor is missing."""

    digest: str
    staff_id: str
    form_token: str
    complete: bool
    created_at: datetime
    last_at: datetime


def from_row(row: Any) -> Staff:
    """A colleague from the columns."""
    return Staff(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        languages=tuple(row.languages),
        centre_id=row.centre_id,
        email=row.email,
        page_language=row.page_language,
        active=row.active,
        sound=row.sound,
    )


def _account(row: Any) -> Account:
    return Account(
        from_row(row),
        row.password,
        row.second_factor,
        row.last_step,
        row.failures,
        row.locked_until,
        row.invited_until,
    )


def everybody(db: Connection) -> list[Staff]:
    """All colleagues, by name."""
    return [from_row(row) for row in db.execute(sa.select(staff).order_by(staff.c.name, staff.c.id))]


def get(db: Connection, staff_id: str) -> Staff | None:
    """The colleague with an id."""
    row = db.execute(sa.select(staff).where(staff.c.id == staff_id)).one_or_none()
    return from_row(row) if row else None


def account(db: Connection, email: str) -> Account | None:
    """The account with an e-mail address, however it is capitalised."""
    row = db.execute(sa.select(staff).where(staff.c.email == email.strip().lower())).one_or_none()
    return _account(row) if row else None


def account_of(db: Connection, staff_id: str) -> Account | None:
    """The account of a colleague."""
    row = db.execute(sa.select(staff).where(staff.c.id == staff_id)).one_or_none()
    return _account(row) if row else None


def invited(db: Connection, digest: str) -> Account | None:
    """The account whose invitation has this digest."""
    row = db.execute(sa.select(staff).where(staff.c.invitation == digest)).one_or_none()
    return _account(row) if row else None


def add(db: Connection, one: Staff, now: datetime, **values: Any) -> None:
    """A new colleague. Raises SQLAlchemy's `IntegrityError` when the address is taken."""
    row = {
        "id": one.id,
        "name": one.name,
        "email": one.email.strip().lower(),
        "role": one.role.value,
        "languages": list(one.languages),
        "centre_id": one.centre_id,
        "page_language": one.page_language,
        "created_at": now,
        "active": one.active,
        "sound": one.sound,
        "failures": 0,
    }
    db.execute(sa.insert(staff).values(**row, **values))


def change(db: Connection, staff_id: str, **values: Any) -> None:
    """Set columns of a colleague."""
    db.execute(sa.update(staff).where(staff.c.id == staff_id).values(**values))


def use_step(db: Connection, staff_id: str, step: int) -> bool:
    """Use up the code of a moment; False when it, or a later one, was used before."""
    fresh = sa.or_(staff.c.last_step.is_(None), staff.c.last_step < step)
    used = sa.update(staff).where(staff.c.id == staff_id, fresh).values(last_step=step)
    return db.execute(used.returning(staff.c.id)).scalar() is not None


def begin_session(db: Connection, session: Session) -> None:
    """Store a session."""
    db.execute(sa.insert(staff_sessions).values(**session.__dict__))


def session(db: Connection, digest: str) -> Session | None:
    """The session with a digest."""
    row = db.execute(sa.select(staff_sessions).where(staff_sessions.c.digest == digest)).one_or_none()
    return Session(*row) if row else None


def change_session(db: Connection, digest: str, **values: Any) -> None:
    """Set columns of a session."""
    db.execute(sa.update(staff_sessions).where(staff_sessions.c.digest == digest).values(**values))


def end_session(db: Connection, digest: str) -> None:
    """Sign out."""
    db.execute(sa.delete(staff_sessions).where(staff_sessions.c.digest == digest))


def end_sessions(db: Connection, staff_id: str, but: str = "") -> None:
    """End every session of a colleague, but perhaps one."""
    theirs = staff_sessions.c.staff_id == staff_id
    db.execute(sa.delete(staff_sessions).where(theirs, staff_sessions.c.digest != but))


def end_old_sessions(db: Connection, begun_before: datetime, quiet_since: datetime) -> None:
    """Forget sessions that are over."""
    over = sa.or_(staff_sessions.c.created_at < begun_before, staff_sessions.c.last_at < quiet_since)
    db.execute(sa.delete(staff_sessions).where(over))


def all_centres(db: Connection) -> list[Centre]:
    """Centres that are in use, by name."""
    rows = db.execute(sa.select(centres).where(centres.c.active).order_by(centres.c.name))
    return [centre_from_row(row) for row in rows]


def centre(db: Connection, centre_id: str) -> Centre | None:
    """The centre with an id."""
    row = db.execute(sa.select(centres).where(centres.c.id == centre_id)).one_or_none()
    return centre_from_row(row) if row else None


def centre_from_row(row: Any) -> Centre:
    """A centre from its columns."""
    hours = {int(day): tuple((a, b) for a, b in spans) for day, spans in row.hours.items()}
    days = frozenset(date.fromisoformat(day) for day in row.holidays)
    return Centre(row.id, row.name, row.timezone, hours, days, frozenset(row.countries))


def save_centre(db: Connection, one: Centre) -> None:
    """Add or change a centre. Raises SQLAlchemy's `IntegrityError` when the name is taken."""
    row = {
        "name": one.name,
        "timezone": one.timezone,
        "hours": {str(day): [list(span) for span in spans] for day, spans in one.hours.items()},
        "holidays": sorted(day.isoformat() for day in one.holidays),
        "countries": sorted(one.countries),
        "active": True,
    }
    changed = sa.update(centres).where(centres.c.id == one.id).values(**row).returning(centres.c.id)
    if db.execute(changed).scalar() is None:
        db.execute(sa.insert(centres).values(id=one.id, **row))
