"""Conversations, opinions, knowledge: what is found again, and what is written once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations, feedback, knowledge
from bot.storage.tables import feedback as opinions
from tests.storage.builders import ANNA, NOON, person, take


def test_an_address_is_found_on_its_channel_only(store: Store, crypt: Crypt) -> None:
    anna = store.write_sync(lambda s: person(s, crypt))
    assert store.read_sync(lambda s: conversations.find(s, crypt, "telegram", ANNA)) == anna
    assert store.read_sync(lambda s: conversations.find(s, crypt, "twilio", ANNA)) is None
    assert store.read_sync(lambda s: conversations.find(s, crypt, "tele", f"gram{ANNA}")) is None
    assert store.read_sync(lambda s: conversations.get(s, crypt, "nobody")) is None


def test_only_fields_that_people_may_change_are_changed(store: Store, crypt: Crypt) -> None:
    anna = store.write_sync(lambda s: person(s, crypt))
    for field in ("id", "address", "channel", "created_at", "memory"):
        with pytest.raises(KeyError):
            store.write_sync(lambda s, field=field: conversations.change(s, crypt, anna.id, {field: "x"}))
    assert store.read_sync(lambda s: conversations.get(s, crypt, anna.id)) == anna
    store.write_sync(lambda s: conversations.change(s, crypt, "nobody", {"language": "ne", "rest": ("x",)}))


def test_the_first_word_on_an_answer_counts(store: Store, crypt: Crypt) -> None:
    taken = store.write_sync(lambda s: take(s, crypt))
    for useful in (True, False):
        store.write_sync(
            lambda s, u=useful: feedback.useful(s, taken.conversation_id, taken.message_id, "wages", u, NOON)
        )
    rows = store.read_sync(lambda s: s.execute(sa.select(opinions.c.entry, opinions.c.useful)).all())
    assert [tuple(row) for row in rows] == [("wages", True)]


def test_publishing_replaces_and_withdrawing_removes(store: Store) -> None:
    def publish(key: str, text: str) -> bool:
        return store.write_sync(lambda s: knowledge.publish(s, "entry", key, {"text": text}, f"d{text}", NOON))

    assert publish("wages", "old")
    first = store.read_sync(knowledge.revision)
    assert not publish("wages", "old")
    assert store.read_sync(knowledge.revision) == first
    assert publish("wages", "रु १२")
    assert publish("passport", "p")
    assert store.read_sync(lambda s: knowledge.current(s, "entry")) == {
        "wages": {"text": "रु १२"},
        "passport": {"text": "p"},
    }
    assert store.read_sync(knowledge.digests) == {("entry", "wages"): "dरु १२", ("entry", "passport"): "dp"}
    assert store.read_sync(knowledge.revision) == first + 2
    assert store.write_sync(lambda s: knowledge.withdraw(s, "entry", "wages"))
    assert not store.write_sync(lambda s: knowledge.withdraw(s, "entry", "wages"))
    assert store.read_sync(knowledge.revision) == first + 3
    assert publish("wages", "रु १२")  # the same text may come back
    assert len(store.read_sync(lambda s: knowledge.current(s, "entry"))) == 2
    assert store.read_sync(lambda s: knowledge.current(s, "question")) == {}


def test_every_publication_is_noticed_when_desks_publish_at_once(open_store: Callable[[], Store], crypt: Crypt) -> None:
    stores = [open_store() for _ in range(4)]
    together = threading.Barrier(4)

    def publish(desk: int) -> None:
        together.wait()
        for number in range(5):
            key = f"{desk}-{number}"
            stores[desk].write_sync(lambda s, key=key: knowledge.publish(s, "entry", key, {}, "d", NOON))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(publish, range(4)))
    assert store_revision(stores[0]) == 20


def store_revision(store: Store) -> int:
    return store.read_sync(knowledge.revision)


def test_vectors_are_kept_by_model_and_text(store: Store) -> None:
    many = {f"digest-{number}": bytes([number % 256, 0]) for number in range(1_200)}
    store.write_sync(lambda s: knowledge.add_vectors(s, "e5", many))
    store.write_sync(lambda s: knowledge.add_vectors(s, "e5", {"digest-1": b"other", "digest-new": b"n"}))
    found = store.read_sync(lambda s: knowledge.find_vectors(s, "e5", [*many, "digest-new", "missing"]))
    assert found == {**many, "digest-new": b"n"}
    assert store.read_sync(lambda s: knowledge.find_vectors(s, "use", list(many))) == {}
    store.write_sync(lambda s: knowledge.add_vectors(s, "e5", {}))
