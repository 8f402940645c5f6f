"""Writes a CTranslate2 conversion of Whisper as a checkpoint in OpenAI's layout, so that peers that decode with torch
have the same weights.

    torch_checkpoint.py MODEL_FOLDER OUT.pt

Needs torch. Beside `OUT.pt` it writes `OUT.heads`: the cross-attention heads that follow the audio, a boolean for each
layer and head, gzipped, in base 85, as OpenAI's code has them. CTranslate2's file (binary version 6) is a list of named
arrays; it keeps the projections of query, key and value in one array, and only float weights can be taken apart.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]

KINDS = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
VERSION = 6
_BLOCK = re.compile(r"(encoder|decoder)/layer_(\d+)/(self_attention|attention|ffn)/(layer_norm|linear_\d)/(\w+)")
_PLACES = {
    ("self_attention", "layer_norm"): ["attn_ln"],
    ("self_attention", "linear_0"): ["attn.query", "attn.key", "attn.value"],
    ("self_attention", "linear_1"): ["attn.out"],
    ("attention", "layer_norm"): ["cross_attn_ln"],
    ("attention", "linear_0"): ["cross_attn.query"],
    ("attention", "linear_1"): ["cross_attn.key", "cross_attn.value"],
    ("attention", "linear_2"): ["cross_attn.out"],
    ("ffn", "layer_norm"): ["mlp_ln"],
    ("ffn", "linear_0"): ["mlp.0"],
    ("ffn", "linear_1"): ["mlp.2"],
}
_SINGLE = {
    "encoder/conv1": "encoder.conv1",
    "encoder/conv2": "encoder.conv2",
    "encoder/layer_norm": "encoder.ln_post",
    "decoder/layer_norm": "decoder.ln",
    "decoder/embeddings": "decoder.token_embedding",
}
_KIND_NAMES = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


def read_arrays(file: BinaryIO) -> Arrays:
    """All arrays of a `model.bin`. Raises `ValueError` for another version."""

    def number(form: str) -> int:
        return int(struct.unpack(f"<{form}", file.read(struct.calcsize(form)))[0])

    def text() -> str:
        return file.read(number("H")).rstrip(b"\0").decode()

    version, spec, _ = number("I"), text(), number("I")
    if version != VERSION or spec != "WhisperSpec":
        raise ValueError(f"model.bin holds {spec} in version {version}; this reads WhisperSpec in version {VERSION}")
    arrays: Arrays = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = np.dtype(KINDS[number("B")])
        arrays[name] = np.frombuffer(file.read(number("I")), kind).reshape(shape)
    return arrays


def parameters(arrays: Arrays) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Names in OpenAI's layout, with their values. Raises `ValueError` for quantised weights."""
    for name, array in arrays.items():
        if name.endswith("weight_scale"):
            raise ValueError("the weights are quantised: a checkpoint needs a float16 or float32 conversion")
        if name.endswith("position_encodings/encodings"):
            yield f"{name.split('/')[0]}.positional_embedding", array
        elif block := _BLOCK.fullmatch(name):
            side, layer, part, piece, kind = block.groups()
            places = _PLACES[part, piece]
            for place, values in zip(places, np.split(array, len(places)), strict=True):
                if kind == "bias" and place.endswith(".key"):
                    continue  # Whisper has none; the conversion fills it with zeros
                yield f"{side}.blocks.{layer}.{place}.{_KIND_NAMES[kind]}", values
        else:
            parent, _, kind = name.rpartition("/")
            if parent in _SINGLE:
                yield f"{_SINGLE[parent]}.{_KIND_NAMES[kind]}", array


def dimensions(arrays: Arrays) -> dict[str, int]:
    """Whisper's sizes by OpenAI's names."""

    def layers(side: str) -> int:
        return len({found.group(2) for name in arrays if (found := _BLOCK.fullmatch(name)) and found.group(1) == side})

    vocabulary, width = arrays["decoder/embeddings/weight"].shape
    return {
        "n_mels": arrays["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": arrays["encoder/position_encodings/encodings"].shape[0],
        "n_audio_state": width,
        "n_audio_head": int(arrays["encoder/num_heads"]),
        "n_audio_layer": layers("encoder"),
        "n_vocab": vocabulary,
        "n_text_ctx": arrays["decoder/position_encodings/encodings"].shape[0],
        "n_text_state": width,
        "n_text_head": int(arrays["decoder/num_heads"]),
        "n_text_layer": layers("decoder"),
    }


def heads_text(pairs: list[list[int]], layers: int, heads: int) -> str:
    """Pairs of layer and head, as OpenAI's code writes such a set."""
    mask = np.zeros((layers, heads), bool)
    for layer, head in pairs:
        mask[layer, head] = True
    return base64.b85encode(gzip.compress(mask.tobytes())).decode()


def main() -> None:
    """Entry point."""
    import torch  # type: ignore[import-not-found, unused-ignore]

    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    with (folder / "model.bin").open("rb") as file:
        arrays = read_arrays(file)
    sizes = dimensions(arrays)
    state = {name: torch.from_numpy(np.array(values, np.float16)) for name, values in parameters(arrays)}
    pairs = json.loads((folder / "config.json").read_text(encoding="utf-8"))["alignment_heads"]
    heads = heads_text(pairs, sizes["n_text_layer"], sizes["n_text_head"])
    target.with_suffix(".heads").write_text(heads, encoding="ascii")
    torch.save({"dims": sizes, "model_state_dict": state}, target)


if __name__ == "__main__":
    main()
