from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloque.models.written.drug_spelling import Pattern, Spelling, sound


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "xyz", 3), ("a", "abcd", 3)],
)
def test_edits(left: str, right: str, edits: int) -> None:
    assert Pattern(left).distance(right, 3) == edits
    assert Pattern(right).distance(left, 3) == edits
    assert Pattern(left).distance(right, 0) == min(edits, 1)


def table(left: str, right: str) -> int:
    """The distance by its definition."""
    rows = [[i + j if not i * j else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i, char in enumerate(left, 1):
        for j, other in enumerate(right, 1):
            cost = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (char != other))
            if min(i, j) > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            rows[i][j] = cost
    return rows[-1][-1]


WORDS = st.text("abc", max_size=9)


@given(left=WORDS, right=WORDS, most=st.integers(0, 4))
def test_edits_are_those_of_the_definition(left: str, right: str, most: int) -> None:
    assert Pattern(left).distance(right, most) == min(table(left, right), most + 1)


def test_words_that_sound_alike_have_one_key() -> None:
    assert sound("amoxycilline") == sound("amoxicillin")
    assert sound("metphormine") == sound("metformin")
    assert sound("ramipril") != sound("enalapril")


@pytest.fixture
def spelling() -> Spelling:
    names = {"prednisone": "prednisone", "prednisolone": "prednisolone", "ibuprofene": "ibuprofène"}
    return Spelling(names, {"ibuprofeno"}, "fr")


def test_one_name_near(spelling: Spelling) -> None:
    assert spelling.corrected("ibuprofaine", dosed=True) == "ibuprofène"
    assert spelling.corrected("ibuprofaine", dosed=False) is None


def test_two_names_near_are_none(spelling: Spelling) -> None:
    assert spelling.corrected("prednisolne", dosed=True) is None


def test_known_short_and_other_words_stay(spelling: Spelling) -> None:
    for word in ("prednisone", "ibuprofenes", "ibupro", "maison", "constitution", "ibuprof3ne"):
        assert spelling.corrected(word, dosed=True) is None


def test_ordinary_words_are_no_drugs() -> None:
    assert Spelling({"augmentin": "Augmentin"}, (), "fr").corrected("augmenten", dosed=True) == "Augmentin"
    assert Spelling({"augmentin": "Augmentin"}, (), "fr").corrected("augmenter", dosed=True) is None
