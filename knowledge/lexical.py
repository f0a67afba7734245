"""How alike texts are in their letters: character n-grams, weighed by rarity. PURE numpy; imports `knowledge` only.

Vectors of meaning are weak on single words, typing mistakes and languages written in borrowed letters; letters are not.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.latin import romanise

SIZES = (3, 4)
HEAD, TAIL = 300, 100
"""What is read of a long text: its beginning and its end, as the encoder does."""
SAME_SOUND = (
    ("kh", "k"),
    ("gh", "g"),
    ("ph", "f"),
    ("v", "w"),
    ("q", "k"),
    ("c", "k"),
    ("z", "s"),
    ("x", "ks"),
    ("j", "g"),
)
WEAK = re.compile(r"[aeiouywh]")
TWICE = re.compile(r"(.)\1+")
MOST_ROWS = 20_000
"""An n-gram that more rows have tells nothing of any of them, and costs time."""
Floats = NDArray[np.float32]
Parts = tuple[NDArray[np.int64], Floats]
"""The n-grams of a text by number, and how much each counts in it."""


def grams(text: str) -> Counter[str]:
    """The n-grams of each word, the words themselves, and their consonants (spellings differ in vowels)."""
    found: Counter[str] = Counter()
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]} {text[-TAIL:]}"
    for word in romanise(text).split():
        padded = f" {word} "
        found.update(padded[i : i + size] for size in SIZES for i in range(len(padded) - size + 1))
        found[f"={word}"] += 1
        if len(strong := bones(word)) > 1:
            found[f"-{strong}"] += 2
    return found


def bones(word: str) -> str:
    """The consonants of a word, alike in sound made one: `rakheko`, `raakeko` and `rakhekoo` are all `rk`."""
    for spelt, sound in SAME_SOUND:
        word = word.replace(spelt, sound)
    return TWICE.sub(r"\1", WEAK.sub("", word))


class Lexical:
    """An index of texts. Rows keep the order they were given in; what `earlier` took apart is not taken apart again."""

    def __init__(self, texts: Sequence[str], earlier: "Lexical | None" = None) -> None:
        self._numbers: dict[str, int] = earlier._numbers if earlier else {}
        known: dict[str, Parts] = earlier._parts if earlier else {}
        self._parts: dict[str, Parts] = {
            text: known.get(text) or self._take_apart(text) for text in dict.fromkeys(texts)
        }
        parts = [self._parts[text] for text in texts]
        self._size = len(parts)
        self._index(np.repeat(np.arange(self._size, dtype=np.int32), [len(numbers) for numbers, _ in parts]), parts)

    def _take_apart(self, text: str) -> Parts:
        counts = grams(text)
        numbers = [self._numbers.setdefault(gram, len(self._numbers)) for gram in counts]
        often: Floats = np.array([1 + math.log(count) for count in counts.values()], dtype=np.float32)
        return np.array(numbers, dtype=np.int64), often

    def _index(self, rows: NDArray[np.int32], parts: Sequence[Parts]) -> None:
        numbers = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
        often = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, dtype=np.float32)
        found_in = np.bincount(numbers, minlength=len(self._numbers))
        self._rarity = np.log(1 + self._size / np.maximum(found_in, 1)).astype(np.float32)
        weights = often * self._rarity[numbers]
        lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=self._size))
        weights /= np.maximum(lengths, 1e-9)[rows]
        order = np.argsort(numbers, kind="stable")
        self._rows, self._weights = rows[order], weights[order].astype(np.float32)
        self._starts = np.concatenate([[0], np.cumsum(found_in)])

    def similar(self, text: str) -> Floats:
        """How alike `text` is to every row, 0 to 1. What the index has never seen counts against it."""
        square, slices = 0.0, []
        for gram, count in grams(text).items():
            number = self._numbers.get(gram, len(self._rarity))
            known = number < len(self._rarity)
            weight = (1 + math.log(count)) * float(self._rarity[number] if known else math.log(1 + self._size))
            square += weight * weight
            if known and self._starts[number + 1] - self._starts[number] <= MOST_ROWS:
                slices.append((self._starts[number], self._starts[number + 1], weight))
        if not slices:
            return np.zeros(self._size, dtype=np.float32)
        rows = np.concatenate([self._rows[start:end] for start, end, _ in slices])
        weights = np.concatenate([self._weights[start:end] * np.float32(weight) for start, end, weight in slices])
        return (np.bincount(rows, weights=weights, minlength=self._size) / math.sqrt(square)).astype(np.float32)
