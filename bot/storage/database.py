"""Opening a database: engine, pragmas, schema. Imports `bot.model` only; whoever needs no writer thread stops here."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot.model.errors import SetupError

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 30


def create_engine(url: str) -> sa.Engine:
    """An engine with the guarantees set: on SQLite WAL, full sync, foreign keys, writers that queue."""
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return sa.create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=8)
    except (sa.exc.ArgumentError, ModuleNotFoundError) as bad:
        message = "SAFAR_DATABASE_URL is no URL that Safar knows: give postgresql+psycopg2://… or leave it out."
        raise SetupError(message) from bad


def _sqlite(url: sa.URL) -> sa.Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    sa.event.listen(engine, "connect", _pragmas)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own transactions would begin too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Writers queue at the door (IMMEDIATE): one that upgrades from reading half-way would fail instead of waiting."""
    reading = connection.get_execution_options().get("safar_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def migrate(engine: sa.Engine) -> None:
    """Bring the schema to the newest revision. Raises `SetupError` when the database can't be used."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    newest = ScriptDirectory.from_config(config).get_current_head()
    try:
        with engine.begin() as connection:
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as bad:
        raise SetupError(_why(engine, bad)) from bad
    except SQLAlchemyError as bad:
        message = f"The database refuses its schema ({type(bad).__name__}): check the rights of its user."
        raise SetupError(message) from bad
    except Exception as bad:
        message = "The database was made by a newer Safar: update this checkout, or use another database."
        raise SetupError(message) from bad


def _why(engine: sa.Engine, bad: OperationalError) -> str:
    text = str(bad.orig).lower()
    if "full" in text:
        return "The disk is full: free some space and start again."
    if "readonly" in text or "unable to open" in text:
        return "The database file can't be written: check the rights of the data directory."
    if engine.dialect.name == "sqlite":
        return f"The database file can't be used ({bad.orig}): put back your backup or move the file away."
    return "PostgreSQL can't be reached: check that it runs and that SAFAR_DATABASE_URL is right."


def reading(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that only read: they never wait for a writer."""
    options: dict[str, Any] = {"safar_read": True}
    return engine.execution_options(**options)
