"""A small knowledge base, as objects and as files."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from knowledge.model import Entry, Service, Source, Variant

SOURCE = Source("The convention", "https://example.org/convention", "2026-11-23")
DAY, LATER = date(2026, 11, 23), date(2027, 2, 23)

ENTRY = Entry(
    id="passport_kept",
    topic="passport_confiscation",
    stages=("abroad",),
    audience=("workers",),
    risk="high",
    title="My employer keeps my passport",
    answer="In danger? Call {emergency}. Your passport is yours. Advice:\n{hotline:labour}",
    sms="In danger: {emergency}. Advice: {hotline:labour}",
    steps=("Make a copy.", "Call {phone:sa_labour}."),
    sources=(SOURCE,),
    checked_on=DAY,
    review_by=LATER,
    owner="centre",
)
VARIANTS = (
    Variant(answer="In Saudi Arabia: {service:sa_labour}", sms="SA: {phone:sa_labour}", destinations=("SA",)),
    Variant(answer="From Nepal to Saudi Arabia.", sms="NP-SA", origins=("NP",), destinations=("SA", "QA")),
    Variant(answer="From Nepal.", sms="NP", origins=("NP",), steps=("Ask in Kathmandu.",), checked_on=date(2026, 1, 2)),
)
ON_CORRIDORS = replace(ENTRY, variants=VARIANTS)


def service(id: str, country: str, kind: str, phone: str, **more: object) -> Service:
    """A service with what every service has."""
    plain: dict[str, object] = {"name": id.replace("_", " ").title(), "source": SOURCE, "checked_on": DAY, **more}
    return Service(id=id, country=country, kind=kind, phone=phone, **{"review_by": LATER, **plain})  # type: ignore[arg-type]


TOPICS_YML = """topics:
  passport_confiscation: {name: Passport kept, scope: papers held by others}
  wages: {name: Wages, scope: unpaid wages}
"""
ENTRY_YML = """id: passport_kept
topic: passport_confiscation
stages: [abroad]
audience: [workers]
risk: high
title: My employer keeps my passport
answer: |-
  Call {emergency}.
  {hotline:labour}
steps:
- Make a copy.
sms: Call {emergency}
sources:
- title: The convention
  url: https://example.org/convention
  seen_on: '2026-11-23'
checked_on: 2026-11-23
review_by: 2027-02-23
owner: centre
related: []
variants:
- destinations: [SA, NO]
  answer: Call {phone:sa_labour}.
  sms: Call {phone:sa_labour}.
"""
DIRECTORY_YML = """services:
- id: sa_labour
  kind: labour
  name: Labour line
  phone: '19911'
  source: {title: Ministry, url: 'https://example.org', seen_on: '2026', public: true}
  checked_on: 2026-11-23
  review_by: 2027-02-23
"""
QUESTIONS_YML = """questions:
  passport_kept:
  - my boss has my passport
  - no
"""
FILES = {
    "knowledge/topics.yml": TOPICS_YML,
    "knowledge/entries/passport_confiscation/passport_kept.yml": ENTRY_YML,
    "knowledge/directory/SA.yml": DIRECTORY_YML,
    "knowledge/negatives.yml": "negatives:\n  nothing:\n    en: [will it rain]\n  wages:\n    en: [my pay is late]\n",
    "locales/en/questions.yml": QUESTIONS_YML,
}


def write(folder: Path, changes: dict[str, str | bytes]) -> tuple[Path, Path]:
    """The sample files with changes, and the two folders to load."""
    for name, content in {**FILES, **changes}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / "knowledge", folder / "locales"
