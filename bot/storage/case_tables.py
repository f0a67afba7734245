"""The tables of cases and of those who work on them. Imports SQLAlchemy and `tables`.

A case says of the person only what a colleague needs to take it; what was said stays in the conversation. Notes and
second factors are sealed.
"""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from bot.storage.tables import ID, Utc, metadata

centres = Table(
    "centres",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("timezone", String(64), nullable=False),
    Column("hours", JSON, nullable=False),  # {"0": [["09:00", "17:00"]], …}: Monday is 0
    Column("holidays", JSON, nullable=False),  # ["2026-12-25", …]
    Column("countries", JSON, nullable=False),  # ISO codes it works on; empty: all
    Column("active", Boolean, nullable=False, default=True),
)

staff = Table(
    "staff",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("email", String(254), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("languages", JSON, nullable=False),
    Column("centre_id", ID, ForeignKey("centres.id")),
    Column("page_language", String(16), nullable=False, default="en"),
    Column("password", String(200)),
    Column("second_factor", LargeBinary),  # sealed secret of the authenticator app
    Column("last_step", Integer),  # the last 30 seconds whose code was used: a code works once
    Column("invitation", String(64), unique=True),  # digest of the link's token
    Column("invited_until", Utc),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Utc),
    Column("active", Boolean, nullable=False, default=True),
    Column("sound", Boolean, nullable=False, default=True),
    Column("created_at", Utc, nullable=False),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("staff_id", ID, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    Column("form_token", String(64), nullable=False),
    Column("complete", Boolean, nullable=False),  # the second factor was given, or is not needed
    Column("created_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
    Index(None, "staff_id"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(8), nullable=False),  # open claimed parked closed
    Column("urgent", Boolean, nullable=False),
    Column("kind", String(24), nullable=False),  # a kind of danger, or: asked unanswered curator
    Column("language", String(16)),
    Column("origin", String(2)),
    Column("destination", String(2)),
    Column("centre_id", ID, ForeignKey("centres.id")),
    Column("owner_id", ID, ForeignKey("staff.id")),
    Column("preferred_id", ID),  # who had it before
    Column("circle", Integer, nullable=False, default=0),
    Column("widen_at", Utc),  # when it goes to the next circle if nobody has claimed it
    Column("opened_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),  # first reply
    Column("replied_at", Utc),
    Column("parked_until", Utc),
    Column("closed_at", Utc),
    Column("outcome", String(24)),
    Column("last_at", Utc, nullable=False),
    Column("waiting_since", Utc),  # the person wrote last, and nobody has answered yet
    Index(None, "status", "urgent", "opened_at"),
    Index(None, "conversation_id"),
    Index(None, "owner_id", "status"),
)
Index(
    "ix_cases_one_at_a_time",
    cases.c.conversation_id,
    unique=True,
    sqlite_where=cases.c.status != "closed",
    postgresql_where=cases.c.status != "closed",
)

case_events = Table(
    "case_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_id", ID, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # opened claimed message reply note transferred parked closed …
    Column("staff_id", ID),
    Column("body", LargeBinary),  # sealed JSON
    Column("once", String(64)),  # of the page's making: pressing twice writes once
    Column("at", Utc, nullable=False),
    UniqueConstraint("case_id", "once"),
    Index(None, "case_id", "id"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("staff_id", ID),
    Column("action", String(32), nullable=False),
    Column("subject", String(64)),
    Column("detail", String(200)),  # words of ours, never of a person
    Index(None, "at"),
    sqlite_autoincrement=True,
)

__all__ = ["audit", "case_events", "cases", "centres", "staff", "staff_sessions"]
