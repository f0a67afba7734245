"""The shapes of what staff curate: entries, services, questions. PURE; `knowledge` imports nothing of `bot`.

The YAML beside this package is read into these by `knowledge.load`, checked by `knowledge.schema`, and kept in the
database as documents by `knowledge.exchange`. Translations of `title`, `answer`, `sms` and `steps` lie in
`locales/<lang>/LC_MESSAGES/knowledge.po`, with `<entry id>.<field>` as message context. Facts that nobody translates
are placeholders, filled from the directory when an answer is sent:

    {emergency}          the emergency numbers of the person's country
    {hotline:<kind>}     the best services of that kind for the person's country, one a line
    {service:<id>}       one service: name, number as it must be dialled from where the person is, hours
    {phone:<id>}         only its number
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Stage = Literal["thinking", "preparing", "travelling", "abroad", "returning", "returned"]
Risk = Literal["low", "medium", "high"]


@dataclass(frozen=True)
class Source:
    """Where a fact was read. The address is shown to people only if it is `public`."""

    title: str
    url: str
    seen_on: str
    public: bool = True


@dataclass(frozen=True)
class Variant:
    """What an entry says on one corridor instead of its general text. Empty tuples mean "any"."""

    answer: str
    sms: str
    origins: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    checked_on: date | None = None


@dataclass(frozen=True)
class Entry:
    """One curated answer, in its source language. Dates are those of the last check of its facts."""

    id: str
    topic: str
    stages: tuple[Stage, ...]
    audience: tuple[str, ...]
    risk: Risk
    title: str
    answer: str
    sms: str
    steps: tuple[str, ...]
    sources: tuple[Source, ...]
    checked_on: date
    review_by: date
    owner: str
    language: str = "en"
    related: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True)
class Service:
    """A hotline or office of the directory. `country` is ISO 3166-1 alpha-2, "ZZ" for worldwide or regional ones.

    `kind` is one of `knowledge.schema.KINDS`. `phone` is what the source prints, parsed by `phonenumbers` when it is
    shown. A scheme without a number has a `website`, or at least says in a sentence what it is `about`.
    """

    id: str
    country: str
    kind: str
    name: str
    source: Source
    checked_on: date
    review_by: date
    phone: str = ""
    website: str = ""
    about: str = ""
    hours: str = ""
    languages: tuple[str, ...] = ()
    free: bool | None = None
    from_abroad: bool | None = None
    leaves_trace: str = ""
    note: str = ""
    serves: tuple[str, ...] = ()  # origins whose people it is for; empty: everybody


@dataclass(frozen=True)
class Question:
    """One way in which people ask for an entry."""

    entry: str
    language: str
    text: str


@dataclass(frozen=True)
class Negative:
    """A line that no entry answers. `topic` is that of a topic without an entry yet, or empty for no topic at all."""

    topic: str
    language: str
    text: str


@dataclass(frozen=True)
class Knowledge:
    """Everything that is published at one moment. `digest` changes when anything in it does."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)  # id → scope
    digest: str = ""
    negatives: tuple[Negative, ...] = ()
