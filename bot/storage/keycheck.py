"""Is this the key this database was written with? Found out at start, before anything is sealed with a wrong one."""

from pathlib import Path

import sqlalchemy as sa

from bot.model.errors import SetupError
from bot.storage.crypt import Crypt, load_or_create_key
from bot.storage.database import insert_new
from bot.storage.tables import meta

NAME = "key_check"


def open_key(engine: sa.Engine, path: Path) -> Crypt:
    """The key of a migrated database, made only if the database was never written with another.

    Raises `SetupError` when the file is missing, damaged or another database's; then no file is made.
    """
    with engine.begin() as connection:
        if _noted(connection) is not None and not path.exists():
            message = (
                f"The key file {path.name} is missing and the database needs it: put back the one from your backup."
            )
            raise SetupError(message)
        crypt = load_or_create_key(path)
        check(connection, crypt)
    return crypt


def check(connection: sa.Connection, crypt: Crypt) -> None:
    """Raises `SetupError` when the database was sealed with another key; notes the key in a new database."""
    expected = crypt.digest("key check")
    insert_new(connection, meta, [{"key": NAME, "value": expected}])
    if _noted(connection) != expected:
        raise SetupError("The key file does not belong to this database: put back the one from your backup.")


def _noted(connection: sa.Connection) -> str | None:
    return connection.execute(sa.select(meta.c.value).where(meta.c.key == NAME)).scalar()
