"""The inbox: messages taken in, claimed, finished. Imports `bot.model` and `bot.storage`.

A message is `received`, then `working` while one process has it (owner and lease), then `done`; what needs no answer is
`ignored`. The oldest unfinished message of a conversation is the only one that can be claimed: order is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.model.errors import SafarError
from bot.model.messages import Incoming, Kind, Outgoing
from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.repositories import conversations, outbox
from bot.storage.repositories.sealing import seal, unseal
from bot.storage.tables import conversations as people
from bot.storage.tables import inbox

UNANSWERED = frozenset({Kind.UNKNOWN, Kind.BLOCKED})
UNFINISHED = ("received", "working")
PLAIN_DEDUPE = 120


class ClaimLost(SafarError):
    """Somebody else has the message by now (our lease ran out); nothing was written."""


@dataclass(frozen=True)
class Taken:
    """A message that is stored. `new` is false when it was stored before."""

    message_id: str
    conversation_id: str
    new: bool


@dataclass(frozen=True)
class Work:
    """A claimed message. `attempts` counts the times it was put back before."""

    message_id: str
    conversation: Conversation
    incoming: Incoming
    attempts: int


def take_in(session: Session, crypt: Crypt, incoming: Incoming, now: datetime) -> Taken:
    """Store a message, or find it if it came before."""
    dedupe = _dedupe(crypt, incoming.dedupe)
    if known := _known(session, incoming.channel, dedupe):
        return known
    conversation_id = conversations.find_or_add(session, crypt, incoming.channel, incoming.address, now)
    try:
        with session.begin_nested():
            message_id = _insert(session, crypt, incoming, dedupe, conversation_id, now)
    except IntegrityError:  # another process took it in at the same moment
        if again := _known(session, incoming.channel, dedupe):
            return again
        raise
    if incoming.kind is Kind.BLOCKED:
        outbox.mark_unreachable(session, conversation_id, "blocked")
    return Taken(message_id, conversation_id, True)


def _dedupe(crypt: Crypt, given: str) -> str:
    """A key that fits the column, whatever a gateway calls its messages."""
    return given if len(given) <= PLAIN_DEDUPE and given.isascii() and given.isprintable() else crypt.digest(given)


def _known(session: Session, channel: str, dedupe: str) -> Taken | None:
    where = (inbox.c.channel == channel) & (inbox.c.dedupe == dedupe)
    row = session.execute(sa.select(inbox.c.id, inbox.c.conversation_id).where(where)).one_or_none()
    return Taken(row.id, row.conversation_id, False) if row else None


def _insert(
    session: Session, crypt: Crypt, incoming: Incoming, dedupe: str, conversation_id: str, now: datetime
) -> str:
    message_id = conversations.new_id()
    body = {
        "text": incoming.text,
        "payload": incoming.payload,
        "locale": incoming.locale,
        "extra": dict(incoming.extra),
    }
    newest = sa.select(sa.func.max(inbox.c.position)).where(inbox.c.conversation_id == conversation_id)
    last = session.execute(newest).scalar() or 0
    session.execute(
        sa.insert(inbox).values(
            id=message_id,
            position=max(int(now.timestamp() * 1e6), last + 1),
            conversation_id=conversation_id,
            channel=incoming.channel,
            dedupe=dedupe,
            kind=incoming.kind.value,
            body=seal(crypt, body),
            sent_at=incoming.sent_at,
            received_at=now,
            status="ignored" if incoming.kind in UNANSWERED else "received",
        )
    )
    return message_id


def claim(
    session: Session, crypt: Crypt, owner: str, now: datetime, lease_seconds: float, limit: int, unseen: bool = False
) -> list[Work]:
    """Claim the oldest unfinished message of up to `limit` conversations that nobody works on.

    With `unseen`, instead those that must wait for an older one and in which nobody has looked for danger yet; they are
    not claimed but only marked as seen.
    """
    older = inbox.alias()
    waits = sa.exists().where(
        older.c.conversation_id == inbox.c.conversation_id,
        older.c.status.in_(UNFINISHED),
        older.c.position < inbox.c.position,
    )
    ready = (inbox.c.status == "received") & sa.or_(inbox.c.not_before.is_(None), inbox.c.not_before <= now)
    where = sa.and_(inbox.c.status == "received", ~inbox.c.seen, waits) if unseen else sa.and_(ready, ~waits)
    chosen = sa.select(inbox.c.id).where(where).order_by(inbox.c.priority.desc(), inbox.c.position).limit(limit)
    ids = session.execute(chosen.with_for_update(skip_locked=True)).scalars().all()
    if not ids:
        return []
    lease = now + timedelta(seconds=lease_seconds)
    values: dict[str, Any] = {"seen": True} if unseen else {"status": "working", "owner": owner, "lease_until": lease}
    session.execute(sa.update(inbox).where(inbox.c.id.in_(ids)).values(**values))
    return _works(session, crypt, ids)


def _works(session: Session, crypt: Crypt, ids: Sequence[str]) -> list[Work]:
    columns = [column.label(f"p_{column.name}") for column in people.c]
    joined = sa.select(inbox, *columns).join(people, people.c.id == inbox.c.conversation_id)
    rows = session.execute(joined.where(inbox.c.id.in_(ids)).order_by(inbox.c.priority.desc(), inbox.c.position))
    return [_work(crypt, row) for row in rows]


def _work(crypt: Crypt, row: Any) -> Work:
    person = _Prefixed(row)
    conversation = conversations.from_row(crypt, person)  # type: ignore[arg-type]
    body = unseal(crypt, row.body)
    incoming = Incoming(
        channel=row.channel,
        address=conversation.address,
        kind=Kind(row.kind),
        dedupe=row.dedupe,
        sent_at=row.sent_at,
        text=body.get("text", ""),
        payload=body.get("payload"),
        locale=body.get("locale"),
        extra=body.get("extra", {}),
    )
    return Work(row.id, conversation, incoming, row.attempts)


class _Prefixed:
    """The conversation's columns of a joined row."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, f"p_{name}")


def finish(
    session: Session,
    crypt: Crypt,
    work: Work,
    owner: str,
    pieces: Sequence[Outgoing],
    changes: Mapping[str, object],
    meta: Mapping[str, object],
    now: datetime,
    mailbox: bool,
) -> list[int]:
    """Write the replies, change the conversation, and end the message: all or nothing. Raises `ClaimLost`."""
    done = {"status": "done", "owner": None, "lease_until": None, "seen": True, "meta": seal(crypt, meta)}
    _owned(session, work.message_id, owner, done)
    conversations.change(session, crypt, work.conversation.id, changes)
    return outbox.add(session, crypt, work.conversation, pieces, now, mailbox, work.message_id)


def add_early(
    session: Session, crypt: Crypt, work: Work, pieces: Sequence[Outgoing], now: datetime, mailbox: bool, urgent: bool
) -> list[int]:
    """Write something to be said before the answer, once for a message however often it is taken up."""
    once = sa.update(inbox).where(inbox.c.id == work.message_id, ~inbox.c.said_early)
    if not session.execute(once.values(said_early=True, seen=True).returning(inbox.c.id)).scalar():
        return []
    return outbox.add(session, crypt, work.conversation, pieces, now, mailbox, work.message_id, urgent=urgent)


def release(session: Session, message_id: str, owner: str, not_before: datetime) -> None:
    """Put a message back, to be taken up again from `not_before` on. Raises `ClaimLost`."""
    back = {"status": "received", "owner": None, "lease_until": None, "not_before": not_before}
    _owned(session, message_id, owner, {**back, "attempts": inbox.c.attempts + 1})


def _owned(session: Session, message_id: str, owner: str, values: Mapping[str, Any]) -> None:
    mine = sa.update(inbox).where(inbox.c.id == message_id, inbox.c.owner == owner, inbox.c.status == "working")
    if not session.execute(mine.values(**values).returning(inbox.c.id)).scalar():
        raise ClaimLost("claim_lost")


def release_owner(session: Session, owner: str) -> int:
    """Put back everything that `owner` has: it is ending. How many."""
    return _back(session, inbox.c.owner == owner)


def release_stale(session: Session, now: datetime) -> int:
    """Put back everything whose lease ran out: its owner died, perhaps of it, so this counts as an attempt."""
    return _back(session, inbox.c.lease_until < now, attempts=inbox.c.attempts + 1)


def _back(session: Session, where: sa.ColumnElement[bool], **more: Any) -> int:
    back = sa.update(inbox).where(where, inbox.c.status == "working")
    free = back.values(status="received", owner=None, lease_until=None, **more)
    return len(session.execute(free.returning(inbox.c.id)).all())


def recent_texts(session: Session, crypt: Crypt, work: Work, limit: int) -> list[str]:
    """The texts of the person's last messages before this one, oldest first."""
    this = sa.select(inbox.c.position).where(inbox.c.id == work.message_id).scalar_subquery()
    before = (inbox.c.conversation_id == work.conversation.id) & (inbox.c.position < this)
    newest = sa.select(inbox.c.body).where(before).order_by(inbox.c.position.desc()).limit(limit)
    texts = [unseal(crypt, body).get("text", "") for body in session.execute(newest).scalars()]
    return list(reversed(texts))


def meta_of(session: Session, crypt: Crypt, message_id: str) -> dict[str, Any]:
    """How a message was understood."""
    return unseal(crypt, session.execute(sa.select(inbox.c.meta).where(inbox.c.id == message_id)).scalar())


def pending(session: Session) -> int:
    """How many messages wait for an answer."""
    unfinished = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.status.in_(UNFINISHED))
    return session.execute(unfinished).scalar_one()


def is_done(session: Session, message_id: str) -> bool:
    """Has the message been answered?"""
    return session.execute(sa.select(inbox.c.status).where(inbox.c.id == message_id)).scalar() == "done"


def owners(session: Session) -> list[str]:
    """Everybody who has a claim at this moment."""
    held = sa.select(inbox.c.owner).where(inbox.c.owner.is_not(None)).distinct()
    return [str(owner) for owner in session.execute(held).scalars()]
