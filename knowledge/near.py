"""The examples nearest to a message, however many there are. Imports numpy, and faiss when it needs it.

Up to `EXACT` rows every one is compared; beyond, an approximate index (HNSW on half-precision vectors) finds the
nearest in some milliseconds. How many of them it misses and what it takes to build: docs/quality.md.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
EXACT = 50_000
NEAREST = 256
"""How many rows an approximate index gives: the nearest decide, what is far only adds noise."""
NEIGHBOURS, EFFORT_ADDING, EFFORT_SEARCHING = 16, 80, 512
"""Of the index: neighbours a row, and how widely it looks while it is built and asked."""


class Near:
    """Rows of unit length that can be asked for the nearest to a vector."""

    def __init__(self, placed: Floats, exact: int = EXACT) -> None:
        self._size = len(placed)
        self._placed: Floats | None = placed if len(placed) <= exact else None
        self._index: Any = None if self._placed is not None else _build(placed)

    def find(self, vector: Floats, also: Callable[[], Rows]) -> tuple[Rows, Floats]:
        """Numbers of rows, ascending, each with its likeness (cosine): all of them where that is exact, else the
        nearest and those that `also` gives."""
        if self._placed is not None:
            return np.arange(self._size), self._placed @ vector
        nearest = self._index.search(vector[None], NEAREST)[1][0]
        rows = np.unique(np.concatenate([nearest[nearest >= 0], also()]))
        return rows, self._index.reconstruct_batch(rows) @ vector


def _build(placed: Floats) -> Any:
    import faiss

    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexHNSWSQ(placed.shape[1], kind, NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = EFFORT_ADDING
    index.hnsw.efSearch = EFFORT_SEARCHING
    index.train(placed[:1])  # half precision learns nothing from them, but is asked to
    index.add(placed)
    return index
