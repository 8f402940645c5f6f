"""The last gate: no sentence with a number, drug, side or polarity that is not in its evidence."""

from __future__ import annotations

import re
from itertools import pairwise

from colloque.models.drafting.facts import Complaint, Fact, Medication
from colloque.models.drafting.numbers import plain, read_numbers
from colloque.models.drafting.terms import Tables
from colloque.streaming.note import Evidence

_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d]+\d+|[^\W\d_]+'?|[^\w\s]")
_DENIALS = (
    "negation.preceding",
    "negation.following",
    "negation.after",
    "answer.no",
    "uncertain.unlikely",
    "cue.denial",
)


def grounded(fact: Fact, text: str, evidence: tuple[Evidence, ...], tables: Tables) -> bool:
    """Whether the evidence holds every number, drug, side and polarity of the text."""
    if not evidence or any(not item.word_ids for item in evidence):
        return False
    heard = " ".join(item.text for item in evidence)
    if not numbers_in(text, tables) <= numbers_in(heard, tables, combined=True):
        return False
    if not all(plain(name) in plain(heard) for name in _names(fact)):
        return False
    return fact.assertion != "absent" or _denies(heard, tables)


def numbers_in(text: str, tables: Tables, combined: bool = False) -> set[float]:
    """The numbers of a text, in digits or in words; with `combined` also those that two neighbours may be meant as:
    `trente-huit neuf` is 38, 9 and 38.9; `12,8` is 12.8, 12 and 8. Articles are none."""
    tokens = _TOKEN.findall(text)
    numbers = read_numbers(tokens, tables.language)
    values = {n.value for n in numbers if not n.article or combined}
    if not combined:
        return values
    for first, second in pairwise(numbers):
        if second.start - first.end <= 1 and first.value % 1 == 0 and 0 <= second.value < 10 and second.value % 1 == 0:
            values.add(round(first.value + second.value / 10, 1))
    for number in numbers:
        if number.value % 1:
            whole, _, part = f"{number.value:g}".partition(".")
            values |= {float(whole), float(part)}
    return values


def _names(fact: Fact) -> list[str]:
    """Names and sides that must have been said as they are written."""
    content = fact.content
    if isinstance(content, Medication):
        return [content.name]
    if isinstance(content, Complaint):
        return [content.side] if content.side else []
    return []


def _denies(heard: str, tables: Tables) -> bool:
    words = f" {' '.join(_TOKEN.findall(plain(heard)))} "
    return any(
        f" {' '.join(_TOKEN.findall(plain(term)))} " in words for name in _DENIALS for term in tables.cues.get(name, ())
    )
