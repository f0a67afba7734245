"""Babel's way to the texts of entries and to the fixed words around them. Imports Babel and `knowledge` only.

    knowledge/entries/**.yml    →  extract_entries
    knowledge/directory/*.yml   →  extract_services
    knowledge/words.py          →  extract_words

A message's context is `<entry>.title`, `<entry>.answer`, `<entry>.steps.0`, `<entry>.variants.1.sms` and so on, so that
the same words in two answers can be translated in two ways, and a translator sees where a text belongs. Babel calls
`extract_entries` with an open file; messages come as (line, function, message, comments) with the context in front of
the text, as `pgettext` has it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from knowledge import placeholders, words
from knowledge.reading import Node, parse
from knowledge.words import DIRECTORY

Extracted = tuple[int, str, tuple[str, str], list[str]]
KEEP = "Keep as it is: "
VALUE = re.compile(r"\{\w+\}")
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


def extract_services(
    fileobj: IO[bytes],
    keywords: Sequence[str],  # noqa: ARG001
    comment_tags: Sequence[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[Extracted]:
    """The words of one country's services (name, hours, about), in one context: "Police" is said in fifty countries."""
    path = Path(getattr(fileobj, "name", "services.yml"))
    for service in parse(path, fileobj.read()).block()["services"].children():
        block = service.block()
        for node in (block[field] for field in ("name", "hours", "about", "leaves_trace") if field in block):
            yield node.line, "pgettext", (DIRECTORY, node.text()), []


def extract_words(
    fileobj: IO[bytes],
    keywords: Sequence[str],  # noqa: ARG001
    comment_tags: Sequence[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[tuple[int, None, str, list[str]]]:
    """The fixed words of `knowledge/words.py`, without a context."""
    lines = fileobj.read().decode("utf-8").splitlines()
    for text in words.ALL:
        at = next((number for number, line in enumerate(lines, 1) if f'"{text}"' in line), 1)
        yield at, None, text, [KEEP + " ".join(found)] if (found := VALUE.findall(text)) else []


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
