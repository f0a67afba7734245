"""Knowledge as documents for the database, and back. Imports `knowledge` only; documents are JSON-able mappings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from knowledge.model import Entry, Knowledge, Negative, Question, Service, Source, Variant

KINDS = ("topic", "entry", "service", "questions", "negatives")
"""The kinds of documents; `from_documents` wants all of them."""
NOTHING = "nothing"
"""The key of negatives that belong to no topic, here and in `negatives.yml`."""


@dataclass(frozen=True)
class Document:
    """One thing as it is published: `kind` is one of `KINDS`."""

    kind: str
    key: str
    body: Mapping[str, Any]
    digest: str


def documents(knowledge: Knowledge) -> Iterable[Document]:
    """Everything, one document an entry and a service, and one for the questions of an entry in a language."""
    for key, name in knowledge.topics.items():
        yield _document("topic", key, {"name": name})
    for entry in knowledge.entries.values():
        yield _document("entry", entry.id, asdict(entry))
    for service in knowledge.services.values():
        yield _document("service", service.id, asdict(service))
    grouped: dict[tuple[str, str], list[str]] = {}
    for question in knowledge.questions:
        grouped.setdefault((question.entry, question.language), []).append(question.text)
    for (entry_id, language), listed in grouped.items():
        yield _document("questions", f"{entry_id}.{language}", {"texts": listed})
    yield from _negatives(knowledge.negatives)


def _negatives(negatives: Iterable[Negative]) -> Iterable[Document]:
    grouped: dict[str, list[list[str]]] = {}
    for negative in negatives:
        grouped.setdefault(negative.topic or NOTHING, []).append([negative.language, negative.text])
    for topic, lines in grouped.items():
        yield _document("negatives", topic, {"lines": lines})


def _document(kind: str, key: str, body: Mapping[str, Any]) -> Document:
    plain = json.dumps(body, ensure_ascii=False, sort_keys=True, default=date.isoformat)
    return Document(kind, key, json.loads(plain), hashlib.sha256(plain.encode()).hexdigest())


def from_documents(found: Mapping[str, Mapping[str, Mapping[str, Any]]], digest: str = "") -> Knowledge:
    """Knowledge from documents by kind and key."""
    questions = [
        Question(key.rpartition(".")[0], key.rpartition(".")[2], text)
        for key, body in sorted(found.get("questions", {}).items())
        for text in body["texts"]
    ]
    return Knowledge(
        entries={key: _entry(body) for key, body in sorted(found.get("entry", {}).items())},
        services={key: _service(body) for key, body in sorted(found.get("service", {}).items())},
        questions=tuple(questions),
        topics={key: body["name"] for key, body in found.get("topic", {}).items()},
        digest=digest,
        negatives=tuple(
            Negative("" if topic == NOTHING else topic, language, text)
            for topic, body in sorted(found.get("negatives", {}).items())
            for language, text in body["lines"]
        ),
    )


def _day(raw: str | None) -> date | None:
    return date.fromisoformat(raw) if raw else None


def _sources(raw: Iterable[Mapping[str, Any]]) -> tuple[Source, ...]:
    return tuple(Source(**source) for source in raw)


def _entry(body: Mapping[str, Any]) -> Entry:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
    plain |= {"sources": _sources(body["sources"]), "variants": tuple(_variant(raw) for raw in body["variants"])}
    plain |= {"checked_on": _day(body["checked_on"]), "review_by": _day(body["review_by"])}
    return Entry(**plain)


def _variant(body: Mapping[str, Any]) -> Variant:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
    plain |= {"sources": _sources(body["sources"]), "checked_on": _day(body["checked_on"])}
    return Variant(**plain)


def _service(body: Mapping[str, Any]) -> Service:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
    plain["source"] = Source(**body["source"])
    plain |= {"checked_on": _day(body["checked_on"]), "review_by": _day(body["review_by"])}
    return Service(**plain)
