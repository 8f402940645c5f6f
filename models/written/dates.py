"""Dates, years and times of day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colloque.models.drafting.numbers import german_value
from colloque.models.written.line import Edit, Line
from colloque.models.written.numerals import Numeral
from colloque.models.written.vocabulary import MONTHS, YEAR_LEADS, Vocabulary

_YEARS = (1900.0, 2100.0)
_GERMAN_ORDINALS = {"ersten": 1, "dritten": 3, "siebten": 7, "achten": 8}


def dates(line: Line, found: Sequence[Numeral], vocabulary: Vocabulary) -> Iterator[Edit]:
    """What is written for dates and times of day."""
    by_start = {numeral.start: numeral for numeral in found}
    months = MONTHS[vocabulary.language]
    if vocabulary.language == "de":
        yield from _german_days(line)
    for numeral in found:
        time = _time(line, numeral, by_start, vocabulary)
        if time is not None:
            yield time
        elif not numeral.spelled or not numeral.free_left or numeral.value % 1 or numeral.article:
            continue
        elif (line.norm(numeral.end) in months and 1 < numeral.value <= 31) or _is_year(line, numeral, vocabulary):
            yield Edit(numeral.start, numeral.end, numeral.text)


def _is_year(line: Line, numeral: Numeral, vocabulary: Vocabulary) -> bool:
    if not (_YEARS[0] <= numeral.value <= _YEARS[1]) or not numeral.free_right:
        return False
    if vocabulary.units.at(line, numeral.end) is not None:
        return False
    before = line.norm(numeral.start - 1)
    return before in YEAR_LEADS or before in MONTHS[vocabulary.language]


def _german_days(line: Line) -> Iterator[Edit]:
    """`am fünfzehnten März` → `am 15. März`."""
    for at, token in enumerate(line.tokens[:-1]):
        if line.norm(at + 1) in MONTHS["de"] and token.norm.endswith("ten"):
            day = _GERMAN_ORDINALS.get(token.norm)
            if day is None:
                stem = token.norm.removesuffix("ten")
                day = german_value(stem) or german_value(stem.removesuffix("s"))
            if day is not None and 1 <= day <= 31:
                yield Edit(at, at + 1, f"{day}.")


def _time(line: Line, hours: Numeral, by_start: dict[int, Numeral], vocabulary: Vocabulary) -> Edit | None:
    """`huit heures trente` → `8 h 30`, `acht Uhr dreißig` → `8:30 Uhr`."""
    word = line.norm(hours.end)
    whole = hours.value % 1 == 0 and hours.value <= 24 and hours.free_left
    if (
        not whole
        or hours.value == 0
        or word not in {"fr": ("heures", "heure", "h"), "de": ("uhr",), "en": ()}[vocabulary.language]
    ):
        return None
    minutes = by_start.get(hours.end + 1)
    if minutes is None:
        plain_hour = vocabulary.language == "de" and hours.spelled and not hours.article
        return Edit(hours.start, hours.end, hours.text) if plain_hour else None
    if minutes.value % 1 or not 1 <= minutes.value <= 59 or minutes.article or not minutes.free_right:
        return None
    if vocabulary.units.at(line, minutes.end) is not None:
        return None
    if vocabulary.language == "de":
        return Edit(hours.start, minutes.end, f"{hours.value:.0f}:{minutes.value:02.0f} Uhr")
    return Edit(hours.start, minutes.end, f"{hours.value:.0f} h {minutes.value:02.0f}")
