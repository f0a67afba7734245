"""Delivery reports: what became of a message after it left. Imports `bot.model` and `bot.storage`."""

from bot.model.messages import Report
from bot.storage.engine import Store
from bot.storage.repositories import outbox


class Reports:
    """Takes reports from webhooks. Late, repeated and unknown ones change nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def accept(self, report: Report) -> bool:
        """True when the report belonged to a message of ours."""
        return await self._store.write(lambda session: outbox.report(session, report))
