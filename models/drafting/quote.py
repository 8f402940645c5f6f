"""Quotes: a speaker's words without hesitations and self-corrections, with numbers as digits."""

from __future__ import annotations

import re

from colloque.models.drafting.numbers import Number
from colloque.models.drafting.reading import Reading, Token
from colloque.models.drafting.terms import Tables

_UNIT_KINDS = ("dose", "percent", "temperature", "weight", "length")
JOINTS = frozenset({"et", "and", "und", ",", "-", "donc", "so", "puis"})
"""What joins two decisions, and belongs to neither."""
_EDGE = " ,;:.!?…-"


def decimal(value: float, tables: Tables) -> str:
    """A number in digits, with the language's decimal mark."""
    return f"{value:g}".replace(".", tables.phrases["decimal"])


def quote(reading: Reading, start: int, end: int, tables: Tables) -> str:
    """The words between two tokens as a note quotes them, without punctuation at the edges.

    Only what is said is written: words are left out (fillers, what was taken back), numbers and units change their
    spelling (`cinquante milligrammes` → `50 mg`), nothing is added.
    """
    skipped = reading.dropped | _fillers(reading, start, end)
    numbers = {n.start: n for n in reading.numbers if _in_digits(n, reading)}
    units = {q.end: q for q in reading.quantities if q.kind in _UNIT_KINDS}
    text, at = "", start
    while at < end:
        token = reading.tokens[at]
        number = numbers.get(at)
        if at in skipped:
            at += 1
        elif number is not None and number.end <= end:
            unit = next((q for q in units.values() if q.start == at and number.end < q.end <= end), None)
            text += decimal(number.value, tables)
            at = number.end
            if unit is not None:
                text += " " + tables.units[unit.unit].write
                at = unit.end
            text += " " if reading.tokens[at - 1].space else ""
        else:
            text += token.text + (" " if token.space else "")
            at += 1
    return tidy(text)


def without_joints(reading: Reading, start: int, end: int) -> int:
    """The end of a stretch without `et`, `and`, `und` and punctuation behind its last word."""
    while end > start and (reading.tokens[end - 1].norm in JOINTS or not reading.tokens[end - 1].norm[-1].isalnum()):
        end -= 1
    return end


def tidy(text: str) -> str:
    """Spaces and punctuation set right after words were left out."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.;:!?…])(?=\s|$)", r"\1", text) if "? " not in text else re.sub(r"\s+([,.;])", r"\1", text)
    text = re.sub(r"([,;])(?:\s*[,;])+", r"\1", text)
    text = re.sub(r"(?:\.\s*){2,}", "… ", text)
    text = re.sub(r"[,;]\s*([.!?])", r"\1", text)
    return text.strip(_EDGE)


def sentences(texts: list[str]) -> str:
    """Several quotes in a row, each with a capital but the first."""
    kept = [text for text in texts if text]
    return ". ".join(text if number == 0 else text[0].upper() + text[1:] for number, text in enumerate(kept))


def lowered(text: str, tables: Tables) -> str:
    """For the middle of a sentence: the capital of its first word goes, but for German and for the English `I`."""
    if tables.language == "de" or re.match(r"I\b", text):
        return text
    return text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def _fillers(reading: Reading, start: int, end: int) -> frozenset[int]:
    """Fillers at the beginning, and those that stand apart later. `bon` in `un bon appétit` stays."""
    spans = {cue.start: cue.end for cue in sorted(reading.cues_in(start, end, "cue.filler"), key=lambda c: c.end)}
    found: set[int] = set()
    at = start
    while at < end and (at in spans or _apart(reading.tokens[at])):
        after = spans.get(at, at + 1)
        found |= set(range(at, after))
        at = after
    for first, after in spans.items():
        if first > at and _apart(reading.tokens[first - 1]) and (after >= end or _apart(reading.tokens[after])):
            found |= set(range(first, after))
    return frozenset(found)


def _apart(token: Token) -> bool:
    return not token.text[-1].isalnum() and token.text[-1] not in "'’-"


def _in_digits(number: Number, reading: Reading) -> bool:
    """Articles stay words (`une semaine`), and so do German multiples (`zweimal`)."""
    first = reading.tokens[number.start].norm
    return not number.article and not first.endswith("mal") and not (number.value < 2 and first.isalpha())
