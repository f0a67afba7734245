"""Babel's way to the desk's own texts. Imports Babel's conventions, `bot.phrases`' file and the web chat's words.

    domain.yml             →  extract_domain: the responses and the labels of their buttons
    bot/webchat/texts.py   →  extract_page: the words of the page and of its errors
    bot/console/texts.py   →  extract_console: the words of the staff console

Language names on buttons are written as their speakers write them, in every language: nobody translates those.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import yaml

from bot.console.texts import PROBLEMS, WORDS
from bot.webchat.texts import ERRORS, PAGE

Extracted = tuple[int, None, str, list[str]]


def extract_domain(
    fileobj: IO[bytes],
    keywords: Sequence[str],  # noqa: ARG001 (Babel passes it)
    comment_tags: Sequence[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[Extracted]:
    """The texts of a domain's responses."""
    domain: Mapping[str, Any] = yaml.safe_load(fileobj.read())
    for variants in domain["responses"].values():
        for variant in variants:
            yield 1, None, str(variant["text"]).strip(), []
            for button in variant.get("buttons", ()):
                if not button["payload"].startswith("language:"):
                    yield 1, None, str(button["title"]), []


def extract_page(
    fileobj: IO[bytes],
    keywords: Sequence[str],  # noqa: ARG001
    comment_tags: Sequence[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[Extracted]:
    """The words of the page, with the lines where they stand."""
    yield from _found(fileobj, (*PAGE.values(), *(sentence for _, sentence in ERRORS.values())))


def extract_console(
    fileobj: IO[bytes],
    keywords: Sequence[str],  # noqa: ARG001
    comment_tags: Sequence[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[Extracted]:
    """The words of the staff console."""
    yield from _found(fileobj, (*WORDS.values(), *PROBLEMS.values()))


def _found(fileobj: IO[bytes], texts: Sequence[str]) -> Iterator[Extracted]:
    lines = fileobj.read().decode("utf-8").splitlines()
    for text in texts:
        yield next((number for number, line in enumerate(lines, 1) if text in line), 1), None, text, []
