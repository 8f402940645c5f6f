"""Voice activity probabilities in, speech segments out.

One probability comes in per window of 512 samples (32 ms). A segment opens at the first voiced window, counts as
speech once enough windows are voiced, and closes by silence or by its greatest length. Everything here depends on the
probabilities alone, so that any split of the same audio gives the same segments.

Hysteresis of two thresholds and padding follow Silero's `get_speech_timestamps` (github.com/snakers4/silero-vad). Two
rules are our own: the silence that ends a segment shrinks as the segment grows, and a segment that has grown too long
is cut where it stands, at the next window without voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from colloque.streaming.engines import SegmentEnd, VoiceStarted, VoiceStopped

WINDOW_SAMPLES = 512
"""Samples of one window at 16 kHz: 32 ms."""


@dataclass(frozen=True, slots=True)
class SegmenterConfig:
    """Thresholds and durations; a window has 32 ms. `endpoint_windows` is at least `lead_windows`."""

    onset_probability: float = 0.5
    """At or above it a window is voiced."""
    offset_probability: float = 0.35
    """Below it a window of speech is silent; in between, nothing changes."""
    voiced_min_windows: int = 3
    """Fewer voiced windows are a click, not speech."""
    lead_windows: int = 10
    """Padding before the first voiced window: voice activity is late at soft onsets."""
    hangover_windows: int = 8
    """Padding after the last window that was not silent."""
    endpoint_windows: int = 16
    """So much silence ends a short segment."""
    endpoint_min_windows: int = 8
    """So much silence ends a segment near its greatest length; linear in between."""
    patience_windows: int = 125
    """Up to this length of a segment `endpoint_windows` holds."""
    segment_max_windows: int = 406
    """From this length on (13 s) a segment is cut at the first window without voice: a turn must come to an end."""
    overtime_windows: int = 94
    """So much later it is cut even where the voice goes on."""

    def __post_init__(self) -> None:
        if not 0 < self.hangover_windows <= self.endpoint_min_windows <= self.endpoint_windows:
            raise ValueError("hangover_windows <= endpoint_min_windows <= endpoint_windows must hold")
        if self.lead_windows > self.endpoint_windows:
            raise ValueError("lead_windows above endpoint_windows would read speech that was judged a click twice")
        if self.segment_max_windows <= self.patience_windows or self.overtime_windows < 0:
            raise ValueError("segment_max_windows > patience_windows and overtime_windows >= 0 must hold")

    def silence_to_end(self, length_windows: int) -> int:
        """Silent windows that end a segment of this length."""
        span = self.segment_max_windows - self.patience_windows
        grown = min(max(length_windows - self.patience_windows, 0), span)
        return self.endpoint_windows - (self.endpoint_windows - self.endpoint_min_windows) * grown // max(span, 1)


@dataclass(frozen=True, slots=True)
class SegmenterState:
    """Enough to go on at `sample` as if nothing had happened."""

    sample: int = 0
    """Where the next window starts."""
    floor_sample: int = 0
    """No later segment starts before this sample."""
    speaking: bool = False
    """A segment is open since `sample`."""


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A closed stretch of speech, with padding."""

    start_sample: int
    end_sample: int
    reason: SegmentEnd
    probabilities: tuple[float, ...]
    """Of the segment's windows; the last may reach beyond the end, or be missing by less than one window."""
    resume: SegmenterState
    """Whoever reads on from here finds the same later segments as this segmenter does."""


SegmenterEvent = VoiceStarted | VoiceStopped | SpeechSegment


class Segmenter:
    """State of one track. `read` the windows in order; `flush` closes what is open."""

    def __init__(self, state: SegmenterState | None = None, config: SegmenterConfig | None = None) -> None:
        state = state or SegmenterState()
        self._config = config or SegmenterConfig()
        self._sample = state.sample
        self._floor_sample = state.floor_sample
        # While a segment is open its windows; in silence the last windows, which the next segment may have as lead.
        self._probabilities: list[float] = []
        self._open = state.speaking
        # From `VoiceStarted` to `VoiceStopped`: the open segment is speech, not a click.
        self._speaking = state.speaking
        # Of the open segment; the silent ones are those at its end.
        self._voiced_windows = 0
        self._silent_windows = 0
        self._onset_sample = state.sample

    @property
    def sample(self) -> int:
        """End of the last window read."""
        return self._sample

    @property
    def start_sample(self) -> int:
        """Start of the open segment; in silence, the earliest sample at which one may still start."""
        return max(self._floor_sample, self._first_sample)

    @property
    def speaking(self) -> bool:
        """The open segment is speech: it will end as a `SpeechSegment`."""
        return self._speaking and self._voiced_windows > 0

    @property
    def silent_windows(self) -> int:
        """Silent windows at the end of the open segment."""
        return self._silent_windows

    @property
    def probabilities(self) -> Sequence[float]:
        """Of the open segment's windows; the first may begin before its start."""
        return self._probabilities

    @property
    def resume(self) -> SegmenterState | None:
        """From where a new segmenter would find the same later segments; None while a segment is open."""
        return None if self._open else SegmenterState(self._first_sample, self._floor_sample)

    @property
    def _first_sample(self) -> int:
        return self._sample - len(self._probabilities) * WINDOW_SAMPLES

    def read(self, probability: float) -> list[SegmenterEvent]:
        """Takes the next window. `probability`: 0..1, that there is voice in it."""
        self._probabilities.append(probability)
        self._sample += WINDOW_SAMPLES
        if not self._open:
            if probability < self._config.onset_probability:
                self._keep_lead()
                return []
            self._open = True
            self._voiced_windows = self._silent_windows = 0
            self._onset_sample = self._sample - WINDOW_SAMPLES
        self._count(probability)
        return self._decide()

    def flush(self, end_sample: int) -> list[SegmenterEvent]:
        """Closes what is open. `end_sample`: end of the audio, less than one window after `sample`."""
        events: list[SegmenterEvent] = []
        if self._open and self._voiced_windows:
            if not self._speaking:
                events.append(VoiceStarted(self._onset_sample))
            end = end_sample if self._silent_windows <= self._config.hangover_windows else self._hangover_sample
            start, windows = self.start_sample, tuple(self._probabilities)
            resume = SegmenterState(self._sample, end_sample)
            events += [VoiceStopped(self._voice_end_sample), SpeechSegment(start, end, "end", windows, resume)]
        elif self._speaking:
            events.append(VoiceStopped(self._voice_end_sample))
        self._open = self._speaking = False
        self._floor_sample = end_sample
        self._probabilities.clear()
        return events

    def _count(self, probability: float) -> None:
        if probability >= self._config.onset_probability:
            self._voiced_windows += 1
            self._silent_windows = 0
        elif not self._speaking or probability < self._config.offset_probability:
            self._silent_windows += 1
        else:
            self._silent_windows = 0

    def _decide(self) -> list[SegmenterEvent]:
        config = self._config
        if self._silent_windows >= config.silence_to_end(len(self._probabilities)):
            return self._pause()
        if not self._speaking:
            if self._voiced_windows < config.voiced_min_windows:
                return []
            self._speaking = True
            return [VoiceStarted(self._onset_sample)]
        overtime = len(self._probabilities) - config.segment_max_windows
        if overtime >= config.overtime_windows or (overtime >= 0 and self._silent_windows):
            return [self._cut()]
        return []

    def _pause(self) -> list[SegmenterEvent]:
        """Silence ends the segment, or shows that it was a click."""
        events: list[SegmenterEvent] = []
        if self._speaking:
            events.append(VoiceStopped(self._voice_end_sample))
        is_speech = self.speaking
        start, end = self.start_sample, self._hangover_sample
        windows = self._probabilities[: len(self._probabilities) - (self._sample - end) // WINDOW_SAMPLES]
        self._open = self._speaking = False
        if is_speech:
            self._floor_sample = end
        self._keep_lead()
        if is_speech:
            resume = SegmenterState(self._first_sample, self._floor_sample)
            events.append(SpeechSegment(start, end, "pause", tuple(windows), resume))
        return events

    def _cut(self) -> SpeechSegment:
        """Ends the open segment here and opens the next: never earlier, since its words may be committed already."""
        start, windows = self.start_sample, tuple(self._probabilities)
        self._probabilities.clear()
        self._voiced_windows = self._silent_windows = 0
        self._floor_sample = self._sample
        resume = SegmenterState(self._sample, self._sample, speaking=True)
        return SpeechSegment(start, self._sample, "length", windows, resume)

    @property
    def _voice_end_sample(self) -> int:
        return self._sample - self._silent_windows * WINDOW_SAMPLES

    @property
    def _hangover_sample(self) -> int:
        return self._voice_end_sample + min(self._silent_windows, self._config.hangover_windows) * WINDOW_SAMPLES

    def _keep_lead(self) -> None:
        room = (self._sample - self._floor_sample + WINDOW_SAMPLES - 1) // WINDOW_SAMPLES
        del self._probabilities[: max(0, len(self._probabilities) - min(room, self._config.lead_windows))]
