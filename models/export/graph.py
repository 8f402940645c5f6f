"""Builds an ONNX graph node by node, with the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17
IR_VERSION = 8
"""Both as old as the operators allow, so that every ONNX Runtime since 1.12 reads the files."""


FLOAT = 1
BOOL = 9
"""Element types as the ONNX format numbers them, for `Cast`."""


class ExportUnavailable(Exception):
    """The `onnx` package, which is needed once to build the diariser's models, is not installed."""


class Graph:
    """Nodes and constants in the order in which they were added; values are known by name.

    Raises `ExportUnavailable` where the `onnx` package is not installed.
    """

    def __init__(self, name: str) -> None:
        try:
            import onnx
        except ImportError:
            raise ExportUnavailable("the package onnx is not installed: pip install 'colloque[fetch]'") from None
        self._onnx = onnx
        self._name = name
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: NDArray[Any] | Sequence[int] | int | float) -> str:
        """Adds a tensor: arrays of floats become float32, integers become int64."""
        array = np.asarray(values)
        array = np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else np.int64)
        tensor = self._onnx.TensorProto()
        tensor.name = f"c{len(self._constants)}"
        tensor.data_type = self._onnx.TensorProto.FLOAT if array.dtype == np.float32 else self._onnx.TensorProto.INT64
        tensor.dims.extend(np.shape(values))
        tensor.raw_data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self._constants.append(tensor)
        return str(tensor.name)

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Adds an operator with one output; returns the output's name. An empty input name leaves the input out."""
        output = output or f"v{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def serialise(self, source: tuple[str, Sequence[str | int]], result: tuple[str, Sequence[str | int]]) -> bytes:
        """The model file. `source` and `result` are name and shape of its float32 input and output.

        Names in a shape stand for free dimensions.
        """
        helper = self._onnx.helper
        inputs, outputs = (
            helper.make_tensor_value_info(name, self._onnx.TensorProto.FLOAT, list(shape))
            for name, shape in (source, result)
        )
        graph = helper.make_graph(self._nodes, self._name, [inputs], [outputs], self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="colloque"
        )
        self._onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data
