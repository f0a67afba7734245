"""Vectors of texts kept on disk, so that neither a second training nor a second start encodes what has not changed.

One file per model name, replaced as a whole: killed half-way, the old one is still there. Imports the encoder only.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Matrix]
DIGEST_BYTES = 16


class VectorCache:
    """`vectors(texts)` encodes only what it has never seen. `folder` is created when something is kept."""

    def __init__(self, folder: Path, name: str, encode: Encode) -> None:
        self._path = folder / f"vectors-{hashlib.sha256(name.encode()).hexdigest()[:12]}.npz"
        self._encode = encode
        self._known: dict[bytes, NDArray[np.float16]] | None = None

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """One row a text, float32."""
        known = self._load()
        digests = [_digest(text) for text in texts]
        missing = list(dict.fromkeys(i for i, digest in enumerate(digests) if digest not in known))
        if missing:
            rows = self._encode([texts[i] for i in missing]).astype(np.float16)
            known.update({digests[i]: row for i, row in zip(missing, rows, strict=True)})
            self._save(known)
        return np.array([known[digest] for digest in digests], dtype=np.float32).reshape(len(texts), -1)

    def missing(self, texts: Sequence[str]) -> int:
        """How many of the texts would have to be encoded."""
        known = self._load()
        return sum(_digest(text) not in known for text in texts)

    def _load(self) -> dict[bytes, NDArray[np.float16]]:
        if self._known is None:
            self._known = {}
            with contextlib.suppress(OSError, ValueError, KeyError), np.load(self._path) as stored:
                digests = stored["digests"].tobytes()
                rows = stored["rows"]
                parts = (digests[i : i + DIGEST_BYTES] for i in range(0, len(digests), DIGEST_BYTES))
                self._known = dict(zip(parts, rows, strict=True))
        return self._known

    def _save(self, known: dict[bytes, NDArray[np.float16]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        digests = np.frombuffer(b"".join(known), dtype=np.uint8)
        with tempfile.NamedTemporaryFile(dir=self._path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, digests=digests, rows=np.stack(list(known.values())))
        Path(file.name).chmod(0o644)
        Path(file.name).replace(self._path)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:DIGEST_BYTES]
