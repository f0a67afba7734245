"""Danger by the meaning of a message: logistic regression on its vector. PURE numpy after training.

Its examples are `examples.yml` and `locales/*/danger.yml`: cries for help by kind, and what only looks like one.
Questions of the knowledge base are calm as well. Trained with the assistant's model and kept beside it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from bot.model.understanding import FloatVector

CALM = "calm"
THRESHOLD, THRESHOLD_ELSEWHERE = 0.80, 0.95
"""From which probability it is an alarm: in a language that the examples know, and in any other."""
EXAMPLES = Path(__file__).with_name("examples.yml")
LANGUAGES_OWN = "*/danger.yml"
STRENGTH = 30.0
RARE = 0.7
"""The power to which a kind's rarity counts; with 1 every kind would weigh as much as all calm lines together."""


class Classifier:
    """One row of weights a kind, the last column the intercept."""

    def __init__(self, kinds: list[str], weights: NDArray[np.float32]) -> None:
        self._kinds = kinds
        self._weights = weights

    @classmethod
    def load(cls, path: Path) -> "Classifier | None":
        """From a file, or None when there is none that can be read."""
        try:
            with np.load(path) as stored:
                return cls([str(kind) for kind in stored["kinds"]], stored["weights"])
        except (OSError, ValueError, KeyError):
            return None

    def save(self, path: Path) -> None:
        """Into a file, replaced as a whole."""
        draft = path.with_name(f".{path.name}.npz")
        np.savez(draft, kinds=np.array(self._kinds), weights=self._weights)
        draft.replace(path)

    def guess(self, vector: FloatVector, threshold: float = THRESHOLD) -> tuple[str, float] | None:
        """The kind of danger with its probability, if all kinds together pass the threshold."""
        scores = self._weights[:, :-1] @ vector + self._weights[:, -1]
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        calm = self._kinds.index(CALM)
        danger = 1.0 - float(chances[calm])
        if danger < threshold:
            return None
        chances[calm] = 0.0
        return self._kinds[int(chances.argmax())], danger


def examples(locales: Path) -> list[tuple[str, str]]:
    """Every example with its kind: those for all languages, and those of each language's folder."""
    own = [yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in locales.glob(LANGUAGES_OWN)]
    every = yaml.load(EXAMPLES.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["examples"]
    return [(str(line), kind) for found in (every, *own) for kind, listed in found.items() for line in listed]


def train(encode: Callable[[Sequence[str]], NDArray[np.float32]], locales: Path, calm: Sequence[str]) -> Classifier:
    """From the examples, and `calm` lines beside them: every question that the knowledge base answers calmly."""
    from sklearn.linear_model import LogisticRegression

    lines = examples(locales)
    lines += [(line, CALM) for line in calm]
    kinds = [kind for _, kind in lines]
    counts = Counter(kinds)
    importance = [float((len(lines) / len(counts) / counts[kind]) ** RARE) for kind in kinds]
    model = LogisticRegression(C=STRENGTH, max_iter=400)
    model.fit(encode([text for text, _ in lines]), kinds, sample_weight=importance)
    weights = np.hstack([model.coef_, model.intercept_[:, None]]).astype(np.float32)
    return Classifier([str(kind) for kind in model.classes_], weights)
