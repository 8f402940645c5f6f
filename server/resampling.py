"""Any rate to 16 kHz, as it comes, by soxr."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from colloque.streaming.audio import SAMPLE_RATE
from colloque.streaming.events import TrackPcm

Interleaved = npt.NDArray[np.float32]
"""One column a channel, shape (n, channels), float32."""


class Resampler:
    """State of one connection's audio. The output does not depend on how the input is cut; at 16 kHz it is the input.

    soxr's linear-phase filter looks about 20 ms ahead, and that much of the input waits inside until more comes.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._stream = self._new_stream()

    def _new_stream(self) -> soxr.ResampleStream | None:
        if self._rate == SAMPLE_RATE:
            return None
        return soxr.ResampleStream(self._rate, SAMPLE_RATE, self._channels, dtype="float32", quality="HQ")

    def process(self, samples: Interleaved) -> TrackPcm:
        """Takes (n, channels) at the declared rate; gives (channels, m) at 16 kHz, m may be 0."""
        return self._run(samples, last=False)

    def flush(self) -> TrackPcm:
        """What still waits inside; what comes next starts afresh."""
        tail = self._run(np.zeros((0, self._channels), np.float32), last=True)
        self.reset()
        return tail

    def reset(self) -> None:
        """Forgets what waits inside."""
        self._stream = self._new_stream()

    def _run(self, samples: Interleaved, last: bool) -> TrackPcm:
        if self._stream is None:
            return np.ascontiguousarray(samples.T)
        # soxr takes mono as one dimension
        shaped = samples[:, 0] if self._channels == 1 else samples
        out = self._stream.resample_chunk(np.ascontiguousarray(shaped), last=last)
        out = out.reshape(-1, self._channels)
        return np.ascontiguousarray(np.clip(out, -1.0, 1.0).T)
