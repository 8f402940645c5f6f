"""Reading CTranslate2's file of weights."""

import base64
import gzip
import io
import struct
from typing import Any

import numpy as np
import pytest

from benchmarks.recognition.systems.torch_checkpoint import heads_text, parameters, read_arrays


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def model_file(arrays: dict[str, np.ndarray[Any, Any]], version: int = 6) -> io.BytesIO:
    data = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    for name, array in arrays.items():
        data += text(name) + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
        data += struct.pack("<BI", 4, array.nbytes) + array.tobytes()
    return io.BytesIO(data)


def test_arrays_are_read_and_projections_taken_apart() -> None:
    joined = np.arange(12, dtype=np.float16).reshape(6, 2)
    bias = np.arange(6, dtype=np.float16)
    place = "decoder/layer_1/self_attention"
    arrays = read_arrays(model_file({f"{place}/linear_0/weight": joined, f"{place}/linear_0/bias": bias}))
    found = dict(parameters(arrays))
    assert sorted(found) == [
        "decoder.blocks.1.attn.key.weight",
        "decoder.blocks.1.attn.query.bias",
        "decoder.blocks.1.attn.query.weight",
        "decoder.blocks.1.attn.value.bias",
        "decoder.blocks.1.attn.value.weight",
    ]
    np.testing.assert_array_equal(found["decoder.blocks.1.attn.key.weight"], joined[2:4])
    np.testing.assert_array_equal(found["decoder.blocks.1.attn.value.bias"], bias[4:])


def test_single_arrays_get_their_names() -> None:
    ones = np.ones(2, np.float16)
    arrays = read_arrays(model_file({"encoder/layer_norm/gamma": ones, "encoder/position_encodings/encodings": ones}))
    assert sorted(dict(parameters(arrays))) == ["encoder.ln_post.weight", "encoder.positional_embedding"]


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 7"):
        read_arrays(model_file({}, version=7))


def test_quantised_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="quantised"):
        list(parameters({"encoder/conv1/weight_scale": np.ones(1, np.float16)}))


def test_heads_are_a_mask_in_base_85() -> None:
    mask = np.frombuffer(gzip.decompress(base64.b85decode(heads_text([[1, 0]], 2, 3))), bool)
    np.testing.assert_array_equal(mask.reshape(2, 3), [[False] * 3, [True, False, False]])
