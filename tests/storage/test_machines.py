"""Inbox and outbox against plain models of their rules, in every order that Hypothesis can think of."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from bot.model.messages import Outgoing, Report, ReportStatus
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import messages, outbox
from bot.storage.repositories.messages import ClaimLost, Work
from bot.storage.repositories.outbox import Piece
from tests.storage.builders import at, claim, done, incoming, person

LEASE = 60
OWNERS = st.sampled_from(["me", "you"])
PEOPLE = st.sampled_from(["+1", "+2", "+3"])


class Machine(RuleBasedStateMachine):
    """A database of its own, and a clock that moves."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.crypt = Crypt(bytes(32))
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "safar.db")
        self.store = Store.open(f"sqlite:///{self.folder / 'safar.db'}", self.crypt)
        self.now = 0.0

    def write(self, work: Any) -> Any:
        return self.store.write_sync(work)

    @rule(seconds=st.sampled_from([1, 30, LEASE + 1]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


@dataclass
class Message:
    address: str
    owner: str | None = None
    lease: float = 0
    not_before: float = 0
    done: bool = False
    attempts: int = 0


class Inbox(Machine):
    works = Bundle("works")

    def __init__(self) -> None:
        super().__init__()
        self.all: dict[str, Message] = {}  # in order of arrival
        self.keys: list[tuple[str, str]] = []

    def ready(self) -> list[str]:
        heads: dict[str, str] = {}
        for number, message in self.all.items():
            if not message.done:
                heads.setdefault(message.address, number)
        free = (self.all[number] for number in heads.values())
        return [n for n, m in zip(heads.values(), free, strict=True) if m.owner is None and m.not_before <= self.now]

    @rule(address=PEOPLE)
    def arrive(self, address: str) -> None:
        message = incoming(address)
        taken = self.write(lambda s: messages.take_in(s, self.crypt, message, at(self.now)))
        assert taken.new
        self.all[taken.message_id] = Message(address)
        self.keys.append((message.dedupe, taken.message_id))

    @rule(data=st.data())
    def arrive_again(self, data: st.DataObject) -> None:
        if self.keys:
            dedupe, first = data.draw(st.sampled_from(self.keys))
            again = incoming(self.all[first].address, dedupe=dedupe)
            taken = self.write(lambda s: messages.take_in(s, self.crypt, again, at(self.now)))
            assert (taken.new, taken.message_id) == (False, first)

    @rule(target=works, owner=OWNERS, limit=st.integers(1, 4))
    def claim(self, owner: str, limit: int) -> Any:
        ready = self.ready()
        got = self.write(lambda s: claim(s, self.crypt, owner, self.now, limit))
        assert {work.message_id for work in got} <= set(ready)
        assert len(got) == min(limit, len(ready))
        for work in got:
            message = self.all[work.message_id]
            assert work.attempts == message.attempts
            message.owner, message.lease = owner, self.now + LEASE
        return multiple(*((work, owner) for work in got))

    def expect(self, work: Work, owner: str, act: Any) -> bool:
        """Whether the claim still held, as it must or must not have."""
        if self.all[work.message_id].owner == owner:
            self.write(act)
            return True
        with pytest.raises(ClaimLost):
            self.write(act)
        return False

    @rule(claimed=consumes(works))
    def finish(self, claimed: tuple[Work, str]) -> None:
        work, owner = claimed
        reply = done("answer")
        if self.expect(
            work,
            owner,
            lambda s: messages.finish(s, self.crypt, work, owner, reply, at(self.now)),
        ):
            self.all[work.message_id].done = True
            self.all[work.message_id].owner = None

    @rule(claimed=consumes(works))
    def put_back(self, claimed: tuple[Work, str]) -> None:
        work, owner = claimed
        until = self.now + 30
        if self.expect(work, owner, lambda s: messages.release(s, work.message_id, owner, at(until))):
            message = self.all[work.message_id]
            message.owner, message.not_before, message.attempts = None, until, message.attempts + 1

    @rule()
    def take_back_from_the_dead(self) -> None:
        self.write(lambda s: messages.release_stale(s, at(self.now)))
        for message in self.all.values():
            if message.owner and message.lease < self.now:
                message.owner, message.attempts = None, message.attempts + 1

    @rule(owner=OWNERS)
    def end(self, owner: str) -> None:
        self.write(lambda s: messages.release_owner(s, owner))
        for message in self.all.values():
            if message.owner == owner:
                message.owner = None

    @invariant()
    def nothing_is_lost_or_answered_twice(self) -> None:
        open_ones = sum(not message.done for message in self.all.values())
        assert self.store.read_sync(messages.pending) == open_ones
        assert self.store.read_sync(outbox.waiting) == len(self.all) - open_ones


@dataclass
class Row:
    address: str
    urgent: bool
    status: str = "queued"
    owner: str | None = None
    lease: float = 0
    next_at: float = 0
    gateway_id: str | None = None


class Outbox(Machine):
    pieces = Bundle("pieces")

    def __init__(self) -> None:
        super().__init__()
        self.all: dict[int, Row] = {}

    def due(self) -> list[int]:
        queues: dict[str, list[int]] = {}
        for number, row in self.all.items():
            if row.status in {"queued", "sending"}:
                queues.setdefault(row.address, []).append(number)
        heads = []
        for numbers in queues.values():
            if all(self.all[number].status == "queued" for number in numbers):
                head = min(numbers, key=self.rank)
                heads += [head] if self.all[head].next_at <= self.now else []
        return sorted(heads, key=self.rank)

    def rank(self, number: int) -> tuple[bool, int]:
        return not self.all[number].urgent, number

    @rule(address=PEOPLE, urgent=st.booleans(), count=st.integers(1, 2))
    def add(self, address: str, urgent: bool, count: int) -> None:
        said = [Outgoing("text")] * count

        def write(session: Any) -> list[int]:
            conversation = person(session, self.crypt, address)
            return outbox.add(session, self.crypt, conversation, said, at(self.now), False, urgent=urgent)

        self.all.update({number: Row(address, urgent, next_at=self.now) for number in self.write(write)})

    @rule(target=pieces, owner=OWNERS, limit=st.integers(1, 4))
    def claim(self, owner: str, limit: int) -> Any:
        expected = self.due()[:limit]
        got = self.write(lambda s: outbox.claim_due(s, self.crypt, owner, at(self.now), LEASE, limit))
        assert [piece.id for piece in got] == expected
        for piece in got:
            row = self.all[piece.id]
            row.status, row.owner, row.lease = "sending", owner, self.now + LEASE
        return multiple(*((piece, owner) for piece in got))

    @rule(claimed=consumes(pieces))
    def sent(self, claimed: tuple[Piece, str]) -> None:
        piece, owner = claimed
        gateway_id = f"{piece.id}-{self.now}"
        self.write(lambda s: outbox.sent(s, piece.id, owner, gateway_id, at(self.now)))
        row = self.all[piece.id]
        if row.status in {"queued", "sending"}:
            row.status, row.owner, row.gateway_id = "sent", None, gateway_id

    @rule(claimed=consumes(pieces), dead=st.booleans())
    def failed(self, claimed: tuple[Piece, str], dead: bool) -> None:
        piece, owner = claimed
        later = self.now + 30
        if dead:
            self.write(lambda s: outbox.dead(s, piece.id, owner, "bad"))
        else:
            self.write(lambda s: outbox.retry(s, piece.id, owner, at(later), "busy"))
        row = self.all[piece.id]
        if (row.status, row.owner) == ("sending", owner):
            row.status, row.owner = ("dead" if dead else "queued"), None
            row.next_at = row.next_at if dead else later

    @rule()
    def take_back_from_the_dead(self) -> None:
        self.write(lambda s: outbox.release_stale(s, at(self.now)))
        for row in self.all.values():
            if row.status == "sending" and row.lease < self.now:
                row.status, row.owner = "queued", None

    @rule(data=st.data(), status=st.sampled_from(ReportStatus))
    def report(self, data: st.DataObject, status: ReportStatus) -> None:
        known = {row.gateway_id: row for row in self.all.values() if row.gateway_id}
        gateway_id = data.draw(st.sampled_from(["unknown", *known]))
        told = self.write(lambda s: outbox.report(s, Report("telegram", gateway_id, status)))
        assert told is (gateway_id in known)
        row = known.get(gateway_id)
        if row and status is ReportStatus.DELIVERED and row.status in {"sent", "dead"}:
            row.status = "delivered"
        if row and status is ReportStatus.FAILED and row.status == "sent":
            row.status = "dead"

    @rule()
    def resend(self) -> None:
        again = [row for row in self.all.values() if row.status == "dead"]
        assert self.write(lambda s: outbox.resend(s, [], at(self.now))) == len(again)
        for row in again:
            row.status, row.next_at, row.gateway_id = "queued", self.now, None

    @invariant()
    def every_piece_is_where_the_rules_say(self) -> None:
        statuses = [row.status for row in self.all.values()]
        assert self.store.read_sync(outbox.waiting) == statuses.count("queued") + statuses.count("sending")
        dead = {number for number, row in self.all.items() if row.status == "dead"}
        assert {piece.id for piece in self.store.read_sync(outbox.unsendable)} == dead


@pytest.mark.parametrize("machine", [Inbox, Outbox])
def test_rules_hold_in_any_order(machine: type[Machine], sqlite_template: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    machine.template = sqlite_template
    rounds = settings(max_examples=40, stateful_step_count=30, deadline=None, database=None)
    run_state_machine_as_test(machine, settings=rounds)  # type: ignore[no-untyped-call]
