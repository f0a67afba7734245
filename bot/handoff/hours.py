"""Opening hours: is a centre open, when is it next, and when has it been open for so many minutes. PURE.

Hours are read in the centre's own time zone, so a change to summer time moves nothing for those who work there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.model.cases import Centre

DAYS_AHEAD = 60
"""So far ahead an opening is looked for; a centre without any in that time counts as always open, so that what is due
falls due."""


def is_open(centre: Centre, at: datetime) -> bool:
    """Is somebody there at this moment?"""
    first = next(_spans(centre, at), None)
    return first is not None and first[0] <= at


def opens_at(centre: Centre, at: datetime) -> datetime:
    """When somebody is there: `at` itself if it is open."""
    first = next(_spans(centre, at), None)
    return at if first is None else max(at, first[0])


def due(centre: Centre, at: datetime, minutes: int) -> datetime:
    """The moment by which the centre has been open for `minutes` since `at`."""
    left = timedelta(minutes=minutes)
    for start, end in _spans(centre, at):
        begin = max(start, at)
        if begin + left <= end:
            return begin + left
        left -= end - begin
    return at + timedelta(minutes=minutes)


def _spans(centre: Centre, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Times of opening that end after `at`, in UTC and in order."""
    zone = ZoneInfo(centre.timezone)
    today = at.astimezone(zone).date()
    for ahead in range(-1, DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if day in centre.holidays:
            continue
        for opens, closes in sorted(centre.hours.get(day.weekday(), ())):
            start = datetime.combine(day, time.fromisoformat(opens), zone)
            end = datetime.combine(day, _end(closes), zone) + (timedelta(days=1) if closes <= opens else timedelta())
            if end.astimezone(UTC) > at:
                yield start.astimezone(UTC), end.astimezone(UTC)


def _end(closes: str) -> time:
    """24:00 is the midnight after."""
    return time(0) if closes == "24:00" else time.fromisoformat(closes)
