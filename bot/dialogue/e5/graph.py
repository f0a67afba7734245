"""The network as an ONNX graph: `python -m bot.dialogue.e5.graph FILE` writes it. Imports `packed` and onnx.

The 4-bit weights go into ONNX Runtime's own 4-bit multiplication (`MatMulNBits`, accuracy level 4: activations as 8-bit
integers, block by block), which is what `e5.c` computes, at a third of its time. Operators of `com.microsoft`:
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from bot.dialogue.e5.packed import BLOCK, TUNED, Packed, nibbles, weights

CONTRIB = "com.microsoft"
OPSET, IR_VERSION = 17, 8
"""`LayerNormalization` came with 17."""
INPUT, OUTPUT = "embedded", "pooled"


def build(packed: Packed, changes: Mapping[str, NDArray[np.float32]]) -> bytes:
    """From embedded tokens (batch, tokens, width) to the mean of the last layer (batch, width), serialised.

    `changes`: what is added to some of the matrices, see `tuned`.
    """
    graph = _Graph(packed, changes)
    state = graph.norm([INPUT], "emb.ln")
    for layer in range(packed.sizes.layers):
        state = graph.layer(state, f"l{layer}")
    graph.add("ReduceMean", [state], outputs=[OUTPUT], axes=[1], keepdims=0)
    return graph.serialised()


class _Graph:
    def __init__(self, packed: Packed, changes: Mapping[str, NDArray[np.float32]]) -> None:
        self._packed = packed
        self._tuned = changes
        self._sizes = packed.sizes
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._count = 0

    def layer(self, state: str, name: str) -> str:
        width, inner = self._sizes.width, self._sizes.inner
        mixed = self.multiply(state, [f"{name}.q", f"{name}.k", f"{name}.v"], width)
        parts = self.add("Split", [mixed], outputs=[f"{name}.{part}" for part in "qkv"], axis=-1)
        seen = self.add("MultiHeadAttention", parts, domain=CONTRIB, num_heads=self._sizes.heads)
        state = self.norm([state, self.multiply(seen[0], [f"{name}.ao"], width)], f"{name}.aln")
        wide = self.add("Gelu", [self.multiply(state, [f"{name}.fi"], width)], domain=CONTRIB)
        return self.norm([state, self.multiply(wide[0], [f"{name}.fo"], inner)], f"{name}.oln")

    def multiply(self, state: str, names: Sequence[str], columns: int) -> str:
        """One multiplication by the matrices of `names`, one below the other, and their biases added."""
        blocks = np.concatenate([self._packed.blocks(f"{name}.w", columns) for name in names])
        tag = names[0]
        change = self._tuned.get(tag.removesuffix(".q") + ".qkv" if len(names) > 1 else tag)
        bits, packed, scales = _four_bits(blocks) if change is None else _eight_bits(weights(blocks) + change)
        inputs = [
            state,
            self._constant(f"{tag}.w", packed),
            self._constant(f"{tag}.s", scales),
            "",
            "",
            self._constant(f"{tag}.b", np.concatenate([self._packed.floats(f"{name}.b") for name in names])),
        ]
        shape: dict[str, Any] = {"K": columns, "N": len(blocks), "bits": bits, "block_size": BLOCK, "accuracy_level": 4}
        return self.add("MatMulNBits", inputs, domain=CONTRIB, **shape)[0]

    def norm(self, states: Sequence[str], name: str) -> str:
        """The sum of one or two states, normalised."""
        learnt = [self._constant(f"{name}.{part}", self._packed.floats(f"{name}.{part}")) for part in "wb"]
        epsilon = self._sizes.epsilon
        if len(states) == 1:
            return self.add("LayerNormalization", [*states, *learnt], epsilon=epsilon, axis=-1)[0]
        return self.add("SkipLayerNormalization", [*states, *learnt], domain=CONTRIB, epsilon=epsilon)[0]

    def add(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str] = (), domain: str = "", **attributes: object
    ) -> Sequence[str]:
        self._count += 1
        outputs = outputs or [f"{kind}{self._count}"]
        self._nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def serialised(self) -> bytes:
        width = self._sizes.width
        given = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", "tokens", width])
        made = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", width])
        graph = helper.make_graph(self._nodes, "e5", [given], [made], self._constants)
        sets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=sets, ir_version=IR_VERSION)
        return bytes(model.SerializeToString())


Quantised = tuple[int, NDArray[np.uint8], NDArray[np.float32]]


def _four_bits(blocks: NDArray[np.void]) -> Quantised:
    whole = nibbles(blocks)
    packed: NDArray[np.uint8] = (whole[..., 0::2] | (whole[..., 1::2] << 4)).astype(np.uint8)
    return 4, packed, blocks["scale"].astype(np.float32)


def _eight_bits(matrix: NDArray[np.float32]) -> Quantised:
    """A matrix that was changed, in blocks as before: what four bits would lose of the change, eight keep."""
    whole = matrix.reshape(len(matrix), -1, BLOCK)
    scales = np.maximum(np.abs(whole).max(axis=-1) / 127, 1e-12)
    packed: NDArray[np.uint8] = (np.rint(whole / scales[..., None]) + 128).astype(np.uint8)
    return 8, packed, scales.astype(np.float32)


def tuned(path: Path = TUNED) -> dict[str, NDArray[np.float32]]:
    """By matrix (of several that are multiplied at once, the first) what is added to it: docs/decisions/0005."""
    with np.load(path) as stored:
        names = sorted({name.rpartition(".")[0] for name in stored.files})
        return {name: _whole(stored[f"{name}.b"]) @ _whole(stored[f"{name}.a"]) for name in names}


def _whole(half: NDArray[np.float16]) -> NDArray[np.float32]:
    return half.astype(np.float32)


def main() -> None:
    """Write the graph; killed half-way, there is no file."""
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(build(Packed.installed(), tuned()))
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


if __name__ == "__main__":
    main()
