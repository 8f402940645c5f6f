"""When each committed word of a stream came to stay."""

from __future__ import annotations

from benchmarks.recognition.normalisation import words_of


class CommitLog:
    """Follows the committed text of one stream.

    The commit time of a word is that of the first update after which the word at its place never changed again. So a
    system that rewrites what it called final pays for it in latency, and `rewrites` counts it.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self.committed_at_s: list[float] = []
        """For each word, seconds since the first sample was spoken."""
        self.rewrites = 0
        """Committed words that were changed or taken back. A text that only grows has none."""

    def add(self, at_s: float, text: str) -> None:
        """Takes the whole committed text as it stands at `at_s`."""
        new = words_of(text)
        times: list[float] = []
        for place, word in enumerate(new):
            stays = place < len(self.words) and self.words[place] == word
            times.append(self.committed_at_s[place] if stays else at_s)
        self.rewrites += sum(place >= len(new) or new[place] != word for place, word in enumerate(self.words))
        self.words, self.committed_at_s = new, times
