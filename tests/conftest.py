"""What tests share: databases. Every test of storage runs on SQLite and on a real PostgreSQL."""

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.commands.prepare import prepared_model
from bot.settings import Settings
from bot.storage import database
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.tables import metadata


@pytest.fixture
def crypt() -> Crypt:
    return Crypt(bytes(range(32)))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server with an empty database, one for the whole run."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
    server: Any = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; ")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database, to be copied."""
    file = tmp_path_factory.mktemp("template") / "safar.db"
    engine = database.create_engine(f"sqlite:///{file}")
    database.migrate(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A migrated, empty database of this test's own."""
    shutil.copy(sqlite_template, tmp_path / "safar.db")
    return f"sqlite:///{tmp_path / 'safar.db'}"


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The server's database, migrated and emptied."""
    engine = database.create_engine(postgres)
    database.migrate(engine)
    with engine.begin() as connection:
        names = ", ".join(metadata.tables)
        connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY"))
    engine.dispose()
    return postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def open_store(database_url: str, crypt: Crypt) -> Iterator[Callable[[], Store]]:
    """Opens one more store on the test's database: another process, as far as the database can tell."""
    opened: list[Store] = []

    def another() -> Store:
        opened.append(Store.open(database_url, crypt))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """An open store on an empty database, once of each kind."""
    return open_store()


@pytest.fixture(scope="session")
def trained() -> Path:
    """The checkout's model, made if it is not there."""
    return prepared_model(Settings())
