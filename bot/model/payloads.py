"""What a button carries, and nothing else: a closed grammar, so that a forged payload can do no harm. PURE.

    entry:<id>      show this entry            useful:yes|no    was the last answer useful?
    country:<CC>    I am in / go to <CC>       language:<tag>   speak this language with me
    person:ask      I want a person            command:<name>   one of `Command`
    urgent:yes|no|later   may a person write here?
    safe:…          menu, seen or mine (who sees this phone), code, delete

Anything that does not parse is treated as text that somebody typed.
"""

import re
from dataclasses import dataclass

_GRAMMAR = {
    "entry": r"[a-z0-9_]{1,60}",
    "useful": r"yes|no",
    "country": r"[A-Z]{2}",
    "language": r"[a-z]{2,3}(-[A-Z][a-z]{3})?",
    "person": r"ask",
    "command": r"stop|start|help|language|more",
    "urgent": r"yes|no|later",
    "safe": r"menu|seen|mine|code|delete",
}


@dataclass(frozen=True)
class Payload:
    """A parsed payload: `verb` is a key of the grammar, `value` fits it."""

    verb: str
    value: str

    def __str__(self) -> str:
        return f"{self.verb}:{self.value}"


def parse(raw: str) -> Payload | None:
    """The payload that `raw` is, or None if it is none of ours."""
    verb, colon, value = raw.partition(":")
    pattern = _GRAMMAR.get(verb)
    if not colon or pattern is None or not re.fullmatch(pattern, value):
        return None
    return Payload(verb, value)
