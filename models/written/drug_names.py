"""Drug names as they are written: international names in lower case (German: as nouns), brands with a capital."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from colloque.models.drafting.drugs import SHORTEST_NAME, Drug, listed_drugs, own_drugs
from colloque.models.drafting.numbers import plain
from colloque.models.drafting.terms import load
from colloque.models.written.drug_spelling import Spelling
from colloque.models.written.line import Edit, Line
from colloque.models.written.numerals import Numeral
from colloque.models.written.vocabulary import Phrases, Vocabulary
from colloque.streaming.engines import Language

_GENERIC = frozenset(
    ("acetaminophen", "albuterol", "glargine", "trinitrine", "alendronate", "alendronat", "cholecalciferol", "pilule")
    + ("co-amoxiclav", "amoxiclav", "co-codamol", "morphium", "novaminsulfon", "antibabypille", "eisentabletten")
    + ("nitrospray", "cotrimoxazole", "cotrimoxazol")
)
"""Names of the drafter's table that resemble no international name and are no brands either."""
_SPECIAL = {
    "ass": "ASS",
    "hct": "HCT",
    "gtn": "GTN",
    "mcp": "MCP",
    "levothyrox": "Lévothyrox",
    "l-thyroxin": "L-Thyroxin",
    "vitamine d": "vitamine D",
    "vitamin d": "vitamin D",
    "vitamine b12": "vitamine B12",
    "vitamin b12": "vitamin B12",
    "penicillin v": "penicillin V",
    "bi-profenid": "Bi-Profénid",
}
_GERMAN_SHORT = frozenset({"mcp", "hct", "ass"})
_STEM = 4
"""Letters that the forms of one international name share: `aspirin`, `aspirine`."""
_TAKING = frozenset(
    ("prends", "prend", "prenez", "prendre", "prenait", "prescris", "prescrit", "prescrire", "donne", "donnez", "sous")
    + ("comprime", "comprimes", "gelule", "gelules", "taking", "take", "takes", "took", "prescribe", "prescribed")
    + ("tablet", "tablets", "nehme", "nehmen", "nimmt", "nimm", "tablette", "tabletten")
)
_LONG_NAME = 9
_DOSE_REACH = 4
_TAKING_REACH = 3


@cache
def listed_names() -> dict[str, str]:
    """Plain name → name of `listed_drugs`. A name that is a brand and an international one counts as the latter."""
    found: dict[str, str] = {}
    for name in (name for names in listed_drugs().values() for name in names):
        key = plain(name)
        if key not in found or not name.isupper():
            found[key] = name
    return found


class DrugNames:
    """The drug names of one language."""

    def __init__(self, language: Language) -> None:
        own = _own_names(language)
        self._exact = Phrases(own.items())
        ignored = {plain(word) for word in load(language).cues["ignore.drugs"]}
        others = {
            key: name.capitalize()
            for key, name in listed_names().items()
            if key.isalpha() and name.isupper() and key not in own and key not in ignored and len(key) >= SHORTEST_NAME
        }
        self._with_dose = Phrases(others.items() if language == "fr" else ())
        international = _listed_international(own) if language == "fr" else {}
        # Brands differ from country to country (`Claritin`, `Clarityne`): only the French list is long enough to tell.
        nearby = {k: n for k, n in own.items() if "ä" not in n} if language == "fr" else _international_names(language)
        self._spelling = Spelling(international | nearby, {*listed_names(), *own}, language)
        self._taking = _TAKING

    def edits(self, line: Line, found: Sequence[Numeral], vocabulary: Vocabulary) -> Iterator[Edit]:
        """What is written for the drugs of a line."""
        doses, said = _doses(line, found, vocabulary)
        at = 0
        while at < len(line.tokens):
            edit = self._edit_at(line, at, doses, said) if line.norm(at)[:1].isalpha() else None
            if edit is not None and edit.text != line.text[line.tokens[at].start : line.tokens[edit.end - 1].end]:
                yield edit
            at = edit.end if edit is not None else at + 1

    def _edit_at(self, line: Line, at: int, doses: set[int], said: set[int]) -> Edit | None:
        exact = self._exact.at(line, at)
        if exact is not None:
            return Edit(at, exact[1], _in_place(line, at, exact[0]))
        dosed = any(start in doses for start in range(at + 1, at + 1 + _DOSE_REACH))
        taken = any(line.norm(before) in self._taking for before in range(at - _TAKING_REACH, at))
        if not (dosed or taken) or at in said:
            return None
        brand = self._with_dose.at(line, at) if dosed else None
        if brand is not None:
            return Edit(at, brand[1], brand[0])
        name = self._spelling.corrected(line.norm(at), dosed)
        return None if name is None else Edit(at, at + 1, _in_place(line, at, name))


def _in_place(line: Line, at: int, name: str) -> str:
    """With a capital where the speaker's word opened a sentence with one; capitals of an emphasis do not stay."""
    capital = line.tokens[at].text[0].isupper() and line.opens_sentence(at)
    return name[0].upper() + name[1:] if capital else name


def _doses(line: Line, found: Sequence[Numeral], vocabulary: Vocabulary) -> tuple[set[int], set[int]]:
    """The tokens at which a dose begins, and all that say a number or its unit: these misname no drug."""
    doses, said = set(), set()
    for numeral in found:
        unit = vocabulary.units.at(line, numeral.end)
        said |= set(range(numeral.start, numeral.end if unit is None else unit[1]))
        if unit is not None and unit[0].kind in ("mass", "form"):
            doses.add(numeral.start)
    return doses, said


def _own_names(language: Language) -> dict[str, str]:
    """Plain name → written name, of the drafter's table. Forms of one international name are written as the language
    has it: in German `amoxicilline` is `Amoxicillin`."""
    found: dict[str, str] = {}
    for drug in own_drugs(language).values():
        kin = _kin(drug)
        international = _international(kin, drug.names[0], language)
        for name in drug.names:
            key = plain(name)
            if key in _GERMAN_SHORT and language != "de":
                continue
            written = _SPECIAL.get(key) or (international if name in kin else name)
            # English has forms of its own beside the international one (`beclomethasone`): they stay.
            if language == "en" and name in kin and name.isascii():
                written = name
            generic = name in kin or " " in name or key in _GENERIC
            capital = language == "de" or (key not in _SPECIAL and not generic)
            found[key] = written[0].upper() + written[1:] if capital else written
    return found


def _listed_international(own: Mapping[str, str]) -> dict[str, str]:
    """International names of the French list that are long enough to be told from ordinary words."""
    return {
        key: name
        for key, name in listed_names().items()
        if key.isalpha() and not name.isupper() and key not in own and len(key) >= _LONG_NAME and not key.endswith("s")
    }


def _kin(drug: Drug) -> list[str]:
    """The forms of the drug's international name."""
    identity = drug.names[0]
    alike = (name for name in drug.names if plain(name)[:_STEM] == identity[:_STEM] and " " not in name)
    return [name for name in alike if plain(name) not in _SPECIAL]


def _international_names(language: Language) -> dict[str, str]:
    """Plain name → the international name as the language has it."""
    found: dict[str, str] = {}
    for drug in own_drugs(language).values():
        kin = _kin(drug)
        name = _international(kin, drug.names[0], language)
        found |= {plain(form): name.capitalize() if language == "de" else name for form in kin}
    return found


def _international(kin: Sequence[str], identity: str, language: Language) -> str:
    """The form of the language: French ends in `-e` or has accents, German has neither."""
    if language == "fr":
        accented = [name for name in kin if plain(name) != name]
        return next(iter(accented), next((name for name in kin if name.endswith("e")), identity))
    if language == "de":
        return next((n for n in (*kin[1:], identity) if plain(n) == n and not n.endswith("e")), identity)
    return identity
