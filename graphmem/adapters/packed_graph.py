"""A packed encoder as a graph that onnxruntime runs: BERT (arXiv 1810.04805), its matrices left in 4 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from graphmem.adapters.packed import BLOCK, Packed, nibbles
from graphmem.errors import EmbedderError

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

TOKENS = "tokens"
"""The input of tokens, each with its place: texts x tokens x width."""
MASK = "mask"
"""The input that is 0 for tokens and far below for what fills a text up: texts x 1 x 1 x tokens."""
_OPSET = 20
_FORMAT = 9
# Activations are multiplied as int8 where the processor can.
_INT8 = 4


def build_graph(model: Packed) -> bytes:
    """Return the ONNX model that turns tokens into their vectors; raises EmbedderError where onnx is not installed."""
    try:
        from onnx import TensorProto, helper  # noqa: PLC0415  (part of an extra)
    except ImportError as exc:
        raise EmbedderError(f"{exc}: pip install 'graphmem[multilingual]'.") from exc

    draft = _Draft(model)
    out = draft.encoder()
    shape = ["texts", "tokens", model.width]
    kind = TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info(TOKENS, kind, shape),
        helper.make_tensor_value_info(MASK, kind, ["texts", 1, 1, "tokens"]),
    ]
    outputs = [helper.make_tensor_value_info(out, kind, shape)]
    graph = helper.make_graph(draft.nodes, "encoder", inputs, outputs, draft.constants)
    sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=sets, ir_version=_FORMAT).SerializeToString()


class _Draft:
    """A graph as it is put together; each method adds a step, and returns the name of its result."""

    def __init__(self, model: Packed) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._model = model
        size = model.width // model.heads
        self._apart = self._constant("apart", np.array([0, 0, model.heads, size], np.int64))
        self._together = self._constant("together", np.array([0, 0, model.width], np.int64))
        self._scale = self._constant("scale", np.array(size**-0.5, np.float32))

    def encoder(self) -> str:
        x = self._norm(TOKENS, "emb.ln")
        for i in range(self._model.depth):
            x = self._layer(x, f"l{i}")
        return x

    def _layer(self, x: str, name: str) -> str:
        seen = self._linear(self._attention(x, name), f"{name}.ao", self._model.width)
        x = self._norm(self._node("Add", x, seen), f"{name}.aln")
        wide = self._node("Gelu", self._linear(x, f"{name}.fi", self._model.width))
        return self._norm(self._node("Add", x, self._linear(wide, f"{name}.fo", self._model.wide)), f"{name}.oln")

    def _attention(self, x: str, name: str) -> str:
        query = self._heads(x, f"{name}.q", [0, 2, 1, 3])
        key = self._heads(x, f"{name}.k", [0, 2, 3, 1])
        value = self._heads(x, f"{name}.v", [0, 2, 1, 3])
        scores = self._node("Mul", self._node("MatMul", query, key), self._scale)
        weights = self._node("Softmax", self._node("Add", scores, MASK), axis=-1)
        mixed = self._node("Transpose", self._node("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self._node("Reshape", mixed, self._together)

    def _heads(self, x: str, name: str, order: list[int]) -> str:
        apart = self._node("Reshape", self._linear(x, name, self._model.width), self._apart)
        return self._node("Transpose", apart, perm=order)

    def _linear(self, x: str, name: str, width: int) -> str:
        blocks = self._model.tensors.blocks(f"{name}.w", width)
        numbers = nibbles(blocks)
        weights = self._constant(f"{name}.w", numbers[..., 0::2] | (numbers[..., 1::2] << 4))
        scales = self._constant(f"{name}.s", blocks["scale"].astype(np.float32).reshape(-1))
        how = {"K": width, "N": len(blocks), "bits": 4, "block_size": BLOCK, "accuracy_level": _INT8}
        product = self._node("MatMulNBits", x, weights, scales, domain="com.microsoft", **how)
        return self._node("Add", product, self._plain(f"{name}.b"))

    def _norm(self, x: str, name: str) -> str:
        weight, bias = self._plain(f"{name}.w"), self._plain(f"{name}.b")
        return self._node("LayerNormalization", x, weight, bias, axis=-1, epsilon=self._model.tiny)

    def _plain(self, name: str) -> str:
        return self._constant(name, self._model.tensors.plain(name))

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, kind: str, *inputs: str, domain: str = "", **how: Any) -> str:
        from onnx import helper  # noqa: PLC0415

        out = f"step {len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], domain=domain, **how))
        return out
