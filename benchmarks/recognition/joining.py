"""Utterances, one after the other, as one stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.recognition.stream import SAMPLE_RATE, Pcm16, SpokenWord, Stream

NOISE_LEVEL = 8.0
"""Standard deviation of the noise in pauses, in steps of 16 bits: a quiet room."""


def join(name: str, streams: Sequence[Stream], pause_s: float) -> Stream:
    """One stream of several of the same language, with a pause before, between and after them.

    Each keeps its utterances. Pauses are faint noise, the same each time.
    """
    noise = np.random.default_rng(0)
    pieces: list[Pcm16] = []
    words: list[SpokenWord] = []
    samples = utterances = 0
    for stream in streams:
        pieces += [_quiet(noise, pause_s), stream.pcm]
        samples += len(pieces[-2])
        words += [_moved(word, samples / SAMPLE_RATE, utterances) for word in stream.words]
        samples += len(stream.pcm)
        utterances += 1 + max((word.utterance for word in stream.words), default=0)
    pieces.append(_quiet(noise, pause_s))
    sources = sorted({source for stream in streams for source in stream.word_times.split(" + ")})
    return Stream(name, streams[0].language, np.concatenate(pieces), tuple(words), " + ".join(sources))


def _quiet(noise: np.random.Generator, pause_s: float) -> Pcm16:
    return noise.normal(0, NOISE_LEVEL, round(pause_s * SAMPLE_RATE)).astype(np.int16)


def _moved(word: SpokenWord, by_s: float, utterances: int) -> SpokenWord:
    return replace(
        word,
        start_s=None if word.start_s is None else word.start_s + by_s,
        end_s=None if word.end_s is None else word.end_s + by_s,
        utterance=word.utterance + utterances,
    )
