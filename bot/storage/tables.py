"""The tables. What people write, and where they can be reached, are sealed (`LargeBinary`); ids are random.

Times are UTC; SQLite gives them back without a zone, so `Utc` puts it on again. Imports SQLAlchemy only.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)


class Utc(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
ID = String(32)


def _conversation() -> Column[str]:
    return Column("conversation_id", ID, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False)


conversations = Table(
    "conversations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("address_digest", String(64), nullable=False),
    Column("language", String(16)),
    Column("language_chosen", Boolean, nullable=False, default=False),
    Column("origin", String(2)),
    Column("destination", String(2)),
    Column("stopped", Boolean, nullable=False, default=False),
    Column("unreachable", Boolean, nullable=False, default=False),
    Column("unreachable_reason", String(200)),
    Column("held_by", ID),  # the staff member who has the case: the assistant is silent
    Column("contact", String(8)),  # may a person write to them unasked: yes no later
    Column("discreet", Boolean, nullable=False, default=False),
    Column("code", String(64)),  # digest of the word that deletes everything
    Column("memory", LargeBinary),  # sealed JSON: menu, rest
    Column("created_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
    UniqueConstraint("channel", "address_digest"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("position", BigInteger, nullable=False),  # order of arrival: microseconds
    _conversation(),
    Column("channel", String(32), nullable=False),
    Column("dedupe", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", LargeBinary),  # sealed JSON: text, payload, locale, extra
    Column("sent_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("status", String(10), nullable=False),  # received working done ignored
    Column("owner", String(64)),
    Column("lease_until", Utc),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Utc),
    Column("seen", Boolean, nullable=False, default=False),  # danger was looked for
    Column("said_early", Boolean, nullable=False, default=False),
    Column("meta", LargeBinary),  # sealed JSON: how it was understood
    UniqueConstraint("channel", "dedupe"),
    Index(None, "conversation_id", "position"),
    Index(None, "status", "received_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _conversation(),
    Column("message_id", ID),
    Column("channel", String(32), nullable=False),
    Column("body", LargeBinary),  # sealed JSON: an Outgoing
    Column("urgent", Boolean, nullable=False, default=False),
    Column("status", String(10), nullable=False),  # queued sending sent delivered dead mailbox erased
    Column("owner", String(64)),
    Column("lease_until", Utc),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Utc),
    Column("gateway_id", String(128)),
    Column("reason", String(200)),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("staff_id", ID),  # who wrote it, if a person did
    Index(None, "conversation_id", "id"),
    Index(None, "status", "next_at"),
    Index(None, "channel", "gateway_id"),
    Index(None, "message_id"),
    sqlite_autoincrement=True,
)

tracker_events = Table(
    "tracker_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _conversation(),
    Column("message_id", ID),
    Column("session_start", Boolean, nullable=False, default=False),
    Column("at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),  # sealed JSON: the event
    UniqueConstraint("message_id"),
    Index(None, "conversation_id", "id"),
    sqlite_autoincrement=True,
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", ID, primary_key=True),
    _conversation(),
    Column("message_id", ID, nullable=False, unique=True),
    Column("entry", String(64)),
    Column("useful", Boolean, nullable=False),
    Column("at", Utc, nullable=False),
)

documents = Table(
    "knowledge_documents",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("current", Boolean, nullable=False),
    Column("published_at", Utc, nullable=False),
    Index(None, "kind", "current"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", String(400), nullable=False),
)
