from __future__ import annotations

import pytest

from colloque.models.written.line import read_line
from colloque.models.written.numerals import digits, numerals
from colloque.models.written.vocabulary import vocabulary
from colloque.streaming.engines import Language


def texts(language: Language, text: str, free: bool = True) -> list[str]:
    found = numerals(read_line(text.split()), vocabulary(language))
    return [numeral.text for numeral in found if numeral.free or not free]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "trente-huit virgule cinq", ["38,5"]),
        ("fr", "vingt-et-un", ["21"]),
        ("fr", "38.5 kg", ["38,5"]),
        ("fr", "1 virgule 05", ["1,05"]),
        ("fr", "un virgule cinq", ["1,5"]),
        ("fr", "mille cent", ["1100"]),
        ("en", "two thousand and five", ["2005"]),
        ("en", "thirty-eight point five", ["38.5"]),
        ("en", "a hundred and twenty", ["120"]),
        ("de", "achtunddreißig Komma fünf", ["38,5"]),
    ],
)
def test_numbers_in_the_digits_of_the_language(language: Language, text: str, expected: list[str]) -> None:
    assert texts(language, text) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "1,500 milligrams"),
        ("de", "1.000 Milligramm"),
        ("en", "1.500 milligrams"),
    ],
)
def test_a_mark_that_may_be_one_of_thousands_stays(language: Language, text: str) -> None:
    assert texts(language, text) == [text.split()[0]]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "1.500 mg"),
        ("fr", "premier"),
        ("en", "point five"),
        ("en", "one thousand and five hundred"),
        ("en", "oh"),
        ("en", "one O one point four"),
        ("en", "second"),
        ("en", "half 2"),
        ("de", "dreimal"),
        ("de", "ein und zwanzig"),
        ("fr", "1/2"),
        ("fr", "2-3"),
        ("fr", "deux et demi"),
        ("fr", "06 12 34"),
    ],
)
def test_numbers_in_doubt_are_not_free(language: Language, text: str) -> None:
    assert texts(language, text) == []


def test_the_hundred_of_a_share_is_no_number() -> None:
    assert texts("fr", "dix pour cent") == ["10"]


def test_three_decimals() -> None:
    assert digits(0.125, vocabulary("fr")) == "0,125"
    assert digits(100.0, vocabulary("en")) == "100"
