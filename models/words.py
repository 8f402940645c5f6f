"""Tokens with times to words with times.

Word times come from the cross-attention alignment of the decoder (dynamic time warping over the alignment heads), as
in Whisper's own `timing.py`; CTranslate2's `align` gives the path, this module cuts it into words as they are written:
`j'ai`, `38,5` and `aujourd'hui` are one word, and a sign that stands apart (`fièvre ?`) belongs to the word before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from colloque.streaming.audio import SAMPLE_RATE
from colloque.streaming.engines import RecognisedWord

FRAME_SAMPLES = SAMPLE_RATE // 50
"""One position of the encoder: 20 ms."""
WORD_MIN_SAMPLES = SAMPLE_RATE // 50
CUT_OFF = "\N{REPLACEMENT CHARACTER}"
CHARACTER_TOKENS_MAX = 4
"""A character has four bytes at most, a token at least one."""
OPENING = "([{«“„¿¡-–—"
"""Signs that belong to the word after them."""

Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class Alignment:
    """What `align` says of a text."""

    token_starts: Sequence[int]
    """Encoder position at which each token starts."""
    token_ends: Sequence[int]
    """Where what follows it starts: the next token, or the silence that a timestamp stands for."""
    token_probabilities: Sequence[float]


def alignment(path: Sequence[tuple[int, int]], probabilities: Sequence[float], count: int) -> Alignment:
    """From the path of (token, position) pairs; `count` tokens, the end of text not among them."""
    starts = np.full(count + 1, -1)
    for token, position in path:
        if token <= count and starts[token] < 0:
            starts[token] = position
    last = path[-1][1] + 1 if len(path) else 0
    if starts[count] < 0:
        starts[count] = last
    for i in range(count - 1, -1, -1):
        if starts[i] < 0:
            starts[i] = starts[i + 1]
    return Alignment(starts[:-1].tolist(), starts[1:].tolist(), list(probabilities[:count]))


def group(tokens: Sequence[int], decode: Decode) -> list[tuple[str, int, int]]:
    """Words as (text, first token, one past the last token)."""
    pieces: list[tuple[str, int, int]] = []
    start = 0
    for end in range(1, len(tokens) + 1):
        text = decode(tokens[start:end])
        if text.endswith(CUT_OFF) and end < min(start + CHARACTER_TOKENS_MAX, len(tokens)):
            continue  # in the middle of a character
        pieces.append((text, start, end))
        start = end
    words: list[tuple[str, int, int]] = []
    for text, first, last in pieces:
        if words and not (_begins(text) and _is_spoken(words[-1][0])):
            words[-1] = (words[-1][0] + text, words[-1][1], last)
        else:
            words.append((text, first, last))
    return [(text.strip(), first, last) for text, first, last in words if text.strip()]


def _is_spoken(text: str) -> bool:
    """False for signs alone: they belong to a word beside them."""
    return any(c.isalnum() for c in text)


def _begins(piece: str) -> bool:
    """A new word begins after a space, unless a closing sign stands there (`fièvre ?`, `38 %`)."""
    return piece.startswith(" ") and (_is_spoken(piece) or not piece.strip() or piece.strip()[0] in OPENING)


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word on the session's clock, and the tokens that it is made of."""

    text: str
    start_sample: int
    end_sample: int
    confidence: float
    """Mean probability of its tokens, 0..1."""
    weakest: float
    """Least probability of its tokens."""
    first: int
    """Index of its first token."""
    last: int
    """Index after its last token."""

    @property
    def recognised(self) -> RecognisedWord:
        """Without the tokens."""
        return RecognisedWord(self.text, self.start_sample, self.end_sample, self.confidence)


def timed_words(
    tokens: Sequence[int],
    decode: Decode,
    aligned: Alignment,
    start_sample: int,
    end_sample: int,
    *,
    from_token: int = 0,
    floor_sample: int | None = None,
) -> tuple[AlignedWord, ...]:
    """Words on the session's clock, in order, inside the window.

    `from_token`: earlier tokens belong to words that are given already; none of the words that follow starts before
    `floor_sample`. A sign that closes a word given before is dropped, letters that would go on with it are a word.
    """
    words: list[AlignedWord] = []
    floor = start_sample if floor_sample is None else floor_sample
    for text, first, last in _from(group(tokens, decode), tokens, decode, from_token):
        begin = start_sample + aligned.token_starts[first] * FRAME_SAMPLES
        end = start_sample + aligned.token_ends[last - 1] * FRAME_SAMPLES
        begin = min(max(begin, floor), max(floor, end_sample - WORD_MIN_SAMPLES))
        end = max(min(end, end_sample), min(begin + WORD_MIN_SAMPLES, end_sample))
        probabilities = aligned.token_probabilities[first:last]
        confidence = float(np.mean(probabilities)) if len(probabilities) else 0.0
        weakest = float(min(probabilities, default=0.0))
        words.append(AlignedWord(text, begin, end, round(min(1.0, max(0.0, confidence)), 4), weakest, first, last))
        floor = begin
    return tuple(words)


def _from(
    words: Sequence[tuple[str, int, int]], tokens: Sequence[int], decode: Decode, from_token: int
) -> list[tuple[str, int, int]]:
    """The words, or what remains of them, from a token on."""
    rest: list[tuple[str, int, int]] = []
    for text, first, last in words:
        if first >= from_token:
            rest.append((text, first, last))
        elif last > from_token:
            more = decode(tokens[from_token:last]).strip()
            if _is_spoken(more):
                rest.append((more, from_token, last))
    return rest
