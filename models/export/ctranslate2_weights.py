"""Reads the tensors of a CTranslate2 model file.

The format is that of CTranslate2's `ModelSpec` (python/ctranslate2/specs/model_spec.py, versions 4 to 6): names,
shapes and raw bytes one after the other, then names that stand for others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colloque.models.export.weights import BadCheckpoint

_TYPES: tuple[type[np.generic], ...] = (np.float32, np.int8, np.int16, np.int32, np.float16)
_BFLOAT16 = len(_TYPES)


class CTranslate2Weights(Mapping[str, NDArray[Any]]):
    """Name → tensor, as it is stored: float32, float16, int8, int16 or int32. The file stays mapped, not read."""

    def __init__(self, path: Path) -> None:
        """Raises `BadCheckpoint` for a file that is none, and `OSError`."""
        with path.open("rb") as stream:
            try:
                self._bytes = mmap(stream.fileno(), 0, access=ACCESS_READ)
            except ValueError as error:
                raise BadCheckpoint(f"{path.name} is empty") from error
        self._at = 0
        self._tensors: dict[str, NDArray[Any]] = {}
        self._aliases: dict[str, str] = {}
        try:
            self._read()
        except (struct.error, UnicodeDecodeError, ValueError, IndexError) as error:
            raise BadCheckpoint(f"{path.name} is no CTranslate2 model of a known version") from error

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._tensors[self._aliases.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def matrix(self, name: str) -> NDArray[np.float32]:
        """`NAME/weight` as float32, shape (outputs, inputs), whatever it is stored as."""
        stored = self[f"{name}/weight"]
        if stored.dtype.kind == "f":
            return stored.astype(np.float32)
        scale = np.asarray(self[f"{name}/weight_scale"], np.float32)
        return stored.astype(np.float32) / (scale[:, np.newaxis] if scale.ndim else scale)

    def vector(self, name: str) -> NDArray[np.float32]:
        """A tensor as float32."""
        return self[name].astype(np.float32)

    def count(self, prefix: str) -> int:
        """How many layers `PREFIX0/`, `PREFIX1/` ... there are."""
        layers = {name[len(prefix) :].partition("/")[0] for name in self if name.startswith(prefix)}
        return sum(layer.isdigit() for layer in layers)

    def _read(self) -> None:
        version = self._number("<I")
        if not 4 <= version <= 6:
            raise ValueError(version)
        self._text()
        self._number("<I")
        for _ in range(self._number("<I")):
            name = self._text()
            shape = [self._number("<I") for _ in range(self._number("<B"))]
            kind, size = self._number("<B"), self._number("<I")
            self._tensors[name] = self._tensor(kind, shape, size)
        for _ in range(self._number("<I")):
            alias = self._text()
            self._aliases[alias] = self._text()

    def _tensor(self, kind: int, shape: list[int], size: int) -> NDArray[Any]:
        raw = np.frombuffer(self._bytes, np.uint8, size, self._at)
        self._at += size
        if kind == _BFLOAT16:
            return (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
        return raw.view(_TYPES[kind]).reshape(shape)

    def _number(self, layout: str) -> int:
        (value,) = struct.unpack_from(layout, self._bytes, self._at)
        self._at += struct.calcsize(layout)
        return int(value)

    def _text(self) -> str:
        length = self._number("<H")
        raw = self._bytes[self._at : self._at + length]
        if len(raw) < length:
            raise ValueError(length)
        self._at += length
        return raw.rstrip(b"\0").decode()
