"""How alike texts are in their letters: character n-grams, weighed by rarity. PURE numpy; imports `knowledge` only.

Vectors of meaning are weak on single words, typing mistakes and languages written in borrowed letters; letters are not.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.latin import romanise

SIZES = (3, 4)
MOST_CHARACTERS = 400
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
Floats = NDArray[np.float32]


def grams(text: str) -> Counter[str]:
    """The n-grams of each word, the words themselves, and their consonants (spellings differ in vowels)."""
    found: Counter[str] = Counter()
    for word in romanise(text[:MOST_CHARACTERS]).split():
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
    """An index of texts. Rows keep the order they were given in."""

    def __init__(self, texts: Sequence[str], known: Mapping[str, Counter[str]] | None = None) -> None:
        self.grams = {text: (known or {}).get(text) or grams(text) for text in dict.fromkeys(texts)}
        frequency = Counter(gram for text in texts for gram in self.grams[text])
        self._rarity = {gram: math.log(1 + len(texts) / count) for gram, count in frequency.items()}
        postings: dict[str, tuple[list[int], list[float]]] = {gram: ([], []) for gram in frequency}
        for row, text in enumerate(texts):
            weights = self._weights(self.grams[text])
            for gram, weight in weights.items():
                postings[gram][0].append(row)
                postings[gram][1].append(weight)
        self._rows = {gram: np.array(rows, dtype=np.int32) for gram, (rows, _) in postings.items()}
        self._values = {gram: np.array(values, dtype=np.float32) for gram, (_, values) in postings.items()}
        self._size = len(texts)
        self._unseen = math.log(1 + max(1, len(texts)))

    def _weights(self, counts: Counter[str]) -> dict[str, float]:
        raw = {gram: (1 + math.log(count)) * self._rarity.get(gram, 0.0) for gram, count in counts.items()}
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        return {gram: value / length for gram, value in raw.items()}

    def similar(self, text: str) -> Floats:
        """How alike `text` is to every row, 0 to 1. What the index has never seen counts against it."""
        counts = grams(text)
        raw = {gram: (1 + math.log(count)) * self._rarity.get(gram, self._unseen) for gram, count in counts.items()}
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        hits = [(gram, value / length) for gram, value in raw.items() if gram in self._rows]
        if not hits:
            return np.zeros(self._size, dtype=np.float32)
        rows = np.concatenate([self._rows[gram] for gram, _ in hits])
        values = np.concatenate([self._values[gram] * np.float32(weight) for gram, weight in hits])
        return np.bincount(rows, weights=values, minlength=self._size).astype(np.float32)
