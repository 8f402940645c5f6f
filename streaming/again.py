"""What is committed already when a stream is opened anew, and will be heard again from the stored audio."""

from __future__ import annotations

from collections.abc import Iterable

from colloque.streaming.engines import RecognisedWord
from colloque.streaming.timeline import NEAR_SAMPLES
from colloque.streaming.transcript import Word


class HeardBefore:
    """Committed words of one track, as of when its stream was opened."""

    def __init__(self, words: Iterable[Word], from_sample: int) -> None:
        """`from_sample`: where the stream begins; words that end before it will not come again."""
        self._guard_sample = 0
        self._words: list[Word] = []
        for word in words:
            self._guard_sample = max(self._guard_sample, word.end_sample)
            if word.end_sample > from_sample:
                self._words.append(word)

    def covers(self, word: RecognisedWord) -> bool:
        """The word is committed already. Words leave the joiner in order, so the last one's end parts old from new."""
        if word.start_sample + word.end_sample <= 2 * self._guard_sample:
            return True
        self._words.clear()  # from here on everything is new
        return False

    def twin(self, word: RecognisedWord) -> Word | None:
        """The committed word that this one is, if any; no word is the twin of two."""
        alike = [known for known in self._words if _is_alike(known, word)]
        found = min(alike, key=lambda known: _apart(known, word), default=None)
        if found is not None:
            self._words.remove(found)
        return found


def _is_alike(known: Word, word: RecognisedWord) -> bool:
    overlap = min(known.end_sample, word.end_sample) > max(known.start_sample, word.start_sample)
    return overlap or (known.text == word.text and _apart(known, word) <= 2 * NEAR_SAMPLES)


def _apart(known: Word, word: RecognisedWord) -> int:
    """Twice the samples between the middles."""
    return abs(known.start_sample + known.end_sample - word.start_sample - word.end_sample)
