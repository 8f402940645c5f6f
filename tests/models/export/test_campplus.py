from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from colloque.models.catalogue import CAMPPLUS
from colloque.models.export import campplus
from colloque.models.export.weights import BadCheckpoint, Weights
from tests.models.export.conftest import Runner
from tests.models.export.inputs import filter_bank_like

GOLDEN = Path(__file__).parents[2] / "fixtures" / "export" / "campplus.json"
"""What the PyTorch network with the same weights makes of `filter_bank_like`, by the number of frames."""


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> bytes:
    return campplus.build(checkpoints["campplus"])


@pytest.fixture(scope="module")
def run(model: bytes) -> Runner:
    return Runner(model)


def test_the_file_is_the_one_of_the_catalogue(model: bytes) -> None:
    (file,) = CAMPPLUS.files
    assert (hashlib.sha256(model).hexdigest(), len(model)) == (file.sha256, file.size_bytes)


@pytest.mark.parametrize("frames", [230, 40, 1])
def test_it_computes_what_the_original_computes(run: Runner, frames: int) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    found = run(filter_bank_like(frames))
    assert found.shape == (2, campplus.EMBEDDING)
    np.testing.assert_allclose(found[:, :: golden["every"]], golden["embeddings"][str(frames)], atol=1e-3)


def test_embeddings_may_be_negative(run: Runner) -> None:
    assert np.any(run(filter_bank_like(40)) < -0.5)


def test_voices_of_a_batch_do_not_see_each_other(run: Runner) -> None:
    both = filter_bank_like(150)
    np.testing.assert_allclose(run(both), np.concatenate((run(both[:1]), run(both[1:]))), atol=1e-4)


def test_a_batch_norm_is_a_scale_and_a_shift() -> None:
    weights = Weights(
        {
            "norm.running_mean": np.array([1, -2], np.float32),
            "norm.running_var": np.array([4, 0.25], np.float32),
            "norm.weight": np.array([3, 5], np.float32),
            "norm.bias": np.array([7, 11], np.float32),
        }
    )
    scale, shift = campplus.norm_as_line(weights, "norm")
    np.testing.assert_allclose(scale, [1.5, 10], rtol=1e-4)
    np.testing.assert_allclose(shift, [5.5, 31], rtol=1e-4)


def test_a_batch_norm_without_weights_only_normalises() -> None:
    weights = Weights({"norm.running_mean": np.array([1], np.float32), "norm.running_var": np.array([4], np.float32)})
    scale, shift = campplus.norm_as_line(weights, "norm")
    np.testing.assert_allclose((scale[0], shift[0]), (0.5, -0.5), rtol=1e-4)


def test_weights_of_another_model_are_refused(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(BadCheckpoint, match=r"has no head\."):
        campplus.build(checkpoints["segmentation-3.0"])
