"""What voice activity found, kept for as long as the recogniser may ask: was anybody speaking there?"""

from __future__ import annotations

from collections.abc import Sequence

from colloque.streaming.segmenter import WINDOW_SAMPLES


class VoiceTrace:
    """Probabilities of voice from `start_sample` on, one for each window of 512 samples."""

    def __init__(self, start_sample: int, probabilities: Sequence[float] = ()) -> None:
        self._start = start_sample
        self._probabilities = list(probabilities)

    def extend(self, probabilities: Sequence[float]) -> None:
        """Takes the windows that follow."""
        self._probabilities.extend(probabilities)

    def between(self, start_sample: int, end_sample: int | None = None) -> Sequence[float]:
        """The windows of a stretch; up to the last one where no end is given."""
        first = max(0, start_sample - self._start) // WINDOW_SAMPLES
        last = None if end_sample is None else max(0, end_sample - self._start) // WINDOW_SAMPLES
        return self._probabilities[first:last]

    def mean(self, start_sample: int, end_sample: int | None = None) -> float:
        """Mean probability of a stretch; 0 where it has no window."""
        windows = self.between(start_sample, end_sample)
        return sum(windows) / max(1, len(windows))

    def voiced_samples(self, start_sample: int, end_sample: int | None, at_least: float) -> int:
        """Samples of a stretch whose probability of voice is at least so much."""
        windows = self.between(start_sample, end_sample)
        return WINDOW_SAMPLES * sum(probability >= at_least for probability in windows)
