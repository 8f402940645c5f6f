"""How often words that a reader has seen change under his eyes."""

from __future__ import annotations

from benchmarks.recognition.normalisation import words_of
from benchmarks.recognition.word_alignment import align

SEEN_AFTER_S = 0.1
"""A text that is replaced sooner was not seen: words that become committed pass through such states."""


class ShownWords:
    """Follows all text of one stream that is shown, committed and tentative.

    A word counts as shown when it appears in a text that stands for `SEEN_AFTER_S`, and as revised when the next such
    text no longer has it (by the cheapest alignment of the two texts). The revision rate is revised / shown.
    """

    def __init__(self) -> None:
        self.shown = 0
        self.revised = 0
        self._seen: list[str] = []
        self._waiting: list[str] = []
        self._waiting_since_s = 0.0

    def add(self, at_s: float, committed: str, tentative: str) -> None:
        """Takes the whole text as it stands at `at_s`."""
        if at_s - self._waiting_since_s >= SEEN_AFTER_S:
            self._see(self._waiting)
        words = words_of(f"{committed} {tentative}")
        if words != self._waiting:
            self._waiting, self._waiting_since_s = words, at_s

    def close(self) -> None:
        """The last text stays."""
        self._see(self._waiting)

    def _see(self, words: list[str]) -> None:
        same = 0
        while same < min(len(words), len(self._seen)) and words[same] == self._seen[same]:
            same += 1
        before, after = self._seen[same:], words[same:]
        kept = sum(before[i] == after[j] for i, j in align(before, after).pairs) if before and after else 0
        self.revised += len(before) - kept
        self.shown += len(after) - kept
        self._seen = words
