"""How people write to us in each language: character n-grams and words, naive Bayes. PURE but for reading its examples.

The examples are those the project has anyway: small talk by language, the ways of asking of the knowledge base, and
`locales/<tag>/phrases.yml`. Whoever adds a language adds what it learns from.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MOST_CHARACTERS = 400
SIZES = (1, 2, 3, 4)
SMOOTHING = 0.3
SHARPNESS = 0.35
"""N-grams of one text overlap, so their evidence counts only in part."""


class Ngrams:
    """Chances by language for a text that is already plain."""

    def __init__(self, examples: Mapping[str, Iterable[str]]) -> None:
        counts = {tag: Counter(g for line in lines for g in _grams(line)) for tag, lines in examples.items()}
        self._logs: dict[str, dict[str, float]] = {}
        self._unseen: dict[str, float] = {}
        size = len({gram for counter in counts.values() for gram in counter}) or 1
        for tag, counter in counts.items():
            total = math.log(sum(counter.values()) + SMOOTHING * size)
            self._logs[tag] = {gram: math.log(count + SMOOTHING) - total for gram, count in counter.items()}
            self._unseen[tag] = math.log(SMOOTHING) - total

    @classmethod
    def of(cls, locales: Path, training: Path) -> "Ngrams":
        """From the files of a checkout, read once a process."""
        return cls(_examples(locales, training))

    def chances(self, plain: str, among: tuple[str, ...] | None = None) -> dict[str, float]:
        """A chance for each language (or those `among`), together 1."""
        grams = list(_grams(plain))
        tags = [tag for tag in self._logs if among is None or tag in among]
        scores = {tag: SHARPNESS * sum(self._logs[tag].get(gram, self._unseen[tag]) for gram in grams) for tag in tags}
        top = max(scores.values(), default=0.0)
        weights = {tag: math.exp(max(score - top, -60.0)) for tag, score in scores.items()}
        total = sum(weights.values()) or 1.0
        return {tag: weight / total for tag, weight in weights.items()}


def plain_letters(text: str) -> str:
    """One line without links, addresses, digits and symbols, which no language owns."""
    words = (word for word in text[:MOST_CHARACTERS].split() if not word.startswith(("http", "www", "@")))
    kept = "".join(c if unicodedata.category(c)[0] in "LM" or c in "'’" else " " for c in " ".join(words))
    return " ".join(kept.lower().split())


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
