from __future__ import annotations

import numpy as np
import pytest

from colloque.models.catalogue import locate
from colloque.models.segmentation import FRAME_SAMPLES, VOICES, RollingWindow, Segmentation, frame_count, loudest_dbfs
from colloque.streaming.audio import SAMPLE_RATE
from tests.models.voices import dialogue, noise


@pytest.fixture(scope="module")
def segmentation() -> Segmentation:
    return Segmentation(locate("segmentation-3.0"))


def test_it_tells_two_people_apart(segmentation: Segmentation) -> None:
    activity = segmentation.activity(dialogue()[2 * SAMPLE_RATE : 12 * SAMPLE_RATE])
    assert activity.dtype == np.bool_
    shares = np.sort(activity.mean(axis=0))
    assert shares[1] > 0.2 and shares[2] > 0.3 and shares[0] < 0.05
    assert (activity.sum(axis=1) == 2).mean() < 0.1, "they take turns"


@pytest.mark.parametrize("sample_count", [991, 8_100, 160_000, 162_000])
def test_one_frame_every_270_samples(segmentation: Segmentation, sample_count: int) -> None:
    assert segmentation.activity(noise(sample_count / SAMPLE_RATE, -50)).shape == (frame_count(sample_count), VOICES)


@pytest.mark.parametrize("sample_count", [0, 1, 990])
def test_too_little_audio_has_no_frame(segmentation: Segmentation, sample_count: int) -> None:
    assert segmentation.activity(np.zeros(sample_count, dtype=np.float32)).shape == (0, VOICES)


@pytest.mark.parametrize("level_dbfs", [-120.0, -50.0, -30.0])
def test_noise_is_nobody(segmentation: Segmentation, level_dbfs: float) -> None:
    assert not segmentation.activity(noise(10, level_dbfs)).any()


def test_a_moved_window_hears_nearly_the_same(segmentation: Segmentation) -> None:
    start = 3 * SAMPLE_RATE
    first = segmentation.activity(dialogue()[start : start + 600 * FRAME_SAMPLES])
    second = segmentation.activity(dialogue()[start + 30 * FRAME_SAMPLES :][: 600 * FRAME_SAMPLES])
    same = first[30:].any(axis=1) == second[:-30].any(axis=1)
    assert same.mean() > 0.97


def test_a_rolling_window_keeps_what_fits() -> None:
    window = RollingWindow(100, start_sample=1000)
    buffered = window.buffered_samples
    audio = np.arange(1, 1001, dtype=np.float32)
    at = 0
    for size in [1, 99, 100, 7, 93, 50, 100, 100, 13, 80, 57, 100, 100, 100]:
        window.append(audio[at : at + size])
        at += size
        assert (window.start_sample, window.end_sample) == (900 + at, 1000 + at)
        kept = window.read(window.start_sample, window.end_sample)
        np.testing.assert_array_equal(kept[-min(100, at) :], audio[max(0, at - 100) : at])
        assert not kept[: max(0, 100 - at)].any(), "before the stream there is silence"
    assert window.buffered_samples == buffered


def test_what_is_no_number_is_silence() -> None:
    window = RollingWindow(4)
    window.append(np.array([1, np.nan, -np.inf, 2], dtype=np.float32))
    assert window.read(0, 4).tolist() == [1, 0, 0, 2]


def test_a_rolling_window_says_what_it_has_not() -> None:
    window = RollingWindow(100)
    window.append(np.ones(50, dtype=np.float32))
    for start, end in [(-51, 0), (0, 51), (20, 10)]:
        with pytest.raises(IndexError, match="is not within"):
            window.read(start, end)


def test_loudness_is_that_of_the_loudest_stretch() -> None:
    pcm = np.zeros(SAMPLE_RATE, dtype=np.float32)
    assert loudest_dbfs(pcm) == -np.inf
    assert loudest_dbfs(pcm[:10]) == -np.inf
    pcm[3200:3520] = 0.1
    assert loudest_dbfs(pcm) == pytest.approx(-20, abs=0.01)
