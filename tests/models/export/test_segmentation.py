from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from colloque.models.catalogue import SEGMENTATION
from colloque.models.export import segmentation
from colloque.models.export.weights import BadCheckpoint, read_weights
from tests.models.export.conftest import Runner
from tests.models.export.inputs import voice_like

GOLDEN = Path(__file__).parents[2] / "fixtures" / "export" / "segmentation.json"
"""What the PyTorch network with the same weights makes of `voice_like`."""


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> bytes:
    return segmentation.build(checkpoints["segmentation-3.0"])


@pytest.fixture(scope="module")
def run(model: bytes) -> Runner:
    return Runner(model)


def test_the_file_is_the_one_of_the_catalogue(model: bytes) -> None:
    (file,) = SEGMENTATION.files
    assert (hashlib.sha256(model).hexdigest(), len(model)) == (file.sha256, file.size_bytes)


def test_it_computes_what_the_original_computes(run: Runner) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    (found,) = run(voice_like(golden["samples"]))
    assert found.shape == (golden["frames"], segmentation.CLASSES)
    np.testing.assert_allclose(found[:: golden["every"]], golden["log_probabilities"], atol=1e-3)


def test_each_frame_is_a_distribution_over_the_classes(run: Runner) -> None:
    np.testing.assert_allclose(np.exp(run(voice_like(20_000))).sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize(("samples", "frames"), [(991, 1), (1260, 1), (1261, 2), (160_000, 589)])
def test_a_frame_spans_991_samples_and_starts_270_after_the_last(run: Runner, samples: int, frames: int) -> None:
    assert run(voice_like(samples)).shape == (1, frames, segmentation.CLASSES)


def test_recordings_of_a_batch_do_not_see_each_other(run: Runner) -> None:
    first, second = voice_like(20_000), voice_like(20_000)[:, :, ::-1]
    together = run(np.concatenate((first, second)))
    np.testing.assert_allclose(together, np.concatenate((run(first), run(second))), atol=1e-4)


def test_the_filters_are_even_and_odd_pairs_that_pass_their_own_band(checkpoints: dict[str, Path]) -> None:
    weights = read_weights(checkpoints["segmentation-3.0"])
    filters = segmentation.sinc_filters(weights)[:, 0, :]
    even, odd = filters[:40], filters[40:]
    np.testing.assert_array_equal(even, even[:, ::-1])
    np.testing.assert_array_equal(odd, -odd[:, ::-1])
    gain = np.abs(np.fft.rfft(even, 16_000))  # one bin a hertz
    low = 50 + np.abs(weights["sincnet.conv1d.0.filterbank.low_hz_"][:, 0])
    band = 50 + np.abs(weights["sincnet.conv1d.0.filterbank.band_hz_"][:, 0])
    strongest = gain.argmax(axis=1)
    assert np.all((strongest > low - 50) & (strongest < low + band + 50))


def test_weights_of_another_model_are_refused(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(BadCheckpoint, match=r"has no sincnet\."):
        segmentation.build(checkpoints["campplus"])
