"""Writing safely: the person decides, and a word deletes only what it was meant to."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.model.messages import Incoming, Kind
from bot.model.people import Conversation
from bot.phrases import standard
from bot.safety.contact import SafeContact, Step
from bot.settings import Settings

PERSON = Conversation("c", "webchat", "a", "en")


@pytest.fixture(scope="module")
def safe() -> SafeContact:
    return SafeContact(standard(Settings()), lambda word: hashlib.sha256(word.encode()).hexdigest(), lambda *_: {})


def typed(text: str) -> Incoming:
    return Incoming("webchat", "a", Kind.TEXT, text, datetime(2026, 3, 1, tzinfo=UTC), text)


def after(step: Step | None, person: Conversation) -> Conversation:
    assert step is not None
    return replace(person, **step.changes)  # type: ignore[arg-type]


def chosen(safe: SafeContact, word: str, again: str) -> tuple[Step | None, Conversation]:
    person = after(safe.step(typed(""), "safe:code", PERSON, "en"), PERSON)
    person = after(safe.step(typed(word), None, person, "en"), person)
    step = safe.step(typed(again), None, person, "en")
    return step, after(step, person) if step else person


def test_a_word_counts_once_it_was_typed_twice(safe: SafeContact) -> None:
    step, person = chosen(safe, "Mango Tree", "mango  tree")
    assert step is not None
    assert step.secret
    assert safe.is_code(typed(" MANGO tree "), person)
    assert not safe.is_code(typed("mango tree please"), person)
    assert not safe.is_code(typed("mango tree"), PERSON)


def test_a_question_typed_instead_never_becomes_the_word(safe: SafeContact) -> None:
    step, person = chosen(safe, "my wages are not paid", "why do you not answer")
    assert step is None  # it goes on as what it is
    assert person.code is None


@pytest.mark.parametrize("word", ["", "abc", "x" * 41])
def test_a_word_that_is_typed_by_accident_or_not_remembered_is_refused(safe: SafeContact, word: str) -> None:
    person = replace(PERSON, expects="code")
    step = safe.step(typed(word), None, person, "en")
    assert step is not None
    assert "can't be your word" in step.replies[0].text
    assert after(step, person).expects == ""


def test_the_word_itself_is_not_kept_anywhere(safe: SafeContact) -> None:
    first = safe.step(typed("mango tree"), None, replace(PERSON, expects="code"), "en")
    assert first is not None
    assert first.secret
    assert "mango" not in str(first)


@pytest.mark.parametrize("answer", ["yes", "no", "later"])
def test_the_answer_to_being_written_to_is_kept_and_the_phone_asked_about(safe: SafeContact, answer: str) -> None:
    step = safe.step(typed(""), f"urgent:{answer}", PERSON, "en")
    assert after(step, PERSON).contact == answer
    assert step is not None
    assert [button.payload for button in step.replies[0].buttons] == ["safe:seen", "safe:mine", "safe:code"]


def test_discretion_can_be_had_and_ended(safe: SafeContact) -> None:
    discreet = after(safe.step(typed(""), "safe:seen", PERSON, "en"), PERSON)
    assert discreet.discreet
    assert not after(safe.step(typed(""), "safe:mine", discreet, "en"), discreet).discreet


def test_a_button_deletes_everything(safe: SafeContact) -> None:
    step = safe.step(typed(""), "safe:delete", PERSON, "en")
    assert step is not None
    assert step.erase


def test_other_messages_are_none_of_its_business(safe: SafeContact) -> None:
    assert safe.step(typed("my boss keeps my passport"), None, PERSON, "en") is None
    assert safe.step(typed(""), "entry:wages", PERSON, "en") is None
