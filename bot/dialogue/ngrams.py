"""How people write to us in each language: character n-grams and words, naive Bayes. PURE but for reading its examples.

The examples are those the project has anyway: small talk by language, the ways of asking of the knowledge base, and
`locales/<tag>/phrases.yml`. Whoever adds a language adds what it learns from.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

MOST_CHARACTERS = 400
SIZES = (1, 2, 3, 4)
SMOOTHING = 0.3
SHARPNESS = 0.35
"""N-grams of one text overlap, so their evidence counts only in part."""
UNSEEN = 0
"""The row of n-grams that no example has."""
LEAST = -60.0
"""Chances are kept above exp(-60) of the best, so that none is zero."""


class Ngrams:
    """Chances by language for a text that is already plain.

    Lines in Latin letters are learned apart: most languages have them, some only a few among many in their own script,
    and must not seem less likely for that.
    """

    def __init__(self, examples: Mapping[str, Iterable[str]]) -> None:
        self._latin = _Table({tag: [line for line in lines if in_latin(line)] for tag, lines in examples.items()})
        self._other = _Table({tag: [line for line in lines if not in_latin(line)] for tag, lines in examples.items()})
        whole: dict[str, set[str]] = {}
        for tag, lines in examples.items():
            for line in lines:
                whole.setdefault(line, set()).add(tag)
        self._whole = {line: next(iter(tags)) for line, tags in whole.items() if len(tags) == 1}

    @classmethod
    def of(cls, locales: Path, training: Path) -> "Ngrams":
        """From the files of a checkout, read once a process."""
        return cls(_examples(locales, training))

    def known(self, plain: str) -> str | None:
        """The language in which, and in which alone, somebody has written just this: "selam", "asante"."""
        return self._whole.get(plain)

    def chances(self, plain: str, among: tuple[str, ...] | None = None) -> dict[str, float]:
        """A chance for each language (or those `among`), together 1."""
        return (self._latin if in_latin(plain) else self._other).chances(plain, among)


class _Table:
    """Logarithms of how often n-grams are seen, a column a language."""

    def __init__(self, examples: Mapping[str, Iterable[str]]) -> None:
        counts = {tag: Counter(g for line in lines for g in _grams(line)) for tag, lines in examples.items()}
        self._tags = tuple(counts)
        self._row = {gram: row for row, gram in enumerate(dict.fromkeys(g for one in counts.values() for g in one), 1)}
        seen = np.zeros((len(self._row) + 1, len(counts)))
        for column, counter in enumerate(counts.values()):
            seen[[self._row[gram] for gram in counter], column] = list(counter.values())
        totals = np.log(seen.sum(axis=0) + SMOOTHING * max(1, len(self._row)))
        self._logs = (np.log(seen + SMOOTHING) - totals).astype(np.float32)

    def chances(self, plain: str, among: tuple[str, ...] | None) -> dict[str, float]:
        """A chance for each language (or those `among`), together 1."""
        rows = [self._row.get(gram, UNSEEN) for gram in _grams(plain)]
        columns = [column for column, tag in enumerate(self._tags) if among is None or tag in among]
        scores = SHARPNESS * self._logs[rows].sum(axis=0, dtype=np.float64)[columns]
        weights = np.exp(np.maximum(scores - scores.max(initial=-np.inf), LEAST))
        tags = [self._tags[column] for column in columns]
        return dict(zip(tags, (weights / weights.sum()).tolist(), strict=True))


def plain_letters(text: str) -> str:
    """One line without links, addresses, digits and symbols, which no language owns."""
    words = (word for word in text[:MOST_CHARACTERS].split() if not word.startswith(("http", "www", "@")))
    kept = "".join(c if unicodedata.category(c)[0] in "LM" or c in "'’" else " " for c in " ".join(words))
    return " ".join(kept.lower().split())


def in_latin(plain: str) -> bool:
    """Is at least half of a text in Latin letters?"""
    letters = [char for char in plain if char.isalpha()]
    return 2 * sum(char < "\u0250" for char in letters) >= len(letters)


def _grams(line: str) -> Iterable[str]:
    padded = f" {line} "
    for size in SIZES:
        yield from (padded[i : i + size] for i in range(len(padded) - size + 1))
    yield from (f"<{word}>" for word in line.split())


@cache
def _examples(locales: Path, training: Path) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for path in sorted(locales.glob("*/language.yml")):
        tag = path.parent.name
        lines = [*_phrases(path.with_name("phrases.yml")), *_questions(path.with_name("questions.yml"))]
        found[tag] = [*lines, *_small_talk(training / f"{tag}.yml")]
    return {tag: tuple(plain_letters(line) for line in lines) for tag, lines in found.items()}


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if path.exists() else {}


def _phrases(path: Path) -> Iterable[str]:
    return [str(line) for line in _yaml(path).get("phrases", [])]


def _questions(path: Path) -> Iterable[str]:
    return [str(line) for lines in _yaml(path).get("questions", {}).values() for line in lines]


def _small_talk(path: Path) -> Iterable[str]:
    for block in _yaml(path).get("nlu", []):
        yield from (line.removeprefix("- ").strip() for line in block["examples"].splitlines())
