"""The outbox: in order, nothing given up silently, reports that come late or twice."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from bot.model.messages import Outgoing, Report, ReportStatus
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations, outbox
from bot.storage.repositories.outbox import Piece
from tests.storage.builders import ANNA, BINA, NOON, at, person, take


def add(store: Store, crypt: Crypt, *texts: str, address: str = ANNA, urgent: bool = False) -> list[int]:
    pieces = [Outgoing(text) for text in texts]
    return store.write_sync(
        lambda c: outbox.add(c, crypt, person(c, crypt, address), pieces, NOON, False, urgent=urgent)
    )


def due(store: Store, crypt: Crypt, owner: str = "me", when: float = 0) -> list[Piece]:
    return store.write_sync(lambda c: outbox.claim_due(c, crypt, owner, at(when), 60, 10))


def texts(pieces: list[Piece]) -> list[str]:
    return [piece.outgoing.text for piece in pieces]


def sent(store: Store, piece: Piece, gateway_id: str = "", owner: str = "me") -> None:
    store.write_sync(lambda c: outbox.sent(c, piece.id, owner, gateway_id or f"gw-{piece.id}", at(1)))


def told(store: Store, gateway_id: str, status: ReportStatus, unreachable: bool = False) -> bool:
    report = Report("telegram", gateway_id, status, "code 7\x00", unreachable)
    return store.write_sync(lambda c: outbox.report(c, report))


def dead(store: Store) -> list[int]:
    return [piece.id for piece in store.read_sync(outbox.unsendable)]


def test_pieces_leave_in_order_conversations_apart_and_urgent_ones_first(store: Store, crypt: Crypt) -> None:
    add(store, crypt, "first", "second")
    add(store, crypt, "hers", address=BINA)
    add(store, crypt, "danger", urgent=True)
    order = []
    while pieces := due(store, crypt):
        assert due(store, crypt, "you") == []  # one at a time of each conversation
        order.append(texts(pieces))
        for piece in pieces:
            sent(store, piece)
    assert order == [["danger", "hers"], ["first"], ["second"]]
    assert store.read_sync(outbox.waiting) == 0


def test_a_piece_that_waits_for_its_next_try_holds_back_what_follows(store: Store, crypt: Crypt) -> None:
    add(store, crypt, "first", "second")
    (piece,) = due(store, crypt)
    store.write_sync(lambda c: outbox.retry(c, piece.id, "me", at(30), "busy"))
    assert due(store, crypt, when=29) == []
    (again,) = due(store, crypt, when=30)
    assert (again.outgoing.text, again.attempts) == ("first", 1)


def test_a_dead_piece_is_listed_lets_others_pass_and_can_be_sent_again(store: Store, crypt: Crypt) -> None:
    first, _ = add(store, crypt, "first", "second")
    (piece,) = due(store, crypt)
    store.write_sync(lambda c: outbox.dead(c, piece.id, "me", "too long"))
    (listed,) = store.read_sync(outbox.unsendable)
    assert (listed.id, listed.reason, listed.attempts, listed.created_at) == (first, "too long", 1, NOON)
    (second,) = due(store, crypt)
    sent(store, second)
    assert store.write_sync(lambda c: outbox.resend(c, [second.id, 999_999], at(5))) == 0
    assert store.write_sync(lambda c: outbox.resend(c, [], at(5))) == 1
    assert due(store, crypt, when=4) == []
    assert texts(due(store, crypt, when=5)) == ["first"]
    assert dead(store) == []


def test_a_sender_that_died_is_followed_by_another_and_its_late_word_counts(store: Store, crypt: Crypt) -> None:
    add(store, crypt, "text")
    (piece,) = due(store, crypt)
    assert store.write_sync(lambda c: outbox.release_stale(c, at(59))) == 0
    assert store.write_sync(lambda c: outbox.release_stale(c, at(61))) == 1
    sent(store, piece)  # it had only been slow: the message has left and must not leave again
    assert due(store, crypt, "you", 62) == []


def test_a_lost_claim_can_neither_kill_nor_delay(store: Store, crypt: Crypt) -> None:
    add(store, crypt, "text")
    (piece,) = due(store, crypt)
    store.write_sync(lambda c: outbox.release_owner(c, "me"))
    (yours,) = due(store, crypt, "you")
    store.write_sync(lambda c: outbox.dead(c, piece.id, "me", "late"))
    store.write_sync(lambda c: outbox.retry(c, piece.id, "me", at(9_999), "late"))
    sent(store, yours, owner="you")
    assert dead(store) == []
    assert store.read_sync(outbox.waiting) == 0


def test_whoever_can_not_be_reached_is_not_written_to_until_they_write(store: Store, crypt: Crypt) -> None:
    ids = add(store, crypt, "one", "two", "three")
    add(store, crypt, "hers", address=BINA)
    piece = due(store, crypt)[0]

    def gone(connection: Connection) -> None:
        outbox.dead(connection, piece.id, "me", "blocked")
        outbox.mark_unreachable(connection, piece.conversation.id, "blocked")

    store.write_sync(gone)
    assert dead(store) == ids
    found = store.read_sync(lambda c: conversations.find(c, crypt, "telegram", ANNA))
    assert found is not None
    assert found.unreachable
    store.write_sync(lambda c: take(c, crypt))
    found = store.read_sync(lambda c: conversations.find(c, crypt, "telegram", ANNA))
    assert found is not None
    assert not found.unreachable


D, F, A = ReportStatus.DELIVERED, ReportStatus.FAILED, ReportStatus.ACCEPTED


@pytest.mark.parametrize(
    ("reports", "unsendable"),
    [((A,), False), ((D, A), False), ((D, F, F), False), ((F,), True), ((F, A), True), ((A, F, D, F), False)],
)
def test_reports_in_any_order(store: Store, crypt: Crypt, reports: tuple[ReportStatus, ...], unsendable: bool) -> None:
    (number,) = add(store, crypt, "text")
    (piece,) = due(store, crypt)
    sent(store, piece, "abc")
    assert all(told(store, "abc", status) for status in reports)
    assert dead(store) == ([number] if unsendable else [])
    assert due(store, crypt, when=9_999) == []


def test_a_report_of_an_earlier_attempt_says_nothing_of_this_one(store: Store, crypt: Crypt) -> None:
    add(store, crypt, "text")
    (piece,) = due(store, crypt)
    sent(store, piece, "old")
    told(store, "old", F)
    store.write_sync(lambda c: outbox.resend(c, [], at(5)))
    for status in (A, D, F):
        assert not told(store, "old", status)
    (again,) = due(store, crypt, when=5)
    sent(store, again, "new")
    assert told(store, "new", D)
    assert dead(store) == []


def test_reports_of_nothing_of_ours_are_harmless(store: Store, crypt: Crypt) -> None:
    add(store, crypt, "text")
    (piece,) = due(store, crypt)
    store.write_sync(lambda c: outbox.sent(c, piece.id, "me", "", at(1)))  # a gateway without ids
    for gateway_id in ("", "unknown", "\x00", "\ud800", "x" * 5_000):
        assert not told(store, gateway_id, F, unreachable=True)
    assert dead(store) == []
    add(store, crypt, "another")
    (long,) = due(store, crypt)
    sent(store, long, "y" * 500)
    assert told(store, "y" * 500, F, unreachable=True)
    assert dead(store) == [long.id]


def test_letters_are_fetched_from_where_one_left_off(store: Store, crypt: Crypt) -> None:
    pieces = [Outgoing(str(number)) for number in range(5)]
    anna = store.write_sync(lambda c: person(c, crypt))
    ids = store.write_sync(lambda c: outbox.add(c, crypt, anna, pieces, NOON, True, "m", urgent=True))
    store.write_sync(lambda c: outbox.add(c, crypt, person(c, crypt, BINA), [Outgoing("hers")], NOON, True))
    letters = store.read_sync(lambda c: outbox.letters(c, crypt, anna.channel, anna.address, ids[1], 2))
    assert [(letter.id, letter.outgoing.text, letter.urgent) for letter in letters] == [
        (ids[2], "2", True),
        (ids[3], "3", True),
    ]
    assert due(store, crypt, when=99) == []


def test_two_senders_never_send_the_same_piece(open_store: Callable[[], Store], crypt: Crypt) -> None:
    from concurrent.futures import ThreadPoolExecutor

    stores = [open_store(), open_store()]
    for number in range(40):
        add(stores[0], crypt, str(number), address=f"+{number % 10}")
    left: list[str] = []

    def send(which: int) -> None:
        store, owner = stores[which % 2], f"sender-{which}"
        while store.read_sync(outbox.waiting):
            for piece in due(store, crypt, owner, 1):
                left.append(piece.outgoing.text)
                sent(store, piece, owner=owner)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    assert sorted(map(int, left)) == list(range(40))
    for person_number in range(10):
        numbers = [int(text) for text in left if int(text) % 10 == person_number]
        assert numbers == sorted(numbers)
