"""Conversations: found by the digest of an address, changed, erased. Imports `bot.model` and `bot.storage`."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.database import insert_new
from bot.storage.repositories.sealing import buttons_in, buttons_out, seal, unseal
from bot.storage.tables import conversations as table

PLAIN = frozenset({"language", "language_chosen", "origin", "destination", "stopped", "unreachable"})
SEALED = frozenset({"menu", "rest"})


def new_id() -> str:
    """A random id that says nothing."""
    return uuid.uuid4().hex


def find(session: Session, crypt: Crypt, channel: str, address: str) -> Conversation | None:
    """The conversation with an address, or None."""
    digest = crypt.digest(channel, address)
    return _one(session, crypt, (table.c.channel == channel) & (table.c.address_digest == digest))


def get(session: Session, crypt: Crypt, conversation_id: str) -> Conversation | None:
    """The conversation with an id, or None."""
    return _one(session, crypt, table.c.id == conversation_id)


def find_or_add(session: Session, crypt: Crypt, channel: str, address: str, now: datetime) -> str:
    """The id of the conversation with an address, made if there is none. Whoever writes can be reached."""
    digest = crypt.digest(channel, address)
    where = (table.c.channel == channel) & (table.c.address_digest == digest)
    changed = sa.update(table).where(where).values(last_at=now, unreachable=False, unreachable_reason=None)
    heard = changed.returning(table.c.id)
    if found := session.execute(heard).scalar():
        return str(found)
    row = {"id": new_id(), "channel": channel, "address": crypt.seal(address), "address_digest": digest}
    insert_new(session, table, [{**row, "created_at": now, "last_at": now}])
    return str(session.execute(heard).scalar_one())  # another process may have made it at the same moment


def change(session: Session, crypt: Crypt, conversation_id: str, changes: Mapping[str, object]) -> None:
    """Set fields of `Conversation` by name. Raises `KeyError` for a field that can't be changed."""
    unknown = changes.keys() - PLAIN - SEALED
    if unknown:
        raise KeyError(*unknown)
    values: dict[str, Any] = {key: value for key, value in changes.items() if key in PLAIN}
    if SEALED & changes.keys():
        values["memory"] = _memory(session, crypt, conversation_id, changes)
    if values:
        session.execute(sa.update(table).where(table.c.id == conversation_id).values(**values))


def erase(session: Session, conversation_id: str) -> None:
    """Delete a conversation and, through its foreign keys, everything that was said in it."""
    session.execute(sa.delete(table).where(table.c.id == conversation_id))


def from_row(crypt: Crypt, row: sa.Row[Any]) -> Conversation:
    """A conversation from its columns."""
    memory = unseal(crypt, row.memory)
    return Conversation(
        id=row.id,
        channel=row.channel,
        address=crypt.unseal(row.address),
        **{key: getattr(row, key) for key in PLAIN},
        menu=buttons_in(memory.get("menu", [])),
        rest=tuple(memory.get("rest", ())),
    )


def _one(session: Session, crypt: Crypt, where: sa.ColumnElement[bool]) -> Conversation | None:
    row = session.execute(sa.select(table).where(where)).one_or_none()
    return from_row(crypt, row) if row else None


def _memory(session: Session, crypt: Crypt, conversation_id: str, changes: Mapping[str, Any]) -> bytes:
    stored = session.execute(sa.select(table.c.memory).where(table.c.id == conversation_id)).scalar()
    memory = unseal(crypt, stored)
    if "menu" in changes:
        memory["menu"] = buttons_out(changes["menu"])
    if "rest" in changes:
        memory["rest"] = list(changes["rest"])
    return seal(crypt, memory)
