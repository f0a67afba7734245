"""Nothing is kept longer than the setting says. Imports `bot.storage` only.

What people wrote and were told is erased after `retention_days`; the bare row of a message stays, without its text, for
as long as its conversation does, and a conversation in which nobody has written since is erased whole.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.storage.tables import conversations, inbox, outbox, tracker_events


def erase_old(session: Session, now: datetime, days: int) -> dict[str, int]:
    """Erase what is older than `days`; how many rows of each table."""
    before = now - timedelta(days=days)
    gone = {
        "conversations": sa.delete(conversations).where(conversations.c.last_at < before).returning(conversations.c.id),
        "inbox": sa.update(inbox)
        .where(inbox.c.received_at < before, inbox.c.body.is_not(None))
        .values(body=None, meta=None)
        .returning(inbox.c.id),
        "outbox": sa.update(outbox)
        .where(outbox.c.created_at < before, outbox.c.body.is_not(None))
        .values(body=None)
        .returning(outbox.c.id),
        "tracker_events": sa.delete(tracker_events)
        .where(tracker_events.c.at < before.timestamp())
        .returning(tracker_events.c.id),
    }
    return {name: len(session.execute(statement).all()) for name, statement in gone.items()}
