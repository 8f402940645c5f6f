"""Values of the transcript: committed words with stable ids, in turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from colloque.streaming.audio import seconds

SpeakerState = Literal["provisional", "confirmed"]
Role = Literal["practitioner", "patient", "companion", "unknown"]
TurnEnd = Literal["pause", "speaker", "length", "end"]


@dataclass(frozen=True, slots=True)
class Word:
    """A committed word. It never changes, but for its speaker by `speaker.relabel` or `speaker.update`."""

    id: str
    """Unique in the session, for example `w0-17`: track, then number."""
    text: str
    start_sample: int
    end_sample: int
    confidence: float
    """0..1"""
    speaker: str | None
    """`S1`, `S2`, … in order of first speech; None where nobody was recognised."""
    speaker_state: SpeakerState

    @property
    def start(self) -> float:
        """Audio time in seconds."""
        return seconds(self.start_sample)

    @property
    def end(self) -> float:
        """Audio time in seconds."""
        return seconds(self.end_sample)


@dataclass(frozen=True, slots=True)
class Turn:
    """Committed words that one speaker says in one go."""

    id: str
    track: int
    speaker: str | None
    role: Role
    words: tuple[Word, ...]
    ended: TurnEnd | None = None
    """None while more words may come."""

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(word.text for word in self.words)
