"""Inputs by formula, the same on every machine: what the stored outputs of the PyTorch models were made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def voice_like(samples: int) -> NDArray[np.float32]:
    """A vowel whose pitch wanders and which stops now and then; float32, shape (1, 1, samples), 16 kHz."""
    t = np.arange(samples) / 16_000
    phase = 2 * np.pi * 130 * t - 20 * np.cos(2 * np.pi * 1.5 * t)
    tone = sum(np.sin(k * phase) / (1 + abs(k - 4)) for k in range(1, 16))
    loudness = np.clip(np.sin(2 * np.pi * 0.9 * t), 0, None)
    return np.asarray(0.1 * tone * loudness, np.float32)[np.newaxis, np.newaxis, :]


def filter_bank_like(frames: int) -> NDArray[np.float32]:
    """Two sets of features with the mean of each bin taken off; float32, shape (2, frames, 80)."""
    frame, band = np.arange(frames)[:, np.newaxis], np.arange(80)[np.newaxis, :]
    sets = [3 * np.sin(0.013 * speed * frame * (1 + band / 23)) + 2 * np.cos(0.19 * band * frame) for speed in (1, 2)]
    features = np.stack(sets)
    return np.asarray(features - features.mean(axis=1, keepdims=True), np.float32)
