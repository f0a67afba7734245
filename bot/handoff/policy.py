"""Who may do what, and how long things may take. PURE: one table of permissions, asked by every command.

An agent works with the cases of their circle; an administrator sees all. A curator may read a case to mend an answer,
and bring one in; a trainer has nothing to do with cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.model.cases import Case, NotAllowed, Role, Staff


class Action(StrEnum):
    """Everything that can be done, as the audit log calls it."""

    SEE = "see_case"
    OPEN = "open_case"
    CLAIM = "claim"
    REPLY = "reply"
    NOTE = "note"
    TRANSFER = "transfer"
    PARK = "park"
    CLOSE = "close"
    REOPEN = "reopen"
    GIVE_BACK = "give_back"
    TAKE_OVER = "take_over"
    MANAGE_STAFF = "manage_staff"
    MANAGE_CENTRES = "manage_centres"
    READ_AUDIT = "read_audit"


TAKES_CASES = frozenset({Role.AGENT, Role.ADMINISTRATOR})
_CASES = frozenset({Role.AGENT, Role.ADMINISTRATOR})
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
ALLOWED: Mapping[Action, frozenset[Role]] = {
    Action.SEE: _CASES | {Role.CURATOR},
    Action.OPEN: _CASES | {Role.CURATOR},
    Action.CLAIM: _CASES,
    Action.REPLY: _CASES,
    Action.NOTE: _CASES | {Role.CURATOR},
    Action.TRANSFER: _CASES,
    Action.PARK: _CASES,
    Action.CLOSE: _CASES,
    Action.REOPEN: _CASES,
    Action.GIVE_BACK: _CASES,
    Action.TAKE_OVER: _ADMINISTRATORS,
    Action.MANAGE_STAFF: _ADMINISTRATORS,
    Action.MANAGE_CENTRES: _ADMINISTRATORS,
    Action.READ_AUDIT: _ADMINISTRATORS,
}
OWNERS_ONLY = frozenset({Action.REPLY, Action.TRANSFER, Action.PARK, Action.CLOSE, Action.GIVE_BACK})
SECOND_FACTOR_NEEDED = _ADMINISTRATORS


@dataclass(frozen=True)
class ServiceLevels:
    """Minutes of opening hours to the first reply, and of the clock until a case is offered more widely."""

    urgent: int = 15
    normal: int = 480
    widen_urgent: int = 3
    widen_normal: int = 120


def may(one: Staff, action: Action) -> bool:
    """Does the role allow it at all?"""
    return one.active and one.role in ALLOWED[action]


def check(one: Staff, action: Action, case: Case | None = None) -> None:
    """Raises `NotAllowed`. What goes out in the person's chat is for whoever has the case."""
    if not may(one, action):
        raise NotAllowed
    if action in OWNERS_ONLY and case is not None and case.owner_id != one.id:
        raise NotAllowed
