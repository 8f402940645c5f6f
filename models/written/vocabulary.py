"""What the rules of writing need to know of a language. Units and measures are those of the note drafter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Generic, Literal, TypeVar

from colloque.models.drafting.numbers import plain
from colloque.models.drafting.terms import load
from colloque.models.written.line import Line
from colloque.streaming.engines import Language

T = TypeVar("T")

UnitKind = Literal["mass", "size", "form", "time", "hour", "times", "percent", "rate", "degree"]

_KINDS: dict[str, UnitKind] = {
    **dict.fromkeys(("mg", "g", "ug", "ml"), "mass"),
    **dict.fromkeys(("kg", "cm", "m", "pound", "stone"), "size"),
    **dict.fromkeys(("iu", "tablet", "capsule", "sachet", "drop", "puff", "application"), "form"),
    **dict.fromkeys(("minute", "day", "week", "month", "year"), "time"),
    "hour": "hour",
    "times": "times",
    "percent": "percent",
    "bpm": "rate",
    "degree": "degree",
}
_ABBREVIATED = frozenset({"mg", "g", "ug", "ml", "kg", "cm", "m", "percent", "bpm", "degree"})
"""Units of which the sign is written. The others keep their word: `3 comprimés`, `3 jours`."""
_MORE: dict[Language, dict[str, tuple[UnitKind, str, tuple[str, ...]]]] = {
    "fr": {
        "iu": ("mass", "UI", ("unités internationales",)),
        "mm": ("size", "mm", ("millimètre", "millimètres")),
        "l": ("mass", "l", ("litre", "litres")),
        "ug": ("mass", "µg", ("mcg",)),
    },
    "en": {
        "iu": ("mass", "IU", ("international units",)),
        "mm": ("size", "mm", ("millimetres", "millimeters", "millimetre", "millimeter")),
        "l": ("mass", "l", ("litres", "liters")),
        "ml": ("mass", "ml", ("milliliter", "milliliters")),
        "g": ("mass", "g", ("gramme", "grammes")),
        "mg": ("mass", "mg", ("milligramme", "milligrammes")),
    },
    "de": {
        "iu": ("mass", "IE", ("internationale Einheiten",)),
        "mm": ("size", "mm", ("Millimeter",)),
        "l": ("mass", "l", ("Liter",)),
    },
}
_NOT_A_UNIT = frozenset({"uhr", "prise", "prises", "mesure", "mesures", "mal"})

_MEASURES = (
    *("blood_pressure", "temperature", "pulse", "respiratory_rate", "saturation", "hba1c", "weight", "height"),
    *("bmi", "glucose", "ldl", "cholesterol", "creatinine", "crp", "haemoglobin", "potassium"),
)
_MORE_MEASURES: dict[Language, dict[str, tuple[str, ...]]] = {
    "fr": {
        "blood_pressure": ("tensions", "systolique"),
        "temperature": ("fièvre", "thermomètre", "fébrile"),
        "saturation": ("sature", "saturez", "spo2"),
        "hba1c": ("hba1c", "hémoglobine glyquée"),
        "pulse": ("fréquence",),
    },
    "en": {
        "blood_pressure": ("blood pressure", "bp", "pressures"),
        "temperature": ("fever", "temperature", "temp", "thermometer"),
        "saturation": ("saturation", "sats", "spo2", "oxygen", "o2 sat", "sat"),
        "hba1c": ("hba1c", "a1c"),
        "pulse": ("heart rate", "pulse"),
    },
    "de": {
        "blood_pressure": ("blutdruck",),
        "temperature": ("fieber", "temperatur"),
        "saturation": ("sättigung", "sauerstoffsättigung", "spo2"),
        "hba1c": ("hba1c", "langzeitzucker"),
        "pulse": ("puls", "herzfrequenz"),
    },
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


POINTS = frozenset({"virgule", "point", "komma", "comma", "punkt"})
ANDS = frozenset({"et", "and", "und"})
ORDINALS = frozenset({"premier", "premiere", "first", "second", "third", "ersten", "erster", "zweiten", "dritten"})
HALVES = frozenset(
    {"demi", "demie", "half", "halb", "halbe", "halben", "halbes", "quart", "moitie", "quarter", "einhalb", "viertel"}
)
RANGES: dict[Language, frozenset[str]] = {
    "fr": frozenset({"à", "ou"}),
    "en": frozenset({"to", "or"}),
    "de": frozenset({"bis", "oder"}),
}
PERIODS: dict[Language, frozenset[str]] = {
    "fr": frozenset({"par", "matin", "soir", "midi", "coucher", "chaque", "toutes"}),
    "en": frozenset({"daily", "day", "morning", "evening", "night", "bedtime", "every", "twice"}),
    "de": frozenset({"taglich", "tag", "morgens", "abends", "mittags", "nachts", "alle", "pro"}),
}
HOUR_LEADS = frozenset(
    {
        "depuis",
        "pendant",
        "toutes",
        "les",
        "il",
        "y",
        "a",
        "dans",
        "apres",
        "every",
        "for",
        "since",
        "seit",
        "alle",
        "vor",
    }
)
MONTHS: dict[Language, frozenset[str]] = {
    "fr": _words("janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"),
    "en": frozenset(),  # `two may help`: English months are verbs too, and its dates are said with ordinals
    "de": _words("januar februar marz april mai juni juli august september oktober november dezember"),
}
YEAR_LEADS = frozenset({"en", "annee", "in", "since", "seit", "jahr", "jahre", "depuis"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit and how it is written."""

    id: str
    kind: UnitKind
    sign: str
    """Empty where the word is kept."""


class Phrases(Generic[T]):
    """Finds the longest of many phrases at a token."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, value in entries:
            norms = tuple(plain(phrase).replace("-", " - ").split())
            if norms:
                self._by_first.setdefault(norms[0], []).append((norms, value))
        for found in self._by_first.values():
            found.sort(key=lambda entry: -len(entry[0]))

    def at(self, line: Line, at: int) -> tuple[T, int] | None:
        """The value of the longest phrase that begins at a token, and the token behind it."""
        for norms, value in self._by_first.get(line.norm(at), ()):
            end = at + len(norms)
            if end <= len(line.tokens) and all(line.norm(at + i) == n for i, n in enumerate(norms)):
                return value, end
        return None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language."""

    language: Language
    units: Phrases[Unit]
    measures: Phrases[str]

    @property
    def decimal_mark(self) -> str:
        """`,` or `.`"""
        return "." if self.language == "en" else ","

    def with_unit(self, number: str, sign: str) -> str:
        """`38,5 °C`, `97 %` (English: `97%`), `72/min`."""
        close = sign.startswith("/") or (sign == "%" and self.language == "en")
        return f"{number}{sign}" if close else f"{number} {sign}"


@cache
def vocabulary(language: Language) -> Vocabulary:
    """The vocabulary of a language; built once."""
    tables = load(language)
    units = [(term, Unit(name, kind, sign)) for name, (kind, sign, terms) in _MORE[language].items() for term in terms]
    for name, unit_kind in _KINDS.items():
        known = tables.units.get(name)
        if known is not None:
            sign = known.write if name in _ABBREVIATED else ""
            units += [(t, Unit(name, unit_kind, sign)) for t in known.terms if plain(t) not in _NOT_A_UNIT]
    measured = [(t, m) for m in _MEASURES for t in tables.concepts["measure", m].terms]
    measured += [(term, m) for m, terms in _MORE_MEASURES[language].items() for term in terms]
    return Vocabulary(language, Phrases(units), Phrases(measured))
