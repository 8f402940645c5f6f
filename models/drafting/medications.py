"""Drugs that the patient takes or took."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.complaints import ANSWERED, TOLD
from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.dosing import contradictory, going_on, joined_drugs, medication, segments
from colloque.models.drafting.drugs import drugs
from colloque.models.drafting.facts import Fact, Medication
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention, Quantity
from colloque.models.drafting.terms import Tables
from colloque.streaming.note import Assertion, Code


def medications(dialogue: Dialogue) -> Iterator[Fact]:
    """The drugs that a consultation says are taken, were taken, or are not."""
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    for line in dialogue.lines:
        if line.index in asked and line.asks:
            yield from _answered(dialogue, asked[line.index])
        if line.index not in dialogue.questions and line.tells and line.role != "unknown":
            yield from _told(dialogue, line)


def _told(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    exchange = dialogue.answering.get(line.index)
    topics = exchange.topics() if exchange else []
    if {"allergies", "past_history"} & set(topics) or "allergies" in line.topics() or _causes(line):
        return
    asked = "medications" in topics
    found = dialogue.polarity_of(line)
    for mention, segment in segments(dialogue, line):
        quantities = [
            q for part in segment for q in part.reading.quantities_in(part.start, part.end, "dose", "frequency")
        ]
        if not (asked or quantities or line.has("cue.taking", "cue.stopped")) or line.under_condition(mention.start):
            continue
        if not asked and (line.has("cue.took") or (found and found[0] == "no")):
            continue
        subject = dialogue.subject_of(line, mention)
        if subject not in ("patient", None):
            continue
        yield _fact(dialogue, line, mention, segment, TOLD if quantities else ANSWERED, unclear=subject is None)


def _causes(line: Line) -> bool:
    """`Le diclofénac m'a valu une gastrite`: the drug is named for what it did."""
    doses = any(True for _ in line.quantities("dose", "frequency"))
    return not doses and line.has("cue.had") and any(not m.negated for m in line.mentions("condition"))


def _fact(
    dialogue: Dialogue, line: Line, mention: Mention, segment: list[Said], certainty: float, unclear: bool
) -> Fact:
    content, spans, certain = medication(dialogue.tables, line, mention, segment)
    over = any(_when(other) == "historical" for other in [line, *going_on(dialogue, line)]) or _told_of_then(
        dialogue, line
    )
    assertion: Assertion = "absent" if mention.negated else "historical" if over else "present"
    if mention.negated:
        content, spans = Medication(content.name), []
    return Fact(
        key=f"medication:{mention.id}",
        section="medications",
        assertion=assertion,
        subject="patient",
        content=content,
        said=(line.said(mention.start, mention.end), *_cues(line, mention), *spans),
        certainty=line.certainty * certainty * certain,
        codes=codes_of(dialogue.tables, mention),
        hold="unclear_subject" if unclear else "unclear_value" if contradictory(segment) else None,
    )


def _told_of_then(dialogue: Dialogue, line: Line) -> bool:
    """`I had depression when I was twenty. I took citalopram.`: the sentence before is about the past."""
    return any(
        any(True for _ in earlier.mentions("condition"))
        and (earlier.has("cue.past", "cue.had") or any(q.lead == "ago" for q in earlier.quantities("time")))
        for earlier in dialogue.before_in_passage(line, 1)
    )


def _cues(line: Line, mention: Mention) -> list[Said]:
    if not mention.negated:
        return []
    return [line.said(max(s, line.start), e) for s, e in mention.cues if s < line.end and e > line.start]


def _when(line: Line) -> Assertion:
    ended = line.has("cue.past", "cue.stopped") or any(q.lead == "ago" for q in line.quantities("time"))
    months = [
        q for q in line.quantities("time") if q.unit in ("named", "calendar") and q.lead == "" and _past_time(line, q)
    ]
    return "historical" if ended or months else "present"


def _past_time(line: Line, time: Quantity) -> bool:
    before = line.reading.tokens[time.start - 1].norm if time.start > line.start else ""
    return before in ("en", "in", "im", "back", "letzten", "last")


def codes_of(tables: Tables, mention: Mention) -> tuple[Code, ...]:
    """The drug's ATC code, where its name alone settles it."""
    drug = drugs(tables.language).get(mention.id)
    return (Code("http://www.whocc.no/atc", drug.atc, drug.names[0]),) if drug and drug.atc else ()


def _answered(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """A drug that the question names and the answer doses, confirms or denies; and `no` to any drug."""
    answer = exchange.answer
    if answer is None or "allergies" in exchange.topics():
        return
    told = {m.id for line in answer.lines for m in line.mentions("drug")}
    named = [(line, m) for line in exchange.questions for m in joined_drugs(line) if m.id not in told]
    if len({m.id for _, m in named}) == 1:
        yield from _named(dialogue, exchange, *named[-1])
    elif not named and "medications" in exchange.topics() and answer.polarity == "no" and answer.cue and not told:
        line, cue = answer.cue
        if not answer.hedged and not any(q.has("cue.other") for q in exchange.questions):
            yield Fact(
                key="medication:any",
                section="medications",
                assertion="absent",
                subject="patient",
                content=Medication(""),
                said=(exchange.questions[-1].whole(), line.said(cue.start, cue.end)),
                certainty=answer.certainty * ANSWERED,
            )


def _named(dialogue: Dialogue, exchange: Exchange, line: Line, mention: Mention) -> Iterator[Fact]:
    answer = exchange.answer
    assert answer is not None
    parts = [reply for reply in answer.lines if not any(True for _ in reply.mentions("symptom", "condition", "drug"))]
    dosed = [r for r in parts[:3] if any(True for _ in r.quantities("dose", "frequency", "time"))]
    taking = line.has("cue.taking") or "medications" in exchange.topics()
    if dosed:
        segment = [reply.whole() for reply in answer.lines[: answer.lines.index(dosed[-1]) + 1]]
        content, spans, certain = medication(dialogue.tables, line, mention, segment)
        historical = all(_when(reply) == "historical" for reply in dosed)
        yield _settled(
            dialogue,
            line,
            mention,
            "historical" if historical else "present",
            content,
            spans,
            answer.certainty * certain,
        )
    elif taking and answer.polarity and answer.cue and not answer.hedged:
        name = quote(line.reading, mention.start, mention.end, dialogue.tables)
        reply = [answer.cue[0].said(answer.cue[1].start, answer.cue[1].end)]
        assertion: Assertion = "present" if answer.polarity == "yes" else "absent"
        yield _settled(dialogue, line, mention, assertion, Medication(name), reply, answer.certainty)


def _settled(
    dialogue: Dialogue,
    line: Line,
    mention: Mention,
    assertion: Assertion,
    content: Medication,
    spans: list[Said],
    certainty: float,
) -> Fact:
    return Fact(
        key=f"medication:{mention.id}",
        section="medications",
        assertion=assertion,
        subject="patient",
        content=content,
        said=(line.said(mention.start, mention.end), *spans),
        certainty=certainty * ANSWERED,
        codes=codes_of(dialogue.tables, mention),
    )
