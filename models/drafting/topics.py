"""Answers that are kept in the patient's words: how it began, what brings it on, work, habits, the visit's reason."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.complaints import outcome
from colloque.models.drafting.dialogue import Answer, Dialogue, Exchange
from colloque.models.drafting.facts import Fact, Hold, Quoted
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.quote import quote, sentences
from colloque.models.drafting.reading import Mention
from colloque.models.drafting.terms import Topic
from colloque.streaming.note import Assertion

QUOTED = 0.82
_LONGEST_WORDS = 32
_FEWEST_WORDS = 2


def topics(dialogue: Dialogue) -> Iterator[Fact]:
    """The answers about topics, habits and work."""
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    for line in dialogue.lines:
        if line.index in asked and line.asks:
            exchange = asked[line.index]
            yield from _habit_asked(dialogue, exchange)
            yield from _topic_asked(dialogue, exchange)
            yield from _reason_asked(dialogue, exchange)
        if line.index not in dialogue.questions and line.role in ("patient", "companion"):
            yield from _habit_told(dialogue, line)
            yield from _work_told(dialogue, line)


def _words(text: str) -> int:
    return sum(part[0].isalnum() for part in text.split() if part)


def _after_polarity(dialogue: Dialogue, line: Line) -> int:
    """Where an answer begins behind its yes or no (`Ah oui, oui, ...`)."""
    found = dialogue.polarity_of(line)
    if found is None or found[1].start - line.start > 3:
        return line.start
    ends = {c.start: c.end for c in (*line.cues("answer.yes"), *line.cues("answer.no"))}
    start = found[1].end
    while start < line.end:
        ahead = start + 1 if line.reading.tokens[start].text == "," else start
        if ahead not in ends:
            break
        start = ends[ahead]
    return start


def _quoted(dialogue: Dialogue, answer: Answer, lines: list[Line]) -> tuple[str, list[Said]]:
    """The first sentences of the answer, up to a length, without the yes or no at their head."""
    texts: list[str] = []
    said: list[Said] = []
    for line in lines:
        if (
            line.index in dialogue.questions
            or line.passage is not answer.lines[0].passage
            or line.has("cue.small_talk")
        ):
            break
        start = _after_polarity(dialogue, line) if line is answer.lines[0] else line.start
        text = quote(line.reading, start, line.end, dialogue.tables) if start < line.end else ""
        if texts and _words(" ".join([*texts, text])) > _LONGEST_WORDS:
            break
        if text:
            texts.append(text)
            said.append(line.said(start, line.end))
    return sentences(texts), said


def _topic_asked(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    found = [dialogue.tables.topics[name] for name in exchange.questions[-1].topics()]
    labelled = [topic for topic in found if topic.label]
    if not labelled or exchange.answer is None:
        return
    topic: Topic = labelled[0]
    for number, lines in enumerate(_parts(exchange.answer)):
        text, said = _quoted(dialogue, exchange.answer, lines)
        numbers = any(True for s in said for _ in s.reading.numbers_in(s.start, s.end))
        times = any(True for s in said for _ in s.reading.quantities_in(s.start, s.end, "time"))
        if _words(text) < _FEWEST_WORDS or (topic.numbers and not (numbers or times)):
            continue
        doubted = any(line.has("uncertain.doubt") for line in lines[: len(said)])
        yield Fact(
            key=f"topic:{topic.id}" + (f":{number + 1}" if number else ""),
            section=topic.section,
            assertion="possible" if doubted else "historical" if topic.section == "past_history" else "present",
            subject="patient",
            content=Quoted(topic.label or "", text),
            said=tuple(said),
            certainty=exchange.answer.certainty * QUOTED,
        )


def _parts(answer: Answer) -> list[list[Line]]:
    """The answer in one, or its first sentence apart from later doubts (`Le stress. Le café, je ne sais pas.`)."""
    lines = list(answer.lines)
    if (
        len(lines) > 1
        and not lines[0].has("uncertain.doubt")
        and any(line.has("uncertain.doubt") for line in lines[1:])
    ):
        return [lines[:1], lines[1:]]
    return [lines]


def _habit_asked(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """`Vous fumez ? — Six par jour.` `— Ich habe aufgehört.`"""
    named = [(line, m) for line in exchange.questions for m in line.mentions("habit")]
    answer = exchange.answer
    if answer is None or len({m.id for _, m in named}) != 1:
        return
    line, mention = named[-1]
    reply = answer.lines[0]
    others = [m for m in reply.mentions("habit") if m.id != mention.id]
    if others:
        return
    lines = [line for line in answer.lines if not any(True for _ in line.mentions("symptom", "condition", "drug"))]
    lines = [line for line in lines if not any(m.id != mention.id for m in line.mentions("habit"))]
    text, said = _quoted(dialogue, answer, lines)
    stopped = any(line.has("cue.stopped") for line in answer.lines[:2])
    if _words(text) < _FEWEST_WORDS or (answer.polarity == "no" and not stopped):
        text = ""
    assertion, hold = outcome(answer, mention, True, exchange.settled)
    if text:
        assertion, hold = ("historical" if stopped else "present"), None
    if assertion is None and hold is None:
        return
    cue = [answer.cue[0].said(answer.cue[1].start, answer.cue[1].end)] if answer.cue else []
    yield _habit(
        dialogue,
        line,
        mention,
        assertion or "present",
        text,
        [*cue, *(said if text else [])],
        answer.certainty * QUOTED,
        hold=hold,
    )


def _habit(
    dialogue: Dialogue,
    line: Line,
    mention: Mention,
    assertion: Assertion,
    text: str,
    said: list[Said],
    certainty: float,
    hold: Hold | None = None,
) -> Fact:
    label = dialogue.tables.concepts["habit", mention.id].label
    if not text:
        text = dialogue.tables.phrases["no" if assertion == "absent" else "yes"]
    return Fact(
        key=f"habit:{mention.id}",
        section="social",
        assertion=assertion,
        subject="patient",
        content=Quoted(label, text),
        said=(line.said(mention.start, mention.end), *said),
        certainty=certainty,
        hold=hold,
    )


def _habit_told(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    exchange = dialogue.answering.get(line.index)
    named = {m.id for q in exchange.questions for m in q.mentions("habit")} if exchange is not None else set()
    asked = bool(named)
    for mention in line.mentions("habit"):
        if mention.id in named and len(named) == 1:
            continue
        if line.under_condition(mention.start) or dialogue.subject_of(line, mention) != "patient":
            continue
        if not (asked or line.has("cue.first")):
            continue
        assertion: Assertion = "absent" if mention.negated else "historical" if line.has("cue.stopped") else "present"
        text = "" if assertion == "absent" else quote(line.reading, line.start, line.end, dialogue.tables)
        yield _habit(dialogue, line, mention, assertion, text, [line.whole()], line.certainty * QUOTED)
        return


def _work_told(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    """`Je suis boulanger.`: only with a known occupation or `je travaille dans`."""
    mention = next(iter(line.mentions("occupation")), None)
    exchange = dialogue.answering.get(line.index)
    if mention is None or mention.negated or (exchange is not None and "job" in exchange.topics()):
        return
    if (
        line.under_condition(mention.start)
        or dialogue.subject_of(line, mention) != "patient"
        or line.role == "companion"
    ):
        return
    yield Fact(
        key="topic:job",
        section="social",
        assertion="present",
        subject="patient",
        content=Quoted(
            dialogue.tables.concepts["occupation", mention.id].label,
            quote(line.reading, mention.start, line.end, dialogue.tables),
        ),
        said=(line.said(mention.start, line.end),),
        certainty=line.certainty * QUOTED,
    )


def _reason_asked(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """`Sie kommen zur Kontrolle? — Ja.`"""
    answer = exchange.answer
    if answer is None or answer.polarity != "yes" or answer.cue is None:
        return
    for line in exchange.questions:
        for mention in line.mentions("reason"):
            if mention.negated:
                continue
            yield Fact(
                key=f"reason:{mention.id}",
                section="reason",
                assertion="present",
                subject="patient",
                content=Quoted("", quote(line.reading, mention.start, mention.end, dialogue.tables)),
                said=(
                    line.said(mention.start, mention.end),
                    answer.cue[0].said(answer.cue[1].start, answer.cue[1].end),
                ),
                certainty=answer.certainty * QUOTED,
            )
            return
