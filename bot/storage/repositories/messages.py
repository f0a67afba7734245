"""The inbox: messages taken in, claimed, finished. Imports `bot.model` and `bot.storage`.

A message is `received`, then `working` while one process has it (owner and lease), then `done`; what needs no answer is
`ignored`. The oldest unfinished message of a conversation is the only one that can be claimed: order is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.errors import SafarError
from bot.model.messages import Incoming, Kind, Shaped
from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.database import is_new
from bot.storage.repositories import cases, conversations, outbox
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
    """A claimed message. `attempts` counts the times it was put back before; `position` grows in a conversation."""

    message_id: str
    position: int
    conversation: Conversation
    incoming: Incoming
    attempts: int


_KNOWN = sa.select(inbox.c.id, inbox.c.conversation_id).where(
    inbox.c.channel == sa.bindparam("of_channel"), inbox.c.dedupe == sa.bindparam("of_dedupe")
)
_NEWEST = sa.select(sa.func.max(inbox.c.position)).where(inbox.c.conversation_id == sa.bindparam("of_conversation"))


def take_in(db: Connection, crypt: Crypt, incoming: Incoming, now: datetime) -> Taken:
    """Store a message, or find it if it came before."""
    dedupe = _dedupe(crypt, incoming.dedupe)
    if known := _known(db, incoming.channel, dedupe):
        return known
    conversation_id = conversations.find_or_add(db, crypt, incoming.channel, incoming.address, now)
    row = _row(db, crypt, incoming, dedupe, conversation_id, now)
    if not is_new(db, inbox, row):  # another process took it in at the same moment
        if again := _known(db, incoming.channel, dedupe):
            return again
        raise SafarError("message_not_taken_in")
    if incoming.kind is Kind.BLOCKED:
        outbox.mark_unreachable(db, conversation_id, "blocked")
    if incoming.kind not in UNANSWERED:
        cases.heard(db, crypt, conversation_id, now)
    return Taken(row["id"], conversation_id, True)


def _dedupe(crypt: Crypt, given: str) -> str:
    """A key that fits the column, whatever a gateway calls its messages."""
    return given if len(given) <= PLAIN_DEDUPE and given.isascii() and given.isprintable() else crypt.digest(given)


def _known(db: Connection, channel: str, dedupe: str) -> Taken | None:
    row = db.execute(_KNOWN, {"of_channel": channel, "of_dedupe": dedupe}).one_or_none()
    return Taken(row.id, row.conversation_id, False) if row else None


def _row(
    db: Connection, crypt: Crypt, incoming: Incoming, dedupe: str, conversation_id: str, now: datetime
) -> dict[str, Any]:
    body = {
        "text": incoming.text,
        "payload": incoming.payload,
        "locale": incoming.locale,
        "extra": dict(incoming.extra),
    }
    last = db.execute(_NEWEST, {"of_conversation": conversation_id}).scalar() or 0
    return {
        "id": conversations.new_id(),
        "position": max(int(now.timestamp() * 1e6), last + 1),
        "conversation_id": conversation_id,
        "channel": incoming.channel,
        "dedupe": dedupe,
        "kind": incoming.kind.value,
        "body": seal(crypt, body),
        "sent_at": incoming.sent_at,
        "received_at": now,
        "status": "ignored" if incoming.kind in UNANSWERED else "received",
    }


def _claimable(unseen: bool) -> sa.Select[Any]:
    older = inbox.alias()
    waits = sa.exists().where(
        older.c.conversation_id == inbox.c.conversation_id,
        older.c.status.in_(UNFINISHED),
        older.c.position < inbox.c.position,
    )
    due = sa.or_(inbox.c.not_before.is_(None), inbox.c.not_before <= sa.bindparam("now"))
    where = (~inbox.c.seen, waits) if unseen else (due, ~waits)
    chosen = sa.select(inbox.c.id).where(inbox.c.status == "received", *where)
    first = chosen.order_by(inbox.c.priority.desc(), inbox.c.position).limit(sa.bindparam("most"))
    return first.with_for_update(skip_locked=True)


_READY, _UNSEEN = _claimable(unseen=False), _claimable(unseen=True)
_THESE = inbox.c.id.in_(sa.bindparam("ids", expanding=True))
_SEE = sa.update(inbox).where(_THESE).values(seen=True)
_TAKE = (
    sa.update(inbox).where(_THESE).values(status="working", owner=sa.bindparam("by"), lease_until=sa.bindparam("until"))
)


def claim(
    db: Connection, crypt: Crypt, owner: str, now: datetime, lease_seconds: float, limit: int, unseen: bool = False
) -> list[Work]:
    """Claim the oldest unfinished message of up to `limit` conversations that nobody works on.

    With `unseen`, instead those that must wait for an older one and in which nobody has looked for danger yet; they are
    not claimed but only marked as seen.
    """
    asked = {"most": limit} if unseen else {"most": limit, "now": now}
    ids = db.execute(_UNSEEN if unseen else _READY, asked).scalars().all()
    if not ids:
        return []
    lease = {} if unseen else {"by": owner, "until": now + timedelta(seconds=lease_seconds)}
    db.execute(_SEE if unseen else _TAKE, {"ids": ids, **lease})
    return [_work(crypt, row) for row in db.execute(_WORKS, {"ids": ids})]


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
    return Work(row.id, row.position, conversation, incoming, row.attempts)


_WORKS = (
    sa.select(inbox, *(column.label(f"p_{column.name}") for column in people.c))
    .join(people, people.c.id == inbox.c.conversation_id)
    .where(_THESE)
    .order_by(inbox.c.priority.desc(), inbox.c.position)
)


class _Prefixed:
    """The conversation's columns of a joined row."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, f"p_{name}")


_MINE = (inbox.c.id == sa.bindparam("of_id"), inbox.c.owner == sa.bindparam("by"), inbox.c.status == "working")
_FREE = {"owner": None, "lease_until": None}
_FINISH = (
    sa.update(inbox)
    .where(*_MINE)
    .values(status="done", seen=True, meta=sa.bindparam("new_meta"), **_FREE)
    .returning(inbox.c.id)
)
_RELEASE = (
    sa.update(inbox)
    .where(*_MINE)
    .values(status="received", not_before=sa.bindparam("at"), attempts=inbox.c.attempts + 1, **_FREE)
    .returning(inbox.c.id)
)


@dataclass(frozen=True)
class Done:
    """What came of a message. `ordered`: it is said even while a person has the case; `forget`: its text is not
    kept."""

    said: Shaped
    changes: Mapping[str, object]
    meta: Mapping[str, object]
    ordered: bool = False
    forget: bool = False


def finish(db: Connection, crypt: Crypt, work: Work, owner: str, done: Done, now: datetime) -> bool:
    """Write the replies, change the conversation, and end the message: all or nothing. Raises `ClaimLost`.

    While a person has the case the assistant's own words are dropped, also when they were on their way as the case was
    claimed. True when they were.
    """
    held = conversations.held(db, work.conversation.id)
    silent = held and not done.ordered
    meta = {**done.meta, "silent": True} if silent else done.meta
    _owned(db, _FINISH, {"of_id": work.message_id, "by": owner, "new_meta": seal(crypt, meta)})
    if done.forget:
        db.execute(sa.update(inbox).where(inbox.c.id == work.message_id).values(body=_without_text(crypt, work)))
    said = {} if silent else done.said.changes
    conversations.change(db, crypt, work.conversation.id, {**said, **done.changes})
    cases.follow(db, work.conversation.id, done.changes)
    if done.changes.get("stopped"):
        outbox.withdraw(db, work.conversation.id)
    if not silent:
        outbox.add(db, crypt, work.conversation, done.said.pieces, now, done.said.mailbox, work.message_id)
    return silent


def _without_text(crypt: Crypt, work: Work) -> bytes:
    """What the gateway calls the message stays: by that it can be deleted there as well."""
    return seal(crypt, {"extra": dict(work.incoming.extra)})


def add_early(
    db: Connection,
    crypt: Crypt,
    work: Work,
    said: Shaped,
    now: datetime,
    urgent: bool,
) -> list[int]:
    """Write something to be said before the answer, once for a message however often it is taken up."""
    once = sa.update(inbox).where(inbox.c.id == work.message_id, ~inbox.c.said_early)
    if not db.execute(once.values(said_early=True, seen=True).returning(inbox.c.id)).scalar():
        return []
    conversations.change(db, crypt, work.conversation.id, said.changes)
    return outbox.add(db, crypt, work.conversation, said.pieces, now, said.mailbox, work.message_id, urgent=urgent)


def release(db: Connection, message_id: str, owner: str, not_before: datetime) -> None:
    """Put a message back, to be taken up again from `not_before` on. Raises `ClaimLost`."""
    _owned(db, _RELEASE, {"of_id": message_id, "by": owner, "at": not_before})


def _owned(db: Connection, change: sa.sql.dml.ReturningUpdate[Any], values: Mapping[str, Any]) -> None:
    if not db.execute(change, dict(values)).scalar():
        raise ClaimLost("claim_lost")


def release_owner(db: Connection, owner: str) -> int:
    """Put back everything that `owner` has: it is ending. How many."""
    return _back(db, inbox.c.owner == owner)


def release_stale(db: Connection, now: datetime) -> int:
    """Put back everything whose lease ran out: its owner died, perhaps of it, so this counts as an attempt."""
    return _back(db, inbox.c.lease_until < now, attempts=inbox.c.attempts + 1)


def _back(db: Connection, where: sa.ColumnElement[bool], **more: Any) -> int:
    back = sa.update(inbox).where(where, inbox.c.status == "working")
    free = back.values(status="received", owner=None, lease_until=None, **more)
    return len(db.execute(free.returning(inbox.c.id)).all())


_BEFORE = (
    sa.select(inbox.c.body)
    .where(inbox.c.conversation_id == sa.bindparam("of_conversation"), inbox.c.position < sa.bindparam("before"))
    .order_by(inbox.c.position.desc())
    .limit(sa.bindparam("most"))
)


def recent_texts(db: Connection, crypt: Crypt, work: Work, limit: int) -> list[str]:
    """The texts of the person's last messages before this one, oldest first."""
    asked = {"of_conversation": work.conversation.id, "before": work.position, "most": limit}
    texts = [unseal(crypt, body).get("text", "") for body in db.execute(_BEFORE, asked).scalars()]
    return list(reversed(texts))


def gateway_ids(db: Connection, crypt: Crypt, conversation_id: str) -> list[str]:
    """What the gateway calls the person's own messages, where it lets them be deleted."""
    bodies = db.execute(sa.select(inbox.c.body).where(inbox.c.conversation_id == conversation_id)).scalars()
    found = (unseal(crypt, body).get("extra", {}).get("message") for body in bodies)
    return [str(name) for name in found if name]


def meta_of(db: Connection, crypt: Crypt, message_id: str) -> dict[str, Any]:
    """How a message was understood."""
    return unseal(crypt, db.execute(sa.select(inbox.c.meta).where(inbox.c.id == message_id)).scalar())


def pending(db: Connection) -> int:
    """How many messages wait for an answer."""
    unfinished = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.status.in_(UNFINISHED))
    return db.execute(unfinished).scalar_one()


def is_done(db: Connection, message_id: str) -> bool:
    """Has the message been answered?"""
    return db.execute(sa.select(inbox.c.status).where(inbox.c.id == message_id)).scalar() == "done"


def owners(db: Connection) -> list[str]:
    """Everybody who has a claim at this moment."""
    held = sa.select(inbox.c.owner).where(inbox.c.owner.is_not(None)).distinct()
    return [str(owner) for owner in db.execute(held).scalars()]
