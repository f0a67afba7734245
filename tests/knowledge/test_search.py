"""The search: what it finds, what it declines, how sure it is.

The encoder here is made of words: every word has a direction of its own, words of one meaning in two languages share
one, and all vectors lean the same way, as those of the real model do. How well the search does on the real model is
measured by `benchmarks/search_quality.py`.
"""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.model import Entry, Knowledge, Negative, Question
from knowledge.search import Candidate, Ranking, Search, _topic_first
from tests.knowledge.samples import ENTRY

Floats = NDArray[np.float32]
SAME = {"patron": "boss", "passeport": "passport", "salaire": "salary", "argent": "money", "envoyer": "send"}


def direction(word: str) -> Floats:
    seed = int.from_bytes(hashlib.sha256(SAME.get(word, word).encode("utf-8", "replace")).digest()[:4], "big")
    return np.random.default_rng(seed).normal(size=384).astype(np.float32)


def encode(text: str) -> Floats:
    total = 30 * direction("the cone") + sum(direction(word) for word in [*text.casefold().split(), "a"])
    return (total / np.linalg.norm(total)).astype(np.float32)


def encode_many(texts: list[str]) -> Floats:
    return np.stack([encode(text) for text in texts])


def entry(name: str, topic: str) -> Entry:
    return replace(ENTRY, id=name, topic=topic, title=name.replace("_", " "))


ASKED = {
    "passport_kept": ["boss keeps passport", "passport locked away by boss", "le patron garde le passeport"],
    "wages_unpaid": ["boss pays no salary", "salary missing since march", "pas de salaire du patron"],
    "send_money": ["send money home", "cheap way to send money", "envoyer argent au pays"],
}
QUESTIONS = tuple(
    Question(name, "fr" if " le " in f" {line} " or "de" in line.split() or "au" in line.split() else "en", line)
    for name, lines in ASKED.items()
    for line in lines
)
NEGATIVES = (
    *(Negative("", "en", line) for line in ("will it rain tomorrow", "who won the match", "tell a joke", "play music")),
    *(Negative("", "fr", line) for line in ("va-t-il pleuvoir demain", "raconte une blague")),
    *(Negative("education", "en", line) for line in ("can my daughter go to school", "school fees for children")),
)
ENTRIES = {name: entry(name, f"topic_{name}") for name in ASKED}
KNOWLEDGE = Knowledge(ENTRIES, {}, QUESTIONS, {}, "", NEGATIVES)


def rank(search: Search, text: str) -> Ranking:
    return search.rank(text, encode(text), "en")


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(KNOWLEDGE, encode_many)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("my boss keeps the passport", "passport_kept"),
        ("salaire", "wages_unpaid"),  # one word, in another language
        ("slary mising since mrch", "wages_unpaid"),  # only the letters are right
        ("how do i send money", "send_money"),
    ],
)
def test_the_right_entry_comes_first(search: Search, text: str, wanted: str) -> None:
    found = rank(search, text)
    assert found.candidates[0].entry == wanted
    assert found.candidates[0].topic == f"topic_{wanted}"
    assert len(found.candidates) == len(ASKED)


@pytest.mark.parametrize("text", ["who won the match yesterday", "play a joke", "school fees for my daughter", "漢字"])
def test_what_nobody_answers_is_declined(search: Search, text: str) -> None:
    found = rank(search, text)
    assert found.none_probability > 0.5
    assert found.candidates[0].probability < 0.3


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_probabilities_add_up_and_repeat(text: str) -> None:
    searched = _shared()
    found = rank(searched, text)
    chances = [candidate.probability for candidate in found.candidates]
    assert sum(chances) + found.none_probability == pytest.approx(1, abs=1e-4)
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
    assert rank(searched, text) == found


_CACHE: list[Search] = []


def _shared() -> Search:
    if not _CACHE:
        _CACHE.append(Search(KNOWLEDGE, encode_many))
    return _CACHE[0]


def test_the_same_knowledge_gives_the_same_search(search: Search) -> None:
    shuffled = replace(KNOWLEDGE, questions=QUESTIONS[::-1], negatives=NEGATIVES[::-1])
    again = Search(shuffled, encode_many)
    assert again.weights == search.weights
    assert rank(again, "boss has my passport") == rank(search, "boss has my passport")
    assert rank(Search(KNOWLEDGE, encode_many, search.weights), "passport") == rank(search, "passport")


def test_a_new_question_counts_at_once_and_only_it_is_encoded(search: Search) -> None:
    asked: list[str] = []

    def watched(texts: list[str]) -> Floats:
        asked.extend(texts)
        return encode_many(texts)

    first = Search(KNOWLEDGE, watched)
    asked.clear()
    line = "kafala trouble with little green book"
    later = first.updated(replace(KNOWLEDGE, questions=(*QUESTIONS, Question("passport_kept", "en", line))))
    assert asked == [line]
    before, after = rank(first, line), rank(later, line)
    assert before.candidates[0].probability < 0.5 < after.candidates[0].probability
    assert rank(first, line) == before  # whoever still holds the old one is not disturbed


def test_a_topic_with_an_entry_is_no_longer_declined(search: Search) -> None:
    line = "can my daughter go to school"
    school = entry("school", "education")
    added = replace(
        KNOWLEDGE,
        entries={**ENTRIES, "school": school},
        questions=(*QUESTIONS, Question("school", "en", "which school takes children")),
    )
    assert rank(search, line).candidates[0].probability < 0.2
    assert rank(search.updated(added), line).candidates[0].entry == "school"


def test_without_entries_everything_is_declined() -> None:
    for nothing in (Knowledge(), Knowledge(negatives=NEGATIVES)):
        assert rank(Search(nothing, encode_many), "boss keeps passport") == Ranking((), 1.0)


def test_one_entry_without_questions_or_negatives_still_works() -> None:
    alone = Search(Knowledge({"send_money": ENTRIES["send_money"]}), encode_many)
    found = rank(alone, "send money")
    assert [candidate.entry for candidate in found.candidates] == ["send_money"]


def test_the_likeliest_topic_goes_first_with_its_likeliest_entry() -> None:
    found = [Candidate("a", "x", 0.3), Candidate("b", "y", 0.25), Candidate("c", "y", 0.2), Candidate("d", "z", 0.1)]
    assert [candidate.entry for candidate in _topic_first(found)] == ["b", "a", "c", "d"]
    assert _topic_first([]) == ()
