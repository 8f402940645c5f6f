from __future__ import annotations

import sys

import numpy as np
import pytest

from colloque.models.export.graph import ExportUnavailable, Graph
from tests.models.export.conftest import Runner


def affine() -> bytes:
    graph = Graph("affine")
    value = graph.node("Mul", "x", graph.constant(np.array([2.0, -1.0])))
    graph.node("Add", value, graph.constant(0.5), output="y")
    return graph.serialise(("x", ("batch", 2)), ("y", ("batch", 2)))


def test_it_computes_what_its_nodes_say() -> None:
    np.testing.assert_array_equal(Runner(affine())(np.array([[1, 2], [3, 4]], np.float32)), [[2.5, -1.5], [6.5, -3.5]])


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert affine() == affine()


def test_a_graph_that_is_not_valid_is_not_written() -> None:
    graph = Graph("broken")
    graph.node("Add", "x", "nowhere", output="y")
    with pytest.raises(Exception, match="nowhere"):
        graph.serialise(("x", (1,)), ("y", (1,)))


def test_without_the_onnx_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExportUnavailable, match=r"colloque\[fetch\]"):
        Graph("any")
