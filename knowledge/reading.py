"""YAML as a tree that remembers its lines. Every scalar stays the text that was typed: `no` is Norway, not false.

Aliases are refused (a file of ten lines can otherwise grow to gigabytes), and so is anything that is not UTF-8.
Imports PyYAML only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from knowledge.errors import KnowledgeError

Value = "str | list[Node] | dict[str, Node]"


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
        raw = path.read_text(encoding="utf-8")
        root = yaml.compose(raw, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as bad:
        raise KnowledgeError(path, 1, "the file is not UTF-8 text; save it as UTF-8.") from bad
    except OSError as bad:
        raise KnowledgeError(path, 1, f"the file can't be read ({bad.strerror}).") from bad
    except yaml.MarkedYAMLError as bad:
        line = bad.problem_mark.line + 1 if bad.problem_mark else 1
        raise KnowledgeError(path, line, f"this is no YAML ({bad.problem}).") from bad
    except yaml.YAMLError as bad:
        raise KnowledgeError(path, 1, "the file holds characters that YAML does not allow.") from bad
    if root is None:
        raise KnowledgeError(path, 1, "the file is empty.")
    return _node(root, path, set())


def _node(node: yaml.Node, path: Path, seen: set[int]) -> Node:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise KnowledgeError(path, line, "aliases (&name, *name) are not used here; write the text out.")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return Node(_mapping(node, path, seen), path, line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(child, path, seen) for child in node.value], path, line)
    return Node(str(node.value), path, line)


def _mapping(node: yaml.MappingNode, path: Path, seen: set[int]) -> dict[str, Node]:
    result: dict[str, Node] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise KnowledgeError(path, line, "a key must be a word.")
        if key.value in result:
            raise KnowledgeError(path, line, f"{key.value!r} is there twice.")
        child = _node(value, path, seen)
        result[key.value] = child
    return result
