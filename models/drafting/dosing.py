"""How a drug is taken: the dose, rhythm and duration that are said of it."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.dialogue import Dialogue
from colloque.models.drafting.facts import Medication
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.quote import decimal, quote, sentences, without_joints
from colloque.models.drafting.reading import Mention, Quantity
from colloque.models.drafting.terms import Tables

_QUOTED = 0.85
"""Certainty of what is kept in the speaker's words, against 1 for what was understood part by part."""
_AMOUNTS = ("dose", "frequency", "time")
_COMBINED = ("with", "/", "-", "plus", "mit", "avec", "+")


def segments(dialogue: Dialogue, line: Line) -> Iterator[tuple[Mention, list[Said]]]:
    """The drugs of a line, each with what is said of it: up to the next drug, and over sentences that only go on with
    doses and rhythms (`Du paracétamol. Un gramme, deux fois par jour.`)."""
    found = joined_drugs(line)
    for number, mention in enumerate(found):
        last = number == len(found) - 1
        end = line.end if last else found[number + 1].start
        segment = [line.said(mention.end, without_joints(line.reading, mention.end, end))]
        if last:
            segment += [other.whole() for other in going_on(dialogue, line)]
        yield mention, segment


def joined_drugs(line: Line) -> list[Mention]:
    """Drugs of a line; a fixed combination (`budesonide with formoterol`) is one."""
    found: list[Mention] = []
    for mention in line.mentions("drug"):
        between = [t.norm for t in line.reading.tokens[found[-1].end : mention.start]] if found else []
        if found and between and all(norm in _COMBINED for norm in between):
            first = found.pop()
            mention = Mention(
                "drug", first.id, first.start, mention.end, first.negated, first.uncertain, cues=first.cues
            )
        found.append(mention)
    return found


def going_on(dialogue: Dialogue, line: Line) -> list[Line]:
    found = []
    for other in dialogue.after(line, 2):
        doses = any(other.start <= q.start < other.end and q.kind in _AMOUNTS for q in other.reading.quantities)
        others = any(True for _ in other.mentions("drug", "symptom", "condition", "order", "measure"))
        if other.passage is not line.passage or not doses or others or other.index in dialogue.questions:
            break
        found.append(other)
    return found


def medication(
    tables: Tables, line: Line, mention: Mention, segment: list[Said]
) -> tuple[Medication, list[Said], float]:
    """A drug with dose, rhythm and duration; in the speaker's words where there is more to it than that."""
    name = quote(line.reading, mention.start, mention.end, tables)
    if _intricate(segment):
        parts = [quote(part.reading, part.start, part.end, tables) for part in segment]
        note = sentences(parts)
        return Medication(name, note=note), [part for part in segment if part.start < part.end], _QUOTED
    dose, duration = "", ""
    rhythm: list[str] = []
    spans: list[Said] = []
    for part in segment:
        for quantity in part.reading.quantities_in(part.start, part.end, "dose", "frequency", "time"):
            text = amount(quantity, part, tables)
            if quantity.kind == "dose" and not dose:
                dose = text
            elif quantity.kind == "frequency" and len(rhythm) < 2:
                rhythm.append(text)
            elif quantity.kind == "time" and not duration and _lasts(quantity):
                duration = text
            else:
                continue
            spans.append(Said(part.passage, part.reading, quantity.start, quantity.end))
    return Medication(name, dose, ", ".join(rhythm), duration), spans, 1.0


def _lasts(quantity: Quantity) -> bool:
    """`pendant cinq jours`, `depuis mars`, `dix jours`; not `en octobre`."""
    return quantity.lead in ("for", "since") or (quantity.lead == "" and quantity.unit not in ("named", "calendar"))


def contradictory(segment: list[Said]) -> bool:
    """Two rhythms that cannot both be right, and nothing that says which: a correction that was not heard as one."""
    values = {
        (q.unit, q.value)
        for part in segment
        for q in part.reading.quantities_in(part.start, part.end, "frequency")
        if q.value is not None
    }
    ordered = any(
        True for part in segment for _ in part.reading.cues_in(part.start, part.end, "cue.schedule", "cue.prescribed")
    )
    return len(values) > len({unit for unit, _ in values}) and not ordered


def _intricate(segment: list[Said]) -> bool:
    """More than one phase, a condition, an `I'm meant to`, or several doses."""
    names = ("cue.schedule", "cue.prescribed", "uncertain.conditional", "answer.hedge")
    marked = any(True for part in segment for _ in part.reading.cues_in(part.start, part.end, *names))
    doses = [q for part in segment for q in part.reading.quantities_in(part.start, part.end, "dose")]
    times = [
        q
        for part in segment
        for q in part.reading.quantities_in(part.start, part.end, "frequency")
        if q.value is not None
    ]
    return marked or len(doses) > 1 or len(times) > 1 or any(_left_over(part) for part in segment)


def _left_over(part: Said) -> bool:
    """A number that no quantity holds: `two hundred over six`."""
    held = list(part.reading.quantities_in(part.start, part.end))
    return any(
        not number.article and not any(q.start <= number.start < q.end for q in held)
        for number in part.reading.numbers_in(part.start, part.end)
    )


def amount(quantity: Quantity, part: Said, tables: Tables) -> str:
    """A quantity as a note writes it: `1 g`, `× 2/j`, `matin et soir`, `pendant 5 jours`."""
    if quantity.kind == "frequency" and quantity.value is not None:
        period = tables.phrases.get(f"per_{quantity.unit}", "") if quantity.unit else ""
        if period:
            return f"× {quantity.value:g}{period}"
    if quantity.kind == "dose" and quantity.value is not None:
        unit = tables.units[quantity.unit].write
        return f"{decimal(quantity.value, tables)} {unit.removesuffix('s') if quantity.value < 2 else unit}"
    return quote(part.reading, quantity.start, quantity.end, tables)
