"""Symptoms: told by the patient, or asked by the practitioner and answered."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.details import details_of
from colloque.models.drafting.dialogue import Answer, Dialogue, Exchange
from colloque.models.drafting.facts import Complaint, Fact, Hold
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.places import located, place_of
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention
from colloque.models.drafting.terms import flagged
from colloque.streaming.note import Assertion, Section

TOLD = 0.95
ANSWERED = 0.92
LISTED = 0.85
"""Certainty of a `no` that answers several things at once."""
DOUBTED = 0.8
_OPENING_PASSAGES = 3
"""Passages of the patient's side, from the first, in which the reason of the visit is looked for."""
_KINDS = ("symptom", "status")
_READ_ELSEWHERE = ("allergies", "family", "past_history")
"""Topics whose answers are no account of present symptoms."""


def complaints(dialogue: Dialogue) -> Iterator[Fact]:
    """The symptoms of a consultation, in the order in which they come up."""
    first = opening(dialogue)
    told: list[Fact] = []
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    for line in dialogue.lines:
        section: Section = "reason" if first is not None and line.passage is first.passage else _HPI
        if line.index not in dialogue.questions and line.tells:
            facts = list(_told(dialogue, line, section))
            told += facts
            yield from facts
        if line.index in asked:
            yield from _answered(dialogue, asked[line.index])
            yield from located(dialogue, asked[line.index], told, ANSWERED)


_HPI: Section = "history_of_present_illness"


def opening(dialogue: Dialogue) -> Line | None:
    """Where the patient says why he or she came: among the first things said, the first that names a symptom or a
    condition."""
    passages: list[int] = []
    for line in dialogue.statements():
        if line.role not in ("patient", "companion"):
            continue
        if id(line.passage) not in passages:
            passages.append(id(line.passage))
        if len(passages) > _OPENING_PASSAGES:
            return None
        if any(not m.negated for m in line.mentions("symptom", "condition")):
            return line
    return None


def _told(dialogue: Dialogue, line: Line, section: Section) -> Iterator[Fact]:
    exchange = dialogue.answering.get(line.index)
    if exchange is not None and any(topic in _READ_ELSEWHERE for topic in exchange.topics()):
        return
    if line.role == "unknown" and line.has("cue.second"):
        return
    mentions = list(line.mentions(*_KINDS))
    for mention in mentions:
        if line.under_condition(mention.start):
            continue
        subject = dialogue.subject_of(line, mention)
        if subject not in ("patient", None):
            continue
        concept = dialogue.tables.concepts[mention.kind, mention.id]
        place, side = place_of(dialogue, line, mention, mentions)
        if place is None and (mention.id in flagged("symptom", "placed") or _answers_pain(exchange, mention)):
            continue
        details, spans = details_of(dialogue, line, mention, mentions)
        assertion = _assertion(dialogue, line, mention)
        # `Ça fait mal juste ici`: where, only the room has seen.
        is_bare = mention.id == "pain" and assertion == "present" and place is None and not spans
        yield Fact(
            key=f"{mention.kind}:{mention.id}",
            section="past_history" if mention.id == "vaccines" else section if assertion != "historical" else _HPI,
            assertion=assertion,
            subject="patient",
            content=Complaint(concept, place and place[0], side, details),
            said=(*_spans(line, mention), *([place[1]] if place else []), *spans),
            certainty=line.certainty * (DOUBTED if assertion == "possible" else TOLD),
            hold="unclear_subject" if subject is None else "unclear_value" if is_bare else None,
        )


def _answers_pain(exchange: Exchange | None, mention: Mention) -> bool:
    """`Any chest pain? — Not pain, no.`: the pain is the one that was asked for."""
    if exchange is None or mention.id != "pain":
        return False
    return any("pain" in m.id or m.id == "headache" for line in exchange.questions for m in line.mentions("symptom"))


def _assertion(dialogue: Dialogue, line: Line, mention: Mention) -> Assertion:
    if mention.negated or _denied_behind(line, mention):
        return "absent"
    if line.has("cue.stopped") and any(True for _ in line.mentions("drug")):
        return "historical"  # `Le gliclazide, je l'ai arrêté, ça me donnait des malaises.`
    if line.has("cue.past") and not any(q.lead == "since" for q in line.quantities("time")):
        return "historical"
    following = dialogue.after(line, 1)
    unsure = following and following[0].passage is line.passage and following[0].has("uncertain.doubt")
    unsure = unsure and not any(True for _ in following[0].mentions("symptom", "condition", "drug"))
    return "possible" if mention.uncertain or line.has("uncertain.doubt") or unsure else "present"


def _denied_behind(line: Line, mention: Mention) -> bool:
    """`La toux, non.`"""
    tokens = line.reading.tokens
    return any(0 < cue.start - mention.end <= 2 and tokens[mention.end].text == "," for cue in line.cues("answer.no"))


def _spans(line: Line, mention: Mention) -> tuple[Said, ...]:
    cues = tuple(
        line.said(max(start, line.start), min(end, line.end)) for start, end in mention.cues if start < line.end
    )
    return (line.said(mention.start, mention.end), *(cue for cue in cues if cue.start < cue.end))


def _answered(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """What a question named and the answer settled. What the answer names itself is read as told."""
    if not exchange.questions[0].asks:
        return
    topics = exchange.topics()
    if "allergies" in topics or "family" in topics:
        return
    named = [(line, m) for line in exchange.questions for m in list(line.mentions(*_KINDS))]
    named = [(line, m) for line, m in named if not (m.id == "pain" and not any(True for _ in line.mentions("site")))]
    answer = exchange.answer
    told = {m.id for line in answer.lines for m in line.mentions(*_KINDS)} if answer else set()
    for line, mention in named:
        if mention.id not in told or (answer and answer.polarity == "no" and not answer.hedged):
            fact = _settled(dialogue, line, mention, exchange, alone=len({m.id for _, m in named}) == 1)
            if fact is not None:
                yield fact


def _settled(dialogue: Dialogue, line: Line, mention: Mention, exchange: Exchange, alone: bool) -> Fact | None:
    answer = exchange.answer
    assertion, hold = outcome(answer, mention, alone, exchange.settled)
    if assertion is None and hold is None:
        return None
    place, side = place_of(dialogue, line, mention, list(line.mentions("symptom")))
    if place is None and mention.id in flagged("symptom", "placed"):
        return None
    reply = [answer.cue[0].said(answer.cue[1].start, answer.cue[1].end)] if answer and answer.cue else []
    certainty = answer.certainty if answer else line.certainty
    details = _partly(dialogue, answer) if assertion == "present" else ()
    return Fact(
        key=f"{mention.kind}:{mention.id}",
        section="past_history" if mention.id == "vaccines" else _HPI,
        assertion=assertion or "present",
        subject="patient",
        content=Complaint(dialogue.tables.concepts[mention.kind, mention.id], place and place[0], side, details),
        said=(line.said(mention.start, mention.end), *([place[1]] if place else []), *reply),
        certainty=certainty * (ANSWERED if alone else LISTED),
        hold=hold,
    )


def _partly(dialogue: Dialogue, answer: Answer | None) -> tuple[str, ...]:
    """`Un peu, à l'effort`: a yes that says how much."""
    if answer is None or answer.cue is None or answer.cue[1].name != "answer.some":
        return ()
    line, cue = answer.cue
    return (quote(line.reading, cue.start, cue.end, dialogue.tables),)


def outcome(
    answer: Answer | None, mention: Mention, alone: bool, settled: bool
) -> tuple[Assertion | None, Hold | None]:
    """What an answer says of a thing asked: how it is asserted, or why it is held back; (None, None) while open."""
    if answer is None or answer.polarity is None:
        return None, ("unanswered" if settled else None)
    if answer.polarity == "no":
        return (None, "unclear_answer") if answer.hedged else ("absent", None)
    contrary = answer.cue is not None and any(
        c.start == answer.cue[1].start for c in answer.cue[0].cues("answer.contrary")
    )
    if mention.negated and not contrary:
        # `Pas de fièvre ? — Oui.` may mean either; `Si` and `Doch` may not.
        return None, "unclear_answer"
    return ("present", None) if alone else (None, "unclear_answer")
