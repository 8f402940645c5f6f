"""The words of a turn as tokens, and changes of its text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from colloque.models.drafting.numbers import plain
from colloque.models.drafting.passage import joined

# A numeral; a name with digits inside (`HbA1c`), but not the `h30` of `8h30`; a word with or without its apostrophe.
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|(?<!\d)[^\W\d_]+\d\w*|[^\W\d_]+['’]?|[^\w\s]|_")
_STOPS = frozenset(".?!…")


class Token(NamedTuple):
    """A word, a numeral or a mark."""

    text: str
    norm: str
    """Lower case, without accents."""
    start: int
    """Offset of its first character in the line's text."""
    end: int


class Edit(NamedTuple):
    """Tokens `start`..`end`, the end excluded, and what is written for them."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """The words of a turn as running text, and its tokens."""

    text: str
    word_starts: list[int]
    """Offset at which each word begins, ascending."""
    tokens: list[Token]

    def norm(self, at: int) -> str:
        """The token's norm; empty outside the line."""
        return self.tokens[at].norm if 0 <= at < len(self.tokens) else ""

    def glued(self, at: int) -> bool:
        """Whether a token follows the one before it without a space."""
        return 0 < at < len(self.tokens) and self.tokens[at - 1].end == self.tokens[at].start

    def opens_sentence(self, at: int) -> bool:
        """Whether a token is the first of the line or of a sentence."""
        return at == 0 or self.tokens[at - 1].text in _STOPS

    def words_of(self, start: int, end: int) -> tuple[int, int]:
        """The first word, and the one after the last, that tokens `start`..`end` touch."""
        first = bisect_right(self.word_starts, self.tokens[start].start) - 1
        last = bisect_right(self.word_starts, self.tokens[end - 1].end - 1)
        return first, last

    def span_of(self, first: int, last: int) -> tuple[int, int]:
        """The characters of words `first`..`last`, without the space behind them."""
        start = self.word_starts[first]
        end = self.word_starts[last] if last < len(self.word_starts) else len(self.text)
        return start, start + len(self.text[start:end].rstrip())


def read_line(words: Sequence[str]) -> Line:
    """Tokens of the words that a recogniser gave, `l` and `'ai` put together again."""
    text, starts = joined(words)
    tokens = [Token(m.group(), plain(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    return Line(text, starts, tokens)
