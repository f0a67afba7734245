"""Erasing what is old."""

from datetime import timedelta

import sqlalchemy as sa

from bot.model.messages import Outgoing
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations, messages, outbox
from bot.storage.retention import erase_old
from bot.storage.tables import inbox, tracker_events
from tests.storage.builders import ANNA, BINA, NOON, claim, finish, incoming, person, take

DAY = timedelta(days=1)
LATER = NOON + 100 * DAY


def erase(store: Store) -> dict[str, int]:
    return store.write_sync(lambda s: erase_old(s, LATER, 90))


def event(conversation_id: str, days: float) -> dict[str, object]:
    at = (NOON + days * DAY).timestamp()
    return {"conversation_id": conversation_id, "session_start": False, "at": at, "body": b"x"}


def test_who_has_not_spoken_for_long_is_forgotten_and_nobody_else(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: [take(s, crypt, ANNA, "old"), take(s, crypt, BINA, "old")])
    for work in store.write_sync(lambda s: claim(s, crypt)):
        store.write_sync(lambda s, work=work: finish(s, crypt, work, "old answer"))
    store.write_sync(lambda s: messages.take_in(s, crypt, incoming(BINA, "new"), LATER))
    bina = store.write_sync(lambda s: person(s, crypt, BINA))
    rows = [event(bina.id, 0), event(bina.id, 99)]
    store.write_sync(lambda s: s.execute(sa.insert(tracker_events), rows))
    store.write_sync(
        lambda s: s.execute(
            sa.update(conversations.table).where(conversations.table.c.id == bina.id).values(last_at=LATER)
        )
    )
    gone = {"conversations": 1, "inbox": 1, "outbox": 1, "tracker_events": 1, "cases": 0, "case_events": 0, "audit": 0}
    assert erase(store) == gone
    assert erase(store) == dict.fromkeys(gone, 0)
    assert store.read_sync(lambda s: conversations.find(s, crypt, "telegram", ANNA)) is None
    (work,) = store.write_sync(lambda s: claim(s, crypt, when=LATER.timestamp()))
    assert work.incoming.text == "new"


def test_somebody_who_was_written_to_lately_is_kept(store: Store, crypt: Crypt) -> None:
    anna = store.write_sync(lambda s: person(s, crypt))
    store.write_sync(lambda s: outbox.add(s, crypt, anna, [Outgoing("from a person")], LATER, False))
    assert erase(store)["conversations"] == 0
    assert store.read_sync(outbox.waiting) == 1


def test_an_empty_message_is_never_answered_nor_sent(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: take(s, crypt, text="old question"))
    anna = store.write_sync(lambda s: person(s, crypt))
    store.write_sync(lambda s: outbox.add(s, crypt, anna, [Outgoing("old")], NOON, False))
    store.write_sync(lambda s: outbox.add(s, crypt, anna, [Outgoing("letter")], NOON, True))
    store.write_sync(lambda s: outbox.add(s, crypt, anna, [Outgoing("new")], LATER, False))
    erase(store)
    assert store.write_sync(lambda s: messages.claim(s, crypt, "me", LATER, 60, 9)) == []
    assert store.read_sync(lambda s: s.execute(sa.select(inbox.c.status)).scalar_one()) == "ignored"
    pieces = store.write_sync(lambda s: outbox.claim_due(s, crypt, "me", LATER, 60, 9))
    assert [piece.outgoing.text for piece in pieces] == ["new"]
    assert store.read_sync(lambda c: outbox.letters(c, crypt, anna.channel, anna.address, 0, 9)) == []
    assert store.read_sync(outbox.unsendable) == []
    assert store.write_sync(lambda s: outbox.resend(s, [], LATER)) == 0
