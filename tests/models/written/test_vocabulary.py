from __future__ import annotations

import pytest

from colloque.models.written.line import read_line
from colloque.models.written.vocabulary import Phrases, vocabulary
from colloque.streaming.engines import Language


def test_the_longest_phrase_wins() -> None:
    phrases = Phrases([("pression", 1), ("pression artérielle", 2)])
    assert phrases.at(read_line(["la", "Pression", "artérielle"]), 1) == (2, 3)
    assert phrases.at(read_line(["la", "pression"]), 1) == (1, 2)
    assert phrases.at(read_line(["la", "pression"]), 0) is None


@pytest.mark.parametrize(
    ("language", "word", "sign"),
    [
        ("fr", "milligrammes", "mg"),
        ("fr", "unités internationales", "UI"),
        ("fr", "comprimés", ""),
        ("en", "micrograms", "µg"),
        ("en", "international units", "IU"),
        ("de", "Milliliter", "ml"),
        ("de", "internationale Einheiten", "IE"),
    ],
)
def test_units_and_their_signs(language: Language, word: str, sign: str) -> None:
    found = vocabulary(language).units.at(read_line(word.split()), 0)
    assert found is not None and found[0].sign == sign


def test_a_sign_stands_apart_but_in_english_percent_and_rates() -> None:
    assert vocabulary("fr").with_unit("97", "%") == "97 %"
    assert vocabulary("en").with_unit("97", "%") == "97%"
    assert vocabulary("de").with_unit("72", "/min") == "72/min"


def test_o_clock_is_no_duration() -> None:
    assert vocabulary("de").units.at(read_line(["Uhr"]), 0) is None
