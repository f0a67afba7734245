"""Messages and moments for tests of storage."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import Connection

from bot.model.messages import Incoming, Kind, Outgoing, Shaped
from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.repositories import conversations, messages
from bot.storage.repositories.messages import Done, Taken, Work

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANNA, BINA = "+9779800000001", "+9779800000002"
_numbers = count()


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def incoming(address: str = ANNA, text: str = "hello", dedupe: str | None = None, kind: Kind = Kind.TEXT) -> Incoming:
    key = f"test-{next(_numbers)}" if dedupe is None else dedupe
    return Incoming("telegram", address, kind, key, NOON, text=text)


def take(db: Connection, crypt: Crypt, address: str = ANNA, text: str = "hello", when: float = 0) -> Taken:
    return messages.take_in(db, crypt, incoming(address, text), at(when))


def claim(db: Connection, crypt: Crypt, owner: str = "me", when: float = 0, limit: int = 10) -> list[Work]:
    return messages.claim(db, crypt, owner, at(when), 60, limit)


def done(
    *pieces: Outgoing | str,
    changes: Mapping[str, object] | None = None,
    meta: Mapping[str, object] | None = None,
    mailbox: bool = False,
    ordered: bool = False,
) -> Done:
    """What came of a message."""
    said = Shaped(tuple(Outgoing(piece) if isinstance(piece, str) else piece for piece in pieces), {}, mailbox)
    return Done(said, changes or {}, meta or {}, ordered)


def finish(db: Connection, crypt: Crypt, work: Work, *texts: str, owner: str = "me", when: float = 0) -> bool:
    return messages.finish(db, crypt, work, owner, done(*texts), at(when))


def person(db: Connection, crypt: Crypt, address: str = ANNA) -> Conversation:
    """A conversation with somebody who has written."""
    conversations.find_or_add(db, crypt, "telegram", address, NOON)
    found = conversations.find(db, crypt, "telegram", address)
    assert found is not None
    return found
