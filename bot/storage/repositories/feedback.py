"""What people said of answers. Imports `bot.storage` only."""

from datetime import datetime

from sqlalchemy import Connection

from bot.storage.database import insert_new
from bot.storage.repositories.conversations import new_id
from bot.storage.tables import feedback


def useful(
    db: Connection, conversation_id: str, message_id: str, entry: str | None, is_useful: bool, now: datetime
) -> None:
    """Store what somebody said of an answer, once for a message."""
    row = {"conversation_id": conversation_id, "message_id": message_id, "entry": entry, "useful": is_useful}
    insert_new(db, feedback, [{"id": new_id(), "at": now, **row}])
