"""A moment as people read it: in the time of where they are. PURE; imports Babel and pytz.

A country with several times of its own can't tell which one somebody lives by: then the centre's time is said, by name.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytz  # type: ignore[import-untyped]
from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_datetime, get_timezone_name

PATTERN = "EEEE d MMMM, HH:mm"


def zone_of(country: str | None, at: datetime) -> ZoneInfo | None:
    """The time zone of a country (ISO 3166-1 alpha-2), if at that moment all of it has one time."""
    names = pytz.country_timezones.get(country or "", [])
    zones = [ZoneInfo(name) for name in names]
    return zones[0] if zones and len({at.astimezone(zone).utcoffset() for zone in zones}) == 1 else None


def said(at: datetime, country: str | None, language: str, centre_zone: str) -> str:
    """Weekday, date and time; followed by whose time it is where that is not the person's own."""
    own = zone_of(country, at)
    zone = own or ZoneInfo(centre_zone)
    locale = _locale(language)
    text = format_datetime(at.astimezone(zone), PATTERN, locale=locale)
    return text if own else f"{text} ({get_timezone_name(zone, locale=locale)})"


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
