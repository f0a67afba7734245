"""Knowledge survives its way into the database and back, whatever is in it."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.exchange import KINDS, Document, documents, from_documents
from knowledge.load import load
from knowledge.model import Entry, Knowledge, Negative, Question, Service, Source, Variant

ROOT = Path(__file__).resolve().parents[2]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ID = st.from_regex(r"[a-z][a-z0-9_]{2,9}", fullmatch=True)
DAY = st.dates(date(2020, 1, 1), date(2040, 1, 1))
SOURCES = st.lists(st.builds(Source, TEXT, TEXT, TEXT, st.booleans()), max_size=2).map(tuple)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
VARIANT = st.builds(Variant, TEXT, TEXT, TEXTS, TEXTS, TEXTS, SOURCES, st.none() | DAY)
VARIANTS = st.lists(VARIANT, max_size=2).map(tuple)
ENTRY = st.builds(
    Entry, *(ID, ID, TEXTS, TEXTS, TEXT, TEXT, TEXT, TEXT, TEXTS, SOURCES, DAY, DAY, TEXT, TEXT, TEXTS, VARIANTS)
)
SERVICE = st.builds(
    Service,
    *(ID, TEXT, TEXT, TEXT, st.builds(Source, TEXT, TEXT, TEXT), DAY, DAY, TEXT, TEXT, TEXT, TEXT, TEXTS),
    *(st.none() | st.booleans(), st.none() | st.booleans(), TEXT, TEXT, TEXTS),
)
LANGUAGE = st.sampled_from(["en", "fr", "fil"])


def by_id(found: list[Any]) -> dict[str, Any]:
    return {thing.id: thing for thing in found}


KNOWLEDGE = st.builds(
    Knowledge,
    entries=st.lists(ENTRY, max_size=3).map(by_id),
    services=st.lists(SERVICE, max_size=3).map(by_id),
    questions=st.lists(st.builds(Question, ID, LANGUAGE, TEXT), max_size=5).map(tuple),
    topics=st.dictionaries(ID, TEXT, max_size=3),
    negatives=st.lists(st.builds(Negative, st.just("") | ID, LANGUAGE, TEXT), max_size=5).map(tuple),
)


def through_json(found: list[Document]) -> dict[str, dict[str, Any]]:
    stored: dict[str, dict[str, Any]] = defaultdict(dict)
    for document in found:
        assert document.key not in stored[document.kind]
        stored[document.kind][document.key] = json.loads(json.dumps(document.body))
    return stored


def same(one: Knowledge, other: Knowledge) -> None:
    assert (dict(one.entries), dict(one.services)) == (dict(other.entries), dict(other.services))
    assert dict(one.topics) == dict(other.topics)
    assert sorted(one.questions, key=repr) == sorted(other.questions, key=repr)
    assert sorted(one.negatives, key=repr) == sorted(other.negatives, key=repr)


@settings(max_examples=60, deadline=None)
@given(KNOWLEDGE)
def test_there_and_back(knowledge: Knowledge) -> None:
    knowledge = replace(knowledge, negatives=tuple(n for n in knowledge.negatives if n.topic != "nothing"))
    same(knowledge, from_documents(through_json(list(documents(knowledge)))))


def test_the_real_knowledge_there_and_back() -> None:
    knowledge = load(ROOT / "knowledge", ROOT / "locales")
    found = list(documents(knowledge))
    same(knowledge, from_documents(through_json(found)))
    assert {document.kind for document in found} == set(KINDS)
    assert {len(document.digest) for document in found} == {64}
    assert max(len(document.key) for document in found) <= 128  # the width of the column


@settings(max_examples=30, deadline=None)
@given(ENTRY, TEXT)
def test_the_digest_changes_with_the_text(entry: Entry, other: str) -> None:
    def digest(of: Entry) -> str:
        return next(document.digest for document in documents(Knowledge({of.id: of})))

    assert (digest(entry) == digest(replace(entry, answer=other))) == (entry.answer == other)
