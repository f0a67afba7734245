"""Opening a database: engine, pragmas, schema. Imports `bot.model` only; whoever needs no writer thread stops here."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from bot.model.errors import SetupError

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 30
ONE_AT_A_TIME = 0x5AFA2
"""The lock under which PostgreSQL lets one process migrate while others wait."""
POSTGRES = "postgresql+psycopg2"
CONNECT_SECONDS = 10
DRIVERS = {"postgres": POSTGRES, "postgresql": POSTGRES, POSTGRES: POSTGRES, "sqlite": "sqlite"}
SYMPTOMS = (
    ("full", "The disk is full: free some space and start again."),
    ("readonly", "The database file can't be written: check the rights of the data directory."),
    ("unable to open", "The database file can't be opened: check the rights of the data directory."),
    ("locked", "Another program holds the database: end it and start again."),
    ("not a database", "The database file is damaged: put back your backup or move the file away."),
    ("malformed", "The database file is damaged: put back your backup or move the file away."),
    ("permission denied", "The database refuses its user: give them the rights to make tables."),
)


def create_engine(url: str, synced: bool = True) -> sa.Engine:
    """An engine with the guarantees set: on SQLite WAL, full sync, foreign keys, writers that queue.

    Without `synced`, what is committed survives the end of the process, but a power cut only when somebody has synced
    later: the log is one file, so a sync of the desk's is also one of everything before it.

    Nothing is opened yet, but the folder of a file is made. Raises `SetupError` when the URL or the folder can't be.
    """
    try:
        parsed = sa.make_url(url)
        parsed = parsed.set(drivername=DRIVERS[parsed.drivername])
        if parsed.drivername == "sqlite":
            return _sqlite(parsed, synced)
        options = {"connect_timeout": CONNECT_SECONDS}
        return sa.create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=8, connect_args=options)
    except (sa.exc.ArgumentError, ModuleNotFoundError, KeyError, ValueError) as bad:
        message = "SAFAR_DATABASE_URL is no URL that Safar knows: give postgresql+psycopg2://… or leave it out."
        raise SetupError(message) from bad
    except OSError as bad:
        message = f"The data directory can't be made ({bad.strerror}): check its place and its rights."
        raise SetupError(message) from bad


def _sqlite(url: sa.URL, synced: bool) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("a database in memory forgets")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    sa.event.listen(engine, "connect", partial(_pragmas, "FULL" if synced else "NORMAL"))
    sa.event.listen(engine, "begin", _begin)
    return engine


def _pragmas(sync: str, connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own transactions would begin too late
    connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    _use_wal(connection)
    connection.execute(f"PRAGMA synchronous={sync}")
    connection.execute("PRAGMA foreign_keys=ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for others when it changes to WAL: two that make a new database at once must try again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if "locked" not in str(busy) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: sa.Connection) -> None:
    """Writers queue at the door (IMMEDIATE): one that upgrades from reading half-way would fail instead of waiting."""
    reading = connection.get_execution_options().get("safar_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def migrate(engine: sa.Engine) -> None:
    """Bring the schema to the newest revision. Raises `SetupError` when the database can't be used."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
            if MigrationContext.configure(connection).get_current_revision() == newest:
                return
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as bad:
        raise SetupError(_why(engine, bad)) from bad
    except CommandError as bad:
        message = "The database was made by a newer Safar: update this checkout, or use another database."
        raise SetupError(message) from bad


def _why(engine: sa.Engine, bad: SQLAlchemyError) -> str:
    text = str(bad.orig if isinstance(bad, DatabaseError) else bad).lower()
    for symptom, advice in SYMPTOMS:
        if symptom in text:
            return advice
    if engine.dialect.name == "postgresql" and isinstance(bad, sa.exc.OperationalError):
        return "PostgreSQL can't be reached: check that it runs and that SAFAR_DATABASE_URL is right."
    return f"The database can't be prepared ({type(bad).__name__}): use an empty one, or put back your backup."


def reading(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that only read: they never wait for a writer."""
    options: dict[str, Any] = {"safar_read": True}
    return engine.execution_options(**options)


def insert_new(db: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that no unique key of the table refuses, whoever else inserts at the same moment."""
    if rows:
        db.execute(_insert_new(db.dialect.name, table), [dict(row) for row in rows])


def is_new(db: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique key of the table refuses it; whether it was inserted."""
    statement = _insert_new(db.dialect.name, table).returning(*table.primary_key.columns)
    return db.execute(statement, dict(row)).one_or_none() is not None


@cache
def _insert_new(dialect: str, table: sa.Table) -> Any:
    insert: Any = insert_postgresql if dialect == "postgresql" else insert_sqlite
    return insert(table).on_conflict_do_nothing()
