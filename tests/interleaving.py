"""Random consultations, as recogniser and diariser tell them, each in its own order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from colloque.streaming.engines import (
    Recognised,
    SegmentEnd,
    SpeakerActivity,
    SpeakerConfirmed,
    SpeakerMerged,
    SpeakerSpan,
)
from tests.playbook import activity, span, stretch, word

Diarised = SpeakerActivity | SpeakerMerged | SpeakerConfirmed


@dataclass(frozen=True)
class Consultation:
    """What both engines say of the same audio, each in its own order."""

    recognised: tuple[Recognised, ...]
    diarised: tuple[Diarised, ...]

    def interleaved(self, choices: list[bool]) -> Iterator[Recognised | Diarised]:
        """Both in their order; a choice says which goes on, True for the recogniser."""
        words, spans = list(self.recognised), list(self.diarised)
        for take_words in choices:
            if take_words and words:
                yield words.pop(0)
            elif spans:
                yield spans.pop(0)
        yield from words
        yield from spans


@st.composite
def consultations(draw: st.DrawFn) -> Consultation:
    """Words that may overlap no span or several, in segments that come in stretches; speakers that turn out to be one,
    or sure."""
    tenths = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6)), min_size=1, max_size=14))
    stretches: list[Recognised] = []
    at, segment = 0, 0
    pending: list[tuple[str, float, float]] = []
    for number, (gap, length) in enumerate(tenths):
        at += gap
        pending.append((f"w{number}", at / 10, (at + length) / 10))
        at += length
        end = draw(st.sampled_from([None, None, "more", "pause", "length"]))
        if end is not None:
            stretches.append(_stretch(segment, pending, "pause" if end == "pause" else None))
            pending = []
            if end == "length":
                stretches.append(_stretch(segment, [], "length"))
            segment += end != "more"
    stretches.append(_stretch(segment, pending, "end"))
    return Consultation(tuple(stretches), tuple(_diarised(draw, at + 10)))


def _stretch(segment: int, words: list[tuple[str, float, float]], reason: SegmentEnd | None) -> Recognised:
    return stretch(segment, *(word(*w) for w in words), reason=reason)


def _diarised(draw: st.DrawFn, end: int) -> list[Diarised]:
    said: list[Diarised] = []
    at = 0
    merged: set[int] = set()
    while at < end:
        until = min(at + draw(st.integers(1, 12)), end)
        spans: list[SpeakerSpan] = []
        for speaker in draw(st.lists(st.integers(1, 4), max_size=3)):
            start = draw(st.integers(at, until - 1))
            stop = draw(st.integers(start + 1, until))
            spans.append(span(speaker, start / 10, stop / 10, draw(st.booleans())))
        said.append(activity(until / 10, *(s for s in spans if s.speaker not in merged)))
        source = draw(st.sampled_from([0, 0, 0, 2, 3, 4]))
        if source and source not in merged and 1 not in merged:
            merged.add(source)
            said.append(SpeakerMerged(source, 1))
        if draw(st.booleans()):
            said.append(SpeakerConfirmed(draw(st.integers(1, 4))))
        at = until
    return said
