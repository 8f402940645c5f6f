"""Rows to values and back: what the journal keeps of a sample."""

from __future__ import annotations

import numpy as np

from colloque.server.storage import rows
from colloque.streaming.events import TrackPcm


def kept(pcm: TrackPcm) -> TrackPcm:
    """The audio as it comes back."""
    values = rows.audio_values(100, pcm)
    assert (values["start_sample"], values["end_sample"], values["tracks"]) == (100, 100 + pcm.shape[1], pcm.shape[0])
    return rows.pcm_of(values["pcm"], values["tracks"])


def test_sixteen_bit_audio_is_exact() -> None:
    every_step = np.arange(-32768, 32768, dtype=np.float32)[None, :] / np.float32(32768)
    back = kept(every_step)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, every_step)


def test_other_audio_is_rounded_to_the_nearest_step() -> None:
    pcm = np.random.default_rng(1).uniform(-0.999, 0.999, (2, 1000)).astype(np.float32)
    np.testing.assert_allclose(kept(pcm), pcm, atol=0.5 / 32768 + 1e-7)


def test_what_is_beyond_full_scale_is_clipped() -> None:
    pcm = np.array([[1.0, 1.5, -1.0, -1.5]], dtype=np.float32)
    np.testing.assert_array_equal(kept(pcm), np.array([[32767, 32767, -32768, -32768]], np.float32) / 32768)


def test_tracks_stay_apart() -> None:
    pcm = np.array([[0.25, 0.5], [-0.25, -0.5]], dtype=np.float32)
    np.testing.assert_array_equal(kept(pcm), pcm)


def test_no_audio_is_no_audio() -> None:
    assert kept(np.zeros((2, 0), np.float32)).shape == (2, 0)
