"""A case opens: found, raised, opened again or made, and given to a centre. Imports `model`, `storage`.

Everything here runs inside the transaction of whoever calls, behind the lock of the conversation's row, so that danger
and a wish for a person that arrive together make one case.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.handoff import hours, routing
from bot.handoff.policy import ServiceLevels
from bot.handoff.routing import Wanted
from bot.model.cases import ASKED, BY_CURATOR, UNANSWERED, Case, Centre, Status
from bot.model.people import Conversation
from bot.storage.crypt import Crypt
from bot.storage.repositories import cases, staff
from bot.storage.repositories.conversations import new_id

CALM = frozenset({ASKED, UNANSWERED, BY_CURATOR})
REOPEN_DAYS = 14
"""Who asks for a person again so soon gets the same case, and if possible the same person."""


@dataclass(frozen=True)
class Reason:
    """Why a case opens. `kind` is a kind of danger, or one of `asked unanswered curator`, which are not urgent."""

    kind: str
    staff_id: str | None = None

    @property
    def urgent(self) -> bool:
        """Is somebody in danger?"""
        return self.kind not in CALM


class Opener:
    """Opens cases by the service levels of the settings."""

    def __init__(self, crypt: Crypt, levels: ServiceLevels) -> None:
        self._crypt = crypt
        self._levels = levels

    def open(
        self, db: Connection, conversation: Conversation, why: str, now: datetime, staff_id: str | None = None
    ) -> str:
        """The id of the conversation's case, which is open afterwards (or, being somebody's already, stays theirs)."""
        reason = Reason(why, staff_id)
        cases.lock(db, conversation.id)
        if found := cases.active(db, conversation.id):
            return self._raise(db, found, reason, now)
        if closed := cases.last_closed(db, conversation.id, now - timedelta(days=REOPEN_DAYS)):
            return self.reopen(db, closed, reason, now)
        return self._new(db, conversation, reason, now)

    def _raise(self, db: Connection, case: Case, reason: Reason, now: datetime) -> str:
        """Danger makes a case urgent and offers it anew; nothing makes it less."""
        if reason.urgent:
            values = {"urgent": True, "kind": reason.kind, "waiting_since": case.waiting_since or now}
            if not case.urgent:
                values |= self._times(self._centre(db, case.centre_id), True, now)
            cases.change(db, case.id, **values)
            self._note(db, case.id, "danger", reason, now)
        elif case.kind != reason.kind:
            self._note(db, case.id, "asked", reason, now)
        return case.id

    def reopen(self, db: Connection, case: Case, reason: Reason, now: datetime) -> str:
        """A closed case is open again; who had it is named to the others."""
        kind = reason.kind if reason.urgent else case.kind
        state = {"status": Status.OPEN.value, "owner_id": None, "preferred_id": case.owner_id or case.preferred_id}
        ended = {"closed_at": None, "outcome": None, "replied_at": None, "circle": 0, "parked_until": None}
        times = self._times(self._centre(db, case.centre_id), reason.urgent, now)
        moment = {"last_at": now, "waiting_since": now, "opened_at": now}
        cases.change(db, case.id, urgent=reason.urgent, kind=kind, **state, **ended, **times, **moment)
        self._note(db, case.id, "reopened", reason, now)
        return case.id

    def _new(self, db: Connection, conversation: Conversation, reason: Reason, now: datetime) -> str:
        countries = frozenset(filter(None, (conversation.origin, conversation.destination)))
        wanted = Wanted(conversation.language, countries)
        found = staff.all_centres(db)
        centre = routing.choose_centre(wanted, found, staff.everybody(db), cases.load(db), now)
        case = Case(
            id=new_id(),
            conversation_id=conversation.id,
            status=Status.OPEN,
            urgent=reason.urgent,
            kind=reason.kind,
            language=conversation.language,
            origin=conversation.origin,
            destination=conversation.destination,
            centre_id=centre.id if centre else None,
            owner_id=None,
            preferred_id=None,
            circle=0,
            opened_at=now,
            due_at=now,
            replied_at=None,
            parked_until=None,
            closed_at=None,
            outcome=None,
            last_at=now,
            waiting_since=now,
        )
        cases.add(db, case)
        cases.change(db, case.id, **self._times(centre, reason.urgent, now))
        self._note(db, case.id, "opened", reason, now)
        return case.id

    def times(self, db: Connection, case: Case, centre_id: str | None, now: datetime) -> dict[str, object]:
        """When a case is due and is offered more widely, if it goes to this centre now."""
        return self._times(self._centre(db, centre_id), case.urgent, now)

    def widen_after(self, urgent: bool) -> timedelta:
        """How long a case waits in one circle."""
        return timedelta(minutes=self._levels.widen_urgent if urgent else self._levels.widen_normal)

    def _times(self, centre: Centre | None, urgent: bool, now: datetime) -> dict[str, object]:
        minutes = self._levels.urgent if urgent else self._levels.normal
        due = hours.due(centre, now, minutes) if centre else now + timedelta(minutes=minutes)
        return {"due_at": due, "widen_at": now + self.widen_after(urgent)}

    def _centre(self, db: Connection, centre_id: str | None) -> Centre | None:
        return staff.centre(db, centre_id) if centre_id else None

    def _note(self, db: Connection, case_id: str, kind: str, reason: Reason, now: datetime) -> None:
        body = {"kind": reason.kind} if reason.kind != ASKED else {}
        cases.note(db, self._crypt, case_id, kind, reason.staff_id, body, now)
