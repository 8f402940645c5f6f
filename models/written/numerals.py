"""Numbers of a line, with what is written for them and whether their neighbours leave them alone."""

from __future__ import annotations

from dataclasses import dataclass

from colloque.models.drafting.numbers import Number, read_numbers
from colloque.models.written.line import Line
from colloque.models.written.vocabulary import ANDS, HALVES, ORDINALS, POINTS, Vocabulary

_CUTS = frozenset("/:×*+=^")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number that may be written in digits."""

    start: int
    end: int
    """Tokens `start`..`end`, the end excluded."""
    value: float
    text: str
    """In digits, with the language's decimal mark."""
    article: bool
    """A bare `un` or `ein`."""
    spelled: bool
    """Said in words; false for what the recogniser gave in digits."""
    free_left: bool
    """No other number, fraction or sign before it could belong to it."""
    free_right: bool

    @property
    def free(self) -> bool:
        """It stands alone."""
        return self.free_left and self.free_right


def digits(value: float, vocabulary: Vocabulary) -> str:
    """A value in digits, to three decimals."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text.replace(".", vocabulary.decimal_mark)


def numerals(line: Line, vocabulary: Vocabulary) -> list[Numeral]:
    """The numbers of a line that can be written without doubt about their value, in order."""
    numbers = _numbers(line, vocabulary)
    starts, ends = {n.start for n in numbers}, {n.end for n in numbers}
    found = []
    for number in numbers:
        text = _text(line, number, vocabulary)
        if text is not None:
            left, right = _free_left(line, number, ends), _free_right(line, number, starts)
            spelled = not line.norm(number.start)[0].isdigit()
            found.append(Numeral(number.start, number.end, number.value, text, number.article, spelled, left, right))
    return found


def _numbers(line: Line, vocabulary: Vocabulary) -> list[Number]:
    found = read_numbers([token.norm for token in line.tokens], vocabulary.language)
    return [number for number in found if not (number.article and line.norm(number.start) in ("a", "an"))]


def _text(line: Line, number: Number, vocabulary: Vocabulary) -> str | None:
    """None where the value could be read in another way."""
    norms = [line.norm(at) for at in range(number.start, number.end)]
    if norms[0] in ORDINALS or norms[0].endswith("mal") or norms[-1] == "oh":
        return None
    if len(norms) == 1 and norms[0][0].isdigit():
        return _in_digits(norms[0], vocabulary)
    return digits(number.value, vocabulary)


def _in_digits(text: str, vocabulary: Vocabulary) -> str:
    """The digits stay; only a decimal mark changes, and only where it cannot be one of thousands."""
    whole, mark, part = text.replace(",", ".").partition(".")
    if not mark or (len(part) > 2 and whole.strip("0")):
        return text
    return f"{whole}{vocabulary.decimal_mark}{part}"


def _free_left(line: Line, number: Number, ends: set[int]) -> bool:
    before = number.start - 1
    norm = line.norm(before)
    if norm in POINTS or norm in _CUTS or norm in HALVES or number.start in ends:
        return False
    if (norm in ANDS and before in ends) or norm in ("o", "oh"):  # `one oh one point four`
        return False
    if norm in ("-", "–", ".", ",") and line.glued(number.start) and line.glued(before):
        return norm != "-" and not line.norm(before - 1)[-1:].isdigit()
    return not (norm == "-" and before in ends)


def _free_right(line: Line, number: Number, starts: set[int]) -> bool:
    after = number.end
    norm = line.norm(after)
    if norm in POINTS or norm in _CUTS or norm in HALVES or after in starts:
        return False
    following = line.norm(after + 1)
    if norm in ("o", "oh") and after + 1 in starts:
        return False
    if norm in ANDS and (after + 1 in starts or following in HALVES):
        return False
    if norm in ("-", "–") and after + 1 in starts:
        return False
    return not (norm in (".", ",") and line.glued(after) and line.glued(after + 1) and following[:1].isdigit())
