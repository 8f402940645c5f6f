"""Linear layers with weights and activations of eight bits, as nodes of an ONNX graph.

Every row of activations has a scale of its own, for the first tokens of a prompt are far larger than the rest (Sun et
al., "Massive Activations in Large Language Models", 2024): with one scale for all, or with the products of signed
weights, which overflow where a processor lacks VNNI, one word in ten more went wrong on development data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colloque.models.export.graph import RUNTIME_OPERATORS, Graph

_WEIGHT_MAX = 127
_ZERO = np.uint8(128)
"""What stands for nought among numbers that are stored without sign."""


def _quantised(matrix: NDArray[np.float32], zero: np.int8 | np.uint8) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """(inputs, outputs) of `zero`'s type, around it, with the scale of each output."""
    scale = np.abs(matrix).max(axis=1) / np.float32(_WEIGHT_MAX)
    scale[scale == 0] = 1
    stored = np.round(matrix / scale[:, np.newaxis]) + np.float32(zero)
    return np.ascontiguousarray(stored.astype(zero.dtype).T), scale.astype(np.float32)


@dataclass(slots=True)
class Rows:
    """Linear layers whose input rows have a scale each, without offset. All in one graph have as many rows."""

    graph: Graph
    is_signed: bool
    """Weights with sign: many times faster where the processor has VNNI (or AMX), wrong where it has not."""
    _zeros: str | None = field(init=False, default=None)

    def linear(self, value: str, matrix: NDArray[np.float32], bias: NDArray[np.float32] | None) -> str:
        """value: (rows, inputs); matrix: (outputs, inputs); bias: (outputs,). Gives (rows, outputs)."""
        zero = np.int8(0) if self.is_signed else _ZERO
        stored, scale = _quantised(matrix, zero)
        graph = self.graph
        peak = graph.node("ReduceMax", graph.node("Abs", value), axes=[-1], keepdims=0)
        step = graph.node("Mul", peak, graph.constant(np.float32(1 / _WEIGHT_MAX)))
        if self._zeros is None:  # every layer of a graph has as many rows
            self._zeros = graph.node("Expand", graph.constant(np.array([_ZERO])), graph.node("Shape", step))
        rows = graph.node("QuantizeLinear", value, step, self._zeros, axis=0)
        product = graph.node(
            "MatMulIntegerToFloat",
            rows,
            graph.constant(stored),
            graph.constant(np.float32(1)),
            graph.constant(scale),
            graph.constant(_ZERO),
            graph.constant(zero),
            domain=RUNTIME_OPERATORS,
        )
        scaled = graph.node("Mul", product, graph.node("Unsqueeze", step, graph.constant([1])))
        return scaled if bias is None else graph.node("Add", scaled, graph.constant(bias))
