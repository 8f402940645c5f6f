"""From a stream and its updates to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.recognition.commit_log import CommitLog
from benchmarks.recognition.shown_words import ShownWords
from benchmarks.recognition.stream import Stream, Update
from benchmarks.recognition.word_alignment import align


@dataclass(frozen=True, slots=True)
class StreamScore:
    """What one pass over one stream gave."""

    name: str
    audio_s: float
    reference_words: int
    substitutions: int
    deletions: int
    insertions: int
    word_latencies_s: list[float]
    """For each reference word that was recognised and has a time: its commit on the wire minus its end."""
    utterance_latencies_s: list[float]
    """For each utterance: the commit of its last word that was heard at all minus the end of its last word."""
    rewrites: int
    shown: int
    revised: int
    is_cut_off: bool
    """Whether the system was not done when patience ended."""
    drain_s: float
    """From the end of the audio to the last committed text."""
    text: str = field(repr=False)

    @property
    def errors(self) -> int:
        """Word errors."""
        return self.substitutions + self.deletions + self.insertions


class StreamScorer:
    """Takes the updates of one stream as they come."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._commits = CommitLog()
        self._shown = ShownWords()
        self._last = Update(0.0, "")
        self._text = ("", "")
        self.is_cut_off = False
        """Set where the system is not waited for any longer."""

    def add(self, update: Update) -> None:
        """Takes the next update."""
        if (update.committed, update.tentative) == self._text:
            return  # some systems repeat themselves twenty times a second
        self._text = (update.committed, update.tentative)
        self._commits.add(update.at_s, update.committed)
        self._shown.add(update.at_s, update.committed, update.tentative)
        if update.committed != self._last.committed:
            self._last = update

    def score(self) -> StreamScore:
        """To be called once, at the end. What is still tentative then counts as never said."""
        self._shown.close()
        stream, log = self._stream, self._commits
        alignment = align([word.text for word in stream.words], log.words)
        latencies: list[float] = []
        last_commit_s: dict[int, float] = {}
        for i, j in alignment.pairs:
            word, at_s = stream.words[i], log.committed_at_s[j]
            last_commit_s[word.utterance] = at_s
            if word.text == log.words[j] and word.end_s is not None:
                latencies.append(at_s - word.end_s)
        ends_s = stream.utterance_ends_s()
        return StreamScore(
            name=stream.name,
            audio_s=stream.duration_s,
            reference_words=len(stream.words),
            substitutions=alignment.substitutions,
            deletions=alignment.deletions,
            insertions=alignment.insertions,
            word_latencies_s=latencies,
            utterance_latencies_s=[at_s - ends_s[u] for u, at_s in last_commit_s.items() if u in ends_s],
            rewrites=log.rewrites,
            shown=self._shown.shown,
            revised=self._shown.revised,
            is_cut_off=self.is_cut_off,
            drain_s=max(0.0, self._last.at_s - stream.duration_s),
            text=self._last.committed,
        )


def quantiles(values: Sequence[float]) -> dict[str, Any]:
    """Number, median, 95th percentile and maximum; `curve` has the percentiles 0, 5, …, 100 for plots."""
    if not values:
        return {"n": 0, "p50": None, "p95": None, "max": None, "curve": []}
    curve = np.percentile(np.asarray(values), np.arange(0, 101, 5))
    return {
        "n": len(values),
        "p50": round(float(curve[10]), 3),
        "p95": round(float(curve[19]), 3),
        "max": round(float(curve[20]), 3),
        "curve": [round(float(value), 3) for value in curve],
    }
