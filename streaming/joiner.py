"""Joins recognised words with speakers, for one track.

The recogniser says *what*, the diariser says *who*, each at its own pace, and the recogniser is often ahead. A word
is given out at once, with the speaker that seems most likely; when the diariser has passed it, its speaker is
*settled*, and corrected where that is another one. What is settled depends on both inputs, but not on how they
interleave; so does, in the end, the transcript.

Two things wait. The first words of a segment wait until the diariser has passed the first of them, since before that a
new speaker would be taken for the old one. And a word for which nobody at all is known waits until it is settled.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from colloque.streaming.audio import samples
from colloque.streaming.engines import Recognised, RecognisedWord, SegmentEnd, SpeakerActivity
from colloque.streaming.timeline import SpeakerTimeline
from colloque.streaming.transcript import TurnEnd

PATIENCE_SAMPLES = samples(45.0)
"""So far the diariser may be behind the recogniser, or ahead of it; then words are settled with what is known, and
spans forgotten. Longer than the audio that a session lets pile up."""


@dataclass(slots=True, eq=False)
class JoinedWord:
    """A word on its way from the recogniser to its settled speaker."""

    recognised: RecognisedWord
    segment: int
    id: str | None = None
    """Of the committed word; given by the track."""
    is_again: bool = False
    """It was committed before the stream was opened anew: it only has its speaker settled."""
    speaker: int | None = None
    """As clients know it."""
    is_confirmed: bool = False
    """As clients know it: the speaker is settled, and no longer provisional."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words to commit: consecutive ones of one segment that one speaker says, as far as known."""

    segment: int
    index: int
    """Number of the run in its segment, from 0. The next words of the segment may go on with it."""
    speaker: int | None
    words: list[JoinedWord]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The run has all its words."""

    segment: int
    index: int
    reason: TurnEnd


@dataclass(frozen=True, slots=True)
class Settled:
    """The speaker of a word that was given out before is now certain, and is another one, or surer."""

    word: JoinedWord
    source: int | None
    """Whom it was given to before."""


Joined = Run | RunEnd | Settled


@dataclass(slots=True)
class _Segment:
    """The segment whose words are given out."""

    number: int
    first_end_sample: int
    run: int = 0
    latest: JoinedWord | None = None
    """Of the words that were given out."""
    before: JoinedWord | None = None
    """The last word, given out now or heard again."""
    settled_speaker: int | None = None
    """Of the last word that is settled, as of when it was passed."""


@dataclass(slots=True)
class _Ending:
    segment: int
    reason: SegmentEnd


@dataclass(slots=True)
class _Queues:
    """Everything in order: unsettled words are out, and come before those that wait."""

    unsettled: deque[JoinedWord] = field(default_factory=deque)
    waiting: deque[JoinedWord | _Ending] = field(default_factory=deque)

    def words(self) -> list[JoinedWord]:
        return [*self.unsettled, *(item for item in self.waiting if isinstance(item, JoinedWord))]


class WordJoiner:
    """State of one track."""

    def __init__(self, fixed_speaker: int | None = None, confirmed: frozenset[int] = frozenset()) -> None:
        self._fixed_speaker = fixed_speaker
        """Where the track is the speaker: nothing waits, everything is settled."""
        self._timeline = SpeakerTimeline()
        self._confirmed = set(confirmed)
        self._queues = _Queues()
        self._segments: dict[int, _Segment] = {}
        """By number: the one whose words are given out, and those whose words are not all settled."""
        self._recognised_sample = 0
        self._out: list[Joined] = []

    # --- what comes in ------------------------------------------------------------------------------------------------

    def recognised(self, result: Recognised, words: list[JoinedWord]) -> list[Joined]:
        """Takes the next words of a segment; gives what can go out."""
        self._queues.waiting.extend(words)
        self._recognised_sample = max(self._recognised_sample, result.end_sample)
        if result.reason is not None:
            self._queues.waiting.append(_Ending(result.segment, result.reason))
        return self._advance()

    def activity(self, result: SpeakerActivity) -> list[Joined]:
        """Takes speaker spans; gives what can go out, or is settled."""
        self._timeline.add(result)
        for span in result.spans:
            if span.confirmed:
                self.confirm(self._timeline.current(span.speaker))
        return self._advance()

    def confirm(self, speaker: int) -> None:
        """The speaker is no longer provisional; whoever calls tells so."""
        if speaker in self._confirmed:
            return
        self._confirmed.add(speaker)
        for word in self._queues.unsettled:
            word.is_confirmed |= word.speaker == speaker

    def merge(self, source: int, target: int) -> None:
        """What was taken for `source` is `target`, also in words that are out; whoever calls tells so."""
        self._timeline.merge(source, target)
        known = [word for s in self._segments.values() for word in (s.latest, s.before) if word is not None]
        for word in {id(word): word for word in [*self._queues.words(), *known]}.values():
            if word.speaker == source:
                word.speaker, word.is_confirmed = target, self.is_confirmed(target)

    def release_all(self) -> list[Joined]:
        """Gives out and settles everything, with the speakers as far as they are known (the diariser is gone or
        done)."""
        return self._advance(is_last=True)

    # --- what may be asked --------------------------------------------------------------------------------------------

    @property
    def first_open_sample(self) -> int | None:
        """Where the earliest word begins that is not out or not settled."""
        return min((word.recognised.start_sample for word in self._queues.words()), default=None)

    def run_of(self, segment: int) -> int:
        """Number of the run that the segment's next words belong to, as far as known."""
        known = self._segments.get(segment)
        return known.run if known else 0

    def speaker_near(self, segment: int, sample: int) -> int | None:
        """Who seems to be speaking at a sample of a segment, as far as known: for tentative text only."""
        if self._fixed_speaker is not None:
            return self._fixed_speaker
        known = self._segments.get(segment)
        if known and known.latest:
            return known.latest.speaker
        near = self._timeline.near(sample, sample + 1)
        return None if near is None else self._timeline.current(near)

    def waiting_texts(self, segment: int) -> list[str]:
        """Words of the segment that are final, but not out yet."""
        waiting = (item for item in self._queues.waiting if isinstance(item, JoinedWord) and item.segment == segment)
        return [word.recognised.text for word in waiting if not word.is_again]

    def is_confirmed(self, speaker: int | None) -> bool:
        """The speaker is no longer provisional."""
        return self._fixed_speaker is not None or speaker in self._confirmed

    # --- what goes out ------------------------------------------------------------------------------------------------

    def _advance(self, *, is_last: bool = False) -> list[Joined]:
        self._settle_out(is_last)
        waiting = self._queues.waiting
        while waiting:
            item = waiting[0]
            if isinstance(item, _Ending):
                self._out.append(RunEnd(item.segment, self.run_of(item.segment), item.reason))
            elif not self._release(item, is_last):
                break
            waiting.popleft()
        self._forget()
        out, self._out = self._out, []
        return out

    def _settle_out(self, is_last: bool) -> None:
        """Settles words that are out, in order."""
        unsettled = self._queues.unsettled
        while unsettled and (is_last or self._is_passed(unsettled[0])):
            word = unsettled.popleft()
            source, was_confirmed = word.speaker, word.is_confirmed
            self._settle(word)
            if word.speaker != source or (word.is_confirmed and not was_confirmed):
                self._out.append(Settled(word, source))

    def _settle(self, word: JoinedWord) -> None:
        """The same answer whenever it is asked: what came after the word was passed does not count, but for merges."""
        segment = self._segment_of(word)
        if self._fixed_speaker is not None:
            word.speaker = self._fixed_speaker
        else:
            segment.settled_speaker = self._timeline.speaker_of(word.recognised, segment.settled_speaker)
            known = segment.settled_speaker
            word.speaker = None if known is None else self._timeline.current(known)
        word.is_confirmed = self.is_confirmed(word.speaker)

    def _release(self, word: JoinedWord, is_last: bool) -> bool:
        """Gives a word out; False where it has to wait."""
        segment = self._segment_of(word)
        if word.is_again:
            self._queues.unsettled.append(word)
            self._settle_out(is_last)
        elif not self._queues.unsettled and (is_last or self._is_passed(word)):
            self._settle(word)
        elif self._timeline.watermark < segment.first_end_sample or (speaker := self._guess(word, segment)) is None:
            return False
        else:
            word.speaker = speaker
            self._queues.unsettled.append(word)
        segment.before = word
        if not word.is_again:
            self._append(word, segment)
        return True

    def _guess(self, word: JoinedWord, segment: _Segment) -> int | None:
        previous = segment.before.speaker if segment.before else None
        speaker = self._timeline.speaker_of(word.recognised, previous)
        return None if speaker is None else self._timeline.current(speaker)

    def _append(self, word: JoinedWord, segment: _Segment) -> None:
        if segment.latest is not None and segment.latest.speaker != word.speaker:
            self._out.append(RunEnd(segment.number, segment.run, "speaker"))
            segment.run += 1
        segment.latest = word
        last = self._out[-1] if self._out else None
        if isinstance(last, Run) and (last.segment, last.index) == (segment.number, segment.run):
            last.words.append(word)
        else:
            self._out.append(Run(segment.number, segment.run, word.speaker, [word]))

    def _segment_of(self, word: JoinedWord) -> _Segment:
        if word.segment not in self._segments:
            self._segments[word.segment] = _Segment(word.segment, word.recognised.end_sample)
        return self._segments[word.segment]

    def _is_passed(self, word: JoinedWord) -> bool:
        if self._fixed_speaker is not None or self._timeline.has_passed(word.recognised):
            return True
        return self._recognised_sample - word.recognised.end_sample > PATIENCE_SAMPLES

    def _forget(self) -> None:
        """Keeps what a word may still need: memory does not grow with the session."""
        words = self._queues.words()
        if self._segments:
            first = words[0].segment if words else max(self._segments)
            self._segments = {number: s for number, s in self._segments.items() if number >= first}
        needed = [self._timeline.watermark, *(word.recognised.start_sample for word in words)]
        self._timeline.forget(min(needed) - PATIENCE_SAMPLES)
