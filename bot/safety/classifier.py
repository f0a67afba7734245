"""Danger by the meaning of a message: logistic regression on its vector. PURE numpy after training.

Its examples are `examples.yml`: cries for help by kind in twelve languages, and what only looks like one. Questions of
the knowledge base are calm as well. Trained with the assistant's model and kept beside it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.model.understanding import FloatVector

CALM = "calm"
THRESHOLD = 0.85


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

    def guess(self, vector: FloatVector) -> tuple[str, float] | None:
        """The kind of danger with its probability, if all kinds together pass the threshold."""
        scores = self._weights[:, :-1] @ vector + self._weights[:, -1]
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        calm = self._kinds.index(CALM)
        danger = 1.0 - float(chances[calm])
        if danger < THRESHOLD:
            return None
        chances[calm] = 0.0
        return self._kinds[int(chances.argmax())], danger
