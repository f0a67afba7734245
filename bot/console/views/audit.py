"""The audit log: who did what, when. Never a word of a person. Imports `console.base`."""

from starlette.responses import Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.console.views.queue import NUMBER
from bot.handoff.policy import Action
from bot.storage.repositories import cases, staff

SHOWN = 100


class AuditPage:
    """Newest first."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """For the staff application."""
        return [Route("/audit", self._console.guarded(self.show, Action.READ_AUDIT))]

    async def show(self, visit: Visit) -> Response:
        """A hundred lines, and a link to those before."""
        raw = visit.request.query_params.get("before", "")
        before = int(raw) if raw.isdecimal() and len(raw) < 15 else None
        store = self._console.desk.store
        rows = await store.read(lambda db: cases.audited(db, before, SHOWN))
        everybody = {one.id: one for one in await store.read(staff.everybody)}
        return self._console.page(visit, "audit.html", rows=rows, staff=everybody, number=NUMBER, shown=SHOWN)
