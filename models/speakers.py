"""What is known of the voices of one session: evidence, claims, and the speakers that they are put down to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from colloque.models.embedding import DIMENSIONS, Unit

VoiceSum = npt.NDArray[np.float32]
"""Sum of embeddings, each times its seconds of speech, shape (DIMENSIONS,), dtype float32."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Clean speech of one voice, embedded."""

    embedding: Unit
    speech_s: float
    """Seconds of speech, pauses and overlapped parts left out."""
    start_frame: int
    """Frames of the segmentation, counted from the start of the stream."""
    end_frame: int
    """The speech lies in [start_frame, end_frame)."""

    def overlaps(self, other: Evidence) -> bool:
        """True where both rest on the same stretch of audio."""
        return self.start_frame < other.end_frame and other.start_frame < self.end_frame


@dataclass(frozen=True, slots=True)
class Claim:
    """A stretch of one voice in the newest window, to be put down to a speaker."""

    voice: int
    """Number of the voice in the window: the same voice of one window is mostly the same person."""
    start_frame: int
    """Where the part begins that is to be given out."""
    evidence: Evidence | None
    """None where the voice hardly ever speaks alone."""
    agreement: dict[int, float]
    """Per number of a known speaker, -1 (the window says it is someone else) to 1 (the same); absent: no evidence."""
    rivals: frozenset[int] = frozenset()
    """Indices of the claims that sound at the same time: they cannot be the same speaker."""


@dataclass(slots=True)
class Speaker:
    """One speaker of the session."""

    number: int
    """In order of first speech, from 1."""
    total: VoiceSum = field(default_factory=lambda: np.zeros(DIMENSIONS, dtype=np.float32))
    weight_s: float = 0.0
    """Seconds of speech that `total` rests on."""
    confirmed: bool = False
    last_frame: int = 0
    """End of the newest evidence."""
    open: Evidence | None = None
    """The newest evidence, not yet in `total`, since its stretch may still grow."""

    def add(self, evidence: Evidence, memory_s: float) -> None:
        """Takes evidence in. Speech counts once: what overlaps the open evidence replaces it or is left out.

        `memory_s` is the speech that the total may rest on; older speech fades, so that it follows a changing voice.
        """
        newest = self.open
        if newest is not None and newest.overlaps(evidence):
            if evidence.start_frame > newest.start_frame:
                return
        else:
            self.close(memory_s)
        self.open = evidence
        self.last_frame = max(self.last_frame, evidence.end_frame)

    def close(self, memory_s: float) -> None:
        """Adds the open evidence to the total."""
        self.total, self.weight_s = self.voice()
        self.open = None
        fade = memory_s / max(self.weight_s, memory_s)
        self.total = self.total * np.float32(fade)
        self.weight_s *= fade

    def voice(self, apart_from: Evidence | None = None) -> tuple[VoiceSum, float]:
        """Sum of embeddings and its seconds, without what rests on the same audio as `apart_from`."""
        if self.open is None or (apart_from is not None and self.open.overlaps(apart_from)):
            return self.total, self.weight_s
        return self.total + self.open.embedding * np.float32(self.open.speech_s), self.weight_s + self.open.speech_s

    def absorb(self, other: Speaker, memory_s: float) -> None:
        """The other is the same person."""
        for speaker in (self, other):
            speaker.close(memory_s)
        self.total = self.total + other.total
        self.weight_s += other.weight_s
        self.close(memory_s)
        self.last_frame = max(self.last_frame, other.last_frame)
        self.confirmed = self.confirmed or other.confirmed
