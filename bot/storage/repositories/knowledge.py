"""What is published, version by version, and the vectors of questions. Imports `bot.storage` only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.storage.database import insert_new
from bot.storage.tables import documents, meta, vectors

REVISION = "knowledge_revision"
AT_ONCE = 500


def publish(db: Connection, kind: str, key: str, body: Mapping[str, Any], digest: str, now: datetime) -> bool:
    """Make `body` the current version. False when it is already."""
    this = (documents.c.kind == kind) & (documents.c.key == key)
    newest = sa.select(documents).where(this).order_by(documents.c.version.desc()).limit(1)
    row = db.execute(newest.with_for_update()).one_or_none()
    if row is not None and row.current and row.digest == digest:
        return False
    db.execute(sa.update(documents).where(this, documents.c.current).values(current=False))
    version = {"version": row.version + 1 if row else 1, "current": True, "published_at": now}
    db.execute(sa.insert(documents).values(kind=kind, key=key, body=dict(body), digest=digest, **version))
    _bump(db)
    return True


def withdraw(db: Connection, kind: str, key: str) -> bool:
    """Take a document back; its versions stay. False when it was not current."""
    this = (documents.c.kind == kind) & (documents.c.key == key) & documents.c.current
    gone = db.execute(sa.update(documents).where(this).values(current=False).returning(documents.c.key)).scalar()
    if gone:
        _bump(db)
    return bool(gone)


def current(db: Connection, kind: str) -> dict[str, Any]:
    """The current document of every key of a kind."""
    rows = db.execute(sa.select(documents.c.key, documents.c.body).where(documents.c.kind == kind, documents.c.current))
    return {row.key: row.body for row in rows.all()}


def digests(db: Connection) -> dict[tuple[str, str], str]:
    """The digest of every current document, by kind and key."""
    rows = db.execute(sa.select(documents.c.kind, documents.c.key, documents.c.digest).where(documents.c.current))
    return {(row.kind, row.key): row.digest for row in rows}


def revision(db: Connection) -> int:
    """A number that grows whenever anything is published or withdrawn."""
    return int(db.execute(sa.select(meta.c.value).where(meta.c.key == REVISION)).scalar() or 0)


def _bump(db: Connection) -> None:
    """Counted by the database: two desks that publish at one moment must not end at the same number."""
    insert_new(db, meta, [{"key": REVISION, "value": "0"}])
    grown = sa.cast(sa.cast(meta.c.value, sa.Integer) + 1, sa.String)
    db.execute(sa.update(meta).where(meta.c.key == REVISION).values(value=grown))


def find_vectors(db: Connection, model: str, wanted: Sequence[str]) -> dict[str, bytes]:
    """Stored vectors by digest of their text."""
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        rows = db.execute(sa.select(vectors).where(vectors.c.model == model, vectors.c.digest.in_(part)))
        found.update({row.digest: row.vector for row in rows})
    return found


def add_vectors(db: Connection, model: str, new: Mapping[str, bytes]) -> None:
    """Store vectors that are not there yet."""
    insert_new(db, vectors, [{"model": model, "digest": digest, "vector": new[digest]} for digest in sorted(new)])
