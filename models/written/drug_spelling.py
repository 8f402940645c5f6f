"""Misheard drug names: the one name that a word can only have been."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from colloque.models.written.ordinary_words import ORDINARY
from colloque.streaming.engines import Language

SHORTEST = 7
"""Letters; shorter words resemble too many others."""
_HEAD = 2
"""Sounds at the start that must be right: a short search, and it is the ends of drug names that are misheard."""
_LONG = 10
"""Letters from which two edits are believed, where a dose follows."""
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"),
        (r"th", "t"),
        (r"y", "i"),
        (r"qu|ck|k|c(?![eihy])", "k"),
        (r"c|z|s", "s"),
        (r"x", "ks"),
        (r"h", ""),
        (r"w", "v"),
        (r"(.)\1", r"\1"),
        (r"(?<=.{4})e$", ""),
    )
)


def sound(word: str) -> str:
    """A rough key of how a plain word sounds in the three languages: `amoxycilline` and `amoxicillin` are alike."""
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    return word


class Pattern:
    """A word of which the distance to many others is asked.

    Optimal string alignment, with a column of Wagner and Fischer's table in the bits of a number: Hyyrö, "A Bit-Vector
    Algorithm for Computing Levenshtein and Damerau Edit Distances" (2003).
    """

    def __init__(self, word: str) -> None:
        self._length = len(word)
        self._all = (1 << len(word)) - 1
        self._places: dict[str, int] = {}
        """Letter → bit set of the places where it stands."""
        for place, char in enumerate(word):
            self._places[char] = self._places.get(char, 0) | 1 << place

    def distance(self, other: str, most: int) -> int:
        """Edits (insert, delete, replace, swap neighbours) to another word; `most` + 1 where there are more."""
        edits, left = self._length, len(other)
        if not edits or abs(edits - left) > most:
            return min(max(edits, left), most + 1)
        last, full = 1 << (edits - 1), self._all
        plus, minus, same, here = full, 0, 0, 0  # cells that are one more, or less, than the one above or beside it
        for char in other:
            before, here = here, self._places.get(char, 0)
            swapped = ((~same & here) << 1) & before
            same = ((((here & plus) + plus) ^ plus) | here | minus | swapped) & full
            across_plus, across_minus = (minus | ~(same | plus)) & full, same & plus
            edits += bool(across_plus & last) - bool(across_minus & last)
            left -= 1
            if edits - left > most:
                return most + 1
            across_plus, across_minus = (across_plus << 1 | 1) & full, (across_minus << 1) & full
            plus, minus = (across_minus | ~(same | across_plus)) & full, across_plus & same
        return edits


class _Name(NamedTuple):
    key: str
    sound: str
    letters: int
    """Bit set of the letters of the sound."""
    common: bool
    """Of the names in use; false for rare brands, which make a word ambiguous only where they are as near."""


def _letters(word: str) -> int:
    bits = 0
    for char in word:
        bits |= 1 << (ord(char) & 31)
    return bits


class Spelling:
    """Close names. A word is corrected only where a single drug is near, and no ordinary word is it."""

    def __init__(self, names: Mapping[str, str], rivals: Iterable[str], language: Language) -> None:
        """`names`: plain name → written name. `rivals`: further plain names that a word may have been."""
        self._written = {key: name for key, name in names.items() if key.isalpha() and len(key) >= SHORTEST}
        self._known = {*rivals, *names}
        self._ordinary = ORDINARY[language]
        self._language = language
        self._by_sound: dict[str, list[_Name]] = {}
        for key in sorted(self._known):
            if key.isalpha() and key.isascii() and len(key) >= SHORTEST - 1:
                said = sound(key)
                name = _Name(key, said, _letters(said), key in self._written)
                self._by_sound.setdefault(said[:_HEAD], []).append(name)

    def corrected(self, word: str, dosed: bool) -> str | None:
        """The name that a plain word stands for, or None. `dosed`: a dose follows the word."""
        if len(word) < SHORTEST or not (word.isalpha() and word.isascii()):
            return None
        if {word, word.removesuffix("s")} & self._known or word in self._ordinary:
            return None
        reach = 2 if dosed and len(word) >= _LONG else 1
        near = self._near(sound(word), reach + 1)
        best = min((edits for _, edits in near), default=reach + 1)
        if best > reach:
            return None
        # A second drug makes it doubtful, even one that is an edit further away; a rare brand, where it is as near.
        margin = best + (best > 0)
        meant = {self._written.get(n.key, "") for n, edits in near if edits <= (margin if n.common else best)}
        spelled = any(edits == best and self._like(word, name.key, reach) for name, edits in near)
        return meant.pop() or None if len(meant) == 1 and spelled else None

    def _like(self, word: str, key: str, reach: int) -> bool:
        """Not only the sound is near, the letters are. A final `-e` is the other language's form, and no mistake."""
        if self._language != "fr" and word.rstrip("e") == key.rstrip("e"):
            return False
        return Pattern(word).distance(key, reach + 1) <= reach + 1

    def _near(self, said: str, most: int) -> list[tuple[_Name, int]]:
        letters, length, pattern = _letters(said), len(said), Pattern(said)
        found = []
        for name in self._by_sound.get(said[:_HEAD], ()):
            # Each edit changes at most two letters of the set: most names fall here, without a table.
            if (name.letters ^ letters).bit_count() <= 2 * most and abs(len(name.sound) - length) <= most:
                edits = pattern.distance(name.sound, most)
                if edits <= most:
                    found.append((name, edits))
        return found
