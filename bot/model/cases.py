"""Cases, and the people who work on them. PURE: imports nothing of Safar but its errors.

A *case* is what a human handles: a conversation that danger, a wish or failed answers brought to a person. It carries
what a colleague needs to take it, and nothing else about the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.model.errors import SafarError


class Status(StrEnum):
    """Where a case stands. From `claimed` on the assistant is silent until it is closed or given back."""

    OPEN = "open"
    CLAIMED = "claimed"
    PARKED = "parked"
    CLOSED = "closed"


class Role(StrEnum):
    """What a staff member may do; see `bot.handoff.policy`."""

    AGENT = "agent"
    CURATOR = "curator"
    TRAINER = "trainer"
    ADMINISTRATOR = "administrator"


class Contact(StrEnum):
    """May somebody write to this person when they have not just written? Their own answer."""

    YES = "yes"
    NO = "no"
    LATER = "later"


ASKED, UNANSWERED, BY_CURATOR = "asked", "unanswered", "curator"
"""Kinds of cases beside the kinds of danger."""
OUTCOMES = ("answered", "referred", "safe", "no_contact", "not_for_us")
"""How a case can end, in the order in which the page offers them."""


@dataclass(frozen=True)
class Case:
    """One case. Times are UTC; `circle` says how widely it is offered; `due_at` is when the first reply should be."""

    id: str
    conversation_id: str
    status: Status
    urgent: bool
    kind: str
    language: str | None
    origin: str | None
    destination: str | None
    centre_id: str | None
    owner_id: str | None
    preferred_id: str | None
    circle: int
    opened_at: datetime
    due_at: datetime
    replied_at: datetime | None
    parked_until: datetime | None
    closed_at: datetime | None
    outcome: str | None
    last_at: datetime
    waiting_since: datetime | None


@dataclass(frozen=True)
class Centre:
    """A resource centre. `hours` by weekday (Monday is 0) as pairs of "HH:MM" in its time zone; `countries` are those
    it works on, none for all."""

    id: str
    name: str
    timezone: str
    hours: Mapping[int, tuple[tuple[str, str], ...]]
    holidays: frozenset[date] = frozenset()
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Staff:
    """One colleague, as permissions and routing see them."""

    id: str
    name: str
    role: Role
    languages: tuple[str, ...] = ()
    centre_id: str | None = None
    email: str = ""
    page_language: str = "en"
    active: bool = True
    sound: bool = True


class HandoffError(SafarError):
    """A command on a case that was not carried out; nothing was written. `name` is the key of what the page says."""

    name = "failed"

    def __init__(self, **values: str) -> None:
        super().__init__(self.name)
        self.values: Mapping[str, str] = values


class NotAllowed(HandoffError):
    """This role, or this person for this case, may not do that."""

    name = "not_allowed"


class NotFound(HandoffError):
    """No such case (erased with its conversation, perhaps) or nobody of that name."""

    name = "not_found"


class AlreadyClaimed(HandoffError):
    """Somebody else has it; `values["name"]` says who."""

    name = "already_claimed"


class IsClosed(HandoffError):
    """The case is closed: open it again first."""

    name = "is_closed"


class PersonStopped(HandoffError):
    """The person said STOP: nothing may be sent until they write START."""

    name = "person_stopped"


class NotSafe(HandoffError):
    """The person said that nobody should write to them now."""

    name = "not_safe"


class CannotArrive(HandoffError):
    """The channel says that nothing can reach this person."""

    name = "cannot_arrive"


class BadText(HandoffError):
    """Empty, or longer than `values["most"]` characters."""

    name = "bad_text"


class BadValue(HandoffError):
    """Something else in a form that can't be; `values["field"]` names it."""

    name = "bad_value"


class NeedsConsent(HandoffError):
    """A transfer without the person's yes."""

    name = "needs_consent"
