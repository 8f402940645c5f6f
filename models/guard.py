"""Is this a text that somebody said? Guards against what Whisper invents: loops, and phrases in silence."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence

COMPRESSION_MAX = 2.4
"""Above this ratio of text to compressed text something repeats (the bound of Whisper's own `transcribe`)."""
LOOP_REPEATS = 4
"""So many repeats of the same two to six words in a row are a loop; people stop at three."""
WORD_LOOP_REPEATS = 6
"""Of a single word: `non, non, non, non` is often said."""
WORDS_PER_S_MAX = 7.0
HASTY_WORDS_MIN = 6
"""Fewer words may well come in a burst."""
LOGPROB_MIN = -1.0
NO_SPEECH_MAX = 0.6
VOICE_MIN = 0.75
"""Mean probability of voice under which a stock phrase of silence is not believed."""

_STOCK = {
    "fr": (
        "merci",
        "merci beaucoup",
        "merci d'avoir regardé",
        "merci d'avoir regardé cette vidéo",
        "au revoir",
        "abonnez-vous",
        "sous-titrage",
        "sous-titres réalisés",
        "sous-titrage société radio-canada",
        "amara.org",
    ),
    "en": ("thank you", "thanks for watching", "thank you for watching", "bye", "you", "subtitles by", "amara.org"),
    "de": (
        "vielen dank",
        "danke",
        "tschüss",
        "untertitelung",
        "untertitel",
        "untertitel im auftrag des zdf",
        "vielen dank fürs zuschauen",
        "amara.org",
    ),
}
# A patient may well speak of subtitles: only a text that begins as a credit does is one.
_CREDITS = re.compile(
    r"amara\.org|(thanks|thank you) for watching|fürs zuschauen"
    r"|^\W*(copyright\b|(ard|br|mdr|ndr|orf|rbb|srf|swr|wdr|zdf),? 20\d\d\b)"
    r"|^\W*(sous-titr(age|es)|untertitel(ung)?|subtitles?) *(:|by|von|im auftrag|des? |réalisés|soci|st['’]|par |\W*$)",
    re.I,
)


_LETTER_LOOP = re.compile(r"([^\W\d_])\1{5,}", re.I)
"""`Mmmmmmmm`: nobody writes a letter so often."""


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return re.sub(r"[^\w'\-. ]+", "", folded).strip(" .-")


def _words(text: str) -> list[str]:
    return [word.strip(".-'") for word in _plain(text).split()]


def is_loop(text: str) -> bool:
    """The same words again and again."""
    data = text.encode()
    if len(data) > 60 and len(data) / len(zlib.compress(data)) > COMPRESSION_MAX:
        return True
    if _LETTER_LOOP.search(text):
        return True
    words = [part for word in _words(text) for part in word.split("-") if part]
    return any(_repeats(words, size) for size in range(1, 7))


def _repeats(words: Sequence[str], size: int) -> bool:
    """`size` words come too many times in a row."""
    repeats = WORD_LOOP_REPEATS if size == 1 else LOOP_REPEATS
    run = 0
    for word, before in zip(words[size:], words, strict=False):
        run = run + 1 if word == before else 0
        if run == (repeats - 1) * size:
            return True
    return False


def is_hasty(text: str, seconds: float) -> bool:
    """More words than anybody says in that time: the decoder has begun again with what was said already."""
    count = len(_words(text))
    return count >= HASTY_WORDS_MIN and count > WORDS_PER_S_MAX * seconds


def is_stock_phrase(text: str, language: str) -> bool:
    """One of the phrases that Whisper has learnt to say when there is nothing to hear."""
    return _plain(text) in _STOCK.get(language, ())


def is_echo(text: str, keyterms: Sequence[str]) -> bool:
    """Nothing but words of the key terms: said perhaps, or only read off the prompt."""
    words = set(_words(text))
    return bool(words) and words <= set(_words(" ".join(keyterms)))


def is_credit(text: str) -> bool:
    """The credits of a film, which nobody says to a doctor."""
    return _CREDITS.search(text) is not None


def is_invented(text: str, language: str, voice: float, logprob: float, no_speech: float) -> bool:
    """Text that the audio does not bear out.

    `voice`: mean probability of voice of the segment; `logprob`: mean log probability of a token; `no_speech`: the
    recogniser's own doubt.
    """
    if is_credit(text):
        return True
    if no_speech > NO_SPEECH_MAX and logprob < LOGPROB_MIN:
        return True
    return is_stock_phrase(text, language) and (voice < VOICE_MIN or no_speech > NO_SPEECH_MAX)
