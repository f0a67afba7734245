"""Which service is named to whom, and how its number is dialled from where they are."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.directory import Dialled, Directory, dialled, due
from knowledge.load import load
from knowledge.model import Service
from tests.knowledge.samples import service

SERVICES = [
    service("sa_police", "SA", "emergency", "999", review_by=date(2020, 1, 1)),
    service("sa_labour", "SA", "labour", "19911"),
    service("sa_paid", "SA", "labour", "+966 11 200 0000", free=False),
    service("sa_free", "SA", "labour", "800 111", free=True),
    service("np_office", "NP", "migrant_worker", "1141"),
    service("ph_abroad", "PH", "consular", "+63 2 8722 1144"),
    service("sa_indians", "SA", "consular", "800 247 1234", serves=("IN",)),
    service("sa_foreigners", "SA", "consular", "+966 11 300 0000"),
    service("zz_sea", "ZZ", "sea_rescue", "+33 4 86 51 71 61"),
    service("zz_help", "ZZ", "trafficking", "+41 22 000 0000"),
]
DIRECTORY = Directory({found.id: found for found in SERVICES})


def ids(found: tuple[Service, ...]) -> list[str]:
    return [one.id for one in found]


@pytest.mark.parametrize(
    ("kind", "country", "origin", "wanted"),
    [
        ("labour", "SA", None, ["sa_free", "sa_labour"]),  # free ones first, no more than two
        ("migrant_worker", "SA", "NP", ["sa_free", "sa_labour"]),  # nearest kind; 1141 is out of reach from there
        ("migrant_worker", "NP", "NP", ["np_office"]),
        ("consular", "SA", "PH", ["ph_abroad", "sa_foreigners"]),  # their own country's comes first
        ("consular", "SA", "IN", ["sa_foreigners", "sa_indians"]),
        ("consular", "SA", None, ["sa_foreigners"]),  # not the one for others
        ("trafficking", "QA", None, ["zz_help"]),
        ("sea_rescue", None, None, ["zz_sea"]),
        ("children", "QA", "NP", []),
    ],
)
def test_the_best_services(kind: str, country: str | None, origin: str | None, wanted: list[str]) -> None:
    assert ids(DIRECTORY.best(kind, country, origin)) == wanted


def test_what_can_be_called_comes_before_what_has_only_a_website() -> None:
    found = [
        service("jo_a", "JO", "migrant_worker", "", website="https://example.org"),
        service("jo_b", "JO", "migrant_worker", "1"),
    ]
    assert ids(Directory({one.id: one for one in found}).best("migrant_worker", "JO", None)) == ["jo_b", "jo_a"]
    assert dialled(found[0], "SA") == Dialled("")


def test_an_emergency_number_never_disappears() -> None:
    assert ids(DIRECTORY.emergency("SA")) == ["sa_police"]
    assert DIRECTORY.emergency(None) == DIRECTORY.emergency("XX") == ()
    assert not due(SERVICES[0], date(2030, 1, 1))
    assert due(SERVICES[1], date(2030, 1, 1))
    assert not due(SERVICES[1], SERVICES[1].review_by)


@pytest.mark.parametrize(
    ("phone", "country", "from_abroad", "caller", "wanted"),
    [
        ("999", "AE", None, "AE", Dialled("999")),
        ("999", "AE", None, "NP", Dialled("999", "AE")),
        ("999", "AE", None, None, Dialled("999", "AE")),
        ("03-8000 8000", "MY", None, "MY", Dialled("03-8000 8000")),  # as its source prints it
        ("03-8000 8000", "MY", None, "NP", Dialled("+60 3-8000 8000")),
        ("03-8000 8000", "MY", False, "NP", Dialled("03-8000 8000", "MY")),
        ("1-888-373-7888", "US", None, "US", Dialled("1-888-373-7888")),
        ("1-888-373-7888", "US", None, "MX", Dialled("1-888-373-7888", "US")),  # freephone ends at the border
        ("1-888-373-7888", "US", True, "MX", Dialled("+1 888-373-7888")),  # unless the directory knows better
        ("0570-013904", "JP", None, "NP", Dialled("0570-013904", "JP")),
        ("+63 2 1348", "PH", None, "SA", Dialled("+63 2 1348")),  # printed for callers from abroad
        ("+63 2 1348", "PH", False, "SA", Dialled("+63 2 1348", "PH")),
        ("+33 4 86 51 71 61", "ZZ", None, None, Dialled("+33 4 86 51 71 61")),
        ("1343", "PH", True, "SA", Dialled("1343", "PH")),  # a short code can't be dialled from abroad
    ],
)
def test_how_it_is_dialled(
    phone: str, country: str, from_abroad: bool | None, caller: str | None, wanted: Dialled
) -> None:
    assert dialled(service("any_line", country, "labour", phone, from_abroad=from_abroad), caller) == wanted


def test_no_digit_of_a_real_number_changes_at_home() -> None:
    root = Path(__file__).resolve().parents[2]
    services = load(root / "knowledge", root / "locales").services.values()
    for found in (one for one in services if one.phone):
        assert dialled(found, found.country) == Dialled(found.phone)
        abroad = dialled(found, "TL")
        assert abroad.number == found.phone or abroad.number.startswith("+")
        assert (abroad.number == found.phone and not found.phone.startswith("+")) == bool(abroad.only_inside) or (
            found.country == "ZZ"
        )
