"""Audio as callers have it, to the bytes of a binary frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from colloque.streaming.messages import AudioFormat

AudioLike = bytes | npt.NDArray[np.int16] | npt.NDArray[np.float32]
"""Bytes as declared, or an array, shape (n,) or (channels, n): int16, or float32 in [-1, 1]."""

FULL_SCALE = 32768


def to_bytes(audio: AudioLike, form: AudioFormat) -> bytes:
    """Interleaved little-endian samples of the declared encoding (`pcm_s16le` or `pcm_f32le`).

    Raises `ValueError` for a broken sample, another number of channels, or another dtype.
    """
    if isinstance(audio, bytes | bytearray | memoryview):
        return _whole(bytes(audio), form)
    rows = np.atleast_2d(audio)
    if rows.ndim != 2 or rows.shape[0] != form.channels:
        raise ValueError(f"audio must have shape (n,) or ({form.channels}, n), not {np.shape(audio)}")
    if rows.dtype not in (np.int16, np.float32):
        raise ValueError(f"audio must be int16 or float32, not {rows.dtype}")
    if form.encoding == "pcm_f32le":
        scale = FULL_SCALE if rows.dtype == np.int16 else 1
        return (rows.T.astype("<f4") / np.float32(scale)).tobytes()
    if rows.dtype == np.int16:
        return rows.T.astype("<i2").tobytes()
    scaled = np.rint(np.nan_to_num(rows.T.astype(np.float32)) * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()


def _whole(data: bytes, form: AudioFormat) -> bytes:
    size = (4 if form.encoding == "pcm_f32le" else 2) * form.channels
    if len(data) % size:
        raise ValueError(
            f"a frame must hold whole samples of {size} bytes ({form.encoding}, {form.channels} channel(s))"
        )
    return data
