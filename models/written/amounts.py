"""Numbers with a unit: doses, sizes, shares, durations, rhythms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colloque.models.written.line import Edit, Line
from colloque.models.written.numerals import Numeral
from colloque.models.written.vocabulary import ANDS, HALVES, HOUR_LEADS, PERIODS, RANGES, Unit, Vocabulary

_PER = frozenset({"par", "per", "pro", "/"})
_PER_UNITS = {"kilo": "kg", "kg": "kg", "kilogramme": "kg", "kilogram": "kg", "kilogramm": "kg"} | {
    "litre": "l",
    "liter": "l",
    "decilitre": "dl",
    "deciliter": "dl",
    "deziliter": "dl",
}
_WITHOUT_ARTICLE = ("size", "time", "hour", "times", "rate", "degree")
_REACH = 3
"""Tokens behind `un comprimé` in which `matin` or `par jour` makes it a dose."""


def amounts(line: Line, found: Sequence[Numeral], vocabulary: Vocabulary) -> Iterator[Edit]:
    """What is written for numbers with a unit, and for decimals without one."""
    by_end = {numeral.end: numeral for numeral in found}
    by_start = {numeral.start: numeral for numeral in found}
    for numeral in found:
        lower = _lower(line, numeral, by_end, vocabulary)
        if not numeral.free_right or not (numeral.free_left or lower):
            continue
        unit = vocabulary.units.at(line, numeral.end)
        if unit is None:
            yield from _bare(line, numeral, vocabulary)
        elif unit[0].kind != "degree" and _counts(line, numeral, unit, lower, by_start, vocabulary):
            if lower is not None:
                yield Edit(lower.start, lower.end, lower.text)
            yield _with_unit(line, numeral, *unit, vocabulary)


def _lower(line: Line, numeral: Numeral, by_end: dict[int, Numeral], vocabulary: Vocabulary) -> Numeral | None:
    """The lower bound of a range: `deux à trois comprimés`."""
    before = numeral.start - 1
    lower = by_end.get(before)
    if lower is None or not (lower.free_left and lower.free_right) or lower.value >= numeral.value:
        return None
    return lower if line.tokens[before].text.lower() in RANGES[vocabulary.language] else None


def _bare(line: Line, numeral: Numeral, vocabulary: Vocabulary) -> Iterator[Edit]:
    """`38.5` in French, `thirty-eight point five`; and the number of `forty-two-year-old`."""
    after = numeral.end
    if line.norm(after) == "-" and line.glued(after) and numeral.value > 1:
        unit = vocabulary.units.at(line, after + 1)
        if unit is not None and unit[0].kind == "time":
            yield Edit(numeral.start, numeral.end, numeral.text)
    elif numeral.value % 1 and not numeral.article:
        said_of_time = vocabulary.language == "en" and line.norm(numeral.start - 1) == "at"  # `at one point two came`
        mark_only = not numeral.spelled and vocabulary.language != "fr"  # `8.30 Uhr`, `1.5.`
        if not said_of_time and not mark_only and line.norm(after) not in ("h", "uhr", "am", "pm"):
            yield Edit(numeral.start, numeral.end, numeral.text)


def _counts(
    line: Line,
    numeral: Numeral,
    unit: tuple[Unit, int],
    lower: Numeral | None,
    by_start: dict[int, Numeral],
    vocabulary: Vocabulary,
) -> bool:
    kind, end = unit[0].kind, unit[1]
    if (numeral.article or numeral.value < 2 and numeral.spelled) and not _one(line, numeral, unit, vocabulary):
        return False
    if line.norm(end) in HALVES or (line.norm(end) in ANDS and _half_follows(line, end + 1)):
        return False
    behind = by_start.get(end)
    if behind is not None and not behind.article and vocabulary.units.at(line, behind.end) is None:
        return False  # `deux kilos cinq cents`
    if kind == "hour":
        leads = {line.norm(at) for at in range(numeral.start - 2, numeral.start)}
        return bool(leads & HOUR_LEADS) and line.norm(numeral.start - 1) != "a" or not numeral.spelled
    if unit[0].id == "minute" and numeral.value <= 2:
        return False  # `deux minutes` is any short while
    if kind == "times":
        return _rhythm(line, end, vocabulary)
    return lower is None or not lower.article or kind in ("mass", "form")


def _half_follows(line: Line, at: int) -> bool:
    return line.norm(at) in HALVES or line.norm(at + 1) in HALVES


def _one(line: Line, numeral: Numeral, unit: tuple[Unit, int], vocabulary: Vocabulary) -> bool:
    """`un gramme`, `un comprimé le matin`; not `un kilo`, `une semaine`, `d'un gramme`."""
    kind, end = unit[0].kind, unit[1]
    if numeral.value % 1:
        return True
    if kind in _WITHOUT_ARTICLE or unit[0].id == "l" or line.norm(numeral.start - 1) in ("d'", "l'", "s'", "qu'"):
        return False
    if kind == "form":
        near = [line.norm(at) for at in range(end, end + _REACH)]
        stop = next((i for i, norm in enumerate(near) if norm in (".", "?", "!")), len(near))
        return bool(set(near[:stop]) & PERIODS[vocabulary.language])
    return True


def _rhythm(line: Line, end: int, vocabulary: Vocabulary) -> bool:
    """Whether `trois fois` is followed by a period."""
    first, second = line.norm(end), line.norm(end + 1)
    if vocabulary.language == "fr":
        return first == "par" and second in ("jour", "semaine", "mois", "nuit")
    if vocabulary.language == "en":
        return first in ("daily", "weekly") or (first in ("a", "per", "each") and second in ("day", "week", "month"))
    return first == "taglich" or (first in ("am", "pro") and second in ("tag", "woche"))


def _with_unit(line: Line, numeral: Numeral, unit: Unit, end: int, vocabulary: Vocabulary) -> Edit:
    if not unit.sign:
        return Edit(numeral.start, numeral.end, numeral.text)
    sign = unit.sign
    if unit.kind == "mass" and line.norm(end) in _PER and line.norm(end + 1) in _PER_UNITS:
        sign, end = f"{sign}/{_PER_UNITS[line.norm(end + 1)]}", end + 2
    return Edit(numeral.start, end, vocabulary.with_unit(numeral.text, sign))
