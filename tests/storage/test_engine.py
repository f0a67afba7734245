"""The writer: grouped, answered after the commit, outliving what fails; and many readers."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.errors import SetupError
from bot.settings import ROOT
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import messages
from bot.storage.tables import inbox, meta
from tests.storage.builders import NOON, incoming


def note(key: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(sa.insert(meta).values(key=key, value=""))
        return key

    return work


def noted(store: Store) -> set[str]:
    return set(store.read_sync(lambda s: s.execute(sa.select(meta.c.key)).scalars().all())) - {"key_check"}


class Held:
    """Keeps the writer busy until released, so that what follows is written together."""

    def __init__(self, store: Store) -> None:
        self.release = threading.Event()
        entered = threading.Event()
        self._thread = threading.Thread(target=store.write_sync, args=(self._wait(entered),))
        self._thread.start()
        entered.wait(5)

    def _wait(self, entered: threading.Event) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            entered.set()
            self.release.wait(5)

        return work

    def let_go(self) -> None:
        self.release.set()
        self._thread.join()


async def together(store: Store, *works: Callable[[Connection], object]) -> list[object]:
    """The results of works that are written in one transaction."""
    held = await asyncio.to_thread(Held, store)
    waiting = [asyncio.ensure_future(store.write(work)) for work in works]
    await asyncio.sleep(0)
    await asyncio.to_thread(held.let_go)
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_one_that_fails_takes_nobody_with_it(store: Store) -> None:
    def breaks(connection: Connection) -> None:
        note("half")(connection)
        raise ValueError("mine alone")

    results = await together(store, note("a"), breaks, note("a"), note("b"))
    assert results[0] == "a"
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], sa.exc.IntegrityError)
    assert results[3] == "b"
    assert noted(store) == {"a", "b"}


async def test_what_is_written_together_is_committed_once(store: Store) -> None:
    commits = 0

    def count(_connection: sa.Connection) -> None:
        nonlocal commits
        commits += 1

    sa.event.listen(store.engine, "commit", count)
    results = await together(store, *(note(f"k{number}") for number in range(50)))
    assert len(results) == len(noted(store)) == 50
    assert commits == 2  # the one that held the writer, and all others


async def test_the_writer_outlives_even_the_worst(store: Store) -> None:
    def exits(connection: Connection) -> None:
        note("never")(connection)
        raise SystemExit(1)

    held = await asyncio.to_thread(Held, store)
    ended = store._submit(exits)
    fine = store._submit(note("fine"))
    await asyncio.to_thread(held.let_go)
    assert isinstance(await asyncio.to_thread(ended.exception, 5), SystemExit)
    assert await asyncio.to_thread(fine.result, 5) == "fine"
    assert noted(store) == {"fine"}


async def test_a_caller_that_gave_up_is_not_written_for(store: Store) -> None:
    held = await asyncio.to_thread(Held, store)
    waiting = asyncio.ensure_future(store.write(note("abandoned")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.sleep(0.01)
    await asyncio.to_thread(held.let_go)
    assert await store.write(note("next")) == "next"
    assert noted(store) == {"next"}


def test_closing_writes_what_waits_and_then_refuses(open_store: Callable[[], Store]) -> None:
    store = open_store()
    held = Held(store)
    futures = [store._submit(note(f"k{number}")) for number in range(300)]
    closing = threading.Thread(target=store.close)
    closing.start()
    held.let_go()
    closing.join()
    assert [future.result(0) for future in futures] == [f"k{number}" for number in range(300)]
    with pytest.raises(SetupError):
        store.write_sync(note("late"))
    store.close()
    assert len(noted(open_store())) == 300


def test_moments_are_the_same_moment_everywhere(store: Store, crypt: Crypt) -> None:
    nepal = timezone(timedelta(hours=5, minutes=45))
    moment = datetime(2026, 3, 1, 17, 45, 0, 123456, tzinfo=nepal)
    store.write_sync(lambda c: messages.take_in(c, crypt, incoming(), moment))
    (read,) = store.read_sync(lambda s: s.execute(sa.select(inbox.c.received_at)).scalars().all())
    assert (read, read.tzinfo) == (moment, UTC)


def test_reading_does_not_wait_for_a_writer(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    ours.write_sync(note("before"))
    held = Held(theirs)
    began = time.monotonic()
    assert noted(ours) == {"before"}
    assert time.monotonic() - began < 1
    held.let_go()


def test_writers_of_several_processes_queue(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    held = Held(theirs)
    waiting = ours._submit(note("waited"))
    time.sleep(0.2)
    held.let_go()
    assert waiting.result(5) == "waited"


async def test_a_full_disk_is_told_to_each_caller_and_survived(sqlite_url: str, crypt: Crypt) -> None:
    store = Store.open(sqlite_url, crypt)

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + full}")

    full = 2
    store.engine.dispose()
    sa.event.listen(store.engine, "connect", limit)
    big = incoming(text="x" * 100_000)
    works = [lambda c: messages.take_in(c, crypt, big, NOON) for _ in range(3)]
    results = await together(store, *works, note("small"))
    assert [type(result) for result in results[:3]] == [sa.exc.OperationalError] * 3
    assert results[3] == "small"
    full = 1_000  # space again
    store.engine.dispose()
    assert (await store.write(works[0])).new
    store.close()


async def test_a_lost_server_is_told_to_each_caller_and_survived(postgres_url: str, crypt: Crypt) -> None:
    store = Store.open(postgres_url, crypt)
    cut = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = pg_backend_pid()")

    def dies(connection: Connection) -> None:
        note("lost")(connection)
        connection.execute(cut)

    results = await together(store, note("a"), dies, note("b"))
    assert [results[0], results[2]] == ["a", "b"]
    assert isinstance(results[1], sa.exc.OperationalError)
    assert await store.write(note("c")) == "c"
    assert noted(store) == {"a", "b", "c"}
    store.close()


async def test_a_database_that_stays_locked_is_told_to_all_at_once(
    sqlite_url: str, crypt: Crypt, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.storage import database

    monkeypatch.setattr(database, "BUSY_SECONDS", 0.3)
    store = Store.open(sqlite_url, crypt)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    results = await asyncio.gather(*(store.write(note(f"k{n}")) for n in range(20)), return_exceptions=True)
    assert {type(result) for result in results} == {sa.exc.OperationalError}
    assert time.monotonic() - began < 3
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        await store.write(note("alone"))
    other.execute("ROLLBACK")
    other.close()
    assert await store.write(note("later")) == "later"
    store.close()


async def test_two_hundred_messages_a_second_are_stored_within_their_time(store: Store, crypt: Crypt) -> None:
    times: list[float] = []

    async def deliver(number: int) -> None:
        began = time.perf_counter()
        message = incoming(f"+{number % 50}", "a question of ordinary length, as people ask it")
        await store.write(lambda c: messages.take_in(c, crypt, message, NOON))
        times.append(time.perf_counter() - began)

    tasks = []
    for number in range(300):
        tasks.append(asyncio.create_task(deliver(number)))
        await asyncio.sleep(1 / 200)
    await asyncio.gather(*tasks)
    assert sorted(times)[int(len(times) * 0.95)] < 0.05
    assert store.read_sync(messages.pending) == 300


async def test_nobody_is_answered_before_the_commit(store: Store) -> None:
    failing = True

    def break_down(_connection: sa.Connection) -> None:
        if failing:
            raise RuntimeError("the commit failed")

    sa.event.listen(store.engine, "commit", break_down)
    results = await asyncio.gather(*(store.write(note(f"k{n}")) for n in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 5
    failing = False
    assert await store.write(note("k0")) == "k0"
    assert noted(store) == {"k0"}


def test_sqlite_syncs_fully_and_keeps_its_keys(sqlite_url: str, crypt: Crypt) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(sa.text(f"PRAGMA {name}")).scalar() for name in names]

    store = Store.open(sqlite_url, crypt)
    assert store.write_sync(pragmas) == store.read_sync(pragmas) == ["wal", 2, 1]
    store.close()


DELIVER = """if True:
    import itertools, sys
    from bot.storage.crypt import Crypt
    from bot.storage.engine import Store
    from bot.storage.repositories import messages
    from tests.storage.builders import NOON, incoming
    crypt = Crypt(bytes(range(32)))
    store = Store.open(sys.argv[1], crypt)
    for number in itertools.count():
        message = incoming(dedupe=str(number))
        taken = store.write_sync(lambda c: messages.take_in(c, crypt, message, NOON))
        print(taken.message_id, flush=True)
"""


def test_what_was_acknowledged_is_there_after_the_process_is_killed(database_url: str, crypt: Crypt) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DELIVER, database_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(40)]
        process.kill()
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    store = Store.open(database_url, crypt)
    stored = store.read_sync(lambda s: s.execute(sa.select(inbox.c.id).order_by(inbox.c.position)).scalars().all())
    assert list(stored)[: len(acknowledged)] == acknowledged
    assert len(stored) - len(acknowledged) in {0, 1}  # one may be stored whose word was lost
    store.close()
