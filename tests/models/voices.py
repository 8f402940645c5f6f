"""Real recordings and made-up voices for the tests of the diariser."""

from __future__ import annotations

import importlib.util
import wave
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from colloque.models.clustering import Speakers
from colloque.models.embedding import DIMENSIONS, Unit
from colloque.models.speakers import Claim, Evidence
from colloque.streaming.audio import SAMPLE_RATE, Pcm


@cache
def recording(name: str) -> Pcm:
    """A recording of the package moonshine-voice, as the session would have it."""
    spec = importlib.util.find_spec("moonshine_voice")
    assert spec is not None and spec.origin is not None
    with wave.open(str(Path(spec.origin).parent / "assets" / f"{name}.wav"), "rb") as file:
        values = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        rate = file.getframerate()
    pcm: Pcm = soxr.resample(values.astype(np.float32) / 32768, rate, SAMPLE_RATE)
    return pcm


def dialogue() -> Pcm:
    """28 s: two people talk, the man begins; the woman answers at 8.7 s."""
    return recording("endgame_nagg_nell")


def noise(duration_s: float, level_dbfs: float) -> Pcm:
    generator = np.random.default_rng(1)
    values = generator.standard_normal(round(duration_s * SAMPLE_RATE)) * 10 ** (level_dbfs / 20)
    return values.astype(np.float32)


class VoicesOf:
    """Made-up voices: fixed directions, and embeddings around them that are the noisier the shorter the speech."""

    def __init__(self, count: int, likeness: float = 0.3, noise_s: float = 0.8, seed: int = 0) -> None:
        """`likeness` is the cosine of any two of the voices, `noise_s` as in `ClusteringConfig`."""
        self._random = np.random.default_rng(seed)
        self._noise_s = noise_s
        axes, _ = np.linalg.qr(self._random.standard_normal((DIMENSIONS, count + 1)))
        common, own = axes[:, :1], axes[:, 1:]
        self._voices = np.sqrt(likeness) * common.T + np.sqrt(1 - likeness) * own.T

    def embedding(self, voice: int, speech_s: float) -> Unit:
        """What the network would make of so much speech of a voice (from 0)."""
        disturbance = self._random.standard_normal(DIMENSIONS) / np.sqrt(DIMENSIONS)
        vector = self._voices[voice] + disturbance * np.sqrt(self._noise_s / speech_s)
        unit: Unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


class Conversation:
    """Lets made-up voices speak one after the other to `Speakers`."""

    def __init__(self, voices: VoicesOf, speakers: Speakers) -> None:
        self.voices = voices
        self.speakers = speakers
        self.now_frame = 0

    def evidence(self, voice: int, speech_s: float) -> Evidence:
        """New speech, apart from all before."""
        start = self.now_frame
        self.now_frame += round(speech_s * 60) + 10
        return Evidence(self.voices.embedding(voice, speech_s), speech_s, start, start + round(speech_s * 60))

    def claim(self, voice: int, speech_s: float, agreement: dict[int, float] | None = None) -> Claim:
        evidence = self.evidence(voice, speech_s)
        return Claim(voice, evidence.start_frame, evidence, agreement or {})

    def say(self, voice: int, speech_s: float, agreement: dict[int, float] | None = None) -> int | None:
        """The number that a turn of the voice gets; the speaker learns from it."""
        claim = self.claim(voice, speech_s, agreement)
        (number,) = self.speakers.identify([claim])
        if number is not None and claim.evidence is not None:
            self.speakers.learn(number, claim.evidence)
        return number
