"""The term tables: what is said in a language, read from the TOML files beside this module."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from colloque.streaming.engines import Language
from colloque.streaming.note import Section

_GROUP = re.compile(r"\(([^()]*)\)")
_NEGATORS = ("pas de ", "pas d'", "no ", "keine ", "keinen ", "kein ")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that consultations talk about."""

    kind: str
    """Section of the table: `symptom`, `condition`, `site`, ..."""
    id: str
    label: str
    """How a note names it."""
    absent: str
    """How a note names its absence."""
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A question about a topic."""

    id: str
    section: Section
    label: str | None
    """Put before a quoted answer; None where the answer is read, not quoted."""
    numbers: bool
    """True where an answer without a number is none."""
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanCue:
    """Words by which a practitioner decides something."""

    id: str
    write: str
    """Put before what follows the cue."""
    strong: bool
    """True where what follows is a plan, whether its object is known or not."""
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement or of counting."""

    id: str
    kind: str
    write: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """How a measured value is read and written."""

    unit: str
    section: Section
    low: float
    high: float
    pair: bool = False
    """Two values, as in a blood pressure."""
    split: bool = False
    """Decimals are said as a second number: `trente-huit neuf`."""


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of one language."""

    language: Language
    concepts: dict[tuple[str, str], Concept]
    topics: dict[str, Topic]
    plans: dict[str, PlanCue]
    units: dict[str, Unit]
    cues: dict[str, tuple[str, ...]]
    """`answer.yes`, `cue.correction`, `negation.preceding`, `frequency.said`, ... → terms"""
    phrases: dict[str, str] = field(default_factory=dict)

    def labels(self) -> dict[str, list[str]]:
        """Label → terms, for the matcher. A label is `kind:id`."""
        found = {f"{c.kind}:{c.id}": list(c.terms) for c in self.concepts.values()}
        found |= {f"topic:{t.id}": list(t.terms) for t in self.topics.values()}
        found |= {f"plan:{p.id}": list(p.terms) for p in self.plans.values()}
        found |= {f"unit:{u.id}": list(u.terms) for u in self.units.values()}
        matched = ("cue", "answer", "frequency", "time", "uncertain")
        found |= {f"cue:{n}": list(t) for n, t in self.cues.items() if n.partition(".")[0] in matched}
        return found


def expanded(pattern: str) -> list[str]:
    """The terms of a pattern: `(a|b)` is either, `(s)` is with or without."""
    group = _GROUP.search(pattern)
    if group is None:
        return [" ".join(pattern.split())]
    inner = group.group(1)
    choices = inner.split("|") if "|" in inner else ["", inner]
    return [term for choice in choices for term in expanded(pattern[: group.start()] + choice + pattern[group.end() :])]


def _terms(patterns: list[str]) -> tuple[str, ...]:
    found = dict.fromkeys(term for pattern in patterns for term in expanded(pattern))
    found |= dict.fromkeys(term.replace("œ", "oe") for term in found if "œ" in term)
    return tuple(found)


def _concept(kind: str, name: str, entry: list[str]) -> Concept:
    absent, _, label = (part.strip() for part in entry[0].partition("|"))
    if not label:
        prefix = next((n for n in _NEGATORS if absent.startswith(n)), "")
        label = absent.removeprefix(prefix)
    named = kind in ("symptom", "condition", "allergen", "sign", "order")
    patterns = [*entry[1:], label] if named else entry[1:]
    return Concept(kind, name, label, absent, _terms(patterns))


@cache
def table_files() -> dict[str, dict[str, Any]]:
    folder = resources.files("colloque.models.drafting") / "tables"
    return {
        path.name.removesuffix(".toml"): tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }


@cache
def load(language: Language) -> Tables:
    """The tables of a language; read once."""
    cues = table_files()[f"cues_{language}"]
    concepts = [
        _concept(kind, name, entry)
        for file, content in table_files().items()
        if file.endswith(f"_{language}") and not file.startswith(("cues_", "phrases_"))
        for kind, entries in content.items()
        for name, entry in entries.items()
    ]
    flat = {
        f"{group}.{name}": _terms(terms)
        for group in ("negation", "uncertain", "answer", "cue", "frequency", "time", "ignore")
        for name, terms in cues[group].items()
    }
    return Tables(
        language=language,
        concepts={(c.kind, c.id): c for c in concepts},
        topics={n: _topic(n, t) for n, t in cues["topic"].items()},
        plans={
            n: PlanCue(n, p.get("write", ""), p.get("strong", False), _terms(p["cues"]))
            for n, p in cues["plan"].items()
        },
        units={n: Unit(n, u["kind"], u["write"], _terms(u["terms"])) for n, u in cues["unit"].items()},
        cues=flat,
        phrases=table_files()[f"phrases_{language}"],
    )


def _topic(name: str, entry: dict[str, Any]) -> Topic:
    return Topic(name, entry["section"], entry.get("label"), entry.get("numbers", False), _terms(entry["cues"]))


@cache
def measures() -> dict[str, Measure]:
    """Measure → how it is read, whatever the language."""
    return {name: Measure(**entry) for name, entry in table_files()["concepts"]["measure"].items()}


@cache
def flagged(kind: str, flag: str) -> frozenset[str]:
    """The concepts of a kind that carry a flag: (`symptom`, `sited`), (`condition`, `lasting`)."""
    return frozenset(table_files()["concepts"][kind][flag])
