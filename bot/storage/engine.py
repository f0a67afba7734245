"""The store: many readers, one writer that commits in groups. Imports `bot.model` only.

Everything that waits to be written at one moment is written in one transaction and is answered only after the commit:
a hundred webhooks share one sync to the disk. One that fails takes nobody with it: the others are written without it,
and it is tried once more alone. So work may run more than once, and only what was committed counts.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.model.errors import SetupError
from bot.storage import database, keycheck
from bot.storage.crypt import Crypt

T = TypeVar("T")
Work = tuple[Callable[[Connection], Any], "Future[Any]"]
Result = tuple[Any, BaseException | None]
TOGETHER = 200
READERS = 4
TRIES = 3
SUSPECTS = 3
"""So many that fail are left out of a transaction in turn; with more, each is written alone."""
PASSING = ("database is locked", "deadlock detected", "could not serialize")
"""What another process's writing causes now and then, and what is gone when tried again. Nothing was committed."""


class Store:
    """A database. `read` and `write` take a function of a connection; it runs on another thread, in a transaction."""

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

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` and return its result once it is committed. Raises what it raises; then nothing of it stays."""
        return await asyncio.wrap_future(self._submit(work))

    def write_sync(self, work: Callable[[Connection], T]) -> T:
        """The same for commands without an event loop."""
        return self._submit(work).result()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that only reads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_sync, work)

    def read_sync(self, work: Callable[[Connection], T]) -> T:
        """The same on this thread."""
        with self._reading.connect() as connection:
            return work(connection)

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

    def _submit(self, work: Callable[[Connection], T]) -> "Future[T]":
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
        """Commit `batch` together; what fails is tried alone, so that only the guilty one fails."""
        for (_, future), (value, error) in zip(batch, self._results([work for work, _ in batch]), strict=True):
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

    def _results(self, batch: Sequence[Callable[[Connection], Any]]) -> list[Result]:
        """What became of each. The first few that raise are put aside and the others done again without them."""
        rest = list(range(len(batch)))
        aside: list[int] = []
        while len(rest) > 1 and len(aside) < SUSPECTS:
            done, guilty = self._together([batch[number] for number in rest])
            if done is not None:
                aside_results = self._one_by_one([batch[number] for number in aside])
                results = dict(zip([*rest, *aside], [*done, *aside_results], strict=True))
                return [results[number] for number in range(len(batch))]
            if guilty is None:
                break
            aside.append(rest.pop(guilty))
        return self._one_by_one(batch)

    def _together(self, batch: Sequence[Callable[[Connection], Any]]) -> tuple[list[Result] | None, int | None]:
        """What became of each; or nothing was committed, and whose fault it was, if it was anybody's own."""
        done: list[Result] = []
        try:
            with self._transaction() as connection:
                for work in batch:
                    done.append((work(connection), None))
        except _Shut as shut:
            return [(None, shut.why)] * len(batch), None
        except sa.exc.OperationalError:
            return None, None  # the database itself: each is tried alone
        except BaseException:  # the writer outlives everything; tried alone, the guilty one is told
            return None, len(done) if len(done) < len(batch) else None
        return done, None

    def _one_by_one(self, batch: Sequence[Callable[[Connection], Any]]) -> list[Result]:
        results: list[Result] = []
        for work in batch:
            try:
                results.append((self._alone(work), None))
            except _Shut as shut:  # no use waiting again for each of the others
                return results + [(None, shut.why)] * (len(batch) - len(results))
            except BaseException as fault:
                results.append((None, fault))
        return results

    def _alone(self, work: Callable[[Connection], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                with self._transaction() as connection:
                    return work(connection)
            except sa.exc.OperationalError as fault:
                if not any(word in str(fault.orig) for word in PASSING):
                    raise
        with self._transaction() as connection:
            return work(connection)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self.engine.begin())  # SQLite waits here, `database.BUSY_SECONDS` long
            except Exception as fault:
                raise _Shut(fault) from fault
            yield connection


class _Shut(Exception):
    """The database can't be entered at all; no work has run."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why
