"""What is published, in memory: entries, directory and search, exchanged as a whole when anything is published.

Imports `bot.storage` and `knowledge`. The revision in the database is looked at twice a second, so that every desk
process sees within a second what any of them publishes; what cannot be built leaves what was there.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from bot.model.clock import utc_now
from bot.storage.engine import Store
from bot.storage.repositories import knowledge as rows
from knowledge import exchange
from knowledge.directory import Directory
from knowledge.model import Knowledge
from knowledge.search import EncodeMany, Search

log = structlog.get_logger()
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class _Held:
    revision: int
    knowledge: Knowledge
    search: Search
    directory: Directory


class Library:
    """The shelf that answers are taken from. `load()` before anything else."""

    def __init__(self, store: Store, encode_many: EncodeMany, weights: Sequence[float] | None = None) -> None:
        self._store = store
        self._encode_many = encode_many
        self._weights = weights
        self._held: _Held | None = None

    @property
    def knowledge(self) -> Knowledge:
        """What is published."""
        return self._now.knowledge

    @property
    def search(self) -> Search:
        """How it is found."""
        return self._now.search

    @property
    def directory(self) -> Directory:
        """Its services."""
        return self._now.directory

    @property
    def _now(self) -> _Held:
        if self._held is None:
            raise RuntimeError("the library is used before it was loaded")
        return self._held

    def load(self) -> None:
        """Read what is published now."""
        revision, found = self._store.read_sync(_documents)
        knowledge = exchange.from_documents(found)
        if self._held is None:
            search = Search(knowledge, self._encode_many, self._weights)
        else:
            search = self._held.search.updated(knowledge)
        self._held = _Held(revision, knowledge, search, Directory(knowledge.services))

    async def follow(self) -> None:
        """Load again whenever something was published, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if await self._store.read(rows.revision) != self._now.revision:
                    await asyncio.get_running_loop().run_in_executor(None, self.load)
            except Exception as broken:
                log.error("library_not_loaded", error=type(broken).__name__)


def _documents(connection: Connection) -> tuple[int, dict[str, dict[str, Any]]]:
    return rows.revision(connection), {kind: rows.current(connection, kind) for kind in exchange.KINDS}


def publish(store: Store, knowledge: Knowledge) -> int:
    """Publish what a checkout holds and the database does not; how many documents changed."""

    def write(connection: Connection) -> int:
        now = utc_now()
        known = rows.digests(connection)
        wanted = list(exchange.documents(knowledge))
        gone = known.keys() - {(document.kind, document.key) for document in wanted}
        new = [d for d in wanted if known.get((d.kind, d.key)) != d.digest]
        for document in new:
            rows.publish(connection, document.kind, document.key, document.body, document.digest, now)
        for kind, key in gone:
            rows.withdraw(connection, kind, key)
        return len(new) + len(gone)

    return store.write_sync(write)
