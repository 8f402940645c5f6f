"""Evidence: from stretches of passages to committed words."""

from __future__ import annotations

from collections.abc import Iterable

from colloque.models.drafting.lines import Said
from colloque.models.drafting.passage import joined
from colloque.streaming.note import Evidence
from colloque.streaming.transcript import Word

JOIN_WORDS = 12
"""Stretches of one passage that are nearer to each other are played as one."""
_FLOOR = 0.4
"""Share of a statement's confidence that does not depend on the recogniser's word confidence."""


def evidence_of(said: Iterable[Said]) -> tuple[Evidence, ...]:
    """The words of the stretches, in order of time, one piece of evidence for each run of neighbours."""
    runs: list[tuple[Said, int, int]] = []
    for item in sorted(said, key=lambda s: (s.passage.words[0].start_sample, s.passage.track, s.start, s.end)):
        first, last = _word_span(item)
        if runs and runs[-1][0].passage is item.passage and first - runs[-1][2] <= JOIN_WORDS:
            runs[-1] = (runs[-1][0], runs[-1][1], max(runs[-1][2], last))
        else:
            runs.append((item, first, last))
    return tuple(_evidence(item.passage.words[first : last + 1], item.passage.speaker) for item, first, last in runs)


def _word_span(said: Said) -> tuple[int, int]:
    tokens = said.reading.tokens[said.start : said.end]
    return tokens[0].word, tokens[-1].last


def _evidence(words: tuple[Word, ...], speaker: str | None) -> Evidence:
    return Evidence(
        word_ids=tuple(word.id for word in words),
        start=words[0].start,
        end=max(word.end for word in words),
        speaker=speaker,
        text=joined([word.text for word in words])[0],
    )


def confidence_of(said: Iterable[Said], certainty: float) -> float:
    """Confidence of a statement, 0..1: the certainty of its extraction, lowered by its worst recognised stretch.

    A stretch counts with the mean confidence of its words. That is calibrated; the result is not yet, against outcomes.
    """
    heard = [1.0]
    for item in said:
        first, last = _word_span(item)
        words = item.passage.words[first : last + 1]
        heard.append(sum(word.confidence for word in words) / len(words))
    return round(certainty * (_FLOOR + (1 - _FLOOR) * min(heard)), 4)
