"""YAML as a tree that remembers its lines. Every scalar stays the text that was typed: `no` is Norway, not false.

Aliases are refused (a file of ten lines can otherwise grow to gigabytes), and so is anything that is not UTF-8.
Imports PyYAML only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from knowledge.errors import KnowledgeError

DEEPEST = 20


@dataclass(frozen=True)
class Node:
    """A piece of a file: a text, a list or a mapping, with the line where it begins."""

    value: "str | list[Node] | dict[str, Node]"
    path: Path
    line: int

    def fail(self, sentence: str) -> KnowledgeError:
        """An error at this line, to be raised."""
        return KnowledgeError(self.path, self.line, sentence)

    def block(self) -> "dict[str, Node]":
        """The mapping this is, whatever its keys."""
        if not isinstance(self.value, dict):
            raise self.fail("here a block of `key: value` lines is expected.")
        return self.value

    def mapping(self, allowed: Iterable[str]) -> "dict[str, Node]":
        """The mapping this is. Raises for anything else and for a key that is not allowed."""
        known = set(allowed)
        for key, child in self.block().items():
            if key not in known:
                raise child.fail(f"nobody knows the key {key!r}; known are {', '.join(sorted(known))}.")
        return self.block()

    def children(self) -> "list[Node]":
        """The list this is."""
        if not isinstance(self.value, list):
            raise self.fail("here a list is expected (lines that begin with `- `).")
        return self.value

    def text(self) -> str:
        """The text this is, not empty."""
        if not isinstance(self.value, str):
            raise self.fail("here a text is expected.")
        if not self.value.strip():
            raise self.fail("this text is empty.")
        return self.value.strip()

    def texts(self) -> tuple[str, ...]:
        """The list of texts this is."""
        return tuple(child.text() for child in self.children())

    def day(self) -> date:
        """The date this is, written 2026-11-23."""
        try:
            return date.fromisoformat(self.text())
        except ValueError as bad:
            raise self.fail(f"{self.text()!r} is no date; write it like 2026-11-23.") from bad

    def one_of(self, options: Iterable[str]) -> str:
        """The text, which must be one of `options`."""
        known = list(options)
        if self.text() not in known:
            raise self.fail(f"{self.text()!r} is none of {', '.join(known)}.")
        return self.text()

    def truth(self) -> bool:
        """True or false."""
        return self.one_of(["true", "false"]) == "true"


def read(path: Path) -> Node:
    """The tree of a file. Raises `KnowledgeError` for anything that is not plain YAML in UTF-8."""
    try:
        return parse(path, path.read_bytes())
    except OSError as bad:
        raise KnowledgeError(path, 1, f"the file can't be read ({bad.strerror}).") from bad


def parse(path: Path, raw: bytes) -> Node:
    """The tree of a file's content; `path` is only named in errors."""
    try:
        return _Builder(path, raw.decode("utf-8")).root()
    except UnicodeDecodeError as bad:
        line = raw[: bad.start].count(b"\n") + 1
        raise KnowledgeError(path, line, "the file is not UTF-8 text; save it as UTF-8.") from bad
    except yaml.MarkedYAMLError as bad:
        line = bad.problem_mark.line + 1 if bad.problem_mark else 1
        raise KnowledgeError(path, line, f"this is no YAML ({bad.problem}).") from bad
    except yaml.YAMLError as bad:
        raise KnowledgeError(path, 1, "the file holds characters that YAML does not allow.") from bad


class _Builder:
    """Nodes out of the parser's events: PyYAML's own composer ends the process on brackets nested 5,000 deep."""

    def __init__(self, path: Path, raw: str) -> None:
        self._path = path
        self._events: Iterator[yaml.Event] = iter(yaml.parse(raw.removeprefix("\ufeff"), Loader=yaml.CSafeLoader))

    def root(self) -> Node:
        """The only document of the file."""
        starts = (yaml.StreamStartEvent, yaml.DocumentStartEvent)
        first = next(event for event in self._events if not isinstance(event, starts))
        if isinstance(first, yaml.StreamEndEvent):
            raise KnowledgeError(self._path, 1, "the file is empty.")
        node = self._node(first, 0)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self._fail(event, "a second document begins here; a file holds one.")
        return node

    def _fail(self, event: yaml.Event, sentence: str) -> KnowledgeError:
        return KnowledgeError(self._path, _line(event), sentence)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._fail(event, "this is nested too deeply.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._fail(event, "aliases (&name, *name) are not used here; write the text out.")
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return Node(str(event.value), self._path, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(list(self._until(yaml.SequenceEndEvent, depth)), self._path, line)
        return Node(self._mapping(depth), self._path, line)

    def _until(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), end):
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[str, Node]:
        result: dict[str, Node] = {}
        for key in self._until(yaml.MappingEndEvent, depth):
            if not isinstance(key.value, str):
                raise key.fail("a key must be a word.")
            if key.value in result:
                raise key.fail(f"{key.value!r} is there twice.")
            result[key.value] = self._node(next(self._events), depth + 1)
        return result


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
