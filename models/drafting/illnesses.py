"""Conditions and operations: the patient's own history, and the family's."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.complaints import ANSWERED, DOUBTED, LISTED, TOLD, opening, outcome
from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.facts import Fact, Illness
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention
from colloque.models.drafting.terms import Concept, flagged
from colloque.streaming.note import Assertion, Section

INFERRED = 0.8
"""Certainty of a condition that stands in an earlier sentence: `Ma tante en a.`"""
_DATE_REACH = 3
"""Tokens between `since` and the event that it counts from."""
_LIKEWISE_REACH = 2
"""Tokens around `has it` that may belong to it."""
_ANAPHORA_REACH = 3
"""Lines back in which the condition of `Ma tante en a` is looked for."""


def illnesses(dialogue: Dialogue) -> Iterator[Fact]:
    """The conditions of a consultation that the patient's side tells or confirms."""
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    first = opening(dialogue)
    for line in dialogue.lines:
        if line.index not in dialogue.questions and line.tells and line.role != "unknown":
            yield from _told(dialogue, line, first)
            yield from _likewise(dialogue, line)
        if line.index in asked:
            yield from _answered(dialogue, asked[line.index])


def _told(dialogue: Dialogue, line: Line, first: Line | None) -> Iterator[Fact]:
    if _about_allergy(dialogue, line):
        return
    conditions = list(line.mentions("condition"))
    for mention in conditions:
        general = mention.id == "surgery" and len(conditions) > 1
        if line.under_condition(mention.start) or general or _only_a_date(dialogue, line, mention):
            continue
        subject = dialogue.subject_of(line, mention)
        if subject in ("patient", None):
            opens = first is not None and line.passage is first.passage
            yield _own(dialogue, line, mention, subject is None, "reason" if opens else "past_history")
        elif not mention.negated:
            yield _familial(dialogue, line, mention, line, subject, TOLD)


def _only_a_date(dialogue: Dialogue, line: Line, mention: Mention) -> bool:
    """`Depuis ma grossesse`, `not since I got pregnant`: the condition says when, not that it is."""
    events = dialogue.tables.cues["cue.since_event"]
    return any(
        0 <= mention.start - cue.end <= _DATE_REACH and line.reading.tokens[cue.start].norm in events
        for cue in line.cues("time.since")
    )


def _about_allergy(dialogue: Dialogue, line: Line) -> bool:
    exchange = dialogue.answering.get(line.index)
    return "allergies" in line.topics() or (exchange is not None and "allergies" in exchange.topics())


def _own(dialogue: Dialogue, line: Line, mention: Mention, unclear: bool, section: Section) -> Fact:
    details, said = _circumstances(dialogue, line, mention=mention)
    assertion = _assertion(dialogue, line, mention)
    if assertion == "present":
        course, where = _course(dialogue, line)
        details, said = (*details, *course), [*said, *where]
    if assertion == "absent":
        details, said = (), []
    concept = _named(dialogue, line, mention)
    return Fact(
        key=f"condition:{mention.id}",
        section="past_history" if assertion in ("historical", "absent") else section,
        assertion=assertion,
        subject="patient",
        content=Illness(concept, details=details),
        said=(line.said(mention.start, mention.end), *_cues(line, mention), *said),
        certainty=line.certainty * (DOUBTED if assertion == "possible" else TOLD),
        hold="unclear_subject" if unclear else None,
    )


def _cues(line: Line, mention: Mention) -> list[Said]:
    spans = [(max(start, line.start), min(end, line.end)) for start, end in mention.cues]
    spans += [(c.start, c.end) for c in line.cues("answer.no") if 0 < c.start - mention.end <= 2]
    return [line.said(start, end) for start, end in spans if start < end]


def _assertion(dialogue: Dialogue, line: Line, mention: Mention) -> Assertion:
    tokens = line.reading.tokens
    denied = any(0 < c.start - mention.end <= 2 and tokens[mention.end].text == "," for c in line.cues("answer.no"))
    if mention.negated or denied:
        return "absent"
    if mention.uncertain:
        return "possible"
    over = any(q.kind == "age" or q.unit == "calendar" or q.lead == "ago" for q in line.quantities("age", "time"))
    lasts = line.has("cue.still") or any(q.lead == "since" for q in line.quantities("time"))
    if line.has("cue.past") and not lasts:
        return "historical"
    if mention.id in flagged("condition", "lasting"):
        return "present"
    exchange = dialogue.answering.get(line.index)
    asked = exchange is not None and "past_history" in exchange.topics()
    return "historical" if over or asked or line.has("cue.had") else "present"


def _circumstances(
    dialogue: Dialogue, line: Line, within: tuple[int, int] | None = None, mention: Mention | None = None
) -> tuple[tuple[str, ...], list[Said]]:
    """When it was, and the drug that is named with it (`une gastrite sous diclofénac`)."""
    low, high = within or (line.start, line.end)
    spans = [(m.start, m.end) for m in line.mentions("drug") if not m.negated]
    spans += [(q.start, q.end) for q in line.quantities("age")]
    spans += [(q.start, q.end) for q in line.quantities("time") if q.lead or q.unit in ("calendar", "named")]
    spans = [(start, end) for start, end in spans if low <= start and end <= high]
    if mention is not None:
        spans = [span for span in spans if _nearest(line, mention, span)]
    texts = dict.fromkeys(
        quote(line.reading, *_with_preposition(line, start), end, dialogue.tables) for start, end in spans
    )
    return tuple(texts), [line.said(start, end) for start, end in spans]


def _nearest(line: Line, mention: Mention, span: tuple[int, int]) -> bool:
    def gap(other: Mention) -> int:
        return max(span[0] - other.end, other.start - span[1], 0)

    return all(gap(mention) <= gap(other) for other in line.mentions("condition"))


def _with_preposition(line: Line, start: int) -> tuple[int]:
    before = line.reading.tokens[start - 1].norm if start > line.start else ""
    return (start - 1,) if before in ("en", "in", "im", "mit", "at", "since", "seit", "au", "a") else (start,)


def _named(dialogue: Dialogue, line: Line, mention: Mention) -> Concept:
    """The concept, under the words that were said where they say more (`ulcère de l'estomac`)."""
    concept = dialogue.tables.concepts["condition", mention.id]
    said = quote(line.reading, mention.start, mention.end, dialogue.tables)
    begins = said.lower()[:4] == concept.label.lower()[:4]
    if len(said) > len(concept.label) and (begins or concept.label.lower() in said.lower()):
        return Concept(concept.kind, concept.id, said, concept.absent, ())
    return concept


def _familial(dialogue: Dialogue, line: Line, mention: Mention, source: Line, subject: str, certainty: float) -> Fact:
    name, who = dialogue.relative_of(line, subject)
    details, spans = _circumstances(dialogue, line, _clause(line, mention)) if source is line else ((), [])
    return Fact(
        key=f"family:{subject}:{mention.id}",
        section="family_history",
        assertion="family",
        subject="family",
        content=Illness(_named(dialogue, source, mention), name, details),
        said=(who, source.said(mention.start, mention.end), *spans),
        certainty=line.certainty * certainty,
    )


def _course(dialogue: Dialogue, line: Line) -> tuple[tuple[str, ...], list[Said]]:
    """`C'est mon eczéma. Ça s'aggrave depuis Noël.`: how it goes, in this sentence or the next."""
    following = [o for o in dialogue.after(line, 1) if o.passage is line.passage and o.index not in dialogue.questions]
    following = [o for o in following if not any(True for _ in o.mentions("symptom", "condition", "drug"))]
    for source in (line, *following):
        cue = next(iter(source.cues("cue.worse", "cue.better")), None)
        if cue is not None:
            since = next((q for q in source.quantities("time") if q.lead == "since" and q.start >= cue.end), None)
            end = since.end if since else cue.end
            return (quote(source.reading, cue.start, end, dialogue.tables),), [source.said(cue.start, end)]
    return (), []


def _clause(line: Line, mention: Mention) -> tuple[int, int]:
    """From the last relative before a condition to the next one: what is said there is said of that relative."""
    before = [m.start for m in line.mentions("relative") if m.start < mention.start]
    behind = [m.start for m in line.mentions("relative") if m.start >= mention.end]
    return before[-1] if before else line.start, behind[0] if behind else line.end


def _likewise(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    """`Ma tante en a.` `My dad had it.`: the condition stands in a sentence before."""
    conditions = list(line.mentions("condition"))
    for cue in line.cues("cue.same_too"):
        before = [m for m in line.mentions("relative") if 0 <= cue.start - m.end <= _LIKEWISE_REACH]
        if not before or any(before[-1].start < m.start < cue.end + _LIKEWISE_REACH for m in conditions):
            continue
        for earlier in reversed(dialogue.lines[max(0, line.index - _ANAPHORA_REACH) : line.index]):
            named = list(earlier.mentions("condition"))
            if named:
                yield _familial(dialogue, line, named[-1], earlier, before[-1].id, INFERRED)
                return


def _answered(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    first = exchange.questions[0]
    if not first.asks or {"family", "allergies"} & set(exchange.topics()):
        return
    named = [(line, m) for line in exchange.questions for m in line.mentions("condition")]
    named = [(line, m) for line, m in named if dialogue.subject_of(line, m) == "patient"]
    answer = exchange.answer
    told = {m.id for line in answer.lines for m in line.mentions("condition")} if answer else set()
    alone = len({m.id for _, m in named}) == 1
    for line, mention in named:
        if mention.id in told:
            continue
        assertion, hold = outcome(answer, mention, alone, exchange.settled)
        if assertion is None and hold is None:
            continue
        if assertion == "present" and mention.id not in flagged("condition", "lasting"):
            assertion = "historical"
        reply = [answer.cue[0].said(answer.cue[1].start, answer.cue[1].end)] if answer and answer.cue else []
        yield Fact(
            key=f"condition:{mention.id}",
            section="past_history",
            assertion=assertion or "present",
            subject="patient",
            content=Illness(dialogue.tables.concepts["condition", mention.id]),
            said=(line.said(mention.start, mention.end), *reply),
            certainty=(answer.certainty if answer else line.certainty) * (ANSWERED if alone else LISTED),
            hold=hold,
        )
