"""Is this the key this database was written with? Found out at start, before anything is sealed with a wrong one."""

import sqlalchemy as sa

from bot.model.errors import SetupError
from bot.storage.crypt import Crypt
from bot.storage.tables import meta

NAME = "key_check"


def check(connection: sa.Connection, crypt: Crypt) -> None:
    """Raises `SetupError` when the database was sealed with another key; notes the key in a new database."""
    expected = crypt.digest("key check")
    found = connection.execute(sa.select(meta.c.value).where(meta.c.key == NAME)).scalar()
    if found is None:
        connection.execute(sa.insert(meta).values(key=NAME, value=expected))
    elif found != expected:
        raise SetupError("The key file does not belong to this database: put back the one from your backup.")
