"""Names of drugs with their ATC codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from colloque.models.drafting.numbers import plain
from colloque.models.drafting.terms import load, table_files
from colloque.streaming.engines import Language

SHORTEST_NAME = 5
"""Characters. Shorter brand names of the French list (`GEL`, `ART`, `FER`) are too often something else."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug under all its names."""

    id: str
    atc: str
    """Anatomical Therapeutic Chemical code (WHO), empty where the route or the combination decides."""
    names: tuple[str, ...]


def own_drugs(language: Language) -> dict[str, Drug]:
    """The drugs of our own table, under the names that are in use where the language is spoken."""
    found = {}
    for name, (atc, *others) in table_files()["drugs"]["drug"].items():
        spoken = [name.replace("_", " ")]
        for other in others:
            tag, colon, rest = other.partition(":")
            if not colon or tag == language:
                spoken.append(rest if colon else other)
        found[name] = Drug(name, atc, tuple(dict.fromkeys(spoken)))
    return found


@cache
def drugs(language: Language) -> dict[str, Drug]:
    """Identity → drug. For French, with the brand names that EDS-NLP carries (Romedi, mapped to ATC)."""
    found = own_drugs(language)
    if language != "fr":
        return found
    known = {plain(name) for drug in found.values() for name in drug.names}
    known |= {plain(word) for word in load(language).cues["ignore.drugs"]}
    by_atc = {drug.atc: drug.id for drug in found.values() if drug.atc}
    for name, codes in _french_names().items():
        if name in known or len(name) < SHORTEST_NAME:
            continue
        own = next((by_atc[code] for code in codes if code in by_atc), None)
        if own is not None:
            found[own] = Drug(own, found[own].atc, (*found[own].names, name))
        else:
            identity = name.replace(" ", "_")
            found[identity] = Drug(identity, codes[0] if len(codes) == 1 else "", (name,))
    return found


def _french_names() -> dict[str, list[str]]:
    """Name → ATC codes, from EDS-NLP's drug list."""
    # Imported where it is used: EDS-NLP takes seconds and 150 MB, and only an engine that drafts needs it.
    from edsnlp.pipes.ner.drugs.patterns import get_patterns

    listed: dict[str, list[str]] = get_patterns()
    found: dict[str, list[str]] = {}
    for atc, names in listed.items():
        for name in names:
            found.setdefault(plain(name), []).append(atc)
    return found
