"""A stretch of one voice as a point on a sphere: CAM++ speaker embeddings as ONNX.

Features are those that the network was trained on: Kaldi filter banks, 80 bins, 10 ms steps, no dither, the mean of the
stretch taken away (Wang et al. 2023, "CAM++: A Fast and Efficient Network for Speaker Verification").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import kaldi_native_fbank as knf
import numpy as np
import numpy.typing as npt
import onnxruntime

from colloque.streaming.audio import SAMPLE_RATE, Pcm

BINS = 80
DIMENSIONS = 192
SHORTEST_SAMPLES = 400
"""One feature frame; a shorter piece gives none."""
_FEWEST_FRAMES = 20
"""Below 0.2 s the network has nothing to pool over."""

Unit = npt.NDArray[np.float32]
"""A voice as a vector of length 1, shape (DIMENSIONS,), dtype float32. Their dot product is the cosine."""


def filter_banks(pcm: Pcm) -> npt.NDArray[np.float32]:
    """Log energies of mel bins, shape (frames, BINS), one frame per 10 ms; (0, BINS) for less than one frame."""
    if len(pcm) < SHORTEST_SAMPLES:
        return np.zeros((0, BINS), dtype=np.float32)
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.samp_freq = float(SAMPLE_RATE)
    options.mel_opts.num_bins = BINS
    bank = knf.OnlineFbank(options)
    bank.accept_waveform(SAMPLE_RATE, pcm)
    bank.input_finished()
    return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)]).astype(np.float32)


class Embedding:
    """The network's weights. `embed` keeps no state, so that one instance serves every stream of a thread."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def embed(self, pieces: Sequence[Pcm]) -> Unit | None:
        """The voice that speaks in these pieces of audio, each of shape (n,), float32, 16 kHz.

        None where they are too short together (under 0.2 s) or without any signal.
        """
        features = np.concatenate([np.zeros((0, BINS), np.float32), *(filter_banks(piece) for piece in pieces)])
        if len(features) < _FEWEST_FRAMES:
            return None
        features -= features.mean(axis=0)
        (output,) = self._session.run(None, {self._input: features[np.newaxis]})
        vector = np.asarray(output[0], dtype=np.float32)
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length < 1e-6:
            return None
        unit: Unit = vector / np.float32(length)
        return unit
