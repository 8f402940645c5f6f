"""Spoken and written numbers in French, English and German."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from colloque.streaming.engines import Language


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the tokens that say it."""

    value: float
    start: int
    end: int
    article: bool = False
    """True for a bare `un`, `a`, `ein`: a number only where a unit follows."""


def plain(text: str) -> str:
    """Lower case without accents, `ß` as `ss`, `œ` as `oe`."""
    text = text.lower().replace("ß", "ss").replace("œ", "oe").replace("’", "'")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _count(names: str, first: int = 0, step: int = 1) -> dict[str, int]:
    return {name: first + step * i for i, group in enumerate(names.split()) for name in group.split("|")}


_UNITS: dict[str, dict[str, int]] = {
    "fr": _count("zero un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"),
    "en": _count(
        "zero|oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen"
    ),
    "de": _count(
        "null ein|eins|eine|einen|einer|einem zwei|zwo drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn "
        "vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn"
    ),
}
_TENS: dict[str, dict[str, int]] = {
    "fr": _count("vingt|vingts trente quarante cinquante soixante septante huitante|octante nonante", 20, 10),
    "en": _count("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
    "de": _count("zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig", 20, 10),
}
_HUNDRED = {"fr": {"cent", "cents"}, "en": {"hundred"}, "de": {"hundert"}}
_THOUSAND = {"fr": {"mille"}, "en": {"thousand"}, "de": {"tausend"}}
_POINT = {"fr": {"virgule"}, "en": {"point"}, "de": {"komma"}}
_ARTICLES = {"fr": {"un", "une"}, "en": {"a", "an"}, "de": {"ein", "eine", "einen", "einer", "einem"}}
_ORDINALS = {
    "fr": {"premier": 1, "premiere": 1},
    "en": {"first": 1, "second": 2, "third": 3},
    "de": {"ersten": 1, "erster": 1, "zweiten": 2, "dritten": 3},
}
_TIMES_DE = re.compile(r"(\w+?)mal$")
_GROUPED = re.compile(r"[1-9] (?!000)\d{3}")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)?$")
_THOUSANDS_MARK = {"fr": "", "en": ",", "de": "."}
_IN_DOUBT = {"fr": ".", "en": "", "de": ""}
"""A mark that may be one of thousands or one of decimals: `1.500` in French."""
_BEFORE_POINT = frozenset({"un", "ein"})
"""Articles that are numbers before a spoken point: `un virgule cinq`. `une virgule` is a comma."""
_HUNDREDS = {
    "fr": frozenset([*range(1, 10), *range(11, 17)]),
    "en": frozenset(value for value in range(1, 100) if value % 10),
    "de": frozenset(range(1, 10)),
}
"""What may stand before the hundred: `quinze cents`, `twenty-five hundred`."""
_CENTURIES = {"nineteen": 19, "twenty": 20}


def read_numbers(words: Sequence[str], language: Language) -> list[Number]:
    """The numbers in a sequence of tokens, none overlapping.

    `38,6`, `quatre-vingt-dix-sept`, `a hundred and twenty`, `hundertfünfundvierzig` and `acht Komma eins` are one
    number each; `douze huit` is two. `dreimal` is the number 3 (the token keeps its unit). The hundred of `dix pour
    cent` is none, nor is a bare `oh`, nor digits that may be read in two ways (`1.500`, `1 500` in French).
    """
    tokens = [plain(word) for word in words]
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        share = bool(found) and tokens[at] == "cent" and at == found[-1].end + 1 and tokens[at - 1] == "pour"
        number = None
        if language != "en" and _GROUPED.fullmatch(" ".join(tokens[at : at + 2])):
            at += 1  # `1 500` may be 1500, and 1 and 500
        elif not share and tokens[at] != "oh":
            number = _year_at(tokens, at, language) or _decimal_at(tokens, at, language)
        if number is None:
            at += 1
        else:
            found.append(number)
            at = number.end
    return found


def _decimal_at(tokens: list[str], at: int, language: Language) -> Number | None:
    whole = _whole_at(tokens, at, language)
    if whole is None or whole.value % 1 or (whole.article and tokens[at] not in _BEFORE_POINT):
        return whole
    if whole.end < len(tokens) and tokens[whole.end] in _POINT[language]:
        part = _fraction_at(tokens, whole.end + 1, language)
        if part is not None:
            return Number(float(f"{whole.value:.0f}.{part[0]}"), at, part[1])
    return whole


def _fraction_at(tokens: list[str], at: int, language: Language) -> tuple[str, int] | None:
    """The digits after a spoken point: `vingt-cinq` is 25, `two five` is 25, `zéro cinq` and `05` are 05."""
    if at < len(tokens) and _DIGITS.fullmatch(tokens[at]):
        return (tokens[at], at + 1) if tokens[at].isdigit() else None
    digits, end = "", at
    while end < len(tokens) and len(digits) < 3:
        part = _whole_at(tokens, end, language)
        if part is None or part.value % 1 or (digits and part.value > 9):
            break
        digits += f"{part.value:.0f}"
        end = part.end
        if part.value > 9:
            break
    return (digits, end) if digits else None


def _whole_at(tokens: list[str], at: int, language: Language) -> Number | None:
    if at >= len(tokens):
        return None
    word = tokens[at]
    if _DIGITS.fullmatch(word):
        return _digits_at(tokens, at, language)
    if word in _ORDINALS[language]:
        return Number(float(_ORDINALS[language][word]), at, at + 1, article=True)
    if language == "de":
        return _german_at(tokens, at)
    return _worded_at(tokens, at, language)


def _digits_at(tokens: list[str], at: int, language: Language) -> Number | None:
    """Digits with a decimal comma or point. `1.000` and `1,000` are a thousand, and so is `1 000`; English `1,500` and
    German `1.500` are more than a thousand too. None where that is in doubt."""
    token = tokens[at]
    mark = next((m for m in ",." if m in token), "")
    whole, _, part = token.partition(mark) if mark else (token, "", "")
    if not mark:
        grouped = len(token) < 4 and token[0] != "0" and at + 1 < len(tokens) and tokens[at + 1] == "000"
        return Number(float(token + "000"), at, at + 2) if grouped else Number(float(token), at, at + 1)
    thousands = len(part) == 3 and len(whole) < 4 and whole[0] != "0"
    if thousands and part != "000" and mark == _IN_DOUBT[language]:
        return None
    if part == "000" or (thousands and mark == _THOUSANDS_MARK[language]):
        return Number(float(whole + part), at, at + 1)
    return Number(float(f"{whole}.{part}"), at, at + 1)


def _year_at(tokens: list[str], at: int, language: Language) -> Number | None:
    """`twenty twenty-three`, `nineteen ninety`: a year said as two numbers."""
    if language != "en" or tokens[at] not in _CENTURIES:
        return None
    part = _whole_at(tokens, at + 1, language)
    if part is None or not 10 <= part.value <= 99:
        return None
    return Number(_CENTURIES[tokens[at]] * 100 + part.value, at, part.end)


def german_value(word: str) -> int | None:
    """The value of a German number word (`hundertfünfundvierzig`), or None. `word` is plain."""
    if word in _UNITS["de"]:
        return _UNITS["de"][word]
    if word in _TENS["de"]:
        return _TENS["de"][word]
    for name, factor in (("tausend", 1000), ("hundert", 100)):
        head, found, tail = word.partition(name)
        if found:
            left = german_value(head) if head else 1
            right = german_value(tail.removeprefix("und")) if tail else 0
            return None if left is None or right is None else left * factor + right
    unit, found, ten = word.partition("und")
    if found and ten in _TENS["de"] and unit in _UNITS["de"]:
        return _UNITS["de"][unit] + _TENS["de"][ten]
    return None


def _german_at(tokens: list[str], at: int) -> Number | None:
    """A German number word, or several that are written apart (`zwei tausend`)."""
    word, end = tokens[at], at + 1
    times = _TIMES_DE.fullmatch(word)
    value = german_value(word)
    if value is None and times:
        value = german_value(times.group(1))
    while value is not None and end < len(tokens):
        between = (
            tokens[end] if word.endswith("tausend") and "".join(tokens[end + 1 : end + 2])[:7] == "hundert" else ""
        )
        behind = tokens[end + bool(between)]
        factor = german_value(between or word.rpartition("tausend")[2]) or 0
        hundreds = behind.startswith("hundert") and 0 < factor < 10
        joined = german_value(word + between + behind)
        if joined is None or not (hundreds or (behind.startswith("tausend") and 0 < value < 1000)):
            break
        word, value, end = word + between + behind, joined, end + 1 + bool(between)
    return None if value is None else Number(float(value), at, end, article=word in _ARTICLES["de"])


def _worded_at(tokens: list[str], at: int, language: Language) -> Number | None:
    units, tens = _UNITS[language], _TENS[language]
    word = tokens[at]
    end, total, group, last = at, 0, None, ""
    if word in _ARTICLES[language]:
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if following not in _HUNDRED[language] and (language == "fr" or following not in _THOUSAND[language]):
            return Number(1.0, at, at + 1, article=True)
        end, group = at + 1, 1
    while end < len(tokens):
        step = _step_at(tokens, end, language, units, tens)
        if step is None:
            break
        value, kind, after = step
        if not _fits(kind, value, group, last, language) or (total and kind == "thousand"):
            break
        if kind == "thousand":
            total, group = (group or 1) * 1000, 0
        elif kind == "hundred":
            group = (group or 1) * 100
        else:
            group = (group or 0) + value
        last, end = kind, after
        end = _over_joint(tokens, end, language, last)
    if group is None:
        return None
    while end > at + 1 and tokens[end - 1] in ("-", "et", "and"):
        end -= 1
    return Number(float(total + group), at, end)


def _step_at(
    tokens: list[str], at: int, language: Language, units: dict[str, int], tens: dict[str, int]
) -> tuple[int, str, int] | None:
    word = tokens[at]
    if language == "fr" and word == "quatre":
        after = at + 2 if at + 1 < len(tokens) and tokens[at + 1] == "-" else at + 1
        if after < len(tokens) and tokens[after] in ("vingt", "vingts"):
            return 80, "ten", after + 1
    teen = tokens[at + 2] if at + 2 < len(tokens) and tokens[at + 1] == "-" else ""
    if language == "fr" and word == "dix" and teen in ("sept", "huit", "neuf"):
        return 10 + units[tokens[at + 2]], "unit", at + 3
    if word in units:
        return units[word], "unit", at + 1
    if word in tens:
        return tens[word], "ten", at + 1
    if word in _HUNDRED[language]:
        return 100, "hundred", at + 1
    return (1000, "thousand", at + 1) if word in _THOUSAND[language] else None


def _fits(kind: str, value: int, group: int | None, last: str, language: Language) -> bool:
    """Whether a number word goes on with the number before it, or begins another one."""
    if kind == "thousand":
        return group is None or group > 0
    if kind == "hundred":
        return group is None or (group == 0 and last == "thousand") or group in _HUNDREDS[language]
    if value == 0:
        return group is None
    rest = (group or 0) % 100
    fresh = group is None or (last in ("hundred", "thousand") and rest == 0)
    if kind == "ten":
        return fresh
    teens = language == "fr" and rest in (60, 80) and value < 20
    return fresh or (last == "ten" and (value < 10 or teens))


def _over_joint(tokens: list[str], at: int, language: Language, last: str) -> int:
    """Steps over a hyphen, `et` or `and` inside a number; stays where none follows."""
    if language == "fr" and last == "ten":  # `vingt et un`, `vingt-et-un`
        joint = [i for i in range(at, min(at + 4, len(tokens))) if tokens[i] != "-"][:2]
        if len(joint) == 2 and tokens[joint[0]] == "et" and tokens[joint[1]] in ("un", "une", "onze"):
            return joint[1]
    if at + 1 >= len(tokens) or not (tokens[at + 1] in _UNITS[language] or tokens[at + 1] in _TENS[language]):
        return at
    if tokens[at] == "-":
        return at + 1
    joins = language == "en" and tokens[at] == "and" and last in ("hundred", "thousand")
    return at + 1 if joins and not _begins_anew(tokens, at + 1, last) else at


def _begins_anew(tokens: list[str], at: int, last: str) -> bool:
    """Whether the English words behind an `and` are a number of their own: `between one hundred and two hundred`."""
    end = at
    while end < len(tokens) and (tokens[end] == "-" or tokens[end] in _UNITS["en"] or tokens[end] in _TENS["en"]):
        end += 1
    following = tokens[end] if end < len(tokens) else ""
    return following in _HUNDRED["en"] or (last == "thousand" and following in _THOUSAND["en"])
