"""Joins recognised words with speakers, for one track.

The recogniser says *what*, the diariser says *who*, each at its own pace. Words wait here until the diariser's
watermark has passed them; what then leaves is final. Since both inputs depend on the audio only, so does the result.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from colloque.streaming.audio import samples
from colloque.streaming.engines import Recognised, RecognisedWord, SegmentEnd, SpeakerActivity, SpeakerSpan

NEAR_SAMPLES = samples(0.5)
"""A word that no span overlaps belongs to a span at most so far away: recognisers place word ends loosely."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive words of one segment that one speaker says."""

    segment: int
    index: int
    """Number of the run in its segment, from 0."""
    speaker: int | None
    confirmed: bool
    words: tuple[RecognisedWord, ...]
    end: SegmentEnd | None
    """Why the segment ended; None where another run of it follows."""


class WordJoiner:
    """State of one track."""

    def __init__(self, fixed_speaker: int | None = None) -> None:
        self._fixed_speaker = fixed_speaker
        """Where the track is the speaker: nothing waits."""
        self._waiting: deque[Recognised] = deque()
        self._spans: deque[SpeakerSpan] = deque()
        self._watermark = 0
        """Speaker activity is known before this sample."""
        self._confirmed: set[int] = set()
        self._merged: dict[int, int] = {}

    def recognised(self, result: Recognised) -> list[Run]:
        """Takes the final words of a segment; gives the runs that are ready."""
        self._waiting.append(result)
        return self._release()

    def activity(self, result: SpeakerActivity) -> list[Run]:
        """Takes speaker spans; gives the runs that are ready."""
        self._spans.extend(replace(s, speaker=self._merged.get(s.speaker, s.speaker)) for s in result.spans)
        self._confirmed.update(span.speaker for span in result.spans if span.confirmed)
        self._watermark = max(self._watermark, result.until_sample)
        return self._release()

    def confirm(self, speaker: int) -> None:
        """Words of this speaker are no longer provisional."""
        self._confirmed.add(speaker)

    def merge(self, source: int, target: int) -> None:
        """What was taken for `source` is `target`, also in words that still wait."""
        self._merged = {old: target if new == source else new for old, new in self._merged.items()}
        self._merged[source] = target
        self._spans = deque(replace(s, speaker=self._merged.get(s.speaker, s.speaker)) for s in self._spans)

    def release_all(self) -> list[Run]:
        """Gives everything that waits, with the speakers as far as they are known (the diariser is gone or done)."""
        self._watermark = max([self._watermark, *(result.end_sample for result in self._waiting)])
        return self._release()

    @property
    def first_waiting_sample(self) -> int | None:
        """Where the earliest segment that waits for its speakers begins."""
        return self._waiting[0].start_sample if self._waiting else None

    def speaker_near(self, sample: int) -> int | None:
        """Who seems to be speaking at a sample, as far as known: for tentative text only."""
        if self._fixed_speaker is not None:
            return self._fixed_speaker
        span = min(self._spans, key=lambda span: _distance(span, sample, sample + 1), default=None)
        return span.speaker if span and _distance(span, sample, sample + 1) <= NEAR_SAMPLES else None

    def _release(self) -> list[Run]:
        runs: list[Run] = []
        while self._waiting and self._is_covered(self._waiting[0]):
            runs.extend(self._split(self._waiting.popleft()))
        self._forget_spans()
        return runs

    def _is_covered(self, result: Recognised) -> bool:
        if self._fixed_speaker is not None or not result.words:
            return True
        return self._watermark >= result.words[-1].end_sample

    def _split(self, result: Recognised) -> list[Run]:
        groups: list[tuple[int | None, list[RecognisedWord]]] = []
        for word in result.words:
            speaker = self._speaker_of(word, groups[-1][0] if groups else None)
            if groups and groups[-1][0] == speaker:
                groups[-1][1].append(word)
            else:
                groups.append((speaker, [word]))
        return [
            Run(
                result.segment,
                index,
                speaker,
                self._fixed_speaker is not None or speaker in self._confirmed,
                tuple(words),
                result.reason if index == len(groups) - 1 else None,
            )
            for index, (speaker, words) in enumerate(groups)
        ]

    def _speaker_of(self, word: RecognisedWord, previous: int | None) -> int | None:
        """The speaker of the span that overlaps the word most, else of the nearest one, else the previous word's."""
        if self._fixed_speaker is not None:
            return self._fixed_speaker
        overlaps: dict[int, int] = {}
        for span in self._spans:
            common = min(span.end_sample, word.end_sample) - max(span.start_sample, word.start_sample)
            if common > 0:
                overlaps[span.speaker] = overlaps.get(span.speaker, 0) + common
        if overlaps:
            # While two speak at once the one who was speaking goes on.
            return max(overlaps, key=lambda speaker: (overlaps[speaker], speaker == previous))
        near = min(self._spans, key=lambda s: _distance(s, word.start_sample, word.end_sample), default=None)
        if near and _distance(near, word.start_sample, word.end_sample) <= NEAR_SAMPLES:
            return near.speaker
        return previous

    def _forget_spans(self) -> None:
        """Keeps what a waiting or coming word may still need: memory does not grow with the session."""
        needed = self._waiting[0].start_sample if self._waiting else self._watermark
        while len(self._spans) > 1 and self._spans[0].end_sample < needed - samples(30):
            self._spans.popleft()


def _distance(span: SpeakerSpan, start_sample: int, end_sample: int) -> int:
    """Samples between a span and a stretch; 0 where they overlap."""
    return max(0, span.start_sample - end_sample, start_sample - span.end_sample)
