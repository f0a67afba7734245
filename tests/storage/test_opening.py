"""Opening: one clear sentence for whatever is wrong, and never a key or a table that should not be."""

import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.model.errors import SetupError
from bot.storage import database
from bot.storage.crypt import Crypt, load_or_create_key
from bot.storage.engine import Store
from bot.storage.repositories import conversations, messages, outbox
from bot.storage.tables import metadata
from tests.storage.builders import ANNA, NOON, claim, done, incoming, take

ADVICE = "put back|move the file|check|give|update|free|end it|use an"


def test_the_migrations_make_the_tables_that_the_code_knows(database_url: str) -> None:
    engine = database.create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(database_url: str, crypt: Crypt) -> None:
    engine = database.create_engine(database_url)
    change = sa.text("UPDATE alembic_version SET version_num = :number")
    with engine.begin() as connection:
        newest = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        connection.execute(change, {"number": "9999"})
    try:
        with pytest.raises(SetupError, match="newer Safar"):
            Store.open(database_url, crypt)
    finally:
        with engine.begin() as connection:
            connection.execute(change, {"number": newest})
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_processes_that_start_at_once_agree(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, crypt: Crypt
) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'safar.db'}"
    if kind == "postgres":
        url = request.getfixturevalue("postgres")
        engine = database.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        engine.dispose()
    together = threading.Barrier(3)

    def start(_: int) -> Crypt:
        together.wait()
        store, crypt = Store.open_with_key(url, tmp_path / "key" / "safar.key")
        store.close()
        return crypt

    with ThreadPoolExecutor(3) as pool:
        crypts = list(pool.map(start, range(3)))
    assert len({crypt.digest("x") for crypt in crypts}) == 1


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://root@localhost/x", "postgresql+asyncpg://localhost/x",
     "postgresql+psycopg2://localhost:notaport/x", "mongodb://localhost"],
)  # fmt: skip
def test_a_url_that_will_not_do(url: str, crypt: Crypt) -> None:
    with pytest.raises(SetupError, match="SAFAR_DATABASE_URL"):
        Store.open(url, crypt)


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/x", "postgres://127.0.0.1:1/x"])
def test_a_server_that_is_not_there(url: str, crypt: Crypt) -> None:
    with pytest.raises(SetupError, match="PostgreSQL can't be reached"):
        Store.open(url, crypt)


def test_files_that_are_no_database(tmp_path: Path, crypt: Crypt) -> None:
    (tmp_path / "text").write_text("this is not a database, but long enough to be looked at " * 20)
    (tmp_path / "folder").mkdir()
    for place in ("text", "folder", "text/below", "/proc/nowhere/safar.db"):
        with pytest.raises(SetupError, match=ADVICE):
            Store.open(f"sqlite:///{tmp_path / place}", crypt)
    assert (tmp_path / "text").read_text().startswith("this is not")


def test_a_database_of_something_else_is_not_touched(tmp_path: Path, crypt: Crypt) -> None:
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE conversations (id INTEGER)")
    other.close()
    with pytest.raises(SetupError, match="use an empty one"):
        Store.open(f"sqlite:///{tmp_path / 'other.db'}", crypt)
    other = sqlite3.connect(tmp_path / "other.db")
    assert other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("conversations",)]
    other.close()


def test_a_held_database_is_said_to_be_held(sqlite_url: str, crypt: Crypt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SetupError, match="Another program"):
        Store.open(sqlite_url, crypt)
    other.close()


def test_the_key_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "safar.key"
    first = load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path).digest("a") == first.digest("a")
    assert [file.name for file in path.parent.iterdir()] == ["safar.key"]


def test_a_missing_key_is_not_replaced(database_url: str, tmp_path: Path) -> None:
    key = tmp_path / "safar.key"
    store, _ = Store.open_with_key(database_url, key)
    store.close()
    key.rename(tmp_path / "backup.key")
    with pytest.raises(SetupError, match=r"safar\.key is missing"):
        Store.open_with_key(database_url, key)
    assert not key.exists()
    (tmp_path / "backup.key").rename(key)
    store, _ = Store.open_with_key(database_url, key)
    store.close()


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), bytes(32)])
def test_a_damaged_key_or_anothers_is_refused(database_url: str, tmp_path: Path, content: bytes) -> None:
    key = tmp_path / "safar.key"
    store, _ = Store.open_with_key(database_url, key)
    store.close()
    key.write_bytes(content)
    with pytest.raises(SetupError, match="from your backup"):
        Store.open_with_key(database_url, key)


def test_a_key_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="data directory"):
        load_or_create_key(tmp_path)


@pytest.mark.parametrize("text", ["", "कफाला", "\ud800\udfff", "\x00", "x" * 1_000_000])
def test_whatever_is_sealed_is_unsealed_as_it_was(crypt: Crypt, text: str) -> None:
    sealed = crypt.seal(text)
    assert crypt.unseal(sealed) == text
    assert sealed != crypt.seal(text)


def test_what_was_changed_or_sealed_by_another_is_refused(crypt: Crypt) -> None:
    sealed = crypt.seal("passport")
    changed = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))]
    for bad in [*changed, b"", sealed[:5], sealed[:-1], Crypt(bytes(32)).seal("passport")]:
        with pytest.raises(SetupError):
            crypt.unseal(bad)


def test_digests_tell_their_parts_apart(crypt: Crypt) -> None:
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("ab\ud800", "c"), ("ab?", "c")]
    assert len({crypt.digest(*one) for one in parts}) == len(parts)
    assert crypt.digest("ab", "c") != Crypt(bytes(32)).digest("ab", "c")


def test_nothing_that_people_say_is_readable_in_the_files(sqlite_url: str, tmp_path: Path, crypt: Crypt) -> None:
    store = Store.open(sqlite_url, crypt)
    store.write_sync(lambda s: messages.take_in(s, crypt, incoming(text="my boss keeps my passport"), NOON))
    store.write_sync(lambda s: take(s, crypt, ANNA, "मेरो तलब"))
    (work,) = store.write_sync(lambda s: claim(s, crypt))
    changes = {"rest": ("the rest of it",)}
    store.write_sync(
        lambda s: messages.finish(
            s, crypt, work, "me", done("call 1141", changes=changes, meta={"entry": "withheld"}), NOON
        )
    )
    for closed in (False, True):
        if closed:
            store.close()
        raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"conversations" in raw
        for text in ("passport", "तलब", "the rest of it", "call 1141", "withheld", ANNA, ANNA[1:]):
            assert text.encode() not in raw
    again = Store.open(sqlite_url, crypt)
    assert again.read_sync(lambda s: conversations.find(s, crypt, "telegram", ANNA)) is not None
    assert again.read_sync(outbox.waiting) == 1
    again.close()
