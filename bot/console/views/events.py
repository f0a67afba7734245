"""News of cases as server-sent events, for pages that are open. Imports `console.base`.

An event says which case and what kind of thing happened, never what was written. Nothing is lost with the line: a page
that connects again reads itself anew.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.handoff.policy import Action
from bot.handoff.service import Change
from bot.model.cases import Status
from bot.storage.repositories import cases, queue

URGENT_NEWS = frozenset({"opened", "danger", "reopened", "widened"})


class Events:
    """The stream."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """For the staff application."""
        return [Route("/events", self._console.guarded(self.listen, Action.SEE))]

    async def listen(self, visit: Visit) -> Response:
        """Changes to cases that this colleague may see."""
        return EventSourceResponse(self._events(visit), ping=15)

    async def _events(self, visit: Visit) -> AsyncIterator[dict[str, str]]:
        handoff = self._console.desk.handoff
        changes = handoff.listen()
        try:
            yield {"event": "ready", "data": "{}"}
            while True:
                change = await changes.get()
                if told := await self._told(visit, change):
                    yield {"event": "case", "id": str(change.number), "data": json.dumps(told)}
        except asyncio.CancelledError:
            raise
        finally:
            handoff.ignore(changes)

    async def _told(self, visit: Visit, change: Change) -> dict[str, object] | None:
        store = self._console.desk.store
        if not await store.read(lambda db: queue.may_see(db, change.case_id, visit.sight)):
            return None
        case = await store.read(lambda db: cases.get(db, change.case_id))
        alarm = case is not None and case.urgent and case.status is Status.OPEN and change.kind in URGENT_NEWS
        return {"case": change.case_id, "kind": change.kind, "alarm": alarm and visit.by.sound}
