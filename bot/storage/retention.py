"""Nothing is kept longer than the setting says. Imports `bot.storage` only.

What people wrote and were told is erased after `retention_days`; the bare row of a message stays, without its text, for
as long as its conversation does, and a conversation in which nothing was said since, by either side, is erased whole.
Notes of colleagues are erased like messages, closed cases go as a whole.
What was never answered or never left in all that time will not be any more: there is nothing left to answer or to send.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.storage.case_tables import audit, case_events, cases
from bot.storage.tables import conversations, inbox, outbox, tracker_events

AUDIT_DAYS = 365
"""Who did what is kept for a year: it holds no word of any person."""


def erase_old(db: Connection, now: datetime, days: int) -> dict[str, int]:
    """Erase what is older than `days`; how many rows of each table."""
    before = now - timedelta(days=days)
    spoken = sa.exists().where(outbox.c.conversation_id == conversations.c.id, outbox.c.created_at >= before)
    old = conversations.c.last_at < before
    gone = {
        "conversations": sa.delete(conversations).where(old, ~spoken).returning(conversations.c.id),
        "inbox": sa.update(inbox)
        .where(inbox.c.received_at < before, inbox.c.body.is_not(None))
        .values(body=None, meta=None, status=_ended(inbox.c.status, ("received", "working"), "ignored"))
        .returning(inbox.c.id),
        "outbox": sa.update(outbox)
        .where(outbox.c.created_at < before, outbox.c.body.is_not(None))
        .values(body=None, status=_ended(outbox.c.status, ("queued", "sending", "mailbox", "dead"), "erased"))
        .returning(outbox.c.id),
        "cases": sa.delete(cases).where(cases.c.closed_at < before).returning(cases.c.id),
        "case_events": sa.update(case_events)
        .where(case_events.c.at < before, case_events.c.body.is_not(None))
        .values(body=None)
        .returning(case_events.c.id),
        "audit": sa.delete(audit).where(audit.c.at < now - timedelta(days=AUDIT_DAYS)).returning(audit.c.id),
        "tracker_events": sa.delete(tracker_events)
        .where(tracker_events.c.at < before.timestamp())
        .returning(tracker_events.c.id),
    }
    return {name: len(db.execute(statement).all()) for name, statement in gone.items()}


def _ended(status: sa.Column[str], open_ones: tuple[str, ...], end: str) -> sa.ColumnElement[str]:
    return sa.case((status.in_(open_ones), end), else_=status)
