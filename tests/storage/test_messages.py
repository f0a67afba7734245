"""The inbox: once, in order, one at a time, by one process."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.model.messages import Button, Incoming, Kind, Outgoing
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations, messages, outbox
from bot.storage.repositories.messages import ClaimLost, Taken, Work
from bot.storage.tables import conversations as people
from bot.storage.tables import inbox
from tests.storage.builders import ANNA, BINA, NOON, at, claim, done, finish, incoming, take


def rows(store: Store, table: sa.Table) -> int:
    return store.read_sync(lambda s: s.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_message_comes_back_as_it_was(store: Store, crypt: Crypt) -> None:
    given = Incoming(
        channel="telegram",
        address="chat \ud83d half a pair",
        kind=Kind.BUTTON,
        dedupe="button-1",
        sent_at=at(-5),
        text="मेरो तलब \ud800 \x00 كفيل",
        payload="entry:wages",
        locale="ne-NP",
        extra={"callback": "77\udfff"},
    )
    store.write_sync(lambda s: messages.take_in(s, crypt, given, NOON))
    (work,) = store.write_sync(lambda s: claim(s, crypt))
    assert work.incoming == given
    assert work.conversation.address == given.address
    assert (work.attempts, work.conversation.language, work.conversation.stopped) == (0, None, False)


def test_delivered_again_it_is_found_and_nothing_changes(store: Store, crypt: Crypt) -> None:
    first = store.write_sync(lambda s: messages.take_in(s, crypt, incoming(text="one", dedupe="7"), NOON))
    (work,) = store.write_sync(lambda s: claim(s, crypt))
    store.write_sync(lambda s: finish(s, crypt, work, "answer"))
    again = store.write_sync(lambda s: messages.take_in(s, crypt, incoming(text="two", dedupe="7"), at(99)))
    assert again == replace(first, new=False)
    assert store.write_sync(lambda s: claim(s, crypt, when=100)) == []
    other = replace(incoming(dedupe="7"), channel="twilio")
    assert store.write_sync(lambda s: messages.take_in(s, crypt, other, NOON)).new


@pytest.mark.parametrize("key", ["x" * 5_000, "", "nul\x00nul", "\ud800", "日本", "line\nline"])
def test_any_key_of_a_gateway_will_do(store: Store, crypt: Crypt, key: str) -> None:
    first = store.write_sync(lambda s: messages.take_in(s, crypt, incoming(dedupe=key), NOON))
    assert first.new
    assert store.write_sync(lambda s: messages.take_in(s, crypt, incoming(dedupe=key), NOON)) == replace(
        first, new=False
    )
    assert store.write_sync(lambda s: messages.take_in(s, crypt, incoming(dedupe=key + "1"), NOON)).new


def test_one_message_delivered_to_many_processes_at_once_is_stored_once(
    open_store: Callable[[], Store], crypt: Crypt
) -> None:
    stores = [open_store() for _ in range(3)]
    together = threading.Barrier(12)

    def deliver(number: int) -> Taken:
        together.wait()
        dedupe = "same" if number % 2 else f"different-{number}"
        return stores[number % 3].write_sync(lambda s: messages.take_in(s, crypt, incoming(dedupe=dedupe), NOON))

    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(deliver, range(12)))
    same = taken[1::2]
    assert sum(one.new for one in same) == 1
    assert len({one.message_id for one in same}) == 1
    assert len({one.conversation_id for one in taken}) == 1
    assert (rows(stores[0], inbox), rows(stores[0], people)) == (7, 1)


def test_a_conversation_is_worked_on_in_order_and_one_message_at_a_time(store: Store, crypt: Crypt) -> None:
    # all at one moment, and one whose clock is behind: the order of arrival counts
    for text, when in (("first", 0), ("second", 0), ("third", -500)):
        store.write_sync(lambda s, text=text, when=when: take(s, crypt, ANNA, text, when))
    store.write_sync(lambda s: take(s, crypt, BINA, "hers", 1))
    said = []
    for _ in range(3):
        works = store.write_sync(lambda s: claim(s, crypt, when=5))
        assert len({work.conversation.id for work in works}) == len(works)
        said += [work.incoming.text for work in works]
        for work in works:
            store.write_sync(lambda s, work=work: finish(s, crypt, work))
    assert said == ["first", "hers", "second", "third"]
    assert store.read_sync(messages.pending) == 0


def test_a_message_that_waits_holds_back_its_own_conversation_only(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: [take(s, crypt, ANNA, "first"), take(s, crypt, ANNA, "second"), take(s, crypt, BINA)])
    works = store.write_sync(lambda s: claim(s, crypt))
    hers = next(work for work in works if work.conversation.address == ANNA)
    store.write_sync(lambda s: messages.release(s, hers.message_id, "me", at(30)))
    assert store.write_sync(lambda s: claim(s, crypt, when=29)) == []
    (again,) = store.write_sync(lambda s: claim(s, crypt, when=30))
    assert (again.message_id, again.attempts) == (hers.message_id, 1)


def test_two_processes_never_get_the_same_message_or_conversation(
    open_store: Callable[[], Store], crypt: Crypt
) -> None:
    stores = [open_store(), open_store()]
    for number in range(60):
        stores[0].write_sync(lambda s, n=number: take(s, crypt, f"+{n % 20}", str(n), n))
    working: set[str] = set()
    handled: list[tuple[str, int]] = []
    guard = threading.Lock()

    def work(which: int) -> None:
        store, owner = stores[which % 2], f"process-{which}"
        while store.read_sync(messages.pending):
            for one in store.write_sync(lambda s: claim(s, crypt, owner, 1_000, 3)):
                with guard:
                    assert one.conversation.id not in working
                    working.add(one.conversation.id)
                    handled.append((one.conversation.address, int(one.incoming.text)))
                with guard:
                    working.remove(one.conversation.id)
                store.write_sync(lambda s, one=one: finish(s, crypt, one, "answer", owner=owner))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(number for _, number in handled) == list(range(60))
    for address in {address for address, _ in handled}:
        numbers = [number for other, number in handled if other == address]
        assert numbers == sorted(numbers)


def test_finishing_writes_everything_together(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: take(s, crypt))
    (work,) = store.write_sync(lambda s: claim(s, crypt))
    pieces = [Outgoing("one", (Button("Yes", "useful:yes"),), "ne", 2, {"parse": "plain"}), Outgoing("two")]
    changes = {"language": "ne", "origin": "NP", "menu": (Button("1", "entry:a"),), "rest": ("more", "most")}
    meta = {"decision": "answer", "probability": 0.9}
    what = done(*pieces, changes=changes, meta=meta, mailbox=True)
    assert not store.write_sync(lambda s: messages.finish(s, crypt, work, "me", what, at(1)))
    conversation = store.read_sync(lambda s: conversations.get(s, crypt, work.conversation.id))
    letters = store.read_sync(
        lambda c: outbox.letters(c, crypt, work.conversation.channel, work.conversation.address, 0, 10)
    )
    assert conversation is not None
    assert [letter.outgoing for letter in letters] == pieces
    assert [letter.id for letter in letters] == sorted(letter.id for letter in letters)
    assert {letter.message_id for letter in letters} == {work.message_id}
    assert (conversation.language, conversation.origin, conversation.rest) == ("ne", "NP", ("more", "most"))
    assert conversation.menu == (Button("1", "entry:a"),)
    assert store.read_sync(lambda s: messages.meta_of(s, crypt, work.message_id)) == meta
    store.write_sync(lambda s: conversations.change(s, crypt, work.conversation.id, {"rest": ()}))
    conversation = store.read_sync(lambda s: conversations.get(s, crypt, work.conversation.id))
    assert conversation is not None
    assert (conversation.menu, conversation.rest) == ((Button("1", "entry:a"),), ())


def test_what_can_not_be_finished_leaves_nothing_behind(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: take(s, crypt))
    (work,) = store.write_sync(lambda s: claim(s, crypt))
    with pytest.raises(KeyError):
        store.write_sync(lambda s: messages.finish(s, crypt, work, "me", done("a", changes={"address": "x"}), NOON))
    assert (store.read_sync(outbox.waiting), store.read_sync(messages.pending)) == (0, 1)
    store.write_sync(lambda s: finish(s, crypt, work, "answer"))
    assert store.read_sync(outbox.waiting) == 1


def lose(store: Store, crypt: Crypt, owner: str = "me") -> Work:
    """A message that `owner` claimed and never finished."""
    store.write_sync(lambda s: take(s, crypt))
    (work,) = store.write_sync(lambda s: claim(s, crypt, owner))
    return work


def test_a_message_whose_process_died_is_taken_up_by_another(store: Store, crypt: Crypt) -> None:
    work = lose(store, crypt)
    assert store.write_sync(lambda s: messages.release_stale(s, at(59))) == 0
    assert store.write_sync(lambda s: messages.release_stale(s, at(61))) == 1
    (again,) = store.write_sync(lambda s: claim(s, crypt, "you", 62))
    assert (again.message_id, again.attempts) == (work.message_id, 1)
    with pytest.raises(ClaimLost):  # the dead one was only slow
        store.write_sync(lambda s: finish(s, crypt, work, "too late"))
    with pytest.raises(ClaimLost):
        store.write_sync(lambda s: messages.release(s, work.message_id, "me", NOON))
    assert store.read_sync(outbox.waiting) == 0
    store.write_sync(lambda s: finish(s, crypt, again, "answer", owner="you"))
    with pytest.raises(ClaimLost):  # and nobody answers twice
        store.write_sync(lambda s: finish(s, crypt, again, "again", owner="you"))
    assert store.read_sync(outbox.waiting) == 1


def test_ending_gives_back_ones_own_messages_only(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: [take(s, crypt, ANNA), take(s, crypt, BINA)])
    (mine,) = store.write_sync(lambda s: claim(s, crypt, "me", limit=1))
    (yours,) = store.write_sync(lambda s: claim(s, crypt, "you", limit=1))
    assert store.write_sync(lambda s: messages.release_owner(s, "me")) == 1
    (again,) = store.write_sync(lambda s: claim(s, crypt, "third"))
    assert (again.message_id, again.attempts) == (mine.message_id, 0)
    store.write_sync(lambda s: finish(s, crypt, yours, owner="you"))


def test_what_is_said_early_is_said_once_however_often_it_is_taken_up(store: Store, crypt: Crypt) -> None:
    work = lose(store, crypt)
    say = done("call 999", "now").said
    assert len(store.write_sync(lambda s: messages.add_early(s, crypt, work, say, NOON, True))) == 2
    store.write_sync(lambda s: messages.release_stale(s, at(61)))
    (again,) = store.write_sync(lambda s: claim(s, crypt, when=62))
    assert store.write_sync(lambda s: messages.add_early(s, crypt, again, say, NOON, True)) == []
    assert store.read_sync(outbox.waiting) == 2


def test_messages_that_wait_are_shown_once_for_a_look_at_danger(store: Store, crypt: Crypt) -> None:
    store.write_sync(lambda s: [take(s, crypt, text=text) for text in ("first", "second", "third")])

    def look() -> list[str]:
        seen = store.write_sync(lambda s: messages.claim(s, crypt, "me", NOON, 60, 10, unseen=True))
        return [work.incoming.text for work in seen]

    store.write_sync(lambda s: claim(s, crypt))
    assert look() == ["second", "third"]
    assert look() == []


@pytest.mark.parametrize("kind", [Kind.UNKNOWN, Kind.BLOCKED])
def test_what_needs_no_answer_is_stored_and_left(store: Store, crypt: Crypt, kind: Kind) -> None:
    message = incoming(kind=kind)
    taken = store.write_sync(lambda s: messages.take_in(s, crypt, message, NOON))
    assert store.write_sync(lambda s: claim(s, crypt)) == []
    conversation = store.read_sync(lambda s: conversations.get(s, crypt, taken.conversation_id))
    assert conversation is not None
    assert conversation.unreachable is (kind is Kind.BLOCKED)
    store.write_sync(lambda s: take(s, crypt))  # whoever writes can be reached
    (work,) = store.write_sync(lambda s: claim(s, crypt))
    assert not work.conversation.unreachable


def test_the_last_texts_are_those_before_the_message(store: Store, crypt: Crypt) -> None:
    texts = ["a", "b", "c", "d"]
    store.write_sync(lambda s: [take(s, crypt, text=text, when=n) for n, text in enumerate(texts)])
    store.write_sync(lambda s: take(s, crypt, BINA, "another person's"))
    for text, recent in (("a", []), ("b", ["a"]), ("c", ["a", "b"]), ("d", ["b", "c"])):
        work = next(w for w in store.write_sync(lambda s: claim(s, crypt, when=9)) if w.conversation.address == ANNA)
        assert work.incoming.text == text
        assert store.read_sync(lambda s, w=work: messages.recent_texts(s, crypt, w, 2)) == recent
        store.write_sync(lambda s, w=work: finish(s, crypt, w))


def test_erasing_a_conversation_takes_everything_with_it(store: Store, crypt: Crypt) -> None:
    work = lose(store, crypt)
    store.write_sync(lambda s: messages.add_early(s, crypt, work, done("x").said, NOON, True))
    store.write_sync(lambda s: conversations.erase(s, work.conversation.id))
    assert [rows(store, table) for table in (people, inbox, outbox.outbox)] == [0, 0, 0]
    with pytest.raises(ClaimLost):
        store.write_sync(lambda s: finish(s, crypt, work, "to nobody"))
    assert store.write_sync(lambda s: messages.add_early(s, crypt, work, done("x").said, NOON, True)) == []
