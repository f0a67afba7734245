"""The store: many readers, one writer that commits in groups. Imports `bot.model` only.

Everything that waits to be written at one moment is written in one transaction, each piece of work in a savepoint of
its own, and is answered only after the commit: a hundred webhooks share one sync to the disk, and one that fails takes
nobody with it.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from bot.model.errors import SetupError
from bot.storage import database, keycheck
from bot.storage.crypt import Crypt

T = TypeVar("T")
Work = tuple[Callable[[Session], Any], "Future[Any]"]
log = structlog.get_logger()
TOGETHER = 200
READERS = 4


class Store:
    """A database. `read` and `write` take a function of a session; it runs on another thread, in a transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._reading = database.reading(engine)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
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
        """Write what waits, then end."""
        self._queue.put(None)
        self._writer.join(timeout=30)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def _submit(self, work: Callable[[Session], T]) -> "Future[T]":
        if not self._writer.is_alive():
            raise SetupError("The store is closed.")
        future: Future[T] = Future()
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
        if not batch:
            return
        try:
            results = self._try(batch)
        except Exception as fault:
            if len(batch) > 1:
                for work in batch:
                    self._commit([work])
                return
            batch[0][1].set_exception(fault)
            return
        for (_, future), (value, error) in zip(batch, results, strict=True):
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

    def _try(self, batch: Sequence[Work]) -> list[tuple[Any, Exception | None]]:
        results: list[tuple[Any, Exception | None]] = []
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            if len(batch) == 1:
                return [(batch[0][0](session), None)]
            for work, _ in batch:
                try:
                    with session.begin_nested():
                        results.append((work(session), None))
                except sa.exc.OperationalError:
                    raise  # the database itself: nobody's own fault, each is tried alone
                except Exception as fault:
                    results.append((None, fault))
        return results
