"""The outbox: pieces to be sent, and the mailbox of those that people fetch. Imports `bot.model` and `bot.storage`.

A piece is `queued`, then `sending`, then `sent` and perhaps `delivered`, or `dead`; on a channel whose people fetch, it
is `mailbox` from the start. Of a conversation only the oldest unsent piece can be claimed, an urgent one before others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.messages import Outgoing, Report, ReportStatus
from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.repositories import conversations
from bot.storage.repositories.sealing import outgoing_in, outgoing_out, seal, unseal
from bot.storage.tables import conversations as people
from bot.storage.tables import outbox

UNSENT = ("queued", "sending")
REASON_LENGTH = 200
GATEWAY_ID_LENGTH = 128


@dataclass(frozen=True)
class Piece:
    """A claimed piece. `attempts` counts the failures before."""

    id: int
    conversation: Conversation
    outgoing: Outgoing
    attempts: int


@dataclass(frozen=True)
class Letter:
    """A piece that is fetched; `id` grows."""

    id: int
    message_id: str | None
    outgoing: Outgoing
    urgent: bool


@dataclass(frozen=True)
class Unsendable:
    """A dead piece, without what it says or to whom."""

    id: int
    channel: str
    conversation_id: str
    reason: str
    attempts: int
    created_at: datetime


_ADD = sa.insert(outbox).returning(outbox.c.id)


def add(
    db: Connection,
    crypt: Crypt,
    conversation: Conversation,
    pieces: Sequence[Outgoing],
    now: datetime,
    mailbox: bool,
    message_id: str | None = None,
    urgent: bool = False,
    staff_id: str | None = None,
) -> list[int]:
    """Write pieces in order; their ids. `staff_id` is who wrote them, if a person did."""
    common = {
        "conversation_id": conversation.id,
        "message_id": message_id,
        "channel": conversation.channel,
        "urgent": urgent,
        "status": "mailbox" if mailbox else "queued",
        "next_at": now,
        "created_at": now,
        "staff_id": staff_id,
    }
    rows = [{**common, "body": seal(crypt, outgoing_out(piece))} for piece in pieces]
    return [db.execute(_ADD, row).scalar_one() for row in rows]


def _due() -> sa.Select[Any]:
    before = outbox.alias()
    earlier = sa.or_(
        sa.and_(before.c.urgent == outbox.c.urgent, before.c.id < outbox.c.id),
        sa.and_(before.c.urgent, ~outbox.c.urgent),
    )
    waits = sa.exists().where(
        before.c.conversation_id == outbox.c.conversation_id,
        sa.or_(before.c.status == "sending", sa.and_(before.c.status == "queued", earlier)),
    )
    due = sa.select(outbox.c.id).where(outbox.c.status == "queued", outbox.c.next_at <= sa.bindparam("now"), ~waits)
    first = due.order_by(outbox.c.urgent.desc(), outbox.c.id).limit(sa.bindparam("most"))
    return first.with_for_update(skip_locked=True)


_DUE = _due()
_THESE = outbox.c.id.in_(sa.bindparam("ids", expanding=True))
_TAKE = (
    sa.update(outbox)
    .where(_THESE)
    .values(status="sending", owner=sa.bindparam("by"), lease_until=sa.bindparam("until"))
)
_PIECES = sa.select(outbox).where(_THESE).order_by(outbox.c.urgent.desc(), outbox.c.id)


def claim_due(db: Connection, crypt: Crypt, owner: str, now: datetime, lease_seconds: float, limit: int) -> list[Piece]:
    """Claim the next piece of up to `limit` conversations."""
    ids = db.execute(_DUE, {"now": now, "most": limit}).scalars().all()
    if not ids:
        return []
    db.execute(_TAKE, {"ids": ids, "by": owner, "until": now + timedelta(seconds=lease_seconds)})
    return [piece for row in db.execute(_PIECES, {"ids": ids}) if (piece := _piece(db, crypt, row))]


def _piece(db: Connection, crypt: Crypt, row: Any) -> Piece | None:
    conversation = conversations.get(db, crypt, row.conversation_id)
    if conversation is None:
        return None
    return Piece(row.id, conversation, outgoing_in(unseal(crypt, row.body)), row.attempts)


def sent(db: Connection, piece_id: int, owner: str, gateway_id: str, now: datetime) -> None:  # noqa: ARG001
    """It left, whoever has the claim by now: what has left must not leave again. The gateway's id finds its report."""
    left = {"status": "sent", "gateway_id": _short(gateway_id, GATEWAY_ID_LENGTH) or None, "sent_at": now}
    this = sa.update(outbox).where(outbox.c.id == piece_id, outbox.c.status.in_(UNSENT))
    db.execute(this.values(owner=None, lease_until=None, reason=None, **left))


def retry(db: Connection, piece_id: int, owner: str, at: datetime, reason: str) -> None:
    """It did not leave; try again at `at`."""
    failed = {"attempts": outbox.c.attempts + 1, "reason": _short(reason)}
    _end(db, piece_id, owner, status="queued", next_at=at, **failed)


def dead(db: Connection, piece_id: int, owner: str, reason: str) -> None:
    """It will not leave unless somebody orders it."""
    failed = {"attempts": outbox.c.attempts + 1, "reason": _short(reason)}
    _end(db, piece_id, owner, status="dead", **failed)


def _short(text: str, most: int = REASON_LENGTH) -> str:
    """What a gateway says, as any column takes it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:most]


def _end(db: Connection, piece_id: int, owner: str, **values: Any) -> None:
    mine = sa.update(outbox).where(outbox.c.id == piece_id, outbox.c.owner == owner, outbox.c.status == "sending")
    db.execute(mine.values(owner=None, lease_until=None, **values))


def release_owner(db: Connection, owner: str) -> int:
    """Give back what `owner` was sending; how many."""
    return _back(db, outbox.c.owner == owner)


def release_stale(db: Connection, now: datetime) -> int:
    """Give back what somebody was sending who died; how many. It may have left: better twice than never."""
    return _back(db, outbox.c.lease_until < now)


def _back(db: Connection, where: sa.ColumnElement[bool]) -> int:
    back = sa.update(outbox).where(where, outbox.c.status == "sending")
    free = back.values(status="queued", owner=None, lease_until=None)
    return len(db.execute(free.returning(outbox.c.id)).all())


def mark_unreachable(db: Connection, conversation_id: str, reason: str) -> None:
    """Nothing can arrive there any more: what waits is dead. A message from there makes it reachable again."""
    lost = {"unreachable": True, "unreachable_reason": _short(reason)}
    db.execute(sa.update(people).where(people.c.id == conversation_id).values(**lost))
    waiting = sa.update(outbox).where(outbox.c.conversation_id == conversation_id, outbox.c.status == "queued")
    db.execute(waiting.values(status="dead", reason=_short(reason)))


def gateway_ids(db: Connection, conversation_id: str) -> list[str]:
    """What gateways call the pieces of a conversation that have left."""
    left = sa.select(outbox.c.gateway_id).where(outbox.c.conversation_id == conversation_id)
    return [str(name) for name in db.execute(left.where(outbox.c.gateway_id.is_not(None))).scalars()]


def withdraw(db: Connection, conversation_id: str) -> None:
    """The person said STOP: what colleagues wrote and what has not left does not leave any more."""
    waiting = sa.update(outbox).where(outbox.c.conversation_id == conversation_id, outbox.c.status == "queued")
    db.execute(waiting.where(outbox.c.staff_id.is_not(None)).values(status="dead", reason="stopped"))


NEWS = {
    ReportStatus.DELIVERED: ("delivered", ("sent", "dead")),  # what arrived has arrived, whatever was said before
    ReportStatus.FAILED: ("dead", ("sent",)),
}
"""What a report makes of a piece, and of which pieces: one that is queued again is another attempt's."""


def report(db: Connection, told: Report) -> bool:
    """What a gateway says of a piece. False when it is none of ours; late and repeated reports change nothing."""
    gateway_id = _short(told.gateway_id, GATEWAY_ID_LENGTH)
    where = (outbox.c.channel == told.channel) & (outbox.c.gateway_id == gateway_id)
    row = db.execute(sa.select(outbox).where(where).order_by(outbox.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return False
    new, of = NEWS.get(told.status, ("", ()))
    changed = sa.update(outbox).where(outbox.c.id == row.id, outbox.c.status.in_(of))
    db.execute(changed.values(status=new, reason=_short(told.reason) or row.reason))
    if told.unreachable:
        mark_unreachable(db, row.conversation_id, told.reason)
    return True


def unsendable(db: Connection) -> list[Unsendable]:
    """Every dead piece, oldest first."""
    rows = db.execute(sa.select(outbox).where(outbox.c.status == "dead").order_by(outbox.c.id))
    return [Unsendable(r.id, r.channel, r.conversation_id, r.reason or "", r.attempts, r.created_at) for r in rows]


def resend(db: Connection, ids: Sequence[int], now: datetime) -> int:
    """Queue dead pieces again (all of them when no ids are given); how many."""
    which = (outbox.c.status == "dead") & outbox.c.body.is_not(None)
    if ids:
        which = which & outbox.c.id.in_(ids)
    fresh = {"status": "queued", "attempts": 0, "next_at": now, "reason": None, "gateway_id": None}
    back = sa.update(outbox).where(which).values(**fresh)
    return len(db.execute(back.returning(outbox.c.id)).all())


_LETTERS = (
    sa.select(outbox)
    .join(people, people.c.id == outbox.c.conversation_id)
    .where(
        people.c.channel == sa.bindparam("of_channel"),
        people.c.address_digest == sa.bindparam("of_address"),
        outbox.c.id > sa.bindparam("after"),
        outbox.c.status == "mailbox",
    )
    .order_by(outbox.c.id)
    .limit(sa.bindparam("most"))
)


def letters(db: Connection, crypt: Crypt, channel: str, address: str, after: int, limit: int) -> list[Letter]:
    """What waits for an address with an id above `after`, oldest first."""
    asked = {"of_channel": channel, "of_address": crypt.digest(channel, address), "after": after, "most": limit}
    rows = db.execute(_LETTERS, asked)
    return [Letter(row.id, row.message_id, outgoing_in(unseal(crypt, row.body)), row.urgent) for row in rows]


def waiting(db: Connection) -> int:
    """How many pieces have not left."""
    return db.execute(sa.select(sa.func.count()).select_from(outbox).where(outbox.c.status.in_(UNSENT))).scalar_one()


def owners(db: Connection) -> list[str]:
    """Everybody who has a claim at this moment."""
    held = sa.select(outbox.c.owner).where(outbox.c.owner.is_not(None)).distinct()
    return [str(owner) for owner in db.execute(held).scalars()]
