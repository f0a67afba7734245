"""What time itself does to cases: nobody claimed it in time, a parked one is due. Imports `storage`, `handoff`."""

from datetime import datetime

from sqlalchemy import Connection

from bot.handoff import routing
from bot.handoff.opening import Opener
from bot.model.cases import Status
from bot.storage.crypt import Crypt
from bot.storage.repositories import cases


def go_round(db: Connection, crypt: Crypt, opener: Opener, now: datetime) -> int:
    """Offer unclaimed cases to the next circle and bring back parked ones; how many changed."""
    widened, rested = cases.overdue(db, now), cases.rested(db, now)
    for case in widened:
        number = min(case.circle + 1, routing.ALL)
        next_time = now + opener.widen_after(case.urgent) if number < routing.ALL else None
        cases.change(db, case.id, circle=number, widen_at=next_time)
        cases.note(db, crypt, case.id, "widened", None, {"circle": number}, now)
    for case in rested:
        cases.change(db, case.id, status=Status.CLAIMED.value, parked_until=None, waiting_since=now)
        cases.note(db, crypt, case.id, "rested", None, {}, now)
    return len(widened) + len(rested)
