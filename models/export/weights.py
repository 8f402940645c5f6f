"""Reads the weights of a PyTorch checkpoint without PyTorch, and without running anything that the file says.

A checkpoint (`.pt`, `.bin`) is a zip archive: `data.pkl` is a pickle that describes tensors, `data/KEY` holds the
bytes of one storage. A pickle may name any function to be called; this reader knows the few names that tensors need,
replaces those of training settings by an empty object, and refuses every other one.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8"}
_SETTINGS = ("pyannote.audio.core.task", "torch.torch_version")
"""Modules whose objects stand beside the weights in the checkpoints that we read, and which nobody needs."""


class BadCheckpoint(Exception):
    """The file is no checkpoint of the kind that this reader knows."""


class Weights(dict[str, NDArray[np.float32]]):
    """Name of a parameter → its values. Asking for one that is not there raises `BadCheckpoint`."""

    def __missing__(self, name: str) -> NDArray[np.float32]:
        raise BadCheckpoint(f"the checkpoint has no {name}: it is of another model")


class _Setting:
    """Stands for an object that is not looked at."""

    def __init__(self, *_: object) -> None:
        pass


class _Storage:
    """Stands for `torch.FloatStorage` and its like in a pickle: only its element type counts."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)


def read_weights(path: Path) -> Weights:
    """All floating-point tensors of the checkpoint's `state_dict`, or of the checkpoint itself where it is one.

    Integer tensors (counters of batches) are left out. Raises `BadCheckpoint`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            content = _load(archive)
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise BadCheckpoint(f"{path.name} cannot be read as a PyTorch checkpoint: {error}") from error
    except pickle.UnpicklingError as error:
        raise BadCheckpoint(f"{path.name} is refused: {error}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise BadCheckpoint(f"{path.name} holds no state_dict")
    weights = Weights(
        (name, value.astype(np.float32))
        for name, value in state.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )
    if not weights:
        raise BadCheckpoint(f"{path.name} holds no weights")
    return weights


def _load(archive: zipfile.ZipFile) -> Any:
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise BadCheckpoint("the archive has no data.pkl")
    root = pickles[0].removesuffix("data.pkl")
    if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
        raise BadCheckpoint("the archive is big-endian")
    with archive.open(pickles[0]) as stream:
        return _Reader(stream, archive, root).load()


class _Reader(pickle.Unpickler):
    def __init__(self, stream: Any, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(stream, encoding="utf-8")
        self._archive = archive
        self._root = root

    def find_class(self, module: str, name: str) -> Any:
        """The few names that a checkpoint may use."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _DTYPES:
            return _Storage(_DTYPES[name])
        if module in _SETTINGS:
            return _Setting
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which weights do not need")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        """The storage of a tensor: a flat array."""
        kind, storage, key, _, count = pid
        if kind != "storage" or not isinstance(storage, _Storage) or not isinstance(key, str):
            raise pickle.UnpicklingError("it refers to something that is no storage")
        values = np.frombuffer(self._archive.read(f"{self._root}data/{key}"), storage.dtype)
        if values.size != count:
            raise pickle.UnpicklingError("a storage is not of the size that is said")
        return values


def _tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """A view of the storage. `offset` and `strides` count elements."""
    if min(offset, *shape, *strides, 0) < 0:
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    if 0 in shape:
        return np.empty(shape, storage.dtype)
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if last >= storage.size:
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    step = storage.itemsize
    # The bounds are checked above: as_strided itself checks nothing.
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, [stride * step for stride in strides])
