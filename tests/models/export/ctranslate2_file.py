"""Writes CTranslate2 model files, byte by byte as its `ModelSpec` does."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 6
KINDS = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
"""Types as the format numbers them."""
BFLOAT16 = 5


def text(value: str) -> bytes:
    """Its length with a nought at the end, then both."""
    raw = value.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


def tensor(name: str, values: NDArray[Any], kind: int | None = None) -> bytes:
    """Name, shape, type and bytes; `kind` where the array has another type than what it stands for."""
    raw = values.astype(values.dtype.newbyteorder("<")).tobytes()
    shape = struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
    return text(name) + shape + struct.pack("<BI", KINDS[values.dtype.name] if kind is None else kind, len(raw)) + raw


def file(tensors: list[bytes], aliases: Mapping[str, str] | None = None, version: int = VERSION) -> bytes:
    """A whole file, from tensors as `tensor` writes them."""
    pairs = [text(alias) + text(name) for alias, name in (aliases or {}).items()]
    head = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<I", 3)
    return b"".join(
        [head, struct.pack("<I", len(tensors)), *tensors, struct.pack("<I", len(pairs)), *pairs],
    )


def quantised(name: str, matrix: NDArray[np.float32]) -> list[bytes]:
    """A matrix as int8 with the scale of each row, as CTranslate2's converter stores it."""
    peak = np.abs(matrix).max(axis=1)
    scale = (127 / np.where(peak == 0, 1, peak)).astype(np.float32)
    stored = np.round(matrix * scale[:, np.newaxis]).astype(np.int8)
    return [tensor(f"{name}/weight", stored), tensor(f"{name}/weight_scale", scale)]
