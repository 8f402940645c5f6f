from __future__ import annotations

import re

import pytest

from colloque.models.drafting.numbers import german_value, plain, read_numbers
from colloque.streaming.engines import Language


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
    ],
)
def test_reads_numbers_as_they_are_spoken_or_written(language: Language, text: str, expected: list[float]) -> None:
    assert values(language, text) == expected


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
