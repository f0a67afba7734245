"""The outbox: pieces to be sent, and the mailbox of those that people fetch. Imports `bot.model` and `bot.storage`.

A piece is `queued`, then `sending`, then `sent` and perhaps `delivered`, or `dead`; on a channel whose people fetch, it
is `mailbox` from the start. Of a conversation only the oldest unsent piece can be claimed, an urgent one before others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

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


def add(
    session: Session,
    crypt: Crypt,
    conversation: Conversation,
    pieces: Sequence[Outgoing],
    now: datetime,
    mailbox: bool,
    message_id: str | None = None,
    urgent: bool = False,
) -> list[int]:
    """Write pieces in order; their ids."""
    ids = []
    for piece in pieces:
        row = sa.insert(outbox).values(
            conversation_id=conversation.id,
            message_id=message_id,
            channel=conversation.channel,
            body=seal(crypt, outgoing_out(piece)),
            urgent=urgent,
            status="mailbox" if mailbox else "queued",
            next_at=now,
            created_at=now,
        )
        ids.append(session.execute(row.returning(outbox.c.id)).scalar_one())
    return ids


def claim_due(
    session: Session, crypt: Crypt, owner: str, now: datetime, lease_seconds: float, limit: int
) -> list[Piece]:
    """Claim the next piece of up to `limit` conversations."""
    before = outbox.alias()
    earlier = sa.or_(
        sa.and_(before.c.urgent == outbox.c.urgent, before.c.id < outbox.c.id),
        sa.and_(before.c.urgent, ~outbox.c.urgent),
    )
    waits = sa.exists().where(
        before.c.conversation_id == outbox.c.conversation_id,
        sa.or_(before.c.status == "sending", sa.and_(before.c.status == "queued", earlier)),
    )
    due = sa.select(outbox.c.id).where(outbox.c.status == "queued", outbox.c.next_at <= now, ~waits)
    chosen = due.order_by(outbox.c.urgent.desc(), outbox.c.id).limit(limit)
    ids = session.execute(chosen.with_for_update(skip_locked=True)).scalars().all()
    if not ids:
        return []
    lease = now + timedelta(seconds=lease_seconds)
    claimed = sa.update(outbox).where(outbox.c.id.in_(ids))
    session.execute(claimed.values(status="sending", owner=owner, lease_until=lease))
    rows = session.execute(sa.select(outbox).where(outbox.c.id.in_(ids)).order_by(outbox.c.urgent.desc(), outbox.c.id))
    return [piece for row in rows if (piece := _piece(session, crypt, row))]


def _piece(session: Session, crypt: Crypt, row: Any) -> Piece | None:
    conversation = conversations.get(session, crypt, row.conversation_id)
    if conversation is None:
        return None
    return Piece(row.id, conversation, outgoing_in(unseal(crypt, row.body)), row.attempts)


def sent(session: Session, piece_id: int, owner: str, gateway_id: str, now: datetime) -> None:  # noqa: ARG001
    """It left, whoever has the claim by now: what has left must not leave again. The gateway's id finds its report."""
    left = {"status": "sent", "gateway_id": _short(gateway_id, GATEWAY_ID_LENGTH) or None, "sent_at": now}
    this = sa.update(outbox).where(outbox.c.id == piece_id, outbox.c.status.in_(UNSENT))
    session.execute(this.values(owner=None, lease_until=None, reason=None, **left))


def retry(session: Session, piece_id: int, owner: str, at: datetime, reason: str) -> None:
    """It did not leave; try again at `at`."""
    failed = {"attempts": outbox.c.attempts + 1, "reason": _short(reason)}
    _end(session, piece_id, owner, status="queued", next_at=at, **failed)


def dead(session: Session, piece_id: int, owner: str, reason: str) -> None:
    """It will not leave unless somebody orders it."""
    failed = {"attempts": outbox.c.attempts + 1, "reason": _short(reason)}
    _end(session, piece_id, owner, status="dead", **failed)


def _short(text: str, most: int = REASON_LENGTH) -> str:
    """What a gateway says, as any column takes it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:most]


def _end(session: Session, piece_id: int, owner: str, **values: Any) -> None:
    mine = sa.update(outbox).where(outbox.c.id == piece_id, outbox.c.owner == owner, outbox.c.status == "sending")
    session.execute(mine.values(owner=None, lease_until=None, **values))


def release_owner(session: Session, owner: str) -> int:
    """Give back what `owner` was sending; how many."""
    return _back(session, outbox.c.owner == owner)


def release_stale(session: Session, now: datetime) -> int:
    """Give back what somebody was sending who died; how many. It may have left: better twice than never."""
    return _back(session, outbox.c.lease_until < now)


def _back(session: Session, where: sa.ColumnElement[bool]) -> int:
    back = sa.update(outbox).where(where, outbox.c.status == "sending")
    free = back.values(status="queued", owner=None, lease_until=None)
    return len(session.execute(free.returning(outbox.c.id)).all())


def mark_unreachable(session: Session, conversation_id: str, reason: str) -> None:
    """Nothing can arrive there any more: what waits is dead. A message from there makes it reachable again."""
    lost = {"unreachable": True, "unreachable_reason": _short(reason)}
    session.execute(sa.update(people).where(people.c.id == conversation_id).values(**lost))
    waiting = sa.update(outbox).where(outbox.c.conversation_id == conversation_id, outbox.c.status == "queued")
    session.execute(waiting.values(status="dead", reason=_short(reason)))


NEWS = {
    ReportStatus.DELIVERED: ("delivered", ("sent", "dead")),  # what arrived has arrived, whatever was said before
    ReportStatus.FAILED: ("dead", ("sent",)),
}
"""What a report makes of a piece, and of which pieces: one that is queued again is another attempt's."""


def report(session: Session, told: Report) -> bool:
    """What a gateway says of a piece. False when it is none of ours; late and repeated reports change nothing."""
    gateway_id = _short(told.gateway_id, GATEWAY_ID_LENGTH)
    where = (outbox.c.channel == told.channel) & (outbox.c.gateway_id == gateway_id)
    row = session.execute(sa.select(outbox).where(where).order_by(outbox.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return False
    new, of = NEWS.get(told.status, ("", ()))
    changed = sa.update(outbox).where(outbox.c.id == row.id, outbox.c.status.in_(of))
    session.execute(changed.values(status=new, reason=_short(told.reason) or row.reason))
    if told.unreachable:
        mark_unreachable(session, row.conversation_id, told.reason)
    return True


def unsendable(session: Session) -> list[Unsendable]:
    """Every dead piece, oldest first."""
    rows = session.execute(sa.select(outbox).where(outbox.c.status == "dead").order_by(outbox.c.id))
    return [Unsendable(r.id, r.channel, r.conversation_id, r.reason or "", r.attempts, r.created_at) for r in rows]


def resend(session: Session, ids: Sequence[int], now: datetime) -> int:
    """Queue dead pieces again (all of them when no ids are given); how many."""
    which = (outbox.c.status == "dead") & outbox.c.body.is_not(None)
    if ids:
        which = which & outbox.c.id.in_(ids)
    fresh = {"status": "queued", "attempts": 0, "next_at": now, "reason": None, "gateway_id": None}
    back = sa.update(outbox).where(which).values(**fresh)
    return len(session.execute(back.returning(outbox.c.id)).all())


def mailbox(session: Session, crypt: Crypt, conversation_id: str, after_id: int, limit: int) -> list[Letter]:
    """Letters with an id above `after_id`, oldest first."""
    where = (outbox.c.conversation_id == conversation_id) & (outbox.c.id > after_id) & (outbox.c.status == "mailbox")
    rows = session.execute(sa.select(outbox).where(where).order_by(outbox.c.id).limit(limit))
    return [Letter(row.id, row.message_id, outgoing_in(unseal(crypt, row.body)), row.urgent) for row in rows]


def waiting(session: Session) -> int:
    """How many pieces have not left."""
    return session.execute(
        sa.select(sa.func.count()).select_from(outbox).where(outbox.c.status.in_(UNSENT))
    ).scalar_one()


def owners(session: Session) -> list[str]:
    """Everybody who has a claim at this moment."""
    held = sa.select(outbox.c.owner).where(outbox.c.owner.is_not(None)).distinct()
    return [str(owner) for owner in session.execute(held).scalars()]
