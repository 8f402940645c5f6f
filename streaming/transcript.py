"""Values of the transcript: committed words with stable ids, in turns."""

from __future__ import annotations

from collections.abc import Iterator
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
class WrittenWords:
    """Consecutive words of a turn as one would write them: `trente huit cinq` as `38,5 °C`."""

    word_ids: tuple[str, ...]
    text: str


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
    written: tuple[WrittenWords, ...] = ()
    """What is written otherwise than it was said, in order of the words, without overlap."""

    @property
    def text(self) -> str:
        """The words as they were said, joined."""
        return " ".join(word.text for word in self.words)

    @property
    def written_text(self) -> str:
        """The turn as one would write it."""
        return " ".join(text for text, _ in self.pieces())

    def pieces(self) -> Iterator[tuple[str, tuple[Word, ...]]]:
        """The written text piece by piece, each with the words that it stands for: one, where nothing is replaced."""
        forms = {form.word_ids[0]: form for form in self.written}
        at = 0
        while at < len(self.words):
            form = forms.get(self.words[at].id)
            count = len(form.word_ids) if form else 1
            yield form.text if form else self.words[at].text, self.words[at : at + count]
            at += count
