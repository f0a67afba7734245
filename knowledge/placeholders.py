"""The placeholders of a text: {emergency}, {hotline:kind}, {service:id}, {phone:id}. Imports nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass

PATTERN = re.compile(r"\{([a-z]+)(?::([a-z0-9_]+))?\}")
WITH_NAME = frozenset({"hotline", "service", "phone"})
ALONE = frozenset({"emergency"})


@dataclass(frozen=True)
class Placeholder:
    """One placeholder; `name` is empty for {emergency}."""

    verb: str
    name: str = ""

    def __str__(self) -> str:
        return f"{{{self.verb}:{self.name}}}" if self.name else f"{{{self.verb}}}"

    @property
    def known(self) -> bool:
        """Is it one that can be filled?"""
        return (self.verb in WITH_NAME and bool(self.name)) or (self.verb in ALONE and not self.name)


def find(text: str) -> list[Placeholder]:
    """Every placeholder of a text, in order."""
    return [Placeholder(match[1], match[2] or "") for match in PATTERN.finditer(text)]


def stray(text: str) -> str | None:
    """The first brace that belongs to no placeholder, with what follows it, or None. It would reach people as it is."""
    left = PATTERN.sub(lambda match: " " * len(match[0]), text)
    place = min((left.find(brace) for brace in "{}" if brace in left), default=-1)
    return None if place < 0 else text[place : place + 20]


def fill(text: str, value: Callable[[Placeholder], str]) -> str:
    """`text` with every placeholder replaced by what `value` says."""
    return PATTERN.sub(lambda match: value(Placeholder(match[1], match[2] or "")), text)
