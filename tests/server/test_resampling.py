"""Resampling does not depend on how the audio is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.server.resampling import Resampler
from colloque.streaming.events import TrackPcm

RATES = (8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000)


def noise(count: int, channels: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (count, channels)).astype(np.float32)


def run(samples: np.ndarray, rate: int, sizes: list[int]) -> TrackPcm:
    resampler = Resampler(rate, samples.shape[1])
    out, start, turn = [], 0, 0
    while start < len(samples):
        size = sizes[turn % len(sizes)]
        out.append(resampler.process(samples[start : start + size]))
        start, turn = start + size, turn + 1
    return np.concatenate([*out, resampler.flush()], axis=1)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATES), st.integers(1, 2), st.lists(st.integers(1, 5000), min_size=1, max_size=8))
def test_any_split_gives_the_same_samples(rate: int, channels: int, sizes: list[int]) -> None:
    samples = noise(rate // 3, channels)
    assert np.array_equal(run(samples, rate, [len(samples)]), run(samples, rate, sizes))


@pytest.mark.parametrize("rate", RATES)
def test_no_sample_is_lost_or_added(rate: int) -> None:
    out = run(noise(rate * 2, 1), rate, [rate // 50])
    assert out.shape == (1, 32_000)


def test_16_khz_is_left_untouched() -> None:
    samples = noise(1000, 2)
    resampler = Resampler(16_000, 2)
    assert np.array_equal(resampler.process(samples), samples.T)
    assert resampler.flush().shape == (2, 0)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_a_tone_keeps_its_place_and_level(rate: int) -> None:
    tone = 0.4 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    out = run(tone.astype(np.float32)[:, None], rate, [480])[0]
    expected = 0.4 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert np.max(np.abs(out[800:-800] - expected[800:-800])) < 1e-3


def test_channels_stay_apart() -> None:
    samples = noise(4800, 2)
    samples[:, 1] = 0
    out = run(samples, 48_000, [960])
    assert np.any(out[0])
    assert not np.any(out[1])


def test_reset_forgets_what_waits_inside() -> None:
    resampler = Resampler(48_000, 1)
    resampler.process(noise(960, 1))
    resampler.reset()
    silence = np.zeros((4800, 1), np.float32)
    assert not np.any(np.concatenate([resampler.process(silence), resampler.flush()], axis=1))
