"""Names of drugs with their ATC codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

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


@cache
def listed_drugs() -> dict[str, list[str]]:
    """ATC code → names of the French list that EDS-NLP carries (Romedi): brands in capitals, international names in
    lower case. Raises RuntimeError where EDS-NLP is not installed."""
    # The file is read without importing EDS-NLP, which takes seconds and 150 MB.
    spec = find_spec("edsnlp")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "EDS-NLP is not installed, so French drug names are unknown. Install the project with its dependencies."
        )
    path = Path(spec.submodule_search_locations[0]) / "resources" / "drugs.json"
    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _french_names() -> dict[str, list[str]]:
    """Plain name → ATC codes, of the French list."""
    found: dict[str, list[str]] = {}
    for atc, names in listed_drugs().items():
        for name in names:
            found.setdefault(plain(name), []).append(atc)
    return found
