"""Which centre gets a case, and who may take it, circle by circle. PURE.

It always ends at somebody: the last circle is everybody who may take cases at all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.handoff.hours import is_open
from bot.handoff.policy import TAKES_CASES
from bot.model.cases import Case, Centre, Staff

OWN, NEAR, ALL = 0, 1, 2
"""Circles: who speaks the language at the centre; the whole centre, and who speaks it elsewhere; everybody."""
SPEAKS, WORKS_ON, OPEN = 8.0, 4.0, 2.0
"""What counts when a centre is chosen: language before country before opening hours; then the fewest cases a head."""


@dataclass(frozen=True)
class Wanted:
    """What a case asks of those who take it."""

    language: str | None
    countries: frozenset[str] = frozenset()


def choose_centre(
    wanted: Wanted, centres: Sequence[Centre], staff: Sequence[Staff], load: Mapping[str, int], now: datetime
) -> Centre | None:
    """The centre that fits best; None only when there is none at all. `load` counts the cases in hand by centre."""
    return max(centres, key=lambda c: (_fit(wanted, c, staff, load, now), c.name), default=None)


def _fit(
    wanted: Wanted, centre: Centre, staff: Sequence[Staff], load: Mapping[str, int], now: datetime
) -> tuple[bool, float, float]:
    there = [one for one in staff if one.centre_id == centre.id and can_take(one)]
    speaks = any(wanted.language in one.languages for one in there)
    works_on = bool(centre.countries & wanted.countries) or (not centre.countries and not wanted.countries)
    score = SPEAKS * speaks + WORKS_ON * works_on + (not centre.countries) + OPEN * is_open(centre, now)
    return bool(there), score, -load.get(centre.id, 0) / max(1, len(there))


def can_take(one: Staff) -> bool:
    """Does this colleague take cases at all?"""
    return one.active and one.role in TAKES_CASES


def circle(case: Case, staff: Collection[Staff]) -> list[Staff]:
    """Who is offered the case at its present circle. Empty circles are widened at once: somebody always is."""
    for number in range(case.circle, ALL + 1):
        found = [one for one in staff if can_take(one) and within(case, one, number)]
        if found:
            return found
    return []


def within(case: Case, one: Staff, number: int) -> bool:
    """Is this colleague in a circle of the case?"""
    here, speaks = one.centre_id == case.centre_id, case.language in one.languages
    if number == OWN:
        return here and speaks
    return number >= ALL or here or speaks
