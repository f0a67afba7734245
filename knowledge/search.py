"""Which entry answers a question, with a probability that holds, including that none does. PURE numpy.

Two signs are joined for every entry: the nearest questions in a space where languages fall together
(`knowledge.space`), and likeness of letters (`knowledge.lexical`). The likeliest topic goes first, with its likeliest
entry: several entries of one topic may each be half right. What is *not* answered is learned as well:
`knowledge/negatives.yml` has questions on topics without an entry and on matters that are no topic at all. How much
each sign counts comes from lines held out (`knowledge.learn`). Imports `knowledge` only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge import calibrate, learn
from knowledge.index import ENTRY, Index, examples
from knowledge.lexical import Lexical
from knowledge.model import Knowledge

Floats = NDArray[np.float32]
EncodeMany = Callable[[Sequence[str]], Floats]


class Candidate(NamedTuple):
    """An entry with the probability that it answers the question."""

    entry: str
    topic: str
    probability: float


@dataclass(frozen=True)
class Ranking:
    """Entries (all, or of very many the near ones): the best of the likeliest topic, then by their probability; and the
    probability that none answers."""

    candidates: tuple[Candidate, ...]
    none_probability: float


class Search:
    """Ranks entries for a message. `encode_many` gives vectors (rows of float32, length 1) of lines.

    `weights` are those of an earlier `Search.weights`; without them they are learned, which takes a second or two.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        encode_many: EncodeMany,
        weights: Sequence[float] | None = None,
        earlier: "Search | None" = None,
    ) -> None:
        self._encode_many = encode_many
        self._topics = {entry.id: entry.topic for entry in knowledge.entries.values()}
        found = examples(knowledge)
        texts = [example.text for example in found]
        self._vectors: dict[str, Floats] = dict(earlier._vectors) if earlier else {}
        vectors = self._look_up(texts)
        self._lexical: Lexical = Lexical(texts, earlier._lexical if earlier else None)
        self._index = Index(found, vectors) if self._topics else None
        if weights is not None:
            self._weights = np.array(weights, dtype=np.float32)
        else:
            self._weights = learn.weights(found, vectors, self._lexical) if self._index else learn.START

    @property
    def weights(self) -> tuple[float, ...]:
        """What was learned, to be kept with the model."""
        return tuple(float(weight) for weight in self._weights)

    def updated(self, knowledge: Knowledge) -> "Search":
        """A search over changed knowledge: only lines that are new are encoded, and the weights stay."""
        return Search(knowledge, self._encode_many, self.weights, self)

    def _look_up(self, texts: Sequence[str]) -> Floats:
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self._encode_many(missing), strict=True))
        return np.array([self._vectors[text] for text in texts], dtype=np.float32)

    def rank(self, text: str, vector: Floats, language: str = "") -> Ranking:
        """Every entry with its probability. `vector` is the message's own, of length 1."""
        if self._index is None:
            return Ranking((), 1.0)
        numbers, signs = self._index.signs(vector, self._lexical.similar(text))
        given = calibrate.probabilities(signs, self._weights)
        outcomes = [self._index.outcomes[number] for number in numbers[:-1]]
        found = [
            Candidate(name, self._topics[name], float(chance))
            for (kind, name), chance in zip(outcomes, given[:-1], strict=True)
            if kind == ENTRY
        ]
        found.sort(key=lambda candidate: (-candidate.probability, candidate.entry))
        return Ranking(_topic_first(found), max(0.0, 1.0 - sum(candidate.probability for candidate in found)))


def _topic_first(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates with the best one of the likeliest topic before all others."""
    chances: dict[str, float] = {}
    for candidate in found:
        chances[candidate.topic] = chances.get(candidate.topic, 0.0) + candidate.probability
    likeliest = max(chances, key=lambda topic: chances[topic], default="")
    first = next((candidate for candidate in found if candidate.topic == likeliest), None)
    return tuple(sorted(found, key=lambda candidate: candidate is not first))
