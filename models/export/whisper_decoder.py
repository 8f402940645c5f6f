"""Whisper's text decoder as ONNX graphs with eight-bit weights, built from a CTranslate2 model.

A streaming recogniser reads the same window again and again, each time with more text agreed on. CTranslate2 feeds that
text to its decoder token by token and has no way to keep the attention that word times come from; and where a processor
lacks VNNI (AVX2 alone, as AMD's Zen 3) a token costs it twice as much as here. These graphs read a prefix in one pass,
and every pass gives its attention. The encoder stays with CTranslate2.

Two graphs: `cross` turns the encoder's output into the keys and values of every layer's cross-attention; `text` takes
any number of tokens of each hypothesis and gives the logits after those that are asked for.

Every row of activations has a scale of its own, for the first tokens of a prompt are far larger than the rest (Sun et
al., "Massive Activations in Large Language Models", 2024): with one scale for all, or with the products of signed
weights, which overflow where a processor lacks VNNI, one word in ten more went wrong on development data.

Network: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colloque.models.export.ctranslate2_weights import CTranslate2Weights
from colloque.models.export.eight_bit import Rows
from colloque.models.export.graph import RUNTIME_OPERATORS, Graph, Value

_NORM_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class DecoderShape:
    """Numbers of a Whisper decoder."""

    layers: int
    heads: int
    head_size: int
    tokens: int
    alignment_heads: tuple[tuple[int, int], ...]
    """(layer, head), in order of layers: those whose attention follows the audio."""

    @property
    def size(self) -> int:
        """Of a row of activations."""
        return self.heads * self.head_size


def read_shape(weights: CTranslate2Weights, folder: Path) -> DecoderShape:
    """From the weights and `config.json`."""
    tokens, size = weights["decoder/embeddings/weight"].shape
    heads = int(weights["decoder/num_heads"])
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    layers = weights.count("decoder/layer_")
    chosen = config.get("alignment_heads") or _upper_half(layers, heads)
    return DecoderShape(
        layers, heads, size // heads, tokens, tuple(sorted((int(layer), int(head)) for layer, head in chosen))
    )


def _upper_half(layers: int, heads: int) -> list[tuple[int, int]]:
    """What Whisper itself takes where nobody has chosen heads for a model."""
    return [(layer, head) for layer in range(layers // 2, layers) for head in range(heads)]


def build(folder: Path, *, is_signed: bool = False) -> dict[str, bytes]:
    """Name → model file, from a folder with a CTranslate2 Whisper model.

    `is_signed`: weights with sign, many times faster where the processor has VNNI (or AMX); where it has not, their
    products overflow, and words go wrong.

    R rows stand for B hypotheses times T tokens, P for what came before, S for positions of the encoder.

    `cross`: `encoded` (S, size) → `cross_key_L` (1, heads, head_size, S), `cross_value_L` (1, heads, S, head_size).
    `text`: `embedded` (B, T, size), tokens with their positions; `mask` (T, P + T) that is added to self-attention;
    `wanted` int64, the rows whose logits are asked for; `key_L` and `value_L` (B, heads, P, head_size) of what came
    before; and the cross-attention → `logits` (wanted, tokens), `attention` (1, alignment heads, R, S), `new_key_L` and
    `new_value_L` with P + T. All but `wanted` are float32.
    """
    weights = CTranslate2Weights(folder / "model.bin")
    shape = read_shape(weights, folder)
    return {
        "cross": _cross(weights, shape, Rows(Graph("whisper-cross"), is_signed)),
        "text": _Decoder(weights, shape, Rows(Graph("whisper-text"), is_signed)).build(),
    }


def embeddings(folder: Path) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Those of the tokens, shape (tokens, size), and of the positions, shape (positions, size)."""
    weights = CTranslate2Weights(folder / "model.bin")
    return weights.matrix("decoder/embeddings").astype(np.float16), weights.vector(
        "decoder/position_encodings/encodings"
    )


def _cross(weights: CTranslate2Weights, shape: DecoderShape, rows: Rows) -> bytes:
    graph = rows.graph
    results: list[Value] = []
    for layer in range(shape.layers):
        name = f"decoder/layer_{layer}/attention/linear_1"
        both = rows.linear("encoded", weights.matrix(name), weights.vector(f"{name}/bias"))
        both = graph.node("Reshape", both, graph.constant([-1, 2, shape.heads, shape.head_size]))
        key, value = graph.parts("Split", both, count=2, axis=1)
        key, value = (graph.node("Squeeze", part, graph.constant([1])) for part in (key, value))
        key = graph.node("Transpose", key, perm=[1, 2, 0])
        value = graph.node("Transpose", value, perm=[1, 0, 2])
        for part, output in ((key, f"cross_key_{layer}"), (value, f"cross_value_{layer}")):
            graph.node("Unsqueeze", part, graph.constant([0]), output=output)
        results += _cross_values(shape, layer)
    return graph.serialise_all([("encoded", ("S", shape.size))], results)


def _cross_values(shape: DecoderShape, layer: int) -> list[Value]:
    return [
        (f"cross_key_{layer}", (1, shape.heads, shape.head_size, "S")),
        (f"cross_value_{layer}", (1, shape.heads, "S", shape.head_size)),
    ]


@dataclass(slots=True)
class _Decoder:
    """One graph of the decoder under construction. Activations are (R, size)."""

    weights: CTranslate2Weights
    shape: DecoderShape
    linears: Rows
    _sources: list[Value] = field(init=False, default_factory=list)
    _results: list[Value] = field(init=False, default_factory=list)
    _attention: list[str] = field(init=False, default_factory=list)

    @property
    def graph(self) -> Graph:
        return self.linears.graph

    def build(self) -> bytes:
        graph, shape = self.graph, self.shape
        self._sources = [("embedded", ("B", "T", shape.size)), ("mask", ("T", "PT")), ("wanted", ("W",))]
        value = self._flat("embedded")
        # Of (B, T, size): how rows are cut into queries, keys and values of each head.
        split = graph.node("Slice", graph.node("Shape", "embedded"), graph.constant([0]), graph.constant([2]))
        split = graph.node("Concat", split, graph.constant([3, shape.heads, shape.head_size]), axis=0)
        for layer in range(shape.layers):
            value = self._layer(layer, value, split)
        graph.node("Concat", *self._attention, axis=1, output="attention")
        last = self._norm(graph.node("Gather", value, "wanted", axis=0), "decoder")
        logits = Rows(graph, self.linears.is_signed).linear(last, self.weights.matrix("decoder/projection"), None)
        graph.node("Identity", logits, output="logits")
        results = [("logits", ("W", shape.tokens)), ("attention", (1, len(shape.alignment_heads), "R", "S"))]
        return graph.serialise_all(self._sources, [*results, *self._results], integers=["wanted"])

    def _layer(self, layer: int, value: str, split: str) -> str:
        name = f"decoder/layer_{layer}"
        value = self._add(value, self._self_attention(layer, self._norm(value, f"{name}/self_attention"), split))
        value = self._add(value, self._cross_attention(layer, self._norm(value, f"{name}/attention")))
        hidden = self._linear(self._norm(value, f"{name}/ffn"), f"{name}/ffn/linear_0")
        hidden = self.graph.node("Gelu", hidden, domain=RUNTIME_OPERATORS)
        return self._add(value, self._linear(hidden, f"{name}/ffn/linear_1"))

    def _self_attention(self, layer: int, value: str, split: str) -> str:
        graph, shape = self.graph, self.shape
        name = f"decoder/layer_{layer}/self_attention"
        matrix, bias = self.weights.matrix(f"{name}/linear_0"), self.weights.vector(f"{name}/linear_0/bias")
        matrix[: shape.size] *= shape.head_size**-0.5  # the queries, of queries, keys and values
        bias[: shape.size] *= shape.head_size**-0.5
        parts = graph.node("Reshape", self.linears.linear(value, matrix, bias), split)
        parts = graph.node("Transpose", parts, perm=[2, 0, 3, 1, 4])  # (3, B, heads, T, head_size)
        query, key, values = (
            graph.node("Squeeze", part, graph.constant([0])) for part in graph.parts("Split", parts, count=3, axis=0)
        )
        key = graph.node("Concat", f"key_{layer}", key, axis=2, output=f"new_key_{layer}")
        values = graph.node("Concat", f"value_{layer}", values, axis=2, output=f"new_value_{layer}")
        for part in ("key", "value"):
            before = ("B", shape.heads, "P", shape.head_size)
            self._sources.append((f"{part}_{layer}", before))
            self._results.append((f"new_{part}_{layer}", ("B", shape.heads, "PT", shape.head_size)))
        weight = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
        weight = graph.node("Softmax", graph.node("Add", weight, "mask"), axis=-1)
        mixed = graph.node("Transpose", graph.node("MatMul", weight, values), perm=[0, 2, 1, 3])
        return self._linear(self._flat(mixed), f"{name}/linear_1")

    def _cross_attention(self, layer: int, value: str) -> str:
        """Every row looks at the same audio, so hypotheses are rows and not a batch."""
        graph, shape = self.graph, self.shape
        name = f"decoder/layer_{layer}/attention"
        scale = np.float32(shape.head_size**-0.5)
        matrix, bias = self.weights.matrix(f"{name}/linear_0"), self.weights.vector(f"{name}/linear_0/bias")
        query = self.linears.linear(value, matrix * scale, bias * scale)
        query = graph.node("Reshape", query, graph.constant([1, -1, shape.heads, shape.head_size]))
        query = graph.node("Transpose", query, perm=[0, 2, 1, 3])
        weight = graph.node("Softmax", graph.node("MatMul", query, f"cross_key_{layer}"), axis=-1)
        heads = [head for at, head in shape.alignment_heads if at == layer]
        if heads:
            self._attention.append(graph.node("Gather", weight, graph.constant(heads), axis=1))
        self._sources += _cross_values(shape, layer)
        mixed = graph.node("Transpose", graph.node("MatMul", weight, f"cross_value_{layer}"), perm=[0, 2, 1, 3])
        return self._linear(self._flat(mixed), f"{name}/linear_2")

    def _linear(self, value: str, name: str) -> str:
        return self.linears.linear(value, self.weights.matrix(name), self.weights.vector(f"{name}/bias"))

    def _norm(self, value: str, name: str) -> str:
        scale, bias = (
            self.graph.constant(self.weights.vector(f"{name}/layer_norm/{part}")) for part in ("gamma", "beta")
        )
        return self.graph.node("LayerNormalization", value, scale, bias, axis=-1, epsilon=_NORM_EPSILON)

    def _add(self, value: str, change: str) -> str:
        return self.graph.node("Add", value, change)

    def _flat(self, value: str) -> str:
        return self.graph.node("Reshape", value, self.graph.constant([-1, self.shape.size]))
