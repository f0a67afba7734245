"""Cases: opened once, claimed by one, answered by whoever has them, and given back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.handoff.commands import Act
from bot.handoff.rounds import go_round
from bot.model import cases as model
from bot.model.cases import OUTCOMES, Case, Staff, Status
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import cases, conversations, messages, outbox, queue
from bot.storage.repositories.sealing import unseal
from bot.storage.retention import erase_old
from bot.storage.tables import outbox as pieces
from tests.handoff.builders import ADA, CARO, DHAKA, DOHA, MAYA, OMAR, RINA, TOM, Office, at
from tests.storage.builders import claim, done


@pytest.fixture
def office(store: Store, crypt: Crypt) -> Office:
    return Office(store, crypt)


def said(office: Office, conversation: str) -> list[str]:
    """What was sent to the person, in order."""
    rows = office.store.read_sync(
        lambda db: db.execute(sa.select(pieces).where(pieces.c.conversation_id == conversation).order_by(pieces.c.id))
    )
    return [str(unseal(office.crypt, row.body)["text"]) for row in rows]


def claimed(office: Office, by: Staff = MAYA, **known: object) -> tuple[str, Case]:
    conversation = office.wrote(**known)
    case = office.opened(conversation)
    return conversation, office.do(by, case, office.commands.claim)


def test_a_case_goes_to_the_centre_that_speaks_the_language(office: Office) -> None:
    assert office.opened(office.wrote("1", language="bn")).centre_id == DHAKA.id
    assert office.opened(office.wrote("2", language="ne", destination="QA")).centre_id == DOHA.id
    assert office.opened(office.wrote("3", language="ru")).centre_id in {DOHA.id, DHAKA.id}


def test_danger_and_a_wish_make_one_case_which_only_becomes_more_urgent(office: Office) -> None:
    conversation = office.wrote(language="ne")
    asked = office.opened(conversation)
    danger = office.opened(conversation, "held", minute=1)
    again = office.opened(conversation, "unanswered", minute=2)
    assert asked.id == danger.id == again.id
    assert (asked.urgent, again.urgent, again.kind) == (False, True, "held")
    assert danger.due_at == at(16)


def test_the_first_reply_is_due_in_opening_hours(office: Office) -> None:
    case = office.opened(office.wrote(language="ne", destination="QA"))
    assert case.due_at == at(0) + timedelta(hours=24)  # two hours are left on this day, six are on the next
    assert office.opened(office.wrote("2", language="bn"), "held").due_at == at(15 * 60 + 15)  # 09:15 in Dhaka


def test_of_two_who_claim_at_once_one_gets_it_and_the_other_is_told_who(office: Office) -> None:
    case = office.opened(office.wrote())
    gate = threading.Barrier(2)

    def press(by: Staff) -> str:
        gate.wait()
        try:
            office.store.write_sync(lambda db: office.commands.claim(db, Act(by, case.id, at(1))))
        except model.AlreadyClaimed as lost:
            return lost.values["name"]
        return ""

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(press, (MAYA, OMAR)))
    owner = office.case(case.id).owner_id
    assert results == (["", "Maya"] if owner == "maya" else ["Omar", ""])


def test_a_reply_goes_out_once_however_often_it_is_pressed(office: Office) -> None:
    conversation, case = claimed(office)
    for _ in range(2):
        case = office.do(MAYA, case, office.commands.reply, " We are here. ", "key-1", minute=2)
    assert said(office, conversation) == ["We are here."]
    assert (case.replied_at, case.waiting_since) == (at(2), None)


def test_an_entry_goes_out_in_the_persons_language(office: Office) -> None:
    conversation, case = claimed(office, language="ne", destination="QA")
    office.do(MAYA, case, office.commands.reply_entry, "wages", "k")
    assert said(office, conversation) == ["wages for QA"]
    with pytest.raises(model.NotFound):
        office.do(MAYA, case, office.commands.reply_entry, "nothing", "k2")


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4001])
def test_what_can_not_be_sent_is_refused(office: Office, text: str) -> None:
    conversation, case = claimed(office)
    with pytest.raises(model.BadText):
        office.do(MAYA, case, office.commands.reply, text, "k")
    assert said(office, conversation) == []


def test_only_who_has_the_case_speaks_in_it(office: Office) -> None:
    conversation, case = claimed(office)
    for other in (OMAR, RINA, ADA, CARO, TOM):
        for command, given in (
            (office.commands.reply, ("hi", "k")),
            (office.commands.close, ("answered",)),
            (office.commands.transfer, (DHAKA.id, True)),
            (office.commands.park, (at(60),)),
            (office.commands.give_back, ()),
        ):
            with pytest.raises(model.NotAllowed):
                office.do(other, case, command, *given)
    assert said(office, conversation) == []


def test_roles_limit_what_can_be_done(office: Office) -> None:
    case = office.opened(office.wrote())
    for other in (CARO, TOM):
        with pytest.raises(model.NotAllowed):
            office.do(other, case, office.commands.claim)
    office.do(CARO, case, office.commands.note, "the entry on wages is old", "k")
    with pytest.raises(model.NotAllowed):
        office.do(TOM, case, office.commands.note, "hm", "k2")
    with pytest.raises(model.NotAllowed):
        office.do(OMAR, case, office.commands.take_over)


def test_nothing_is_written_to_who_said_stop(office: Office) -> None:
    conversation, case = claimed(office)
    office.do(MAYA, case, office.commands.reply, "first", "a")
    work = office.store.write_sync(lambda s: claim(s, office.crypt))[0]
    stop = done(changes={"stopped": True}, ordered=True)
    office.store.write_sync(lambda s: messages.finish(s, office.crypt, work, "me", stop, at(2)))
    with pytest.raises(model.PersonStopped):
        office.do(MAYA, case, office.commands.reply, "second", "b")
    office.do(MAYA, case, office.commands.close, "no_contact")
    assert said(office, conversation) == ["first"]
    assert office.store.read_sync(outbox.waiting) == 0  # what had not left was taken back


def test_who_asked_not_to_be_written_to_is_answered_only_while_they_write(office: Office) -> None:
    conversation, case = claimed(office, contact="no")
    office.do(MAYA, case, office.commands.reply, "now", "a", minute=5)
    with pytest.raises(model.NotSafe):
        office.do(MAYA, case, office.commands.reply, "later", "b", minute=31)
    office.wrote(minute=32)
    office.do(MAYA, case, office.commands.reply, "now again", "c", minute=33)
    office.do(MAYA, case, office.commands.close, "safe", minute=90)
    assert said(office, conversation) == ["now", "now again"]


def test_while_a_person_has_the_case_the_assistant_is_silent(office: Office) -> None:
    conversation = office.wrote(text="one")
    office.wrote(text="two")
    case = office.opened(conversation)
    work = office.store.write_sync(lambda s: claim(s, office.crypt))[0]
    office.do(MAYA, case, office.commands.claim)  # while the assistant's answer was on its way
    finish = messages.finish
    assert office.store.write_sync(lambda s: finish(s, office.crypt, work, "me", done("I am the bot"), at(2)))
    work = office.store.write_sync(lambda s: claim(s, office.crypt))[0]
    assert work.conversation.held_by == "maya"
    assert not office.store.write_sync(
        lambda s: finish(s, office.crypt, work, "me", done("Stopped.", ordered=True), at(3))
    )
    assert said(office, conversation) == ["Stopped."]


def test_who_shares_the_phone_is_not_written_to_unasked_unless_they_said_so(office: Office) -> None:
    conversation, case = claimed(office, discreet=True)
    with pytest.raises(model.NotSafe):
        office.do(MAYA, case, office.commands.reply, "later", "a", minute=31)
    office.store.write_sync(lambda db: conversations.change(db, office.crypt, conversation, {"contact": "yes"}))
    office.do(MAYA, case, office.commands.reply, "Doha: now", "b", minute=32)
    assert said(office, conversation) == ["Doha: now"]


def test_the_name_of_the_service_is_not_written_where_others_read(office: Office) -> None:
    conversation, case = claimed(office, discreet=True, contact="yes")
    office.do(MAYA, case, office.commands.reply, "Safar and the Centre are here.", "a")
    assert said(office, conversation) == ["we and the we are here."]


def test_a_message_that_is_a_secret_is_not_kept(office: Office) -> None:
    conversation = office.wrote(text="mango tree")
    [work] = office.store.write_sync(lambda s: claim(s, office.crypt))
    secret = replace(done("Once more."), forget=True)
    office.store.write_sync(lambda s: messages.finish(s, office.crypt, work, "me", secret, at(1)))
    lines = office.store.read_sync(lambda s: queue.said(s, office.crypt, conversation, 10))
    assert [line.text for line in lines] == ["", "Once more."]


def test_what_a_colleague_may_not_see_they_may_not_take(office: Office) -> None:
    case = office.opened(office.wrote(language="ne", destination="QA"))
    with pytest.raises(model.NotAllowed):
        office.do(RINA, case, office.commands.claim)
    for minute in (120, 240):
        office.store.write_sync(lambda db, m=minute: go_round(db, office.crypt, office.opener, at(m)))
    office.do(RINA, case, office.commands.claim, minute=241)  # by now it is offered to everybody


def test_a_closed_case_is_not_transferred(office: Office) -> None:
    _, case = claimed(office)
    office.do(MAYA, case, office.commands.close, "answered")
    with pytest.raises(model.IsClosed):
        office.do(MAYA, case, office.commands.transfer, DHAKA.id, True)


def test_who_leaves_leaves_nobody_waiting(office: Office) -> None:
    conversation, case = claimed(office)
    assert office.store.write_sync(lambda db: office.commands.leave(db, MAYA, at(5))) == 1
    case = office.case(case.id)
    assert (case.status, case.owner_id, office.person(conversation).held_by) == (Status.OPEN, None, None)


def test_notes_go_with_the_texts_and_closed_cases_as_a_whole(office: Office) -> None:
    conversation, case = claimed(office)
    office.do(MAYA, case, office.commands.note, "old thoughts", "k")
    later = at(60 * 24 * 100)
    office.wrote(minute=60 * 24 * 100)
    office.store.write_sync(lambda db: erase_old(db, later, 90))
    events = office.store.read_sync(lambda db: cases.events(db, office.crypt, case.id))
    assert all(not event.body for event in events)
    office.do(MAYA, case, office.commands.close, "answered")
    office.store.write_sync(lambda db: erase_old(db, later, 90))
    assert office.store.read_sync(lambda db: cases.get(db, case.id)) is None
    assert office.person(conversation)


def test_closing_gives_back_to_the_assistant_with_a_line_that_says_so(office: Office) -> None:
    conversation, case = claimed(office)
    with pytest.raises(model.BadValue):
        office.do(MAYA, case, office.commands.close, "whatever")
    case = office.do(MAYA, case, office.commands.close, OUTCOMES[0])
    assert (case.status, case.outcome, office.person(conversation).held_by) == (Status.CLOSED, "answered", None)
    [line] = said(office, conversation)
    assert "computer program" in line
    for command, given in ((office.commands.reply, ("x", "k")), (office.commands.claim, ())):
        with pytest.raises(model.IsClosed):
            office.do(MAYA, case, command, *given)


def test_who_asks_again_gets_the_same_case_and_colleagues_see_who_had_it(office: Office) -> None:
    conversation, case = claimed(office)
    office.do(MAYA, case, office.commands.close, "answered")
    again = office.opened(conversation, minute=60 * 24)
    assert (again.id, again.status, again.owner_id, again.preferred_id) == (case.id, Status.OPEN, None, "maya")
    office.do(OMAR, again, office.commands.claim)
    office.do(OMAR, again, office.commands.close, "answered", minute=60 * 25)
    much_later = office.opened(conversation, minute=60 * 24 * 30)
    assert much_later.id != case.id


def test_a_transfer_needs_the_persons_yes(office: Office) -> None:
    conversation, case = claimed(office)
    with pytest.raises(model.NeedsConsent):
        office.do(MAYA, case, office.commands.transfer, DHAKA.id, False)
    with pytest.raises(model.BadValue):
        office.do(MAYA, case, office.commands.transfer, "nowhere", True)
    case = office.do(MAYA, case, office.commands.transfer, DHAKA.id, True)
    assert (case.centre_id, case.owner_id, case.status) == (DHAKA.id, None, Status.OPEN)
    assert office.person(conversation).held_by is None
    assert "Dhaka" in said(office, conversation)[0]


def test_a_parked_case_comes_back_when_its_time_has_come_or_the_person_writes(office: Office) -> None:
    conversation, case = claimed(office)
    for until in (at(0), at(60 * 24 * 365)):
        with pytest.raises(model.BadValue):
            office.do(MAYA, case, office.commands.park, until)
    assert office.do(MAYA, case, office.commands.park, at(60)).status is Status.PARKED
    office.wrote(minute=5)
    case = office.case(case.id)
    assert (case.status, case.owner_id, case.waiting_since) == (Status.CLAIMED, "maya", at(5))
    office.do(MAYA, case, office.commands.park, at(60), minute=6)
    assert office.store.write_sync(lambda db: go_round(db, office.crypt, office.opener, at(59))) == 0
    assert office.store.write_sync(lambda db: go_round(db, office.crypt, office.opener, at(60))) == 1
    assert office.case(case.id).status is Status.CLAIMED
    assert office.person(conversation).held_by == "maya"


def test_what_nobody_claims_is_offered_more_widely_until_everybody_has_it(office: Office) -> None:
    case = office.opened(office.wrote(language="ne"), "violence")
    for minute, circle in ((2.9, 0), (3, 1), (3.1, 1), (6, 2), (60, 2)):
        office.store.write_sync(lambda db, m=minute: go_round(db, office.crypt, office.opener, at(m)))
        assert office.case(case.id).circle == circle
    office.do(MAYA, case, office.commands.claim)
    assert office.store.write_sync(lambda db: go_round(db, office.crypt, office.opener, at(600))) == 0


def test_an_administrator_takes_over_from_who_is_away(office: Office) -> None:
    conversation, case = claimed(office)
    case = office.do(ADA, case, office.commands.take_over)
    assert (case.owner_id, office.person(conversation).held_by) == ("ada", "ada")
    with pytest.raises(model.NotAllowed):
        office.do(MAYA, case, office.commands.reply, "still me?", "k")


def test_erasing_a_conversation_takes_its_case_with_it(office: Office) -> None:
    conversation, case = claimed(office)
    office.store.write_sync(lambda db: conversations.erase(db, conversation))
    with pytest.raises(model.NotFound):
        office.do(MAYA, case, office.commands.reply, "hello?", "k")
    assert office.store.read_sync(lambda db: cases.get(db, case.id)) is None


def test_everything_done_is_in_the_audit_log_without_a_word_of_the_person(office: Office) -> None:
    _, case = claimed(office)
    office.do(MAYA, case, office.commands.reply, "secret words", "a")
    office.do(MAYA, case, office.commands.note, "secret thoughts", "b")
    office.do(MAYA, case, office.commands.close, "referred")
    rows = office.store.read_sync(lambda db: cases.audited(db, None, 10))
    assert [(row.action, row.staff_id, row.subject) for row in reversed(rows)] == [
        (action, "maya", case.id) for action in ("claim", "reply", "note", "close")
    ]
    assert not any("secret" in (row.detail or "") for row in rows)
