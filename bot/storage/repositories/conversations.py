"""Conversations: found by the digest of an address, changed, erased. Imports `bot.model` and `bot.storage`."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.database import insert_new
from bot.storage.repositories.sealing import buttons_in, buttons_out, seal, unseal
from bot.storage.tables import conversations as table

PLAIN = frozenset(
    {"language", "language_chosen", "origin", "destination", "stopped", "unreachable", "contact", "discreet", "code"}
)
SEALED = frozenset({"menu", "rest", "expects"})


def new_id() -> str:
    """A random id that says nothing."""
    return uuid.uuid4().hex


_ADDRESS = (
    table.c.channel == sa.bindparam("of_channel"),
    table.c.address_digest == sa.bindparam("of_address"),
)
_HEARD = (
    sa.update(table)
    .where(*_ADDRESS)
    .values(last_at=sa.bindparam("now"), unreachable=False, unreachable_reason=None)
    .returning(table.c.id)
)


def find(db: Connection, crypt: Crypt, channel: str, address: str) -> Conversation | None:
    """The conversation with an address, or None."""
    asked = {"of_channel": channel, "of_address": crypt.digest(channel, address)}
    row = db.execute(sa.select(table).where(*_ADDRESS), asked).one_or_none()
    return from_row(crypt, row) if row else None


def get(db: Connection, crypt: Crypt, conversation_id: str) -> Conversation | None:
    """The conversation with an id, or None."""
    row = db.execute(sa.select(table).where(table.c.id == conversation_id)).one_or_none()
    return from_row(crypt, row) if row else None


def find_or_add(db: Connection, crypt: Crypt, channel: str, address: str, now: datetime) -> str:
    """The id of the conversation with an address, made if there is none. Whoever writes can be reached."""
    digest = crypt.digest(channel, address)
    heard = {"of_channel": channel, "of_address": digest, "now": now}
    if found := db.execute(_HEARD, heard).scalar():
        return str(found)
    row = {"id": new_id(), "channel": channel, "address": crypt.seal(address), "address_digest": digest}
    insert_new(db, table, [{**row, "created_at": now, "last_at": now}])
    return str(db.execute(_HEARD, heard).scalar_one())  # another process may have made it at the same moment


def change(db: Connection, crypt: Crypt, conversation_id: str, changes: Mapping[str, object]) -> None:
    """Set fields of `Conversation` by name. Raises `KeyError` for a field that can't be changed."""
    unknown = changes.keys() - PLAIN - SEALED
    if unknown:
        raise KeyError(*unknown)
    values: dict[str, Any] = {key: value for key, value in changes.items() if key in PLAIN}
    if SEALED & changes.keys():
        values["memory"] = _memory(db, crypt, conversation_id, changes)
    if values:
        db.execute(sa.update(table).where(table.c.id == conversation_id).values(**values))


def held(db: Connection, conversation_id: str) -> bool:
    """Does a person have it? Locks the row: who takes a case waits for an answer that is being written, and the other
    way round."""
    mine = sa.select(table.c.held_by).where(table.c.id == conversation_id).with_for_update()
    return db.execute(mine).scalar() is not None


def last_heard(db: Connection, conversation_id: str) -> datetime:
    """When the person last wrote."""
    at: datetime = db.execute(sa.select(table.c.last_at).where(table.c.id == conversation_id)).scalar_one()
    return at


def erase(db: Connection, conversation_id: str) -> None:
    """Delete a conversation and, through its foreign keys, everything that was said in it."""
    db.execute(sa.delete(table).where(table.c.id == conversation_id))


def from_row(crypt: Crypt, row: sa.Row[Any]) -> Conversation:
    """A conversation from its columns."""
    memory = unseal(crypt, row.memory)
    return Conversation(
        id=row.id,
        channel=row.channel,
        address=crypt.unseal(row.address),
        **{key: getattr(row, key) for key in PLAIN},
        held_by=row.held_by,
        menu=buttons_in(memory.get("menu", [])),
        rest=tuple(memory.get("rest", ())),
        expects=memory.get("expects", ""),
    )


def _memory(db: Connection, crypt: Crypt, conversation_id: str, changes: Mapping[str, Any]) -> bytes:
    memory = {} if changes.keys() >= SEALED else _remembered(db, crypt, conversation_id)
    if "menu" in changes:
        memory["menu"] = buttons_out(changes["menu"])
    if "rest" in changes:
        memory["rest"] = list(changes["rest"])
    if "expects" in changes:
        memory["expects"] = changes["expects"]
    return seal(crypt, memory)


def _remembered(db: Connection, crypt: Crypt, conversation_id: str) -> dict[str, Any]:
    return unseal(crypt, db.execute(sa.select(table.c.memory).where(table.c.id == conversation_id)).scalar())
