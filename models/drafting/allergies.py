"""Allergies: to what, whose, and that there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from colloque.models.drafting.complaints import ANSWERED, TOLD
from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.facts import Allergy, Fact
from colloque.models.drafting.lines import Line
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention

_KINDS = ("allergen", "drug")
_CLASSES = ("medicines", "antibiotics", "food", "pollen", "insect")
"""Too broad to be what somebody is allergic to, after a mere `yes`."""
_ANSWER_LINES = 2
"""Lines of an answer in which a substance is taken for the allergen without the word `allergy`."""


def allergies(dialogue: Dialogue) -> Iterator[Fact]:
    """The allergies that a consultation names or rules out."""
    asked = {e.questions[-1].index: e for e in dialogue.exchanges if "allergies" in e.topics()}
    for line in dialogue.lines:
        if line.index in asked and asked[line.index].questions[0].asks:
            yield from _answered(dialogue, asked[line.index])
        elif line.index not in dialogue.questions and line.tells and line.role != "unknown":
            exchange = dialogue.answering.get(line.index)
            if exchange is None or "allergies" not in exchange.topics():
                yield from _told(dialogue, line)


def _told(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    """A sentence with the word `allergic` and a substance behind it."""
    words = [
        c for c in line.reading.cues if c.name == "topic:allergies" and line.start <= c.start and c.end <= line.end
    ]
    if not words or line.under_condition(words[0].end):
        return
    for mention in line.mentions(*_KINDS):
        if mention.start >= words[0].end:
            yield _fact(dialogue, line, mention, TOLD)


def _answered(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    answer = exchange.answer
    found = False
    for number, line in enumerate(answer.lines if answer else ()):
        named = "allergies" in line.topics()
        heads = number < _ANSWER_LINES and not found and not (answer and answer.polarity == "no" and number == 0)
        for mention in line.mentions(*_KINDS):
            if (named or heads) and not line.under_condition(mention.start):
                fact = _fact(dialogue, line, mention, ANSWERED * (answer.certainty if answer else 1.0))
                found = found or (fact.subject == "patient" and fact.assertion == "present")
                yield fact
    if answer is None or found or answer.cue is None:
        return
    line, cue = answer.cue
    if answer.polarity == "yes":
        for asked in exchange.questions:
            for mention in asked.mentions("allergen", "drug"):
                if mention.id not in _CLASSES and not mention.negated:
                    fact = _fact(dialogue, asked, mention, ANSWERED * answer.certainty)
                    yield replace(fact, said=(*fact.said, line.said(cue.start, cue.end)))
        return
    asked = exchange.questions[-1]
    classes = [m for q in exchange.questions for m in q.mentions("allergen")]
    substance = dialogue.tables.concepts["allergen", classes[0].id].label if len(classes) == 1 else ""
    words = [
        c for c in asked.reading.cues if c.name == "topic:allergies" and asked.start <= c.start and c.end <= asked.end
    ]
    yield Fact(
        key=f"allergy:{classes[0].id}" if len(classes) == 1 else "allergy:any",
        section="allergies",
        assertion="absent",
        subject="patient",
        content=Allergy(substance),
        said=(asked.said(words[0].start, asked.end) if words else asked.whole(), line.said(cue.start, cue.end)),
        certainty=answer.certainty * ANSWERED,
        hold="unclear_answer" if answer.hedged else None,
    )


def _fact(dialogue: Dialogue, line: Line, mention: Mention, certainty: float) -> Fact:
    subject = dialogue.subject_of(line, mention)
    own = subject in ("patient", None)
    if mention.kind == "drug":
        name = quote(line.reading, mention.start, mention.end, dialogue.tables)
    else:
        name = dialogue.tables.concepts["allergen", mention.id].label
    whose, who = "", []
    if not own and subject is not None:
        whose, where = dialogue.relative_of(line, subject)
        who = [where]
    cues = [line.said(max(s, line.start), e) for s, e in mention.cues if s < line.end and e > line.start]
    return Fact(
        key=f"allergy:{mention.id}" if own else f"family:{subject}:allergy:{mention.id}",
        section="allergies" if own else "family_history",
        assertion=("absent" if mention.negated else "present") if own else "family",
        subject="patient" if own else "family",
        content=Allergy(name, whose),
        said=(line.said(mention.start, mention.end), *who, *(cues if mention.negated else [])),
        certainty=line.certainty * certainty,
        hold="unclear_subject" if subject is None else None,
    )
