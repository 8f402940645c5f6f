"""What was read in a passage, before anybody asks who said it to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from colloque.models.drafting.numbers import Number


class Token(NamedTuple):
    """A word or a mark of a passage."""

    text: str
    norm: str
    """Lower case, without accents."""
    space: bool
    """True where a space follows."""
    word: int
    """Index of the passage's word in which the token begins."""
    last: int
    """Index of the word in which it ends: `8` and `,1` are two words and one number."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Something of the tables, found in the passage."""

    kind: str
    id: str
    start: int
    end: int
    """Tokens `start`..`end`, the end excluded."""
    negated: bool = False
    uncertain: bool = False
    cues: tuple[tuple[int, int], ...] = ()
    """Spans of the words that negate it or cast doubt on it."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, a rhythm or a time."""

    kind: str
    """`dose`, `frequency`, `time`, `age`, `weight`, `length`, `percent`, `temperature`, `count`, `rate`"""
    unit: str
    value: float | None
    """None where it is told in words only (`matin et soir`)."""
    start: int
    end: int
    lead: str = ""
    """How a time is introduced: `since`, `ago`, `for`, `in`, `until`, `age`, or empty."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase that says how something is meant."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage, read."""

    tokens: tuple[Token, ...]
    sentences: tuple[tuple[int, int], ...]
    mentions: tuple[Mention, ...]
    cues: tuple[Cue, ...]
    numbers: tuple[Number, ...]
    quantities: tuple[Quantity, ...]
    dropped: frozenset[int] = field(default_factory=frozenset)
    """Tokens that the speaker took back."""

    def mentions_in(self, start: int, end: int, *kinds: str) -> Iterator[Mention]:
        """Mentions of these kinds (of all, where none is given) that lie between two tokens and still stand."""
        for mention in self.mentions:
            inside = start <= mention.start and mention.end <= end and mention.start not in self.dropped
            if inside and (not kinds or mention.kind in kinds):
                yield mention

    def quantities_in(self, start: int, end: int, *kinds: str) -> Iterator[Quantity]:
        """Quantities of these kinds that lie between two tokens and still stand."""
        for quantity in self.quantities:
            inside = start <= quantity.start and quantity.end <= end and quantity.start not in self.dropped
            if inside and (not kinds or quantity.kind in kinds):
                yield quantity

    def numbers_in(self, start: int, end: int) -> Iterator[Number]:
        """Numbers that lie between two tokens and still stand."""
        for number in self.numbers:
            if start <= number.start and number.end <= end and number.start not in self.dropped:
                yield number

    def cues_in(self, start: int, end: int, *names: str) -> Iterator[Cue]:
        """Cues of these names that lie between two tokens."""
        for cue in self.cues:
            if start <= cue.start and cue.end <= end and cue.name in names:
                yield cue
