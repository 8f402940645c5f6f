"""Quantities: doses, rhythms, durations, ages and other numbers with a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colloque.models.drafting.numbers import Number
from colloque.models.drafting.reading import Cue, Quantity, Token
from colloque.models.drafting.terms import Tables

_SHARED = ("frequency.day", "frequency.week", "frequency.month", "frequency.night")
_LEADS = ("time.since", "time.ago", "time.for", "time.in", "time.until")
_LEAD_REACH = 4
"""Tokens between `depuis` and the time that it introduces (`depuis à peu près trois jours`)."""


def read_quantities(
    tokens: Sequence[Token], numbers: Sequence[Number], cues: Sequence[Cue], tables: Tables
) -> Iterator[Quantity]:
    """The quantities of a passage in order, none overlapping another of its kind."""
    found = [q for number in numbers if (q := _with_unit(number, tokens, cues, tables)) is not None]
    found += [q for cue in cues if (q := _in_words(cue, cues, found)) is not None]
    found += [Quantity("frequency", "said", None, c.start, c.end) for c in cues if _after_dose(c, found)]
    found += _ages(tokens, numbers, cues, found, tables)
    found.sort(key=lambda q: (q.start, -q.end))
    last_end = -1
    for quantity in found:
        if quantity.start >= last_end:
            last_end = quantity.end
            yield quantity


def _after_dose(cue: Cue, found: Sequence[Quantity]) -> bool:
    """`soixante-quinze milligrammes par jour`: a period that follows a dose at once."""
    return cue.name in _SHARED and any(q.kind == "dose" and q.end == cue.start for q in found)


def _unit_at(at: int, tokens: Sequence[Token], cues: Sequence[Cue]) -> Cue | None:
    """The longest unit that begins at a token, over a hyphen or a comma of hesitation."""
    for start in (at, at + 1):
        if start > at and not (start <= len(tokens) and tokens[at].norm in ("-", "euh", "um")):
            break
        units = [c for c in cues if c.start == start and c.name.startswith("unit:")]
        if units:
            return max(units, key=lambda c: c.end)
    return None


def _with_unit(number: Number, tokens: Sequence[Token], cues: Sequence[Cue], tables: Tables) -> Quantity | None:
    if number.end - number.start == 1 and tokens[number.start].norm.endswith("mal"):  # German: `dreimal`
        return _rhythm(number, number.end, tokens, cues)
    cue = _unit_at(number.end, tokens, cues) if number.end < len(tokens) else None
    if cue is None:
        return None
    unit = tables.units[cue.name.removeprefix("unit:")]
    if unit.kind == "times":
        return _rhythm(number, cue.end, tokens, cues)
    if unit.kind == "time":
        lead, start = _lead(number.start, tokens, cues)
        behind = next((c for c in cues if c.name == "time.ago" and c.start == cue.end), None)
        if behind is not None:  # English: `two years ago`
            lead, cue = "ago", behind
        return Quantity("time", unit.id, number.value, start, cue.end, lead)
    return Quantity(unit.kind, unit.id, number.value, number.start, cue.end)


def _rhythm(number: Number, end: int, tokens: Sequence[Token], cues: Sequence[Cue]) -> Quantity:
    """`trois fois par jour`; the period may be missing (`trois fois`) or follow a filler."""
    for start in range(end, min(end + 3, len(tokens))):
        period = next((c for c in cues if c.start == start and c.name in _SHARED), None)
        if period is not None:
            return Quantity("frequency", period.name.removeprefix("frequency."), number.value, number.start, period.end)
        if tokens[start].norm not in (",", "euh", "um"):
            break
    return Quantity("frequency", "", number.value, number.start, end)


def _lead(start: int, tokens: Sequence[Token], cues: Sequence[Cue]) -> tuple[str, int]:
    """How a time is introduced, and where the introduction begins."""
    near = [c for c in cues if c.name in _LEADS and 0 <= start - c.end <= _LEAD_REACH]
    if not near:
        return "", start
    cue = max(near, key=lambda c: c.end)
    if any(token.norm in (".", "?", "!") for token in tokens[cue.end : start]):
        return "", start
    return cue.name.removeprefix("time."), cue.start


def _in_words(cue: Cue, cues: Sequence[Cue], found: Sequence[Quantity]) -> Quantity | None:
    """Rhythms and times without a number: `matin et soir`, `depuis hier`."""
    if cue.name == "frequency.said":
        return Quantity("frequency", "said", None, cue.start, cue.end)
    if cue.name == "time.named":
        near = [c for c in cues if c.name in _LEADS and 0 <= cue.start - c.end <= 2]
        if near:
            lead = max(near, key=lambda c: c.end)
            return Quantity("time", "named", None, lead.start, cue.end, lead.name.removeprefix("time."))
        return Quantity("time", "named", None, cue.start, cue.end)
    return None


def _ages(
    tokens: Sequence[Token], numbers: Sequence[Number], cues: Sequence[Cue], found: Sequence[Quantity], tables: Tables
) -> list[Quantity]:
    """`à douze ans`, `when I was nine`, `mit fünfundfünfzig`; and years (`en 2018`)."""
    ages = []
    for number in numbers:
        lead = next((c for c in cues if c.name == "time.age" and c.end == number.start), None)
        if lead is not None and tokens[lead.start].text == "a":  # `il a douze ans` is no `à douze ans`
            lead = None
        unit = next((q for q in found if q.end > number.start >= q.start), None)
        years = unit is not None and unit.kind == "time" and unit.unit == "year"
        if lead is not None and 0 < number.value < 110 and not number.article:
            if years or (unit is None and tables.language != "fr"):
                ages.append(Quantity("age", "year", number.value, lead.start, unit.end if unit else number.end))
        elif unit is None and 1900 <= number.value <= 2100:
            ages.append(Quantity("time", "calendar", number.value, number.start, number.end))
    return ages
