"""Checks on how entries are found by their ways of asking. PURE; imports `knowledge` only."""

from knowledge.checks.base import Asked, Setting, Subject, check

TOO_ALIKE = 0.5
"""From this share of ways of asking that find one and the same other entry, nobody can tell the two apart."""


@check(
    good=(Asked("wages_unpaid", 90, 80, "wage_deductions", 6), Asked("new_entry", 0, 0)),
    bad=(Asked("wages_unpaid", 90, 30, "wage_deductions", 50),),
)
def told_apart(subject: Subject, _: Setting) -> str | None:
    """Two entries that are asked for in the same words are one entry, or need other ways of asking."""
    if not isinstance(subject, Asked) or not subject.lines or subject.mistaken < TOO_ALIKE * subject.lines:
        return None
    return f"{subject.mistaken} of {subject.lines} ways of asking find {subject.instead!r} instead."


@check(
    good=(Asked("wages_unpaid", 90, 80),),
    bad=(Asked("wages_unpaid", 90, 0, "wage_deductions", 20), Asked("new_entry", 0, 0)),
)
def can_be_found(subject: Subject, _: Setting) -> str | None:
    """An answer that no question finds helps nobody."""
    if not isinstance(subject, Asked) or subject.found:
        return None
    return "no way of asking finds it." if subject.lines else "it has no way of asking."
