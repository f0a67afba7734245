"""Everything that staff do with cases: permission, change and audit entry in one place, by page or by API alike.

Each command runs in one transaction, behind the lock of the conversation's row; one that raises has changed nothing.
What goes to the person goes through the outbox like everything else. Imports `model`, `storage`, `shaping`, `phrases`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.handoff import policy
from bot.handoff.opening import Opener, Reason
from bot.handoff.policy import Action
from bot.model import cases as model
from bot.model.cases import Case, Contact, Staff, Status
from bot.model.messages import MAX_TEXT, Reply
from bot.model.people import Conversation
from bot.phrases import Phrases
from bot.shaping import Shaper
from bot.storage.crypt import Crypt
from bot.storage.repositories import cases, conversations, outbox, queue, staff

SAFE_MINUTES = 30
"""Who said that nobody should write gets answers only so long after their own last message."""
LONGEST_PARK = timedelta(days=90)

ComposeEntry = Callable[[str, Conversation], Reply | None]
"""An entry of the knowledge base as it is told to this person, in their language; None when there is no such entry."""


@dataclass(frozen=True)
class Act:
    """Who does something to which case, and when."""

    by: Staff
    case_id: str
    now: datetime


class Commands:
    """The commands. Each returns the case as it was before; `told` is called by whoever commits."""

    def __init__(self, crypt: Crypt, opener: Opener, shaper: Shaper, phrases: Phrases, entries: ComposeEntry) -> None:
        self._crypt = crypt
        self._opener = opener
        self._shaper = shaper
        self._phrases = phrases
        self._entries = entries

    def claim(self, db: Connection, act: Act) -> Case:
        """Take a case that nobody has. Raises `AlreadyClaimed` with the name of who was faster."""
        case = self._case(db, act, Action.CLAIM)
        if case.status is Status.CLOSED:
            raise model.IsClosed
        if case.owner_id == act.by.id:
            return case  # pressed twice
        if not cases.take(db, case.id, act.by.id, act.now):
            raise model.AlreadyClaimed(name=self._owner_name(db, case.id))
        cases.hold(db, case.conversation_id, act.by.id)
        return self._done(db, act, Action.CLAIM, case, "claimed")

    def take_over(self, db: Connection, act: Act) -> Case:
        """An administrator takes a case from whoever has it (who is ill, or has gone home)."""
        case = self._case(db, act, Action.TAKE_OVER)
        if case.status is Status.CLOSED:
            raise model.IsClosed
        taken = {"status": Status.CLAIMED.value, "owner_id": act.by.id, "preferred_id": case.owner_id}
        cases.change(db, case.id, **taken, parked_until=None, widen_at=None)
        cases.hold(db, case.conversation_id, act.by.id)
        return self._done(db, act, Action.TAKE_OVER, case, "claimed")

    def reply(self, db: Connection, act: Act, text: str, once: str) -> Case:
        """Write to the person. `once` is of the page's making: pressing twice sends once."""
        return self._send(db, act, once, lambda conversation: Reply(self._text(text), _language(conversation)), {})

    def reply_entry(self, db: Connection, act: Act, entry_id: str, once: str) -> Case:
        """Send an entry of the knowledge base, in the person's language, with its source and date."""

        def compose(conversation: Conversation) -> Reply:
            reply = self._entries(entry_id, conversation)
            if reply is None:
                raise model.NotFound
            return reply

        return self._send(db, act, once, compose, {"entry": entry_id})

    def _send(
        self, db: Connection, act: Act, once: str, make: Callable[[Conversation], Reply], body: dict[str, object]
    ) -> Case:
        case = self._case(db, act, Action.REPLY)
        if case.status is Status.CLOSED:
            raise model.IsClosed
        conversation = self._reachable(db, case, act.now)
        reply = make(conversation)
        if not cases.note(db, self._crypt, case.id, "reply", act.by.id, body, act.now, once):
            return case
        self._put(db, conversation, Reply(reply.text, reply.language, reply.sms, urgent=True), act, case.urgent)
        values = {"replied_at": case.replied_at or act.now, "waiting_since": None, "last_at": act.now}
        cases.change(db, case.id, **values)
        cases.record(db, act.by.id, Action.REPLY, case.id, str(body.get("entry", "")), act.now)
        return case

    def note(self, db: Connection, act: Act, text: str, once: str) -> Case:
        """Something for colleagues, which the person never sees."""
        case = self._case(db, act, Action.NOTE)
        if cases.note(db, self._crypt, case.id, "note", act.by.id, {"text": self._text(text)}, act.now, once):
            cases.record(db, act.by.id, Action.NOTE, case.id, "", act.now)
        return case

    def transfer(self, db: Connection, act: Act, centre_id: str, consent: bool) -> Case:
        """Give a case to another centre, with the person's yes."""
        case = self._case(db, act, Action.TRANSFER)
        if case.status is Status.CLOSED:
            raise model.IsClosed
        centre = staff.centre(db, centre_id)
        if centre is None or centre.id == case.centre_id:
            raise model.BadValue(field="centre")
        if not consent:
            raise model.NeedsConsent
        times = self._opener.times(db, case, centre.id, act.now)
        cases.change(db, case.id, centre_id=centre.id, preferred_id=None, circle=0, **_FREE, **times)
        cases.hold(db, case.conversation_id, None)
        self._line(db, case, act, "utter_transferred", {"centre": centre.name})
        return self._done(db, act, Action.TRANSFER, case, "transferred", centre=centre.name)

    def park(self, db: Connection, act: Act, until: datetime) -> Case:
        """Set a case aside until a moment, or until the person writes. It stays with whoever has it."""
        case = self._case(db, act, Action.PARK)
        if case.status is Status.CLOSED:
            raise model.IsClosed
        if not act.now < until <= act.now + LONGEST_PARK:
            raise model.BadValue(field="until")
        cases.change(db, case.id, status=Status.PARKED.value, parked_until=until, waiting_since=None)
        return self._done(db, act, Action.PARK, case, "parked", until=until.isoformat())

    def give_back(self, db: Connection, act: Act) -> Case:
        """Back into the queue: somebody else should take it. The assistant answers meanwhile."""
        case = self._case(db, act, Action.GIVE_BACK)
        if case.status is Status.CLOSED:
            raise model.IsClosed
        times = self._opener.times(db, case, case.centre_id, act.now)
        cases.change(db, case.id, **_FREE, **times, waiting_since=case.waiting_since or act.now)
        cases.hold(db, case.conversation_id, None)
        return self._done(db, act, Action.GIVE_BACK, case, "given_back")

    def leave(self, db: Connection, gone: Staff, now: datetime) -> int:
        """A colleague leaves: what they had in hand goes back into the queue, so that nobody waits for who is gone."""
        left = cases.of(db, gone.id)
        for case in left:
            cases.lock(db, case.conversation_id)
            times = self._opener.times(db, case, case.centre_id, now)
            cases.change(db, case.id, **_FREE, **times, preferred_id=None, waiting_since=case.waiting_since or now)
            cases.hold(db, case.conversation_id, None)
            cases.note(db, self._crypt, case.id, "given_back", gone.id, {}, now)
        return len(left)

    def close(self, db: Connection, act: Act, outcome: str) -> Case:
        """End a case; the assistant has the conversation again, and says so."""
        case = self._case(db, act, Action.CLOSE)
        if case.status is Status.CLOSED:
            return case
        if outcome not in model.OUTCOMES:
            raise model.BadValue(field="outcome")
        ended = {"status": Status.CLOSED.value, "closed_at": act.now, "outcome": outcome, "waiting_since": None}
        cases.change(db, case.id, **ended, parked_until=None)
        cases.hold(db, case.conversation_id, None)
        self._line(db, case, act, "utter_given_back", {})
        return self._done(db, act, Action.CLOSE, case, "closed", outcome=outcome)

    def reopen(self, db: Connection, act: Act) -> Case:
        """Open a closed case again; nobody has it then."""
        case = self._case(db, act, Action.REOPEN)
        if case.status is not Status.CLOSED:
            return case
        if cases.active(db, case.conversation_id):
            raise model.BadValue(field="case")
        self._opener.reopen(db, case, Reason(case.kind, act.by.id), act.now)
        cases.record(db, act.by.id, Action.REOPEN, case.id, "", act.now)
        return case

    def open(self, db: Connection, by: Staff, conversation_id: str, now: datetime) -> str:
        """A curator brings a conversation to a person; the id of its case."""
        policy.check(by, Action.OPEN)
        conversation = conversations.get(db, self._crypt, conversation_id)
        if conversation is None:
            raise model.NotFound
        case_id = self._opener.open(db, conversation, model.BY_CURATOR, now, by.id)
        cases.record(db, by.id, Action.OPEN, case_id, "", now)
        return case_id

    def _case(self, db: Connection, act: Act, action: Action) -> Case:
        """The case, behind the lock of its conversation, if this colleague may do this to it."""
        found = cases.get(db, act.case_id)
        if found is None or not cases.lock(db, found.conversation_id):
            raise model.NotFound
        case = cases.get(db, act.case_id)  # as it is behind the lock
        if case is None:
            raise model.NotFound
        policy.check(act.by, action, case)
        if not queue.may_see(db, case.id, queue.sight(act.by)):
            raise model.NotAllowed
        return case

    def _reachable(self, db: Connection, case: Case, now: datetime) -> Conversation:
        """The conversation, if a person may write to it now."""
        conversation = conversations.get(db, self._crypt, case.conversation_id)
        if conversation is None:
            raise model.NotFound
        if conversation.stopped:
            raise model.PersonStopped
        if conversation.unreachable:
            raise model.CannotArrive
        quiet = now - conversations.last_heard(db, conversation.id) > timedelta(minutes=SAFE_MINUTES)
        unasked = conversation.contact in (Contact.NO, Contact.LATER)
        if (unasked or (conversation.discreet and conversation.contact != Contact.YES)) and quiet:
            raise model.NotSafe(minutes=str(SAFE_MINUTES))
        return conversation

    def _line(self, db: Connection, case: Case, act: Act, name: str, values: dict[str, object]) -> None:
        """A fixed line to the person, unless nothing may or can reach them unasked."""
        try:
            conversation = self._reachable(db, case, act.now)
        except model.HandoffError:
            return
        reply = self._phrases.reply(name, _language(conversation), values)
        self._put(db, conversation, reply, act, urgent=False)

    def _put(self, db: Connection, conversation: Conversation, reply: Reply, act: Act, urgent: bool) -> None:
        shaped = self._shaper.shape(conversation, (reply,))
        conversations.change(db, self._crypt, conversation.id, shaped.changes)
        outbox.add(
            db, self._crypt, conversation, shaped.pieces, act.now, shaped.mailbox, urgent=urgent, staff_id=act.by.id
        )

    def _done(self, db: Connection, act: Act, action: Action, case: Case, kind: str, **body: str) -> Case:
        cases.note(db, self._crypt, case.id, kind, act.by.id, body, act.now)
        cases.record(db, act.by.id, action, case.id, ", ".join(body.values()), act.now)
        return case

    def _owner_name(self, db: Connection, case_id: str) -> str:
        case = cases.get(db, case_id)
        owner = staff.get(db, case.owner_id) if case and case.owner_id else None
        return owner.name if owner else ""

    def _text(self, text: str) -> str:
        kept = text.strip()
        if not kept or len(kept) > MAX_TEXT:
            raise model.BadText(most=str(MAX_TEXT))
        return kept


_FREE: dict[str, object] = {"status": Status.OPEN.value, "owner_id": None, "parked_until": None}


def _language(conversation: Conversation) -> str:
    return conversation.language or "en"
