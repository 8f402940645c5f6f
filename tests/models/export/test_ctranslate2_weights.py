from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from colloque.models.catalogue import locate
from colloque.models.export.ctranslate2_weights import CTranslate2Weights
from colloque.models.export.weights import BadCheckpoint
from tests.models.export.ctranslate2_file import BFLOAT16, file, tensor, text

PLAIN = np.array([[1.5, -2.25, 0], [3, 1e-3, -6e4]], np.float32)
HALF = np.array([0.5, -3.140625, 65504], np.float16)
STORED = np.array([[127, -64], [-127, 1], [0, 5]], np.int8)
SCALE = np.array([127, 254, 2], np.float32)
SHORT = np.array([[100, -300]], np.int16)

TENSORS = [
    tensor("plain", PLAIN),
    tensor("half", HALF),
    tensor("bytes/weight", STORED),
    tensor("bytes/weight_scale", SCALE),
    tensor("shorts/weight", SHORT),
    tensor("shorts/weight_scale", np.array(100, np.float32)),
    tensor("floats/weight", PLAIN.astype(np.float16)),
    tensor("decoder/layer_0/weight", np.array([-5], np.int32)),
    tensor("decoder/layer_0/bias", np.array([1], np.float32)),
    tensor("decoder/layer_10/weight", np.array([6], np.int32)),
    tensor("decoder/layer_norm/weight", np.array([7], np.int32)),
    tensor("heads", np.array(8, np.int16)),
    tensor("nothing", np.zeros((0, 4), np.float32)),
    # The upper half of a float32 is a bfloat16.
    tensor("brain", np.array([[0x3F80, 0xC020, 0x0001]], np.uint16).view(np.int16), BFLOAT16),
]
ALIASES = {"same/weight": "bytes/weight", "same/weight_scale": "bytes/weight_scale"}
FILE = file(TENSORS, ALIASES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.bin"


def read(path: Path, content: bytes) -> CTranslate2Weights:
    path.write_bytes(content)
    return CTranslate2Weights(path)


@pytest.mark.parametrize("version", [4, 5, 6])
def test_tensors_are_as_they_were_written(path: Path, version: int) -> None:
    weights = read(path, file(TENSORS, ALIASES, version))
    for name, values in (("plain", PLAIN), ("half", HALF), ("bytes/weight", STORED), ("shorts/weight", SHORT)):
        assert weights[name].dtype == values.dtype
        np.testing.assert_array_equal(weights[name], values)
    assert (weights["heads"].shape, int(weights["heads"])) == ((), 8)
    assert weights["nothing"].shape == (0, 4)
    assert weights["decoder/layer_0/weight"].tolist() == [-5]
    assert len(weights) == len(TENSORS) == len(list(weights))


def test_a_bfloat16_becomes_the_float_that_it_cuts_short(path: Path) -> None:
    values = read(path, FILE)["brain"]
    assert values.dtype == np.float32
    assert values.tolist() == [[1.0, -2.5, 2.0**-133]]


def test_an_alias_is_another_name_for_a_tensor(path: Path) -> None:
    weights = read(path, FILE)
    np.testing.assert_array_equal(weights["same/weight"], STORED)
    np.testing.assert_array_equal(weights.matrix("same"), weights.matrix("bytes"))
    assert "same/weight" in weights and "same/weight" not in list(weights)


def test_a_matrix_is_float32_whatever_it_is_stored_as(path: Path) -> None:
    weights = read(path, FILE)
    np.testing.assert_allclose(weights.matrix("bytes"), [[1, -64 / 127], [-0.5, 1 / 254], [0, 2.5]], rtol=1e-6)
    np.testing.assert_array_equal(weights.matrix("shorts"), [[1, -3]])
    np.testing.assert_array_equal(weights.matrix("floats"), PLAIN.astype(np.float16).astype(np.float32))
    assert {weights.matrix(name).dtype for name in ("bytes", "shorts", "floats")} == {np.dtype(np.float32)}
    assert weights.vector("half").tolist() == HALF.astype(np.float32).tolist()
    assert weights.vector("half").dtype == np.float32


def test_what_is_made_of_a_tensor_may_be_changed(path: Path) -> None:
    """The file itself may not."""
    weights = read(path, FILE)
    weights.matrix("floats")[:] = 9
    weights.vector("plain")[:] = 9
    assert path.read_bytes() == FILE
    with pytest.raises(ValueError, match="read-only"):
        weights["plain"][0, 0] = 9


def test_layers_are_counted_by_their_numbers(path: Path) -> None:
    weights = read(path, FILE)
    assert weights.count("decoder/layer_") == 2
    assert weights.count("encoder/layer_") == 0


# Reading maps the file, so that each example needs one; no example leaves anything for the next.
PROPERTY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(st.integers(1, len(FILE) - 1))
def test_a_file_that_ends_early_is_refused(path: Path, size: int) -> None:
    with pytest.raises(BadCheckpoint, match=r"model\.bin"):
        read(path, FILE[:size])


def test_a_file_that_ends_in_its_last_name_is_refused(path: Path) -> None:
    for missing in range(1, len(text("bytes/weight_scale")) + 1):
        with pytest.raises(BadCheckpoint):
            read(path, FILE[:-missing])


@PROPERTY
@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_refused(path: Path, content: bytes) -> None:
    assume(not 3 <= int.from_bytes(content[:4], "little") <= 6)
    with pytest.raises(BadCheckpoint):
        read(path, content)


@PROPERTY
@given(st.integers(0, len(FILE) - 1), st.integers(0, 255))
def test_a_damaged_file_is_read_or_refused(path: Path, at: int, value: int) -> None:
    """Nothing else happens: no other error, no endless loop."""
    damaged = FILE[:at] + bytes([value]) + FILE[at + 1 :]
    try:
        weights = read(path, damaged)
    except BadCheckpoint:
        return
    assert len(weights) <= len(TENSORS)


def test_an_empty_file_is_refused(path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"model\.bin is empty"):
        read(path, b"")


@pytest.mark.parametrize("version", [0, 1, 2, 3, 7, 2**32 - 1])
def test_another_version_is_refused(path: Path, version: int) -> None:
    """Before version 4 a tensor had the size of its elements where now its type stands."""
    with pytest.raises(BadCheckpoint, match="known version"):
        read(path, file(TENSORS, ALIASES, version))


@pytest.mark.parametrize("kind", [6, 255])
def test_an_unknown_type_is_refused(path: Path, kind: int) -> None:
    with pytest.raises(BadCheckpoint):
        read(path, file([tensor("plain", PLAIN, kind)]))


def test_a_shape_that_does_not_fit_its_bytes_is_refused(path: Path) -> None:
    wrong = tensor("plain", PLAIN).replace(struct.pack("<2I", 2, 3), struct.pack("<2I", 2, 4))
    with pytest.raises(BadCheckpoint):
        read(path, file([wrong]))


def test_a_file_that_is_not_there_is_no_bad_one(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CTranslate2Weights(path)


def test_the_weights_of_whisper_base_are_read() -> None:
    weights = CTranslate2Weights(locate("whisper-base") / "model.bin")
    assert weights.count("decoder/layer_") == weights.count("encoder/layer_") == 6
    assert int(weights["decoder/num_heads"]) == 8
    assert weights["decoder/embeddings/weight"].shape == (51_865, 512)
    assert weights["decoder/projection/weight"] is weights["decoder/embeddings/weight"]
    assert weights.matrix("decoder/layer_5/attention/linear_1").shape == (1024, 512)
    encodings = weights.vector("decoder/position_encodings/encodings")
    assert encodings.shape == (448, 512) and np.all(np.isfinite(encodings))
