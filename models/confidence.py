"""How sure the recogniser may be of a word that it commits.

The probabilities that Whisper gives its tokens do not say how often it is right. A logistic model of them, and of how
many passes agreed, does (Platt, "Probabilistic Outputs for Support Vector Machines", 1999): of the words with
confidence 0.8 about eight in ten are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from colloque.models.commitment import Candidate
from colloque.models.words import AlignedWord
from colloque.streaming.engines import RecognisedWord

PROBABILITY_MIN, PROBABILITY_MAX = 0.01, 0.999
"""Beyond these a probability says no more."""
PASSES_MAX = 2
"""More agreement than this says no more."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the logistic model. Neither `mean` nor `weakest` is negative: more probable is never less sure."""

    bias: float
    mean: float
    """Of the log-odds of the mean probability."""
    weakest: float
    """Of the log-odds of the least probability."""
    passes: float
    """Of log2(1 + passes)."""


FITTED = Calibration(bias=-0.168, mean=0.203, weakest=0.825, passes=0.836)
"""By `python -m benchmarks.recognition.calibration`, 24 November 2026, whisper-base in int8, 2894 committed words.

Of five consultations in synthetic speech (three French, one German, one English: 2383 words) and short or read
recordings of people (English, German, a few French: 511 words); 84 % are right. Expected calibration error of the mean
probability 0.039, of this 0.011 where each of the nine streams is judged by a fit to the others; Brier score 0.099 and
0.088, area under the curve 0.871 and 0.886.
"""


class Rate(Protocol):
    """Gives words that are committed their confidence."""

    def __call__(self, words: Sequence[AlignedWord], heard: Sequence[Candidate] = ()) -> tuple[RecognisedWord, ...]: ...


def features(mean: float, weakest: float, passes: int) -> tuple[float, float, float]:
    """What the weights after `bias` are for, in their order."""
    return _log_odds(mean), _log_odds(weakest), math.log2(1 + min(max(passes, 0), PASSES_MAX))


def calibrated(mean: float, weakest: float, passes: int, by: Calibration = FITTED) -> float:
    """Probability that a committed word is the one that was said, 0..1; it never falls where a probability rises.

    `mean` and `weakest`: mean and least probability of the word's tokens, 0..1; `passes`: earlier passes in a row that
    heard it.
    """
    values = features(mean, weakest, passes)
    odds = by.bias + sum(w * value for w, value in zip((by.mean, by.weakest, by.passes), values, strict=True))
    return 1 / (1 + math.exp(-odds))


def rated(words: Sequence[AlignedWord], heard: Sequence[Candidate] = ()) -> tuple[RecognisedWord, ...]:
    """The words with their confidence. `heard`: of `candidates`, one a word; empty where nothing was heard before."""
    passes = [candidate.passes for candidate in heard] or [0] * len(words)
    return tuple(
        replace(word.recognised, confidence=round(calibrated(word.confidence, word.weakest, n), 4))
        for word, n in zip(words, passes, strict=True)
    )


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, PROBABILITY_MIN), PROBABILITY_MAX)
    return math.log(bounded / (1 - bounded))
