"""Whisper's decoder in plain NumPy, with weights of chance: what the graphs must compute, whole and without memory."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.models.export.ctranslate2_file import file, quantised, tensor

LAYERS, HEADS, SIZE, TOKENS, POSITIONS = 2, 2, 16, 30, 12

Array = NDArray[np.float64]


def _matrices() -> dict[str, tuple[int, int]]:
    """Name → (outputs, inputs)."""
    shapes = {"decoder/embeddings": (TOKENS, SIZE)}
    for layer in range(LAYERS):
        name = f"decoder/layer_{layer}"
        shapes |= {
            f"{name}/self_attention/linear_0": (3 * SIZE, SIZE),
            f"{name}/self_attention/linear_1": (SIZE, SIZE),
            f"{name}/attention/linear_0": (SIZE, SIZE),
            f"{name}/attention/linear_1": (2 * SIZE, SIZE),
            f"{name}/attention/linear_2": (SIZE, SIZE),
            f"{name}/ffn/linear_0": (4 * SIZE, SIZE),
            f"{name}/ffn/linear_1": (SIZE, 4 * SIZE),
        }
    return shapes


@dataclass(frozen=True)
class PlainDecoder:
    """Weights by name, as CTranslate2 names them."""

    weights: dict[str, NDArray[np.float32]]

    def write(self, folder: Path, *, bytes_only: bool = False, heads: list[list[int]] | None = None) -> Path:
        """A model folder; `bytes_only`: matrices as int8. `heads`: those whose attention follows the audio."""
        tensors = [tensor("decoder/num_heads", np.array(HEADS, np.int16))]
        for name, values in self.weights.items():
            stem = name.removesuffix("/weight")
            tensors += quantised(stem, values) if bytes_only and stem != name else [tensor(name, values)]
        aliases = {"decoder/projection/weight": "decoder/embeddings/weight"}
        if bytes_only:
            aliases["decoder/projection/weight_scale"] = "decoder/embeddings/weight_scale"
        (folder / "model.bin").write_bytes(file(tensors, aliases))
        (folder / "config.json").write_text(json.dumps({"alignment_heads": heads} if heads else {}), "utf-8")
        return folder

    def __call__(self, tokens: list[int], encoded: NDArray[np.float32]) -> tuple[Array, Array]:
        """Logits after each token, and the attention (tokens, layers * heads, positions) to the audio."""
        value = self._of("decoder/embeddings/weight")[tokens]
        value = value + self._of("decoder/position_encodings/encodings")[: len(tokens)]
        ahead = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
        looked: list[Array] = []
        for layer in range(LAYERS):
            name = f"decoder/layer_{layer}"
            normal = self._norm(value, f"{name}/self_attention")
            query, key, what = np.split(self._linear(normal, f"{name}/self_attention/linear_0"), 3, axis=1)
            mixed, _ = _attend(query, key, what, ahead)
            value = value + self._linear(mixed, f"{name}/self_attention/linear_1")
            query = self._linear(self._norm(value, f"{name}/attention"), f"{name}/attention/linear_0")
            key, what = np.split(self._linear(encoded.astype(np.float64), f"{name}/attention/linear_1"), 2, axis=1)
            mixed, weights = _attend(query, key, what, 0.0)
            looked.append(weights)
            value = value + self._linear(mixed, f"{name}/attention/linear_2")
            hidden = self._linear(self._norm(value, f"{name}/ffn"), f"{name}/ffn/linear_0")
            hidden = hidden * 0.5 * (1 + np.vectorize(math.erf)(hidden / math.sqrt(2)))
            value = value + self._linear(hidden, f"{name}/ffn/linear_1")
        logits = self._norm(value, "decoder") @ self._of("decoder/embeddings/weight").T
        return logits, np.concatenate(looked).swapaxes(0, 1)

    def _of(self, name: str) -> Array:
        return self.weights[name].astype(np.float64)

    def _linear(self, value: Array, name: str) -> Array:
        result: Array = value @ self._of(f"{name}/weight").T + self._of(f"{name}/bias")
        return result

    def _norm(self, value: Array, name: str) -> Array:
        even = value - value.mean(axis=1, keepdims=True)
        even = even / np.sqrt(np.square(even).mean(axis=1, keepdims=True) + 1e-5)
        result: Array = even * self._of(f"{name}/layer_norm/gamma") + self._of(f"{name}/layer_norm/beta")
        return result


def plain_decoder(seed: int = 0) -> PlainDecoder:
    """Weights by chance, large enough that every part counts."""
    random = np.random.default_rng(seed)

    def draw(spread: float, *shape: int) -> NDArray[np.float32]:
        return random.normal(0, spread, shape).astype(np.float32)

    weights = {"decoder/position_encodings/encodings": draw(1, POSITIONS, SIZE)}
    for name, (outputs, inputs) in _matrices().items():
        weights[f"{name}/weight"] = draw(1.5 * inputs**-0.5, outputs, inputs)
        weights[f"{name}/bias"] = draw(0.3, outputs)
    norms = ["decoder", *(f"decoder/layer_{at}/{part}" for at in range(LAYERS) for part in _PARTS)]
    for name in norms:
        weights[f"{name}/layer_norm/gamma"] = 1 + draw(0.2, SIZE)
        weights[f"{name}/layer_norm/beta"] = draw(0.2, SIZE)
    return PlainDecoder(weights)


_PARTS = ("self_attention", "attention", "ffn")


def _attend(query: Array, key: Array, value: Array, mask: Array | float) -> tuple[Array, Array]:
    """What the heads bring together, and their weights (heads, queries, keys)."""
    query, key, value = (part.reshape(len(part), HEADS, -1).swapaxes(0, 1) for part in (query, key, value))
    scores = query @ key.swapaxes(1, 2) * query.shape[-1] ** -0.5 + mask
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return (weights @ value).swapaxes(0, 1).reshape(query.shape[1], -1), weights
