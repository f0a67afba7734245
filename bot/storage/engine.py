"""The store: many readers, one writer that commits in groups. Imports `bot.model` only.

Everything that waits to be written at one moment is written in one transaction, each piece of work in a savepoint of
its own, and is answered only after the commit: a hundred webhooks share one sync to the disk, and one that fails takes
nobody with it. When a whole transaction fails, each piece is tried once more alone: work may run more than once, and
only what was committed counts.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.model.errors import SetupError
from bot.storage import database, keycheck
from bot.storage.crypt import Crypt

T = TypeVar("T")
Work = tuple[Callable[[Session], Any], "Future[Any]"]
Result = tuple[Any, BaseException | None]
TOGETHER = 200
READERS = 4
TRIES = 3
PASSING = ("database is locked", "deadlock detected", "could not serialize")
"""What another process's writing causes now and then, and what is gone when tried again. Nothing was committed."""


class Store:
    """A database. `read` and `write` take a function of a session; it runs on another thread, in a transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._reading = database.reading(engine)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write_all, name="store-write", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, url: str, crypt: Crypt) -> "Store":
        """Open and migrate. Raises `SetupError` when the database or its key can't be used."""
        engine = database.create_engine(url)
        database.migrate(engine)
        with engine.begin() as connection:
            keycheck.check(connection, crypt)
        return cls(engine)

    @classmethod
    def open_with_key(cls, url: str, key: Path) -> tuple["Store", Crypt]:
        """The same with the key's file, which is made for a new database and only for a new one."""
        engine = database.create_engine(url)
        database.migrate(engine)
        crypt = keycheck.open_key(engine, key)
        return cls(engine), crypt

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` and return its result once it is committed. Raises what it raises; then nothing of it stays."""
        return await asyncio.wrap_future(self._submit(work))

    def write_sync(self, work: Callable[[Session], T]) -> T:
        """The same for commands without an event loop."""
        return self._submit(work).result()

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction that only reads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_sync, work)

    def read_sync(self, work: Callable[[Session], T]) -> T:
        """The same on this thread."""
        with Session(self._reading) as session:
            return work(session)

    def close(self) -> None:
        """Write what waits, then end. Whoever comes later gets `SetupError`. Closing twice does nothing."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def _submit(self, work: Callable[[Session], T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._door:  # nothing may be queued behind the end: nobody would ever answer it
            if self._closed:
                raise SetupError("The store is closed.")
            self._queue.put((work, future))
        return future

    def _write_all(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = self._batch(first)
            self._commit([work for work in batch if work[1].set_running_or_notify_cancel()])
            if last:
                return

    def _batch(self, first: Work) -> tuple[list[Work], bool]:
        batch = [first]
        while len(batch) < TOGETHER:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if work is None:
                return batch, True
            batch.append(work)
        return batch, False

    def _commit(self, batch: Sequence[Work]) -> None:
        """Commit `batch` together; if that fails as a whole, each on its own, so that only the guilty one fails."""
        results = self._together(batch) if len(batch) > 1 else None
        for (_, future), (value, error) in zip(batch, results or self._one_by_one(batch), strict=True):
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

    def _together(self, batch: Sequence[Work]) -> list[Result] | None:
        """What became of each, or None when nothing was committed and each should be tried alone."""
        try:
            with self._transaction() as session:
                return [_in_savepoint(session, work) for work, _ in batch]
        except _Shut as shut:
            return [(None, shut.why)] * len(batch)
        except BaseException:  # the writer outlives everything; tried alone, the guilty one is told
            return None

    def _one_by_one(self, batch: Sequence[Work]) -> list[Result]:
        results: list[Result] = []
        for work, _ in batch:
            try:
                results.append((self._alone(work), None))
            except _Shut as shut:  # no use waiting again for each of the others
                return results + [(None, shut.why)] * (len(batch) - len(results))
            except BaseException as fault:
                results.append((None, fault))
        return results

    def _alone(self, work: Callable[[Session], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                with self._transaction() as session:
                    return work(session)
            except sa.exc.OperationalError as fault:
                if not any(word in str(fault.orig) for word in PASSING):
                    raise
        with self._transaction() as session:
            return work(session)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            try:
                session.connection()  # SQLite waits here for other writers, up to `database.BUSY_SECONDS`
            except Exception as fault:
                raise _Shut(fault) from fault
            yield session


class _Shut(Exception):
    """The database can't be entered at all; no work has run."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


def _in_savepoint(session: Session, work: Callable[[Session], Any]) -> Result:
    try:
        with session.begin_nested():
            return work(session), None
    except sa.exc.OperationalError:
        raise  # the database itself: nobody's own fault, each is tried alone
    except Exception as fault:
        return None, fault
