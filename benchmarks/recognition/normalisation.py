"""One way to turn text into words, for references and for every system."""

from __future__ import annotations

import unicodedata

_TO_SPACE = str.maketrans(dict.fromkeys("'’‘ʼ`´-‐‑‒–—/", " "))
_KEPT = ("L", "N", "M")
"""Unicode categories of what words are made of: letters, digits, combining marks."""


def words_of(text: str) -> list[str]:
    """Lower-case words. Apostrophes, dashes and slashes part words; other punctuation and symbols are dropped.

    Numbers are left as they are written: `38,5` and `38.5` are the same word, `trente-huit` is another one.
    """
    spaced = unicodedata.normalize("NFC", text).lower().translate(_TO_SPACE)
    return "".join(c for c in spaced if c.isspace() or unicodedata.category(c)[0] in _KEPT).split()
