from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from colloque.models.export.graph import RUNTIME_OPERATORS, Graph


def run(model: bytes, **values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, values), strict=True))


@pytest.mark.parametrize(
    ("value", "kind", "shape"),
    [
        (np.array([[1.5, 2]], np.float32), "float32", (1, 2)),
        (np.array([1.5, 2], np.float16), "float16", (2,)),
        (np.array([1.5, 2], np.float64), "float32", (2,)),
        (np.array([3, 250], np.uint8), "uint8", (2,)),
        (np.array([3, -120], np.int8), "int8", (2,)),
        (np.array([3, -120], np.int32), "int64", (2,)),
        (np.array([[1, 2, 3], [4, 5, 6]], np.int8).T, "int8", (3, 2)),
        (np.uint8(128), "uint8", ()),
        (np.float32(0.25), "float32", ()),
        ([1, -1], "int64", (2,)),
        (7, "int64", ()),
        (0.5, "float32", ()),
    ],
)
def test_constants_keep_their_values_in_a_type_that_graphs_know(value: Any, kind: str, shape: tuple[int, ...]) -> None:
    graph = Graph("constant")
    graph.node("Cast", graph.constant(value), to=onnx.TensorProto.FLOAT, output="y")
    graph.node("Identity", "x", output="z")
    model = graph.serialise_all([("x", (1,))], [("y", shape), ("z", (1,))])
    (stored,) = onnx.load_model_from_string(model).graph.initializer
    assert onnx.numpy_helper.to_array(stored).dtype == kind
    found = run(model, x=np.zeros(1, np.float32))["y"]
    np.testing.assert_array_equal(found, np.asarray(value, np.float32))
    assert found.shape == shape


def test_a_graph_has_several_inputs_and_outputs_some_of_them_integers() -> None:
    graph = Graph("pick")
    first, second = graph.parts("Split", "x", count=2, axis=1)
    graph.node("Gather", first, "at", axis=0, output="picked")
    graph.node("Neg", second, output="rest")
    model = graph.serialise_all(
        [("x", ("n", 4)), ("at", ("m",))], [("picked", ("m", 2)), ("rest", ("n", 2))], integers=["at"]
    )
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    found = run(model, x=values, at=np.array([2, 0, 2], np.int64))
    np.testing.assert_array_equal(found["picked"], values[[2, 0, 2], :2])
    np.testing.assert_array_equal(found["rest"], -values[:, 2:])


def test_operators_of_the_runtime_are_named_in_the_file() -> None:
    graph = Graph("gelu")
    graph.node("Gelu", "x", domain=RUNTIME_OPERATORS, output="y")
    model = graph.serialise(("x", ("n",)), ("y", ("n",)))
    assert {entry.domain: entry.version for entry in onnx.load_model_from_string(model).opset_import}.keys() == {
        "",
        RUNTIME_OPERATORS,
    }
    found = run(model, x=np.array([-1, 0, 2], np.float32))["y"]
    np.testing.assert_allclose(found, [-0.158655, 0, 1.954500], atol=1e-5)


def test_a_graph_of_standard_operators_names_no_others() -> None:
    graph = Graph("negative")
    graph.node("Neg", "x", output="y")
    model = graph.serialise(("x", ("n",)), ("y", ("n",)))
    assert [entry.domain for entry in onnx.load_model_from_string(model).opset_import] == [""]
