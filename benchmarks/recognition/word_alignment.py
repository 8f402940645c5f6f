"""The cheapest way from one list of words to another (Levenshtein, every edit costs 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class WordAlignment:
    """How a hypothesis differs from its reference."""

    pairs: tuple[tuple[int, int], ...]
    """Index in the reference, index in the hypothesis: words that are equal, or one in place of the other."""
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        """All edits."""
        return self.substitutions + self.deletions + self.insertions


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> WordAlignment:
    """Aligns two lists of words.

    Of ways that cost the same it takes the one that RapidFuzz takes, so that latencies of words agree with what a
    reader computes with jiwer: common beginning and end are paired first, then, from the end, a deletion goes before
    an insertion, and that before a pair.
    """
    start = _common(reference, hypothesis)
    end = _common(reference[start:][::-1], hypothesis[start:][::-1])
    inner, heard = reference[start : len(reference) - end], hypothesis[start : len(hypothesis) - end]
    costs = _costs(inner, heard)
    i, j = len(inner), len(heard)
    pairs: list[tuple[int, int]] = []
    substitutions = deletions = insertions = 0
    while i or j:
        if i and costs[i, j] == costs[i - 1, j] + 1:
            i, deletions = i - 1, deletions + 1
        elif j and (not i or costs[i, j - 1] == costs[i - 1, j - 1] - 1):
            j, insertions = j - 1, insertions + 1
        else:
            i, j = i - 1, j - 1
            pairs.append((start + i, start + j))
            substitutions += inner[i] != heard[j]
    before = [(k, k) for k in range(start)]
    after = [(len(reference) - k, len(hypothesis) - k) for k in range(end, 0, -1)]
    return WordAlignment((*before, *reversed(pairs), *after), substitutions, deletions, insertions)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _costs(reference: Sequence[str], hypothesis: Sequence[str]) -> npt.NDArray[np.int32]:
    """Edits between all beginnings of the two, shape (len(reference) + 1, len(hypothesis) + 1)."""
    codes = {word: code for code, word in enumerate({*reference, *hypothesis})}
    heard = np.array([codes[word] for word in hypothesis], np.int32)
    steps = np.arange(len(hypothesis) + 1, dtype=np.int32)
    costs = np.empty((len(reference) + 1, len(hypothesis) + 1), np.int32)
    costs[0] = steps
    for i, word in enumerate(reference, 1):
        row = np.empty_like(steps)
        row[0] = i
        row[1:] = np.minimum(costs[i - 1, 1:] + 1, costs[i - 1, :-1] + (heard != codes[word]))
        # An insertion is one step to the right, so a cell is the cheapest of all to its left plus the distance.
        costs[i] = np.minimum.accumulate(row - steps) + steps
    return costs
