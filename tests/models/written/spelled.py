"""Numbers as they are said, and turns as a helper for the tests of written forms."""

from __future__ import annotations

from functools import cache

from colloque.models.written.writer import WrittenForm
from colloque.streaming.engines import Language


def _words(text: str) -> list[str]:
    return text.split()


_FR = _words(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf"
)
_FR_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}
_EN = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_EN_TENS = dict(enumerate(_words("twenty thirty forty fifty sixty seventy eighty ninety"), 2))
_DE = _words(
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
)
_DE_TENS = dict(enumerate(_words("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"), 2))


def spelled(value: int, language: Language) -> str:
    """A number 0..9999 in words."""
    return {"fr": _french, "en": _english, "de": _german}[language](value)


def _french(value: int) -> str:
    if value >= 1000:
        head = "mille" if value < 2000 else f"{_french(value // 1000)} mille"
        return f"{head} {_french(value % 1000)}" if value % 1000 else head
    if value >= 100:
        head = "cent" if value < 200 else f"{_FR[value // 100]} cent"
        return f"{head} {_french(value % 100)}" if value % 100 else head + ("s" if value >= 200 else "")
    if value < 20:
        return _FR[value]
    tens, unit = divmod(value, 10)
    if tens in (7, 9):
        tens, unit = tens - 1, unit + 10
    joint = " et " if unit in (1, 11) and tens != 8 else "-"
    return f"{_FR_TENS[tens]}{joint}{_FR[unit]}" if unit else _FR_TENS[tens] + ("s" if tens == 8 else "")


def _english(value: int) -> str:
    if value >= 1000:
        return f"{_EN[value // 1000]} thousand" + (f" {_english(value % 1000)}" if value % 1000 else "")
    if value >= 100:
        return f"{_EN[value // 100]} hundred" + (f" and {_english(value % 100)}" if value % 100 else "")
    if value < 20:
        return _EN[value]
    return _EN_TENS[value // 10] + (f"-{_EN[value % 10]}" if value % 10 else "")


def _german(value: int) -> str:
    if value >= 1000:
        return f"{_DE[value // 1000]}tausend" + (_german(value % 1000) if value % 1000 else "")
    if value >= 100:
        return f"{_DE[value // 100]}hundert" + (_german(value % 100) if value % 100 else "")
    if value < 20:
        return _DE[value]
    return (f"{_DE[value % 10]}und" if value % 10 else "") + _DE_TENS[value // 10]


@cache
def writer() -> WrittenForm:
    return WrittenForm()


def rendered(text: str, language: Language) -> str:
    """The text as it is shown: every word, or what is written in its place."""
    words = text.split()
    shown, at = [], 0
    for written in writer().write(words, language):
        assert at <= written.first < written.last <= len(words)
        shown += [*words[at : written.first], written.text]
        at = written.last
    return " ".join(shown + words[at:])
