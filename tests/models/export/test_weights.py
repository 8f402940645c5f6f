from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from colloque.models.export.weights import BadCheckpoint, read_weights

STORAGES = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage"}


class Tensor:
    """What is written as a tensor: a view of some values, sizes and steps counted in elements."""

    def __init__(self, values: NDArray[Any], shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> None:
        self.values, self.shape, self.strides, self.offset = values, shape, strides, offset
        self.said_count = values.size


class Writer(pickle.Pickler):
    """Pickles tensors as PyTorch does; their storages are put aside, by number."""

    def __init__(self, stream: io.BytesIO, torch: Any, rebuild: Any) -> None:
        super().__init__(stream, protocol=2)
        self._torch, self._rebuild = torch, rebuild
        self.storages: list[NDArray[Any]] = []

    def persistent_id(self, item: Any) -> Any:
        if not isinstance(item, tuple) or not item or item[0] != "storage":
            return None
        _, values, count = item
        self.storages.append(values)
        kind = getattr(self._torch, STORAGES[values.dtype.str[1:]])
        return ("storage", kind, str(len(self.storages) - 1), "cpu", count)

    def reducer_override(self, item: Any) -> Any:
        if not isinstance(item, Tensor):
            return NotImplemented
        storage = ("storage", item.values, item.said_count)
        return self._rebuild, (storage, item.offset, item.shape, item.strides, False, OrderedDict())


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a checkpoint as PyTorch does, with a stand-in for the few names of PyTorch that stand in one."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    def write(content: object, byte_order: str = "little") -> Path:
        stream = io.BytesIO()
        writer = Writer(stream, torch, _rebuild_tensor_v2)
        writer.dump(content)
        path = tmp_path / "checkpoint.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("checkpoint/data.pkl", stream.getvalue())
            archive.writestr("checkpoint/byteorder", byte_order)
            for number, values in enumerate(writer.storages):
                archive.writestr(f"checkpoint/data/{number}", values.tobytes())
        return path

    return write


def test_tensors_are_views_of_their_storages(write: Callable[..., Path]) -> None:
    values = np.arange(6, dtype=np.float32)
    path = write(
        OrderedDict(
            plain=Tensor(values, (2, 3), (3, 1)),
            transposed=Tensor(values, (3, 2), (1, 3)),
            tail=Tensor(values, (2,), (1,), offset=4),
            scalar=Tensor(values, (), (), offset=5),
            empty=Tensor(values, (0, 3), (3, 1)),
        )
    )
    weights = read_weights(path)
    np.testing.assert_array_equal(weights["plain"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(weights["transposed"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(weights["tail"], [4, 5])
    assert (weights["scalar"].item(), weights["empty"].shape) == (5.0, (0, 3))


def test_floats_of_any_width_become_float32_and_counters_are_left_out(write: Callable[..., Path]) -> None:
    weights = read_weights(
        write({kind: Tensor(np.array([1, 2], kind), (2,), (1,)) for kind in ("f2", "f4", "f8", "i8")})
    )
    assert list(weights) == ["f2", "f4", "f8"]
    assert {values.dtype for values in weights.values()} == {np.dtype(np.float32)}


def test_weights_beside_training_settings_are_found(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = types.ModuleType("pyannote.audio.core.task")
    task.Specifications = type("Specifications", (), {"__module__": "pyannote.audio.core.task"})  # type: ignore[attr-defined]
    for name in ("pyannote", "pyannote.audio", "pyannote.audio.core"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "pyannote.audio.core.task", task)
    content = {
        "specifications": task.Specifications(),
        "state_dict": {"weight": Tensor(np.ones(1, np.float32), (1,), (1,))},
    }
    assert list(read_weights(write(content))) == ["weight"]


class Mischief:
    """An object that has a command run by whoever unpickles it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self._path,)


def test_nothing_that_the_file_names_is_run(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write({"weight": Mischief(tmp_path / "ran")})
    with pytest.raises(BadCheckpoint, match=r"refused: it asks for"):
        read_weights(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((7,), (1,), 0), ((2,), (1,), 5), ((2,), (-1,), 1), ((2,), (1,), -1), ((2, 2), (3, 4), 0), ((-1,), (1,), 0)],
)
def test_a_tensor_beyond_its_storage_is_refused(
    write: Callable[..., Path], shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    with pytest.raises(BadCheckpoint, match="beyond its storage"):
        read_weights(write({"weight": Tensor(np.zeros(6, np.float32), shape, strides, offset)}))


def test_a_storage_of_another_size_than_is_said_is_refused(write: Callable[..., Path]) -> None:
    tensor = Tensor(np.zeros(6, np.float32), (6,), (1,))
    tensor.said_count = 7
    with pytest.raises(BadCheckpoint, match="not of the size"):
        read_weights(write({"weight": tensor}))


def test_other_files_are_no_checkpoints(write: Callable[..., Path], tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a zip archive", "utf-8")
    with pytest.raises(BadCheckpoint, match="cannot be read"):
        read_weights(text)
    archive = tmp_path / "other.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("readme", "nothing")
    with pytest.raises(BadCheckpoint, match=r"no data\.pkl"):
        read_weights(archive)
    with pytest.raises(BadCheckpoint, match="big-endian"):
        read_weights(write({}, byte_order="big"))
    with pytest.raises(BadCheckpoint, match="no weights"):
        read_weights(write({"epoch": 3}))
    with pytest.raises(BadCheckpoint, match="no state_dict"):
        read_weights(write([1, 2]))
