"""Passages: the words that one speaker says in a row, over the pauses that split turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from colloque.streaming.transcript import Role, Turn, Word

GAP_S = 3.0
"""Seconds. A longer silence of the same speaker begins a new passage."""
LENGTH_WORDS = 120
"""A passage that reached this length ends with its turn, so that a monologue is not read again and again."""

_GLUED = ("'", "’", "-", ",", ".", "%", "/")


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of one speaker that belong together."""

    track: int
    speaker: str | None
    role: Role
    words: tuple[Word, ...]
    open: bool
    """True while more words of its last turn may come."""


def joined(texts: Sequence[str]) -> tuple[str, list[int]]:
    """The words as running text, and the character offset at which each of them begins.

    Recognisers give parts such as `j` and `'ai` as words: those are joined without a space.
    """
    text, starts = "", []
    for part in texts:
        glued = not text or part.startswith(_GLUED) or text.endswith(("'", "’"))
        text += "" if glued else " "
        starts.append(len(text))
        text += part
    return text, starts


def passages(turns: Sequence[Turn]) -> list[Passage]:
    """The passages of a consultation, in the order of its turns. Turns without words are left out."""
    found: list[Passage] = []
    for turn in turns:
        if not turn.words:
            continue
        if found and _continues(found[-1], turn):
            last = found.pop()
            found.append(Passage(last.track, last.speaker, last.role, last.words + turn.words, turn.ended is None))
        else:
            found.append(Passage(turn.track, turn.speaker, turn.role, turn.words, turn.ended is None))
    return [_closed_by_successor(found, index) for index in range(len(found))]


def _continues(last: Passage, turn: Turn) -> bool:
    same = (last.track, last.speaker, last.role) == (turn.track, turn.speaker, turn.role)
    near = turn.words[0].start - last.words[-1].end <= GAP_S
    return same and near and len(last.words) < LENGTH_WORDS


def _closed_by_successor(found: list[Passage], index: int) -> Passage:
    """A passage that another one of its track follows gets no more words, whatever its last turn says."""
    passage = found[index]
    followed = any(later.track == passage.track for later in found[index + 1 :])
    if not (passage.open and followed):
        return passage
    return Passage(passage.track, passage.speaker, passage.role, passage.words, False)
