"""Builds an ONNX graph node by node, with the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17
IR_VERSION = 8
"""Both as old as the operators allow, so that every ONNX Runtime since 1.12 reads the files."""


FLOAT = 1
INT64 = 7
BOOL = 9
"""Element types as the ONNX format numbers them, for `Cast` and for inputs."""

RUNTIME_OPERATORS = "com.microsoft"
"""Domain of the operators that ONNX Runtime has beyond the standard's."""

_STORED = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7, "float16": 10}
"""Types of constants, as the ONNX format numbers them."""

Value = tuple[str, Sequence[str | int]]
"""Name and shape of an input or output; names in a shape stand for free dimensions."""


class ExportUnavailable(Exception):
    """The `onnx` package, which is needed once to build models, is not installed."""


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
        self._domains: set[str] = set()

    def constant(self, values: NDArray[Any] | np.generic | Sequence[int] | int | float) -> str:
        """Adds a tensor. float32, float16, int8 and uint8 stay, other floats become float32, other integers int64."""
        array = np.asarray(values)
        if not isinstance(values, np.ndarray | np.generic) or array.dtype.name not in _STORED:
            array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        tensor = self._onnx.TensorProto()
        tensor.name = f"c{len(self._constants)}"
        tensor.data_type = _STORED[array.dtype.name]
        tensor.dims.extend(array.shape)
        tensor.raw_data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self._constants.append(tensor)
        return str(tensor.name)

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Adds an operator with one output; returns the output's name. An empty input name leaves the input out.

        `domain` among the attributes names another set of operators than the standard's.
        """
        output = output or f"v{len(self._nodes)}"
        self._add(operator, inputs, [output], attributes)
        return output

    def parts(self, operator: str, *inputs: str, count: int, **attributes: Any) -> list[str]:
        """Adds an operator with several outputs; returns their names."""
        outputs = [f"v{len(self._nodes)}_{index}" for index in range(count)]
        self._add(operator, inputs, outputs, attributes)
        return outputs

    def _add(self, operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: dict[str, Any]) -> None:
        self._domains.add(attributes.get("domain", ""))
        self._nodes.append(self._onnx.helper.make_node(operator, list(inputs), list(outputs), **attributes))

    def serialise(self, source: Value, result: Value) -> bytes:
        """The model file, with one input and one output of float32."""
        return self.serialise_all([source], [result])

    def serialise_all(
        self, sources: Sequence[Value], results: Sequence[Value], integers: Collection[str] = ()
    ) -> bytes:
        """The model file. Inputs and outputs are float32; those whose names are among `integers`, int64."""
        helper = self._onnx.helper
        inputs, outputs = (
            [
                helper.make_tensor_value_info(name, INT64 if name in integers else FLOAT, list(shape))
                for name, shape in values
            ]
            for values in (sources, results)
        )
        graph = helper.make_graph(self._nodes, self._name, inputs, outputs, self._constants)
        versions = [helper.make_opsetid("", OPSET)]
        versions += [helper.make_opsetid(domain, 1) for domain in sorted(self._domains - {""})]
        model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION, producer_name="colloque")
        self._onnx.checker.check_model(model, full_check=not self._domains - {""})
        data: bytes = model.SerializeToString(deterministic=True)
        return data
