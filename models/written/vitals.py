"""Vital signs: temperature, blood pressure, pulse, saturation, HbA1c, height."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colloque.models.written.line import Edit, Line
from colloque.models.written.numerals import Numeral, digits
from colloque.models.written.vocabulary import POINTS, RANGES, Unit, Vocabulary

_REACH = 8
"""Tokens between the name of a measure and its value."""
_JOINTS = frozenset({"/", "sur", "over", "zu", "auf", "-"})
_CELSIUS = (34.0, 43.0)
_FAHRENHEIT = (95.0, 109.0)
_ANGLES = frozenset(
    {"flexion", "extension", "angle", "rotation", "abduction", "flektiert", "beugung", "winkel", "bend"}
)
_ALONE = {
    "pulse": (30.0, 230.0, "/min"),
    "respiratory_rate": (6.0, 80.0, "/min"),
    "saturation": (70.0, 100.0, "%"),
    "hba1c": (4.0, 18.0, "%"),
}
"""Measures whose unit goes without saying: what is believed, and the sign."""
_ENDS = frozenset({"", ".", ",", ";", "?", "!", "…", "et", "and", "und", "mais", "but", "aber", "avec", "with", "mit"})


class Vitals:
    """The vital signs of one line."""

    def __init__(self, line: Line, found: Sequence[Numeral], vocabulary: Vocabulary) -> None:
        self._line, self._numerals, self._vocabulary = line, found, vocabulary
        self._by_start = {numeral.start: numeral for numeral in found}
        self._named: list[tuple[str, int, int]] = []
        if found:
            for at in range(len(line.tokens)):
                measure = vocabulary.measures.at(line, at)
                if measure is not None:
                    self._named.append((measure[0], at, measure[1]))

    def edits(self) -> Iterator[Edit]:
        """What is written for the vital signs."""
        for numeral in self._numerals:
            edit = (
                self._pressure(numeral) or self._temperature(numeral) or self._height(numeral) or self._alone(numeral)
            )
            if edit is not None:
                yield edit

    def _measure_before(self, at: int, reach: int = _REACH) -> str:
        """The measure that was named last before a token."""
        near = [name for name, _, end in self._named if 0 <= at - end <= reach]
        return near[-1] if near else ""

    def _after(self, numeral: Numeral) -> Numeral | None:
        return self._by_start.get(numeral.end)

    def _unit(self, at: int) -> tuple[Unit, int] | None:
        return self._vocabulary.units.at(self._line, at)

    def _pressure(self, first: Numeral) -> Edit | None:
        named = self._measure_before(first.start) == "blood_pressure"
        if not first.free_left or first.article:
            return None
        if first.value % 1:
            return self._pressure_as_decimal(first) if named else None
        upper, at = first.value, first.end
        hundreds = self._after(first)
        if hundreds and first.spelled and first.value in (1, 2) and 10 <= hundreds.value <= 99:
            upper, at = first.value * 100 + hundreds.value, hundreds.end  # English: `one forty over ninety`
        joint = self._line.norm(at) in _JOINTS
        second = self._by_start.get(at + 1 if joint else at)
        if second is None or second.article or second.value % 1 or not self._ends(second):
            return None
        lower = second.value
        if self._in_range(first, second):
            return None
        if not joint and not named or upper > 99 > first.value and not joint:
            return None
        in_mm = 70 <= upper <= 260 and 35 <= lower <= 150
        in_cm = 8 <= upper <= 25 and 4 <= lower <= 14
        if lower >= upper or not (in_mm or (in_cm and (named or self._closes(second)))):
            return None
        return Edit(first.start, second.end, f"{upper:.0f}/{lower:.0f}")

    def _in_range(self, first: Numeral, second: Numeral) -> bool:
        """`one twenty to one thirty over seventy to eighty`"""
        words, ends = RANGES[self._vocabulary.language], {numeral.end for numeral in self._numerals}
        before, after = first.start - 1, second.end
        joints = {at for at in (before, after) if 0 <= at < len(self._line.tokens)}
        ranged = {at for at in joints if self._line.tokens[at].text.lower() in words}
        return (before in ranged and before in ends) or (after in ranged and after + 1 in self._by_start)

    def _ends(self, numeral: Numeral) -> bool:
        """Nothing behind it belongs to it."""
        return numeral.free_right and self._unit(numeral.end) is None

    def _closes(self, second: Numeral) -> bool:
        """`Quatorze sur huit.` without the word: only as a clause of its own, with a joint that French has for it."""
        said = self._line.norm(second.start - 1) == "sur" and second.value >= 5
        return said and self._line.norm(second.end) in ("", ".", ",")

    def _pressure_as_decimal(self, numeral: Numeral) -> Edit | None:
        """`tension à 14,8`, as a recogniser writes `quatorze huit`."""
        upper, _, lower = f"{numeral.value:.3f}".rstrip("0").partition(".")
        near = self._measure_before(numeral.start, 4) == "blood_pressure"
        if not near or not self._ends(numeral) or len(lower) != 1 or not (9 <= int(upper) <= 25 and int(lower) >= 6):
            return None
        said = any(self._line.norm(at) in POINTS for at in range(numeral.start, numeral.end))
        return None if said else Edit(numeral.start, numeral.end, f"{upper}/{lower}")

    def _temperature(self, numeral: Numeral) -> Edit | None:
        if not numeral.free_left or numeral.article:
            return None
        named = self._feverish(numeral)
        split = self._split_degrees(numeral, named)
        if split is not None:
            return split
        if not numeral.free_right:
            return None
        unit = self._unit(numeral.end)
        if unit is not None and unit[0].kind != "degree":
            return None
        end = numeral.end if unit is None else unit[1]
        if self._line.norm(end) in ("fahrenheit", "f") or self._vocabulary.language == "en":
            fahrenheit = _FAHRENHEIT[0] <= numeral.value <= _FAHRENHEIT[1] and unit is not None and named
            if fahrenheit or self._line.norm(end) == "fahrenheit":
                return self._fahrenheit(numeral, end)
        if not _CELSIUS[0] <= numeral.value <= _CELSIUS[1]:
            return None
        if self._line.norm(end) in ("celsius", "c"):
            return self._celsius(numeral.start, end + 1, numeral.value)
        decimals = numeral.value % 1 > 0
        if unit is not None and (named or (decimals and not self._angular(numeral))):
            return self._celsius(numeral.start, end, numeral.value)
        if unit is None and named and (decimals or self._of_fever(numeral)) and self._line.norm(end) not in ("%", "h"):
            return self._celsius(numeral.start, end, numeral.value)
        return None

    def _celsius(self, start: int, end: int, value: float) -> Edit:
        return Edit(start, end, self._vocabulary.with_unit(digits(value, self._vocabulary), "°C"))

    def _fahrenheit(self, numeral: Numeral, end: int) -> Edit:
        end += self._line.norm(end) in ("fahrenheit", "f")
        return Edit(numeral.start, end, self._vocabulary.with_unit(numeral.text, "°F"))

    def _feverish(self, numeral: Numeral) -> bool:
        """Fever or temperature is the measure in force, or follows at once (`38,5 de fièvre`)."""
        behind = any(n == "temperature" and 0 <= start - numeral.end <= 4 for n, start, _ in self._named)
        before = self._measure_before(numeral.start)
        return before == "temperature" or (behind and not before)

    def _of_fever(self, numeral: Numeral) -> bool:
        """`39 de fièvre`, `fièvre à 39`, `39 Fieber`: a whole number is told as a temperature."""
        line, end = self._line, numeral.end
        fever = [start for n, start, _ in self._named if n == "temperature"]
        if any(start == end or (start == end + 1 and line.norm(end) in ("de", "of")) for start in fever):
            return True
        near = any(n == "temperature" and 0 <= numeral.start - stop <= 2 for n, _, stop in self._named)
        return near and line.norm(end) in _ENDS

    def _angular(self, numeral: Numeral) -> bool:
        return any(self._line.norm(at) in _ANGLES for at in range(numeral.start - 6, numeral.end + 4))

    def _split_degrees(self, first: Numeral, named: bool) -> Edit | None:
        """`trente-huit cinq`, `trente-huit degrés cinq`, `achtunddreißig fünf`."""
        unit = self._unit(first.end)
        degrees = unit is not None and unit[0].kind == "degree"
        second = self._by_start.get(unit[1] if unit and degrees else first.end)
        if second is None or first.value % 1 or second.value % 1 or not 0 <= second.value <= 9:
            return None
        if not _CELSIUS[0] <= first.value < _CELSIUS[1] or not (named or degrees) or not self._ends(second):
            return None
        norm = self._line.norm(second.end)
        if second.article and norm not in ("", ".", ",", "?", "!", "de"):
            return None
        if not second.article and not (named or norm in _ENDS):
            return None
        return self._celsius(first.start, second.end, first.value + second.value / 10)

    def _height(self, metres: Numeral) -> Edit | None:
        """`un mètre soixante-quinze`, `1 m 75`."""
        unit = self._unit(metres.end)
        if unit is None or unit[0].id != "m" or metres.value not in (1, 2) or not metres.free_left:
            return None
        rest = self._by_start.get(unit[1])
        if rest is None or rest.value % 1 or not 10 <= rest.value <= 99 or not rest.free_right:
            return None
        behind = self._unit(rest.end)
        if behind is not None and behind[0].id != "cm":
            return None
        value = f"{metres.value:.0f}{self._vocabulary.decimal_mark}{rest.value:02.0f}"
        return Edit(metres.start, behind[1] if behind else rest.end, f"{value} m")

    def _alone(self, numeral: Numeral) -> Edit | None:
        """`pouls à 82`, `sature à 97`, `HbA1c à 7,2`."""
        name = self._measure_before(numeral.start, 5)
        if name not in _ALONE or not numeral.free or numeral.article or self._unit(numeral.end) is not None:
            return None
        low, high, sign = _ALONE[name]
        if not low <= numeral.value <= high or self._line.norm(numeral.end) not in _ENDS:
            return None
        if name == "hba1c" and not numeral.value % 1:
            return None
        return Edit(numeral.start, numeral.end, self._vocabulary.with_unit(numeral.text, sign))
