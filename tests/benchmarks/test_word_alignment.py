"""Levenshtein alignment of words."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recognition.word_alignment import align

WORDS = st.lists(st.sampled_from("abcd"), max_size=12)


def test_each_kind_of_error() -> None:
    found = align(list("abcd"), list("axced"))
    assert (found.substitutions, found.deletions, found.insertions) == (1, 0, 1)
    assert found.pairs == ((0, 0), (1, 1), (2, 2), (3, 4))
    assert align(["a", "b"], ["b"]).deletions == 1


def test_nothing_on_either_side() -> None:
    assert align([], []).errors == 0
    assert align(["a"], []).deletions == 1
    assert align([], ["a"]).insertions == 1


@given(WORDS, WORDS)
def test_counts_fit_together_and_are_the_least(reference: list[str], heard: list[str]) -> None:
    found = align(reference, heard)
    assert len(found.pairs) + found.deletions == len(reference)
    assert len(found.pairs) + found.insertions == len(heard)
    assert found.substitutions == sum(reference[i] != heard[j] for i, j in found.pairs)
    assert list(found.pairs) == sorted(set(found.pairs))
    assert found.errors == _distance(reference, heard)


def _distance(one: list[str], other: list[str]) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]
