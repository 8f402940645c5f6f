"""Text of statements: from a fact to a line of a note, in the language of the consultation."""

from __future__ import annotations

from colloque.models.drafting.facts import Allergy, Complaint, Fact, Illness, Measurement, Medication, Quoted
from colloque.models.drafting.quote import lowered, sentence
from colloque.models.drafting.terms import Tables, flagged

_VOWELS = "aeiouyâàéèêëîïôöûùh"


def write(fact: Fact, tables: Tables) -> str:
    """The sentence of a fact. It says no more than the fact does."""
    content = fact.content
    match content:
        case Complaint():
            text = _complaint(content, fact, tables)
        case Illness():
            text = _illness(content, fact, tables)
        case Medication():
            text = _medication(content, fact, tables)
        case Allergy():
            text = _allergy(content, fact, tables)
        case Measurement():
            value = f"{content.name} {content.value}{_unit(content.unit)}"
            text = f"{value}, {content.when}" if content.when else value
        case Quoted():
            text = content.quote if not content.label else _labelled(content.label, content.quote, tables)
    return sentence(_elided(text, tables))


def _labelled(label: str, text: str, tables: Tables) -> str:
    return label + tables.phrases["colon"] + lowered(text, tables)


def _unit(unit: str) -> str:
    return "" if not unit else unit if unit.startswith("/") else f" {unit}"


def _elided(text: str, tables: Tables) -> str:
    """French `de` before a vowel, where a phrase met a name: `Pas de amoxicilline`."""
    start = "Pas de "
    if (
        tables.language == "fr"
        and text.startswith(start)
        and text[len(start) :][:1].lower() in _VOWELS.replace("h", "")
    ):
        return "Pas d'" + text[len(start) :]
    return text


def _complaint(content: Complaint, fact: Fact, tables: Tables) -> str:
    absent = fact.assertion == "absent"
    text = content.concept.absent if absent else content.concept.label
    if content.place is not None:
        side = f" {content.side}" if content.side else ""
        if content.concept.id in flagged("symptom", "placed"):
            text += f" ({content.place.terms[0]}{side})"
        else:
            text += f" {content.place.label}{side}"
    if content.details and not absent:
        text += "".join(
            (" " if number == 0 and _joins(detail, tables) else ", ") + lowered(detail, tables)
            for number, detail in enumerate(content.details)
        )
    return tables.phrases["possible"].format(text=text) if fact.assertion == "possible" else text


def _joins(detail: str, tables: Tables) -> bool:
    """A time with its preposition needs no comma: `Fièvre depuis hier`."""
    return detail.lower().startswith((tables.phrases["since"], *tables.cues["time.since"], *tables.cues["time.ago"]))


def _illness(content: Illness, fact: Fact, tables: Tables) -> str:
    if fact.assertion == "absent":
        return content.concept.absent
    text = content.concept.label
    if content.details:
        text += f" ({', '.join(content.details)})"
    if content.relative:
        return _labelled(content.relative, text, tables)
    return tables.phrases["possible"].format(text=text) if fact.assertion == "possible" else text


def _medication(content: Medication, fact: Fact, tables: Tables) -> str:
    if not content.name:
        return tables.phrases["no_drug"]
    if fact.assertion == "absent":
        return tables.phrases["not_planned"].format(text=content.name)
    text = content.name
    if content.note:
        text = _labelled(text, content.note, tables)
    else:
        text += f" {content.dose}" if content.dose else ""
        if content.rhythm:
            text += f" {content.rhythm}" if content.rhythm[0] in "×0123456789" else f", {content.rhythm}"
        text += f", {content.duration}" if content.duration else ""
    if content.action:
        text = f"{content.action} {text}"
    return tables.phrases["earlier"].format(text=text) if fact.assertion == "historical" else text


def _allergy(content: Allergy, fact: Fact, tables: Tables) -> str:
    phrases = tables.phrases
    if fact.assertion == "absent":
        return (
            phrases["no_allergy_to"].format(substance=content.substance) if content.substance else phrases["no_allergy"]
        )
    if content.whose:
        return phrases["family_allergy"].format(whose=content.whose, substance=content.substance)
    return phrases["allergy"].format(substance=content.substance)
