"""Who speaks when on one track, as the diariser has said so far."""

from __future__ import annotations

from collections import deque

from colloque.streaming.audio import samples
from colloque.streaming.engines import RecognisedWord, SpeakerActivity, SpeakerSpan

NEAR_SAMPLES = samples(0.5)
"""A word that no span overlaps belongs to a span at most so far away: recognisers place word ends loosely."""


class SpeakerTimeline:
    """Spans as they came, and how far they reach.

    Merges are kept apart from the spans, with the place at which each became known. So the speaker of a word can be
    told as of the moment at which the diariser had just passed it, however late the word itself comes.
    """

    def __init__(self) -> None:
        self.watermark = 0
        """Speaker activity is known before this sample."""
        self._spans: deque[SpeakerSpan] = deque()
        self._merges: list[tuple[int, int, int]] = []
        """(watermark when it came, source, target); one at most for each speaker that ever was."""

    def add(self, activity: SpeakerActivity) -> None:
        """Takes what follows the watermark."""
        self._spans.extend(activity.spans)
        self.watermark = max(self.watermark, activity.until_sample)

    def merge(self, source: int, target: int) -> None:
        """What was taken for `source` is `target`, from now on and in what was said before."""
        self._merges.append((self.watermark, source, target))

    def current(self, speaker: int) -> int:
        """Who the speaker is taken for now."""
        return self._merged(speaker, self.watermark + 1)

    def _merged(self, speaker: int, before_sample: int) -> int:
        for came_sample, source, target in self._merges:
            if came_sample < before_sample and speaker == source:
                speaker = target
        return speaker

    def has_passed(self, word: RecognisedWord) -> bool:
        """All that may decide about the word's speaker is known."""
        if self.watermark > word.end_sample + NEAR_SAMPLES:
            return True
        return self.watermark >= word.end_sample and any(_overlap(span, word) > 0 for span in self._spans)

    def speaker_of(self, word: RecognisedWord, previous: int | None) -> int | None:
        """The speaker of the span that overlaps the word most, else of the nearest one, else the previous word's.

        The answer is as of the moment when the word was passed; `current` says who that is now.
        """
        overlaps: dict[int, int] = {}
        for span in self._spans:
            common = _overlap(span, word)
            if common > 0:
                speaker = self._merged(span.speaker, word.end_sample)
                overlaps[speaker] = overlaps.get(speaker, 0) + common
        if overlaps:
            before = None if previous is None else self._merged(previous, word.end_sample)
            # While two speak at once the one who was speaking goes on; of equals the first to be known.
            return max(overlaps, key=lambda speaker: (overlaps[speaker], speaker == before))
        near = self.near(word.start_sample, word.end_sample)
        return previous if near is None else self._merged(near, word.end_sample + NEAR_SAMPLES + 1)

    def near(self, start_sample: int, end_sample: int) -> int | None:
        """Whoever speaks nearest to a stretch, and near enough."""
        span = min(self._spans, key=lambda span: _distance(span, start_sample, end_sample), default=None)
        if span is None or _distance(span, start_sample, end_sample) > NEAR_SAMPLES:
            return None
        return span.speaker

    def forget(self, before_sample: int) -> None:
        """Lets go of spans that ended before this sample."""
        while self._spans and self._spans[0].end_sample < before_sample:
            self._spans.popleft()


def _overlap(span: SpeakerSpan, word: RecognisedWord) -> int:
    return min(span.end_sample, word.end_sample) - max(span.start_sample, word.start_sample)


def _distance(span: SpeakerSpan, start_sample: int, end_sample: int) -> int:
    """Samples between a span and a stretch; 0 where they overlap."""
    return max(0, span.start_sample - end_sample, start_sample - span.end_sample)
