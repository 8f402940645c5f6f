from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloque.models.drafting.numbers import german_value, plain, read_numbers
from colloque.streaming.engines import Language
from tests.models.written.spelled import spelled


def values(language: Language, text: str) -> list[float]:
    tokens = re.findall(r"\d+(?:[.,]\d+)?|\w+|[^\w\s]", text)
    return [number.value for number in read_numbers(tokens, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "quatre-vingt-dix-sept", [97]),
        ("fr", "soixante et onze", [71]),
        ("fr", "vingt et un kilos", [21]),
        ("fr", "deux mille dix-huit", [2018]),
        ("fr", "douze huit", [12, 8]),
        ("fr", "trente-huit virgule cinq", [38.5]),
        ("fr", "cent trente sur quatre-vingts", [130, 80]),
        ("fr", "38,6", [38.6]),
        ("en", "a hundred and twenty over seventy-eight", [120, 78]),
        ("en", "ten point one", [10.1]),
        ("en", "twenty twenty-three", [2023]),
        ("en", "two hundred over six", [200, 6]),
        ("de", "hundertfünfundvierzig zu fünfundachtzig", [145, 85]),
        ("de", "acht Komma eins", [8.1]),
        ("de", "dreimal", [3]),
        ("de", "1.000 Milligramm", [1000]),
        ("fr", "mille cent", [1100]),
        ("fr", "deux mille deux cents", [2200]),
        ("fr", "quinze cents", [1500]),
        ("fr", "vingt-et-un", [21]),
        ("fr", "un virgule cinq", [1.5]),
        ("fr", "1 virgule 05", [1.05]),
        ("fr", "1 000 milligrammes", [1000]),
        ("fr", "dix pour cent", [10]),
        ("en", "one thousand and five", [1005]),
        ("en", "fifteen hundred", [1500]),
        ("en", "a thousand", [1000]),
        ("en", "a hundred and fifty thousand", [150_000]),
        ("en", "between one hundred and two hundred", [100, 200]),
        ("en", "one thousand and five thousand", [1000, 5000]),
        ("en", "twenty a day", [20, 1]),
        ("en", "a hundred oh five", [100, 5]),
        ("en", "one point oh five", [1.05]),
        ("de", "ein Komma fünf", [1.5]),
        ("de", "zwei tausend Milligramm", [2000]),
        ("de", "zwei tausend fünf hundert", [2500]),
        ("de", "zwei hundertfünfzig", [250]),
        ("de", "ein tausend", [1000]),
        ("de", "achtzig hundertzwanzig zu achtzig", [80, 120, 80]),
        ("de", "tausend zwei Mal", [1000, 2]),
        ("de", "tausend tausend", [1000, 1000]),
        ("de", "fünfhundert hundert", [500, 100]),
    ],
)
def test_reads_numbers_as_they_are_spoken_or_written(language: Language, text: str, expected: list[float]) -> None:
    assert values(language, text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "1,500", [1500]),
        ("en", "1.500", [1.5]),
        ("en", "0,125", [0.125]),
        ("de", "1.500", [1500]),
        ("de", "1,500", [1.5]),
        ("de", "0.125", [0.125]),
        ("fr", "1,500", [1.5]),
        ("fr", "1.000", [1000]),
        ("fr", "1.500", []),
        ("fr", "1 500 mg", []),
        ("de", "1 500 mg", []),
        ("fr", "1 000 mg", [1000]),
        ("fr", "12 500 mg", [12, 500]),
    ],
)
def test_a_mark_of_thousands_is_none_of_decimals(language: Language, text: str, expected: list[float]) -> None:
    assert values(language, text) == expected


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_number_as_it_is_said(language: Language) -> None:
    assert [n for n in range(10_000) if values(language, spelled(n, language)) != [n]] == []


@given(value=st.integers(0, 9999), tenths=st.integers(0, 9), language=st.sampled_from(("fr", "en", "de")))
def test_decimals_as_they_are_said(value: int, tenths: int, language: Language) -> None:
    point = {"fr": "virgule", "en": "point", "de": "Komma"}[language]
    said = f"{spelled(value, language)} {point} {spelled(tenths, language)}"
    assert values(language, said) == [value + tenths / 10]


def test_an_interjection_is_no_number() -> None:
    assert values("en", "oh, two days") == [2]


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_no_number_where_none_is_said(language: Language) -> None:
    assert values(language, "bonjour hello guten Tag") == []


def test_a_bare_article_is_marked() -> None:
    assert [n.article for n in read_numbers(["un", "gramme"], "fr")] == [True]
    assert [n.article for n in read_numbers(["vingt", "et", "un"], "fr")] == [False]


@pytest.mark.parametrize("value", [0, 7, 12, 21, 45, 99, 100, 101, 145, 999, 1000])
def test_german_compounds(value: int) -> None:
    units = [
        "null",
        "ein",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
    ]
    tens = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]

    def below_hundred(n: int) -> str:
        if n < len(units):
            return units[n]
        return (f"{units[n % 10]}und" if n % 10 else "") + tens[n // 10 - 2]

    hundreds, rest = divmod(value, 100)
    word = "tausend" if value == 1000 else (f"{units[hundreds]}hundert" if hundreds else "")
    word += below_hundred(rest) if (rest or value == 0) and value < 1000 else ""
    assert german_value(plain(word)) == value


def test_plain_folds_accents_and_ligatures() -> None:
    assert plain("Œdème FÜßE l’été") == "oedeme fusse l'ete"
