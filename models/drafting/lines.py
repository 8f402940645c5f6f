"""Lines: the sentences of a consultation in order, each with its speaker and what was read in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from colloque.models.drafting.passage import Passage
from colloque.models.drafting.reading import Cue, Mention, Quantity, Reading, Token
from colloque.streaming.transcript import Role

UNKNOWN_ROLE = 0.75
"""Certainty of what a speaker of unknown role says, against 1 for a known one."""
PROVISIONAL_SPEAKER = 0.95
_FINAL = (".", "?", "!", "…")


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of a passage: what a fact rests on."""

    passage: Passage
    reading: Reading
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One sentence of one speaker."""

    index: int
    passage: Passage
    reading: Reading
    start: int
    end: int

    @property
    def role(self) -> Role:
        """Who speaks."""
        return self.passage.role

    @property
    def speaker(self) -> tuple[int, str | None]:
        """Identity of the voice: track and label."""
        return self.passage.track, self.passage.speaker

    @property
    def certainty(self) -> float:
        """How far the speaker's part in the consultation is known, 0..1."""
        known = 1.0 if self.role != "unknown" else UNKNOWN_ROLE
        settled = all(word.speaker_state == "confirmed" for word in self.passage.words)
        return known * (1.0 if settled else PROVISIONAL_SPEAKER)

    @property
    def asks(self) -> bool:
        """True where the speaker may be the practitioner."""
        return self.role in ("practitioner", "unknown")

    @property
    def tells(self) -> bool:
        """True where the speaker may be the patient or speak for the patient."""
        return self.role != "practitioner"

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the sentence."""
        return self.reading.tokens[self.start : self.end]

    @property
    def marked_question(self) -> bool:
        """True where the recogniser wrote a question mark."""
        return any(token.text == "?" for token in self.tokens[-2:])

    def mentions(self, *kinds: str) -> Iterator[Mention]:
        """Mentions of the sentence that still stand."""
        return self.reading.mentions_in(self.start, self.end, *kinds)

    def quantities(self, *kinds: str) -> Iterator[Quantity]:
        """Quantities of the sentence that still stand."""
        return self.reading.quantities_in(self.start, self.end, *kinds)

    def cues(self, *names: str) -> Iterator[Cue]:
        """Cues of the sentence."""
        return self.reading.cues_in(self.start, self.end, *names)

    def has(self, *names: str) -> bool:
        """Whether one of these cues is in the sentence."""
        return any(True for _ in self.cues(*names))

    def topics(self) -> list[str]:
        """Topics that the sentence touches."""
        names = (c.name for c in self.reading.cues if self.start <= c.start and c.end <= self.end)
        return list(dict.fromkeys(n.removeprefix("topic:") for n in names if n.startswith("topic:")))

    def plans(self) -> list[Cue]:
        """Plan cues of the sentence, the longest of those that overlap."""
        found: list[Cue] = []
        for cue in self.reading.cues:
            inside = self.start <= cue.start and cue.end <= self.end
            if inside and cue.name.startswith("plan:") and (not found or cue.start >= found[-1].end):
                found.append(cue)
        return found

    def said(self, start: int, end: int) -> Said:
        """A stretch of the line's passage."""
        return Said(self.passage, self.reading, start, end)

    def whole(self) -> Said:
        """The sentence."""
        return Said(self.passage, self.reading, self.start, self.end)

    def under_condition(self, at: int) -> bool:
        """Whether `si`, `if`, `wenn` stands before a token in its sentence."""
        pseudo = [(c.start, c.end) for c in self.cues("uncertain.pseudo")]
        return any(
            cue.end <= at and not any(start <= cue.start and cue.end <= end for start, end in pseudo)
            for cue in self.cues("uncertain.conditional")
        )


def lines_of(passages: list[Passage], readings: list[Reading]) -> list[Line]:
    """The sentences of all passages. The last one of an open passage waits until it is complete, so that a note does
    not say one thing for half a second and another thing after it."""
    found: list[Line] = []
    for passage, reading in zip(passages, readings, strict=True):
        for number, (start, end) in enumerate(reading.sentences):
            last = number == len(reading.sentences) - 1
            if passage.open and last and reading.tokens[end - 1].text[-1] not in _FINAL:
                continue
            found.append(Line(len(found), passage, reading, start, end))
    return found
