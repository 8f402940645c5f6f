from __future__ import annotations

import pytest

from colloque.streaming.engines import Language
from tests.models.drafting.scenes import reader


def quantities(language: Language, text: str) -> list[tuple[str, str, float | None, str]]:
    reading = reader(language).read(tuple(text.split()))
    return [(q.kind, q.unit, q.value, q.lead) for q in reading.quantities]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "un gramme trois fois par jour", [("dose", "g", 1.0, ""), ("frequency", "day", 3.0, "")]),
        ("fr", "deux comprimés matin et soir", [("dose", "tablet", 2.0, ""), ("frequency", "said", None, "")]),
        ("fr", "75 mg par jour", [("dose", "mg", 75.0, ""), ("frequency", "said", None, "")]),
        ("fr", "depuis à peu près trois semaines", [("time", "week", 3.0, "since")]),
        ("fr", "il y a deux ans", [("time", "year", 2.0, "ago")]),
        ("fr", "à douze ans", [("age", "year", 12.0, "")]),
        ("fr", "il a douze ans", [("time", "year", 12.0, "")]),
        ("fr", "en 2018", [("time", "calendar", 2018.0, "")]),
        ("fr", "depuis hier soir", [("time", "named", None, "since")]),
        ("en", "one puff twice a day", [("dose", "puff", 1.0, ""), ("frequency", "said", None, "")]),
        ("en", "two years ago", [("time", "year", 2.0, "ago")]),
        ("en", "when I was nine", [("age", "year", 9.0, "")]),
        ("en", "four nights a week", [("frequency", "week", 4.0, "")]),
        ("de", "zweimal am Tag", [("frequency", "day", 2.0, "")]),
        ("de", "seit zehn Jahren", [("time", "year", 10.0, "since")]),
        ("de", "mit fünfundfünfzig", [("age", "year", 55.0, "")]),
    ],
)
def test_quantities(language: Language, text: str, expected: list[tuple[str, str, float | None, str]]) -> None:
    assert quantities(language, text) == expected


def test_a_bare_article_is_no_quantity() -> None:
    assert quantities("fr", "un monsieur, une dame") == []
