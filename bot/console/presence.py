"""Who is looking at a case, and who is typing. In memory: gone after half a minute, and no harm if it is lost. PURE."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GONE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Present:
    """Somebody at a case."""

    name: str
    typing: bool
    at: datetime


class Presence:
    """Notes from pages that are open."""

    def __init__(self) -> None:
        self._cases: dict[str, dict[str, Present]] = {}

    def here(self, case_id: str, staff_id: str, name: str, typing: bool, now: datetime) -> bool:
        """Somebody is looking; True when that is news for the others."""
        there = self._cases.setdefault(case_id, {})
        before = there.get(staff_id)
        there[staff_id] = Present(name, typing, now)
        return before is None or before.typing != typing or now - before.at > GONE_AFTER

    def others(self, case_id: str, staff_id: str, now: datetime) -> list[Present]:
        """Who else is there."""
        there = self._cases.get(case_id, {})
        for name in [name for name, one in there.items() if now - one.at > GONE_AFTER]:
            del there[name]
        if not there:
            self._cases.pop(case_id, None)
        return [one for name, one in there.items() if name != staff_id]
