"""Babel's way to the texts of entries, for translators. Imports Babel and `knowledge` only.

    [knowledge: knowledge/entries/**.yml]      →  extract_entries

A message's context is `<entry>.title`, `<entry>.answer`, `<entry>.steps.0`, `<entry>.variants.1.sms` and so on, so that
the same words in two answers can be translated in two ways, and a translator sees where a text belongs. Babel calls
`extract_entries` with an open file; messages come as (line, function, message, comments) with the context in front of
the text, as `pgettext` has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from knowledge import placeholders
from knowledge.reading import Node, parse

Extracted = tuple[int, str, tuple[str, str], list[str]]
KEEP = "Keep as it is: "
PLAIN_FIELDS = ("title", "answer", "sms")


def extract_entries(
    fileobj: IO[bytes],
    keywords: Sequence[str],  # noqa: ARG001 (Babel passes it)
    comment_tags: Sequence[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[Extracted]:
    """The texts of one entry's file. Raises `KnowledgeError` for a file that is no entry."""
    path = Path(getattr(fileobj, "name", "entry.yml"))
    root = parse(path, fileobj.read()).block()
    for field, node in _fields(root, ""):
        text = node.text()
        yield node.line, "pgettext", (f"{root['id'].text()}.{field}", text), _comments(text)


def _fields(block: Mapping[str, Node], prefix: str) -> Iterator[tuple[str, Node]]:
    for field in PLAIN_FIELDS:
        if field in block:
            yield prefix + field, block[field]
    if "steps" in block:
        for number, step in enumerate(block["steps"].children()):
            yield f"{prefix}steps.{number}", step
    if "variants" in block:
        for number, variant in enumerate(block["variants"].children()):
            yield from _fields(variant.block(), f"{prefix}variants.{number}.")


def _comments(text: str) -> list[str]:
    """What a translator must leave as it is."""
    kept = dict.fromkeys(str(placeholder) for placeholder in placeholders.find(text))
    return [KEEP + " ".join(kept)] if kept else []
