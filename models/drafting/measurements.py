"""Vital signs and laboratory values: read aloud by the practitioner, or asked and answered."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.complaints import ANSWERED, TOLD
from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.facts import Content, Fact, Measurement, Quoted
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.numbers import Number
from colloque.models.drafting.quote import decimal, quote, sentences
from colloque.models.drafting.reading import Mention
from colloque.models.drafting.terms import Measure, Tables, measures

_REACH = 12
"""Tokens between the name of a measure and its value."""
_PAIR_JOINTS = ("/", "sur", "over", "zu", "auf", "-", ",", ".", "on")
_OWN = ("weight", "height", "waist")
"""Measures that the patient's side may give as good as the practitioner."""
_FOREIGN_UNITS = ("time", "dose", "frequency")


def measurements(dialogue: Dialogue) -> Iterator[Fact]:
    """The measured values of a consultation."""
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    for line in dialogue.lines:
        if line.index in asked and line.asks:
            yield from _answered(dialogue, asked[line.index])
        if line.index not in dialogue.questions:
            yield from _told(dialogue, line)


def _told(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    named = list(line.mentions("measure"))
    for number, mention in enumerate(named):
        end = named[number + 1].start if number + 1 < len(named) else line.end
        found = value_of(line, mention.id, mention.end, min(end, mention.end + _REACH), dialogue.tables)
        if found is None or line.under_condition(mention.start):
            continue
        if dialogue.subject_of(line, mention) != "patient" and line.tells:
            continue
        text, said = found
        yield _fact(dialogue, line, mention, text, [line.said(mention.start, mention.end), said], TOLD * line.certainty)


def _fact(dialogue: Dialogue, line: Line, mention: Mention, text: str, said: list[Said], certainty: float) -> Fact:
    measure = measures()[mention.id]
    own = line.role != "practitioner" and mention.id not in _OWN
    when = next((q for q in line.quantities("time") if q.unit == "named" and q.start > mention.start), None)
    content = Measurement(
        dialogue.tables.concepts["measure", mention.id].label,
        text,
        measure.unit,
        quote(line.reading, when.start, when.end, dialogue.tables) if when else "",
    )
    return Fact(
        key=f"measure:{mention.id}:reported" if own else f"measure:{mention.id}",
        section="history_of_present_illness" if own else measure.section,
        assertion="present",
        subject="patient",
        content=content,
        said=(*said, *([line.said(when.start, when.end)] if when else [])),
        certainty=certainty,
    )


def value_of(line: Line, name: str, start: int, end: int, tables: Tables) -> tuple[str, Said] | None:
    """The value of a measure between two tokens, as a note writes it, or None where there is no believable one."""
    measure = measures()[name]
    numbers = [n for n in line.reading.numbers_in(start, end) if not _other_unit(line, n) and _counts(line, n)]
    if not numbers:
        return None
    if measure.pair:
        return _pair(line, numbers)
    first = numbers[0]
    value, last = first.value, first.end
    if measure.split and len(numbers) > 1 and _adjacent(line, first, numbers[1]):
        value, last = value + numbers[1].value / 10, numbers[1].end
    return (decimal(round(value, 3), tables), line.said(first.start, last)) if _believable(value, measure) else None


def _counts(line: Line, number: Number) -> bool:
    """Articles do not, but `un` behind another number does (`trente-neuf un`); not in `trente-neuf, un peu`."""
    behind = any(other.end == number.start for other in line.reading.numbers)
    after = line.reading.tokens[number.end].norm if number.end < len(line.reading.tokens) else ""
    return not number.article or (behind and after not in ("peu", "bit", "bisschen"))


def _other_unit(line: Line, number: Number) -> bool:
    return any(q.start <= number.start < q.end and q.kind in _FOREIGN_UNITS for q in line.reading.quantities)


def _adjacent(line: Line, first: Number, second: Number) -> bool:
    """`trente-huit neuf`: the second number is the decimal of the first."""
    between = [t.norm for t in line.reading.tokens[first.end : second.start]]
    decimal_digit = second.value < 10 and second.value % 1 == 0 and first.value % 1 == 0
    return decimal_digit and all(norm in ("-", "et") for norm in between)


def _believable(value: float, measure: Measure) -> bool:
    return measure.low <= value <= measure.high


def _pair(line: Line, numbers: list[Number]) -> tuple[str, Said] | None:
    """A blood pressure: `douze huit`, `12,8`, `145 zu 85`, in centimetres or millimetres of mercury as said."""
    first = numbers[0]
    if first.value % 1:
        upper, _, lower = f"{first.value:g}".partition(".")
        high, low, last = float(upper), float(lower), first.end
    elif len(numbers) > 1 and all(t.norm in _PAIR_JOINTS for t in line.reading.tokens[first.end : numbers[1].start]):
        high, low, last = first.value, numbers[1].value, numbers[1].end
    else:
        return None
    in_cm = 7 <= high <= 25 and 3 <= low <= 14
    in_mm = 60 <= high <= 260 and 30 <= low <= 150
    if not (in_cm or in_mm) or low >= high:
        return None
    return f"{high:g}/{low:g}", line.said(first.start, last)


def _answered(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """`Vous pesez combien ? — Quatre-vingt-quatre.`; several values, or words with them, are quoted."""
    named = [(line, m) for line in exchange.questions for m in line.mentions("measure")]
    answer = exchange.answer
    if answer is None or not named:
        return
    line, mention = named[-1]
    told = any(
        value_of(reply, m.id, m.end, reply.end, dialogue.tables)
        for reply in answer.lines
        for m in reply.mentions("measure")
    )
    replies = [r for r in answer.lines if any(not _other_unit(r, n) for n in r.reading.numbers_in(r.start, r.end))]
    if told or not replies:
        return
    asked = line.said(mention.start, mention.end)
    certainty = answer.certainty * ANSWERED
    if mention.id in _OWN:
        # The last one to answer is right: a parent corrects a child.
        for reply in replies:
            found = value_of(reply, mention.id, reply.start, reply.end, dialogue.tables)
            if found is not None:
                yield _fact(dialogue, reply, mention, found[0], [asked, found[1]], certainty)
        return
    yield from _reported(dialogue, line, mention, replies, certainty)


def _reported(
    dialogue: Dialogue, line: Line, mention: Mention, replies: list[Line], certainty: float
) -> Iterator[Fact]:
    values = [
        found
        for reply in replies
        if (found := value_of(reply, mention.id, reply.start, reply.end, dialogue.tables)) is not None
    ]
    if not values:
        return
    name = dialogue.tables.concepts["measure", mention.id].label
    text = sentences([_with_values(reply, mention.id, dialogue.tables) for reply in replies])
    content: Content = Quoted(name, text)
    yield Fact(
        key=f"measure:{mention.id}:reported",
        section="history_of_present_illness",
        assertion="present",
        subject="patient",
        content=content,
        said=(line.said(mention.start, mention.end), *(reply.whole() for reply in replies)),
        certainty=certainty,
    )


def _with_values(line: Line, name: str, tables: Tables) -> str:
    """The answer with its values as the measure is written: `trente-huit neuf hier` → `38,9 °C hier`."""
    unit = measures()[name].unit
    text, at = [], line.start
    for number in line.reading.numbers_in(line.start, line.end):
        if number.start < at:
            continue
        found = value_of(line, name, number.start, line.end, tables)
        if found is None or found[1].start != number.start:
            continue
        text.append(quote(line.reading, at, number.start, tables))
        text.append(f"{found[0]} {unit}".strip())
        at = found[1].end
    text.append(quote(line.reading, at, line.end, tables))
    return " ".join(part for part in text if part)
