"""The queue: danger on top, then who has waited longest. Imports `console.base`."""

from datetime import datetime, timedelta

from starlette.responses import Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.handoff import hours
from bot.handoff.policy import Action
from bot.model.cases import Case, Status
from bot.storage.repositories import queue, staff
from bot.storage.repositories.queue import Filters

SHOWN = 100
SOON = timedelta(minutes=30)
NUMBER = 6
"""Letters of a case's id by which colleagues speak of it."""


class QueuePage:
    """The first page after signing in."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """For the staff application."""
        return [Route("/", self._console.guarded(self.show, Action.SEE))]

    async def show(self, visit: Visit) -> Response:
        """The cases that fit the filters; those in danger are counted in the title."""
        asked = visit.request.query_params
        filters = Filters(
            status=asked.get("status", "") if asked.get("status", "") in set(Status) else "",
            language=asked.get("language", "")[:16],
            kind=asked.get("kind", "")[:24],
            country=asked.get("country", "").upper()[:2],
            owner=visit.by.id if asked.get("mine") else "",
            urgent=bool(asked.get("urgent")),
            number=asked.get("find", "").strip().lower()[:32],
        )
        store = self._console.desk.store
        found = await store.read(lambda db: queue.listed(db, filters, visit.sight, SHOWN))
        danger = await store.read(
            lambda db: queue.count(db, Filters(status=Status.OPEN.value, urgent=True), visit.sight)
        )
        everybody = {one.id: one for one in await store.read(staff.everybody)}
        centres = {one.id: one for one in await store.read(staff.all_centres)}
        return self._console.page(
            visit,
            "queue.html",
            rows=found,
            danger=danger,
            staff=everybody,
            centres=centres,
            filters=filters,
            languages=self._console.desk.locales.languages,
            late=lambda case: lateness(case, visit.now),
            number=NUMBER,
            open_now={key: hours.is_open(one, visit.now) for key, one in centres.items()},
        )


def lateness(case: Case, now: datetime) -> str:
    """ "late" or "soon" when the first reply is overdue or nearly so."""
    if case.replied_at is not None or case.status is Status.CLOSED:
        return ""
    return "late" if case.due_at <= now else "soon" if case.due_at <= now + SOON else ""
