"""Audio as a session sees it: mono float32 at 16 kHz on one sample-index clock per session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Hertz. The rate of every engine and of the session's clock."""

Pcm = npt.NDArray[np.float32]
"""Mono samples in [-1, 1], shape (n,), dtype float32, 16 kHz."""


def seconds(samples: int) -> float:
    """Audio time of a sample index, in seconds."""
    return samples / SAMPLE_RATE


def samples(duration_s: float) -> int:
    """The sample index nearest to a time in seconds."""
    return round(duration_s * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A stretch of one track, placed on the session's clock."""

    start_sample: int
    """Index of the first sample; the session's first accepted sample is 0."""
    pcm: Pcm
    """float32, shape (n,), 16 kHz."""

    @property
    def end_sample(self) -> int:
        """Index one past the last sample."""
        return self.start_sample + len(self.pcm)
