"""Which service to name to whom, and how its number is dialled from where the person is. PURE.

What can be called comes before what has only a website. An emergency number never disappears; any other service past
its `review_by` is shown with a request to check it. `phonenumbers` writes the numbers; short codes work only inside
their country. Imports `knowledge` only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import phonenumbers

from knowledge.model import Service

WORLDWIDE = "ZZ"
MOST = 2
ORDINARY = frozenset(
    {
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        phonenumbers.PhoneNumberType.VOIP,
    }
)
THEIR_OWN = frozenset({"consular"})
"""Kinds for which what the origin offers its people comes first."""
OF_ORIGIN = frozenset({"consular", "migrant_worker", "return"})
NEAREST: Mapping[str, tuple[str, ...]] = {
    "trafficking": ("trafficking", "gender_violence", "migrant_worker"),
    "migrant_worker": ("migrant_worker", "labour"),
    "labour": ("labour", "migrant_worker"),
    "mental_health": ("mental_health", "health"),
}
"""Kinds that may stand in, nearest first, where a country has no checked service of the kind itself."""


@dataclass(frozen=True)
class Dialled:
    """A number as somebody must dial it. `only_inside` is the country outside which it does not work, or empty."""

    number: str
    only_inside: str = ""


class Directory:
    """Services by country and kind."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    def service(self, service_id: str) -> Service | None:
        """One service by its id."""
        return self._services.get(service_id)

    def emergency(self, country: str | None) -> tuple[Service, ...]:
        """The emergency numbers of a country, whatever their review date."""
        return tuple(self._of(country, ("emergency",), None)) if country else ()

    def best(self, kind: str, country: str | None, origin: str | None) -> tuple[Service, ...]:
        """Services of a kind: of the country, then what the origin offers its people abroad, or else worldwide."""
        kinds = NEAREST.get(kind, (kind,))
        here = self._of(country, kinds, origin) if country else []
        home = self._of(origin, kinds, origin) if origin and origin != country and kind in OF_ORIGIN else []
        home = [service for service in home if dialled(service, country).only_inside == "" or not country]
        everywhere = self._of(WORLDWIDE, (kind,), origin)
        nearest = [*home[:1], *here[:MOST]] if kind in THEIR_OWN else [*here[:MOST], *home[:1]]
        return tuple(dict.fromkeys(nearest or everywhere))[: MOST + 1]

    def _of(self, country: str | None, kinds: Iterable[str], origin: str | None) -> list[Service]:
        meant = [s for s in self._services.values() if s.country == country and (not s.serves or origin in s.serves)]
        for kind in kinds:
            found = [service for service in meant if service.kind == kind]
            if found:
                return sorted(found, key=lambda service: (not service.phone, service.free is not True, service.id))
        return []


def dialled(service: Service, caller_in: str | None) -> Dialled:
    """The number of a service as it is dialled from `caller_in` (a country, or None when nobody knows).

    Inside its country a number stands as its source prints it. From elsewhere it is written internationally if it can
    be reached: the directory says so, the source prints it with a +, or it is an ordinary line. Short codes, freephone
    and special-rate numbers end at the border.
    """
    if not service.phone or service.country in {caller_in, WORLDWIDE}:
        return Dialled(service.phone)
    international = _international(service)
    if service.from_abroad is False or international is None:
        return Dialled(service.phone, service.country)
    return Dialled(international)


def _international(service: Service) -> str | None:
    """The number for callers from other countries, or None where it is out of their reach."""
    if service.phone.startswith("+"):
        return service.phone
    try:
        parsed = phonenumbers.parse(service.phone, service.country)
    except phonenumbers.NumberParseException:
        return None
    ordinary = phonenumbers.number_type(parsed) in ORDINARY
    if not phonenumbers.is_valid_number(parsed) or not (ordinary or service.from_abroad):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def due(service: Service, today: date) -> bool:
    """Must a reader be asked to check the number? Never for emergency numbers."""
    return service.kind != "emergency" and service.review_by < today
