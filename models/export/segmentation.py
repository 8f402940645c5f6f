"""pyannote segmentation-3.0 as an ONNX graph.

Sources of the network: H. Bredin, "pyannote.audio 2.1 speaker diarization pipeline", Interspeech 2023; A. Plaquet and
H. Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech 2023; M. Ravanelli and
Y. Bengio, "Speaker recognition from raw waveform with SincNet", SLT 2018; M. Pariente et al., "Filterbank design for
end-to-end speech separation", ICASSP 2020 (the sine filters beside SincNet's cosine ones).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colloque.models.export.graph import Graph
from colloque.models.export.weights import Weights, read_weights

LSTM_LAYERS = 4
CLASSES = 7
"""Nobody, one of three voices, or two of three at once."""

_SINC_STRIDE = 10
_POOL: dict[str, Any] = {"kernel_shape": [3], "strides": [3]}
_LOWEST_HZ = 50.0
_NARROWEST_HZ = 50.0
_NYQUIST_HZ = 8000.0
_LEAK = 0.01
_NORM_EPSILON = 1e-5


def build(checkpoint: Path) -> bytes:
    """The model file, built from pyannote's `pytorch_model.bin`.

    Input `waveform`: float32, shape (batch, 1, samples) at 16 kHz. Output `log_probabilities`: float32, shape
    (batch, frames, 7), the natural logarithm of the probability of each class in the order {}, {1}, {2}, {3}, {1, 2},
    {1, 3}, {2, 3}. A frame spans 991 samples and starts 270 samples after the one before; fewer samples are an error.

    On real speech the numbers are within 0.0002 of the network in double precision (PyTorch in single precision, whose
    filters are coarser, is within 0.0013), in logarithms as low as -15.
    """
    weights = read_weights(checkpoint)
    graph = Graph("segmentation-3.0")
    value = _sincnet(graph, weights, "waveform")
    value = graph.node("Transpose", value, perm=[2, 0, 1])  # to (frames, batch, features), as LSTM wants it
    for layer in range(LSTM_LAYERS):
        value = _lstm(graph, weights, layer, value)
    value = graph.node("Transpose", value, perm=[1, 0, 2])
    for layer in range(2):
        value = graph.node("LeakyRelu", _linear(graph, weights, f"linear.{layer}", value), alpha=_LEAK)
    value = _linear(graph, weights, "classifier", value)
    graph.node("LogSoftmax", value, axis=-1, output="log_probabilities")
    return graph.serialise(("waveform", ("batch", 1, "samples")), ("log_probabilities", ("batch", "frames", CLASSES)))


def _sincnet(graph: Graph, weights: Weights, value: str) -> str:
    """Waveform (batch, 1, samples) → features (batch, 60, frames)."""
    value = _instance_norm(graph, weights, "sincnet.wav_norm1d", value)
    value = graph.node("Conv", value, graph.constant(sinc_filters(weights)), strides=[_SINC_STRIDE])
    value = graph.node("Abs", value)
    for layer in range(3):
        if layer:
            kernel, bias = (graph.constant(weights[f"sincnet.conv1d.{layer}.{part}"]) for part in ("weight", "bias"))
            value = graph.node("Conv", value, kernel, bias)
        value = graph.node("MaxPool", value, **_POOL)
        value = _instance_norm(graph, weights, f"sincnet.norm1d.{layer}", value)
        value = graph.node("LeakyRelu", value, alpha=_LEAK)
    return value


def sinc_filters(weights: Weights) -> NDArray[np.float64]:
    """The band-pass filters, float64, shape (80, 1, 251): forty even ones, then forty odd ones.

    A filter is the difference of two cardinal sines under a Hamming window, known by its lower edge and its width. The
    sines are computed in double precision, so that rounding to float32 gives the same file on every machine.
    """
    name = "sincnet.conv1d.0.filterbank"
    low_hz, band_hz, window, radians_per_hz = (
        weights[f"{name}.{part}"].astype(np.float64) for part in ("low_hz_", "band_hz_", "window_", "n_")
    )
    low = _LOWEST_HZ + np.abs(low_hz)
    high = np.clip(low + _NARROWEST_HZ + np.abs(band_hz), _LOWEST_HZ, _NYQUIST_HZ)
    band = high - low
    scale = window / (radians_per_hz / 2)
    even = (np.sin(high * radians_per_hz) - np.sin(low * radians_per_hz)) * scale
    odd = (np.cos(low * radians_per_hz) - np.cos(high * radians_per_hz)) * scale
    filters = np.concatenate(
        (
            np.concatenate((even, 2 * band, even[:, ::-1]), axis=1) / (2 * band),
            np.concatenate((odd, 0 * band, -odd[:, ::-1]), axis=1) / (2 * band),
        )
    )
    return filters[:, np.newaxis, :]


def _instance_norm(graph: Graph, weights: Weights, name: str, value: str) -> str:
    scale, bias = (graph.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return graph.node("InstanceNormalization", value, scale, bias, epsilon=_NORM_EPSILON)


def _lstm(graph: Graph, weights: Weights, layer: int, value: str) -> str:
    """(frames, batch, features) → (frames, batch, 256)."""
    directions = (f"l{layer}", f"l{layer}_reverse")
    inputs, recurrences = (
        np.stack([_onnx_gates(weights[f"lstm.weight_{part}_{way}"]) for way in directions]) for part in ("ih", "hh")
    )
    biases = np.stack(
        [
            np.concatenate([_onnx_gates(weights[f"lstm.bias_{part}_{way}"]) for part in ("ih", "hh")])
            for way in directions
        ]
    )
    hidden = recurrences.shape[-1]
    value = graph.node(
        "LSTM",
        value,
        *(graph.constant(tensor) for tensor in (inputs, recurrences, biases)),
        direction="bidirectional",
        hidden_size=hidden,
    )  # (frames, 2, batch, hidden)
    value = graph.node("Transpose", value, perm=[0, 2, 1, 3])
    return graph.node("Reshape", value, graph.constant([0, 0, 2 * hidden]))


def _onnx_gates(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch stacks the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    into, forget, cell, out = np.split(rows, 4)
    return np.concatenate((into, out, forget, cell))


def _linear(graph: Graph, weights: Weights, name: str, value: str) -> str:
    value = graph.node("MatMul", value, graph.constant(weights[f"{name}.weight"].T))
    return graph.node("Add", value, graph.constant(weights[f"{name}.bias"]))
