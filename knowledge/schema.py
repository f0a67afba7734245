"""From trees to entries, services and questions, with every rule of form checked. Imports `knowledge` only."""

import re
from typing import Any, cast, get_args

from knowledge.model import Entry, Negative, Question, Risk, Service, Source, Stage, Variant
from knowledge.reading import Node

STAGES = get_args(Stage)
RISKS = get_args(Risk)
ID = re.compile(r"[a-z][a-z0-9_]{2,59}")
COUNTRY = re.compile(r"[A-Z]{2}")
PHONE = re.compile(r"\+?[0-9(][0-9 ()-]*[0-9]")
SOURCE_KEYS = ("title", "url", "seen_on", "public")
VARIANT_KEYS = ("origins", "destinations", "answer", "steps", "sms", "sources", "checked_on")
ENTRY_NEEDED = ("id", "topic", "stages", "audience", "risk", "title", "answer", "steps", "sms", "sources")
ENTRY_KEYS = (*ENTRY_NEEDED, "checked_on", "review_by", "owner", "related", "variants", "language")
HOTLINES = (
    "emergency",
    "trafficking",
    "migrant_worker",
    "consular",
    "gender_violence",
    "children",
    "health",
    "mental_health",
    "labour",
    "sea_rescue",
    "legal_aid",
    "return",
)
"""Kinds of services that somebody in need is sent to: `{hotline:<kind>}`."""
SCHEMES = (
    "resource_centre",
    "orientation",
    "steps",
    "welfare",
    "complaint",
    "tracing",
    "skills",
    "money",
    "shelter",
    "immigration",
)
"""Kinds that an entry names one by one: `{service:<id>}`."""
KINDS = (*HOTLINES, *SCHEMES)
SERVICE_NEEDED = ("id", "kind", "name", "source", "checked_on", "review_by")
WAYS = ("phone", "website", "about")
SERVICE_TEXTS = ("website", "about", "hours", "leaves_trace", "note")
SERVICE_KEYS = (*SERVICE_NEEDED, "phone", *SERVICE_TEXTS, "languages", "free", "from_abroad", "serves")


def _needed(node: Node, keys: tuple[str, ...], needed: tuple[str, ...]) -> dict[str, Node]:
    found = node.mapping(keys)
    missing = [key for key in needed if key not in found]
    if missing:
        raise node.fail(f"{', '.join(missing)} missing here.")
    return found


def _id(node: Node) -> str:
    if not ID.fullmatch(node.text()):
        raise node.fail(f"{node.text()!r} is no id; use small letters, digits and _, at least three.")
    return node.text()


def _countries(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    for child in node.children():
        if not COUNTRY.fullmatch(child.text()):
            raise child.fail(f"{child.text()!r} is no country code; write two capital letters, as in NP.")
    return node.texts()


def source(node: Node) -> Source:
    """A source. A public one needs an address that people can open."""
    found = _needed(node, SOURCE_KEYS, ("title", "seen_on"))
    public = found["public"].truth() if "public" in found else True
    url = found["url"].text() if "url" in found else ""
    if public and not url.startswith(("https://", "http://")):
        raise node.fail("a public source needs a url that begins with https://.")
    return Source(found["title"].text(), url, found["seen_on"].text(), public)


def topic(node: Node) -> str:
    """The name of a topic; its scope is for whoever sorts entries."""
    found = _needed(node, ("name", "scope"), ("name", "scope"))
    found["scope"].text()
    return found["name"].text()


def _sources(node: Node | None) -> tuple[Source, ...]:
    return tuple(source(child) for child in node.children()) if node else ()


def variant(node: Node) -> Variant:
    """What an entry says on one corridor."""
    found = _needed(node, VARIANT_KEYS, ("answer", "sms"))
    if "origins" not in found and "destinations" not in found:
        raise node.fail("a variant needs origins or destinations.")
    return Variant(
        answer=found["answer"].text(),
        sms=found["sms"].text(),
        origins=_countries(found.get("origins")),
        destinations=_countries(found.get("destinations")),
        steps=found["steps"].texts() if "steps" in found else (),
        sources=_sources(found.get("sources")),
        checked_on=found["checked_on"].day() if "checked_on" in found else None,
    )


def entry(node: Node, topics: dict[str, str]) -> Entry:
    """An entry."""
    found = _needed(node, ENTRY_KEYS, (*ENTRY_NEEDED, "checked_on", "review_by", "owner"))
    if found["topic"].text() not in topics:
        raise found["topic"].fail(f"there is no topic {found['topic'].text()!r} in topics.yml.")
    stages = tuple(child.one_of(STAGES) for child in found["stages"].children())
    if not found["sources"].children():
        raise found["sources"].fail("an entry needs at least one source.")
    if found["review_by"].day() <= found["checked_on"].day():
        raise found["review_by"].fail("review_by must be later than checked_on.")
    return Entry(
        id=_id(found["id"]),
        topic=found["topic"].text(),
        stages=cast("tuple[Stage, ...]", stages),
        audience=found["audience"].texts(),
        risk=cast("Risk", found["risk"].one_of(RISKS)),
        title=found["title"].text(),
        answer=found["answer"].text(),
        sms=found["sms"].text(),
        steps=found["steps"].texts(),
        sources=_sources(found["sources"]),
        checked_on=found["checked_on"].day(),
        review_by=found["review_by"].day(),
        owner=found["owner"].text(),
        language=found["language"].text() if "language" in found else "en",
        related=found["related"].texts() if "related" in found else (),
        variants=tuple(variant(child) for child in found["variants"].children()) if "variants" in found else (),
    )


def _phone(node: Node) -> str:
    if not PHONE.fullmatch(node.text()):
        raise node.fail(f"{node.text()!r} is not one phone number; write digits, spaces, ( ) - and a first +.")
    return node.text()


def _website(node: Node) -> str:
    if not node.text().startswith("https://"):
        raise node.fail(f"{node.text()!r} is no address of a page; it must begin with https://.")
    return node.text()


def service(node: Node, country: str) -> Service:
    """A service of a country's directory. Raises for a phone that is not one number, and for no way to reach it."""
    if not COUNTRY.fullmatch(country):
        raise node.fail(f"the file must be named after a country code, as in NP.yml; {country!r} is none.")
    found = _needed(node, SERVICE_KEYS, SERVICE_NEEDED)
    if not any(way in found for way in WAYS):
        raise node.fail("a service needs a phone, a website, or a sentence about it.")
    optional: dict[str, Any] = {key: found[key].text() for key in SERVICE_TEXTS if key in found}
    if "phone" in found:
        optional["phone"] = _phone(found["phone"])
    if "website" in found:
        optional["website"] = _website(found["website"])
    optional |= {key: found[key].truth() for key in ("free", "from_abroad") if key in found}
    if "languages" in found:
        optional["languages"] = found["languages"].texts()
    optional["serves"] = _countries(found.get("serves"))
    return Service(
        id=_id(found["id"]),
        country=country,
        kind=found["kind"].one_of(KINDS),
        name=found["name"].text(),
        source=source(found["source"]),
        checked_on=found["checked_on"].day(),
        review_by=found["review_by"].day(),
        **optional,
    )


def questions(node: Node, language: str) -> list[tuple[Question, Node]]:
    """The ways of asking of one language, each with where it stands."""
    root = _needed(node, ("questions",), ("questions",))["questions"]
    return [
        (Question(entry_id, language, child.text()), child)
        for entry_id, listed in root.block().items()
        for child in listed.children()
    ]


def negatives(node: Node, topics: dict[str, str], nothing: str) -> list[Negative]:
    """The lines that no entry answers, by topic and language; `nothing` is the key of those without a topic."""
    root = _needed(node, ("negatives",), ("negatives",))["negatives"]
    return [
        Negative("" if topic == nothing else topic, language, child.text())
        for topic, languages in root.mapping([*topics, nothing]).items()
        for language, listed in languages.block().items()
        for child in listed.children()
    ]
