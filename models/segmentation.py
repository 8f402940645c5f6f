"""Who is active when, within ten seconds: pyannote segmentation-3.0 as ONNX, and the rolling window that it hears.

The network knows nothing of earlier windows: its three voices are local to one window and may be numbered otherwise in
the next. `colloque.models.diariser` finds out which speaker each of them is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from colloque.streaming.audio import SAMPLE_RATE, Pcm

FRAME_SAMPLES = 270
"""Samples from one frame of the network to the next (16.9 ms)."""
RECEPTIVE_SAMPLES = 991
"""Samples that one frame depends on in the network's convolutions."""
FRAME_OFFSET_SAMPLES = (RECEPTIVE_SAMPLES - FRAME_SAMPLES) // 2
"""Frame f stands for the samples from `f * FRAME_SAMPLES + FRAME_OFFSET_SAMPLES` on: the middle of its input."""
VOICES = 3
"""Voices that the network tells apart in one window."""

Activity = npt.NDArray[np.bool_]
"""Which local voice is active, shape (frames, VOICES), dtype bool."""

_POWERSET = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]],
    dtype=np.bool_,
)
"""Voices of each class of the network: nobody, one of three, two of three (powerset, Plaquet and Bredin 2023)."""


def frame_count(sample_count: int) -> int:
    """Frames that the network gives for so many samples."""
    return max(0, (sample_count - RECEPTIVE_SAMPLES) // FRAME_SAMPLES + 1)


class Segmentation:
    """The network's weights. `activity` keeps no state, so that one instance serves every stream of a thread."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def activity(self, pcm: Pcm) -> Activity:
        """Activity of the voices in a window.

        `pcm` has shape (n,), float32, 16 kHz, n of about ten seconds at most (what the network was trained on).
        Returns shape (`frame_count(n)`, VOICES); voices are numbered for this window only.
        """
        if frame_count(len(pcm)) == 0:
            return np.zeros((0, VOICES), dtype=np.bool_)
        (log_probabilities,) = self._session.run(None, {self._input: pcm[np.newaxis, np.newaxis]})
        activity: Activity = _POWERSET[np.argmax(log_probabilities[0], axis=1)]
        return activity


class RollingWindow:
    """The last samples of a stream, by their index in it; what is older is forgotten, before the stream is silence.

    The silence is on purpose: on windows much shorter than ten seconds the network hears voices where there are none.
    """

    def __init__(self, capacity_samples: int, start_sample: int = 0) -> None:
        self._buffer = np.zeros(2 * capacity_samples, dtype=np.float32)
        self._capacity = capacity_samples
        self._fill = capacity_samples
        self.end_sample = start_sample
        """Index one past the last sample."""

    @property
    def start_sample(self) -> int:
        """Index of the oldest sample that is still here."""
        return self.end_sample - self._capacity

    @property
    def buffered_samples(self) -> int:
        """Samples that are held in memory; it never changes."""
        return len(self._buffer)

    def append(self, pcm: Pcm) -> None:
        """Adds shape (n,), n up to the capacity. What is no finite number becomes silence."""
        if self._fill + len(pcm) > len(self._buffer):  # twice the capacity, so that the copying is rare
            kept = self._buffer[self._fill - self._capacity : self._fill].copy()
            self._buffer[: self._capacity] = kept
            self._fill = self._capacity
        self._buffer[self._fill : self._fill + len(pcm)] = np.where(np.isfinite(pcm), pcm, np.float32(0))
        self._fill += len(pcm)
        self.end_sample += len(pcm)

    def read(self, start_sample: int, end_sample: int) -> Pcm:
        """The samples in [start, end), shape (end - start,). Raises `IndexError` for what is not here."""
        if not self.start_sample <= start_sample <= end_sample <= self.end_sample:
            raise IndexError(f"[{start_sample}, {end_sample}) is not within [{self.start_sample}, {self.end_sample})")
        base = self.end_sample - self._fill
        return self._buffer[start_sample - base : end_sample - base]


def loudest_dbfs(pcm: Pcm, stretch_s: float = 0.02) -> float:
    """Level of the loudest stretch in decibels to full scale (-inf for digital silence or no samples)."""
    size = round(stretch_s * SAMPLE_RATE)
    whole = len(pcm) // size * size
    if whole == 0:
        return -np.inf
    power = float(np.square(pcm[:whole], dtype=np.float64).reshape(-1, size).mean(axis=1).max())
    return 10 * np.log10(power) if power > 0 else -np.inf
