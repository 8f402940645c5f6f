"""What is played to a recogniser, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Hertz, of all audio here."""

PAUSE_S = 0.3
"""What is left after the last word where a stream is cut."""

Pcm16 = npt.NDArray[np.int16]
"""One channel of 16-bit samples, shape (n,)."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of the reference, normalised."""

    text: str
    start_s: float | None
    end_s: float | None
    """Seconds from the first sample; None where it is not known."""
    utterance: int
    """The utterance it belongs to, from 0."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Audio with what is said in it."""

    name: str
    language: str
    pcm: Pcm16
    words: tuple[SpokenWord, ...]
    word_times: str
    """Where the words' times are from: `reference`, `forced alignment`, `matched transcript`, or several of them."""

    @property
    def duration_s(self) -> float:
        """Length of the audio."""
        return len(self.pcm) / SAMPLE_RATE

    def utterance_ends_s(self) -> dict[int, float]:
        """The end of the last word of each utterance that has one."""
        ends: dict[int, float] = {}
        for word in self.words:
            if word.end_s is not None:
                ends[word.utterance] = max(word.end_s, ends.get(word.utterance, 0.0))
        return ends

    def head(self, seconds: float) -> Stream:
        """The stream up to its last pause between utterances before `seconds`; itself where there is none.

        Utterances that overlap stay together.
        """
        if self.duration_s <= seconds:
            return self
        ends_s = self.utterance_ends_s()
        for utterance in sorted(ends_s, reverse=True):
            end_s = max(ends_s[one] for one in ends_s if one <= utterance)
            later_s = [w.start_s for w in self.words if w.utterance > utterance and w.start_s is not None]
            cut_s = min([end_s + PAUSE_S, *later_s])
            if end_s <= cut_s <= seconds:
                words = tuple(word for word in self.words if word.utterance <= utterance)
                return replace(self, pcm=self.pcm[: round(cut_s * SAMPLE_RATE)], words=words)
        return self


@dataclass(frozen=True, slots=True)
class Update:
    """All text of a stream, as a system shows it at one moment."""

    at_s: float
    """Seconds since the first sample was spoken."""
    committed: str
    """What the system shows as final."""
    tentative: str = ""
    """What it shows as not final, after the committed text."""
