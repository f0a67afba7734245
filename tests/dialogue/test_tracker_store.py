"""Rasa's memory is our database: told once, sealed, small, and never in memory by accident."""

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from bot.dialogue import faults
from bot.settings import ROOT
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations
from bot.storage.tables import tracker_events
from tests.storage.builders import BINA, person

if TYPE_CHECKING:
    from bot.dialogue.tracker_store import SafarTrackerStore

TYPE = "bot.dialogue.tracker_store.SafarTrackerStore"


@pytest.fixture(scope="module")
def rasa() -> Any:
    """What of Rasa these tests need; its imports warn."""
    with warnings.catch_warnings(record=True):  # an import of Rasa's undoes every filter
        warnings.simplefilter("ignore")
        import rasa.core.tracker_store
        import rasa.shared.core.domain
        import rasa.shared.core.events
        import rasa.utils.endpoints

        import bot.dialogue.tracker_store  # noqa: F401
    return rasa


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "safar.key"
    path.parent.mkdir()
    path.write_bytes(bytes(range(32)))
    return path


@pytest.fixture
def tracker_store(
    rasa: Any, store: Store, database_url: str, key: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["SafarTrackerStore"]:
    """Made as Rasa makes it, from `endpoints.yml`."""
    monkeypatch.setenv("SAFAR_DATA_DIR", str(key.parent))
    monkeypatch.setenv("SAFAR_DATABASE_URL", database_url)
    for secret in ("SAFAR_ACTION_PORT", "SAFAR_ACTION_TOKEN"):
        monkeypatch.setenv(secret, "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        endpoint = rasa.utils.endpoints.read_endpoint_config(str(ROOT / "endpoints.yml"), "tracker_store")
        known = domain(rasa)
    faults.begin()
    made = rasa.core.tracker_store.TrackerStore.create(endpoint, known)
    yield made
    made._engine.dispose()


def domain(rasa: Any) -> Any:
    slots = {name: {"type": "text", "mappings": [{"type": "custom"}]} for name in ("language", "origin", "entry")}
    return rasa.shared.core.domain.Domain.from_dict({"slots": slots, "intents": ["ask"]})


@pytest.fixture
def anna(store: Store, crypt: Crypt) -> str:
    return store.write_sync(lambda s: person(s, crypt)).id


def turn(rasa: Any, message_id: str | None, text: str = "my passport", answer: str = "It is yours.") -> list[Any]:
    """The events of one message, as Rasa's processor makes them."""
    events = rasa.shared.core.events
    vector = "A" * 1_024
    metadata = {"message_id": message_id, "vector": vector, "language": "ne", "known": {"origin": "NP"}}
    parsed = {
        "intent": {"name": "ask", "confidence": 0.9},
        "entities": [],
        "intent_ranking": [{"name": "ask", "confidence": 0.9}] * 20,
        "text": text,
        "metadata": dict(metadata),
    }
    return [
        events.UserUttered(text, parsed["intent"], [], parsed, metadata=metadata, input_channel="safar"),
        events.ActionExecuted("action_answer"),
        events.BotUttered(answer, {"buttons": [{"title": "Yes", "payload": "useful:yes"}]}, {"custom": {"sms": "s"}}),
        events.SlotSet("entry", "passport"),
        events.ActionExecuted("action_listen"),
    ]


def beginning(rasa: Any) -> list[Any]:
    events = rasa.shared.core.events
    return [
        events.ActionExecuted("action_session_start"),
        events.SessionStarted(),
        events.ActionExecuted("action_listen"),
    ]


async def tell(store: "SafarTrackerStore", sender: str, *events: list[Any]) -> Any:
    """Load, go on, save: what Rasa does with each message."""
    tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
    for event in [event for group in events for event in group]:
        tracker.update(event)
    await store.save(tracker)
    return tracker


def stored(store: Store) -> list[Any]:
    return list(store.read_sync(lambda s: s.execute(sa.select(tracker_events).order_by(tracker_events.c.id)).all()))


async def test_rasa_makes_ours_and_what_it_saves_is_sealed_rows(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store, crypt: Crypt, anna: str
) -> None:
    assert type(tracker_store).__module__ == "bot.dialogue.tracker_store"
    assert rasa.core.tracker_store.check_if_tracker_store_async(tracker_store)
    await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m1"))
    rows = stored(store)
    assert [row.session_start for row in rows] == [False, True] + [False] * 6
    assert [row.message_id for row in rows] == [None] * 3 + ["m1"] + [None] * 4
    sealed = b"".join(row.body for row in rows)
    assert not any(word in sealed for word in (b"passport", b"yours", b"action_listen", b"user"))
    plain = "".join(crypt.unseal(row.body) for row in rows)
    assert "my passport" in plain
    assert "AAAA" not in plain
    assert "intent_ranking" not in plain
    assert len(plain) < 3_000


async def test_a_tracker_comes_back_as_it_was_saved(rasa: Any, tracker_store: "SafarTrackerStore", anna: str) -> None:
    saved = await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m1"))
    assert tracker_store.saved(anna) is saved
    assert tracker_store.saved(anna) is None
    loaded = await tracker_store.retrieve(anna)
    assert loaded is not None
    assert [type(event) for event in loaded.events] == [type(event) for event in saved.events][1:]
    assert loaded.get_slot("entry") == "passport"
    assert loaded.latest_message.intent["name"] == "ask"
    assert loaded.latest_message.metadata == {"message_id": "m1", "language": "ne", "known": {"origin": "NP"}}
    assert list(await tracker_store.keys()) == [anna]
    assert await tracker_store.retrieve("nobody") is None


async def test_only_new_events_are_stored_whichever_copy_is_saved(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store, anna: str
) -> None:
    tracker = await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m1"))
    await tracker_store.save(tracker)
    assert len(stored(store)) == 8
    await tell(tracker_store, anna, turn(rasa, "m2"))
    assert len(stored(store)) == 13
    whole = tracker.copy()  # no mark of ours on it
    assert not hasattr(whole, "safar_stored")
    for event in turn(rasa, "m2"):
        whole.update(event)
    await tracker_store.save(whole)
    assert len(stored(store)) == 13


async def test_only_the_current_session_is_loaded_and_only_its_newest_events(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store, anna: str
) -> None:
    await tell(tracker_store, anna, beginning(rasa), turn(rasa, "old"))
    await tell(tracker_store, anna, beginning(rasa))
    loaded = await tracker_store.retrieve(anna)
    assert [event.type_name for event in loaded.events] == ["session_started", "action"]
    for number in range(40):
        await tell(tracker_store, anna, turn(rasa, f"m{number}"))
    loaded = await tracker_store.retrieve(anna)
    assert 50 < len(loaded.events) <= 60
    assert loaded.events[0].action_name == "action_listen"
    assert loaded.latest_message.metadata["message_id"] == "m39"
    assert len(stored(store)) == 8 + 3 + 200


async def test_a_message_is_told_once(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store, anna: str, crypt: Crypt
) -> None:
    from bot.dialogue.tracker_store import ToldTwice

    await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m1"))
    with pytest.raises(ToldTwice):
        await tell(tracker_store, anna, turn(rasa, "new"), turn(rasa, "m1"))
    bina = store.write_sync(lambda s: person(s, crypt, BINA)).id
    with pytest.raises(ToldTwice):
        await tell(tracker_store, bina, turn(rasa, "m1"))
    assert len(stored(store)) == 8
    assert (tracker_store.has_message("m1"), tracker_store.has_message("new")) == (True, False)


async def test_a_stored_turn_is_the_message_and_what_followed_it(
    rasa: Any, tracker_store: "SafarTrackerStore", anna: str
) -> None:
    await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m1", answer="first"))
    await tell(tracker_store, anna, turn(rasa, "m2", answer="second"))
    await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m3", answer="third"))
    for message_id, answer in (("m1", "first"), ("m2", "second"), ("m3", "third")):
        events = tracker_store.stored_turn(anna, message_id)
        assert events is not None
        assert events[0]["event"] == "user"
        assert events[0]["parse_data"]["intent"]["name"] == "ask"
        (said,) = [event for event in events if event["event"] == "bot"]
        assert (said["text"], said["metadata"]) == (answer, {"custom": {"sms": "s"}})
        assert said["data"]["buttons"] == [{"title": "Yes", "payload": "useful:yes"}]
    assert tracker_store.stored_turn(anna, "never") is None
    assert tracker_store.stored_turn("somebody else", "m1") is None


async def test_nothing_is_kept_of_a_turn_whose_action_failed(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store, anna: str
) -> None:
    await tell(tracker_store, anna, beginning(rasa))
    faults.begin()
    faults.note("action_answer")
    with pytest.raises(faults.TurnBroken):
        await tell(tracker_store, anna, turn(rasa, "m1"))
    assert len(stored(store)) == 3
    faults.begin()
    await tell(tracker_store, anna, turn(rasa, "m1"))
    assert len(stored(store)) == 8


async def test_what_was_erased_meanwhile_stays_erased(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store, anna: str
) -> None:
    tracker = await tell(tracker_store, anna, beginning(rasa), turn(rasa, "m1"))
    store.write_sync(lambda s: conversations.erase(s, anna))
    assert stored(store) == []
    for event in turn(rasa, "m2"):
        tracker.update(event)
    await tracker_store.save(tracker)
    assert stored(store) == []
    assert await tracker_store.retrieve(anna) is None


async def test_somebody_on_the_command_line_is_remembered_for_a_while(
    rasa: Any, tracker_store: "SafarTrackerStore", store: Store
) -> None:
    for number in range(20):
        await tell(tracker_store, f"shell-{number}", beginning(rasa), turn(rasa, None))
    assert stored(store) == []
    assert (await tracker_store.retrieve("shell-19")).get_slot("entry") == "passport"
    assert await tracker_store.retrieve("shell-0") is None


async def test_telling_and_remembering_take_milliseconds(
    rasa: Any, tracker_store: "SafarTrackerStore", anna: str
) -> None:
    await tell(tracker_store, anna, beginning(rasa))
    times = []
    for number in range(60):
        began = time.perf_counter()
        await tell(tracker_store, anna, turn(rasa, f"m{number}"))
        times.append(time.perf_counter() - began)
    assert sorted(times)[30] < 0.02


@pytest.mark.parametrize("what", ["key missing", "key damaged", "no server", "no url"])
def test_a_store_that_can_not_be_opened_ends_rasa(what: str, sqlite_url: str, crypt: Crypt, key: Path) -> None:
    Store.open(sqlite_url, crypt).close()
    if what == "key missing":
        key.unlink()
    if what == "key damaged":
        key.write_bytes(b"x" * 32)
    url = {"no server": "postgresql://127.0.0.1:1/x", "no url": "nonsense"}.get(what, sqlite_url)
    program = f"""if True:
        import warnings; warnings.simplefilter("ignore")
        from bot.dialogue import serve; serve.prepare()
        from rasa.core.tracker_store import TrackerStore
        from rasa.utils.endpoints import EndpointConfig
        print("made", TrackerStore.create(EndpointConfig(type="{TYPE}")))
    """
    environment = {**os.environ, "SAFAR_DATA_DIR": str(key.parent), "SAFAR_DATABASE_URL": url}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert "the tracker store can't be opened" in ended.stderr
    assert ended.stdout == ""
