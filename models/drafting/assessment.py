"""What the practitioner holds for likely, certain or excluded. Never more than was said."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.facts import Fact, Quoted
from colloque.models.drafting.lines import Line
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention
from colloque.streaming.note import Assertion

JUDGED = 0.88
REPLIED = 0.82


def assessments(dialogue: Dialogue) -> Iterator[Fact]:
    """The practitioner's assessment."""
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    for line in dialogue.lines:
        if line.role == "practitioner" and line.index not in dialogue.questions:
            yield from _judged(dialogue, line)
        if line.index in asked and line.role in ("patient", "companion"):
            yield from _replied(dialogue, asked[line.index])


def _judged(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    conditions = [m for m in line.mentions("condition") if not line.under_condition(m.start)]
    cues = list(line.cues("cue.assessing"))
    if not conditions or not cues or any(topic != "allergies" for topic in line.topics()):
        return
    if any(m.start < conditions[0].start for m in line.mentions("relative", "other_person")):
        return
    if line.has("cue.past", "cue.had", "cue.ordinal"):
        return
    if any(m.start < conditions[0].start for m in line.mentions("drug")):
        return  # a treatment of the condition, where the drug comes first; behind it, it may be the cause
    for number, mention in enumerate(conditions):
        if not any(cue.start <= mention.start for cue in cues):
            continue
        if number and not _boundary(line, conditions[number - 1], mention):
            continue
        yield _judgement(dialogue, line, mention, conditions[number + 1 :])


def _boundary(line: Line, first: Mention, second: Mention) -> bool:
    """Whether two conditions are two judgements: a doubt or a denial of its own parts them (`une grippe, peut-être
    une pneumonie`). Otherwise the second is another name, or a part, of the first."""
    if second.negated != first.negated:
        return True
    return any(first.end <= start < second.start for start, _ in second.cues)


def _judgement(dialogue: Dialogue, line: Line, mention: Mention, others: list[Mention]) -> Fact:
    following = next((m for m in others if _boundary(line, mention, m)), None)
    end = line.end if following is None else _end_before(line, mention, following)
    phrases = dialogue.tables.phrases
    unlikely = line.has("uncertain.unlikely")
    assertion: Assertion = "absent" if mention.negated or unlikely else "possible" if mention.uncertain else "present"
    label = dialogue.tables.concepts["condition", mention.id]
    if assertion == "absent":
        text = phrases["unlikely"].format(text=label.label) if unlikely else label.absent
    else:
        text = quote(line.reading, _head(line, mention), end, dialogue.tables)
        if mention.uncertain:
            text = phrases[_doubt(line, mention)].format(text=text)
    cues = [line.said(max(s, line.start), e) for s, e in mention.cues if s < line.end and e > line.start]
    span = line.said(mention.start, mention.end) if assertion == "absent" else line.said(_head(line, mention), end)
    return Fact(
        key=f"assessment:{mention.id}",
        section="assessment",
        assertion=assertion,
        subject="patient",
        content=Quoted("", text),
        said=(span, *cues),
        certainty=line.certainty * JUDGED,
    )


def _end_before(line: Line, mention: Mention, following: Mention) -> int:
    """Where the words about one condition end and those about the next begin: at the last comma between them."""
    end = min([following.start, *(start for start, _ in following.cues if start >= mention.end)])
    commas = [at for at in range(mention.end, end) if line.reading.tokens[at].text == ","]
    return commas[-1] if commas else end


def _head(line: Line, mention: Mention) -> int:
    """Where the judgement's words begin: behind `c'est une`, so that what stands before the name is kept
    (`mild viral bronchitis`)."""
    cues = [c for c in line.cues("cue.assessing") if c.end <= mention.start]
    near = [c.end for c in cues if mention.start - c.end <= 6]
    doubts = [end for start, end in mention.cues if end <= mention.start and mention.start - end <= 6]
    head = max([*near, *doubts], default=mention.start)
    while head < mention.start and not line.reading.tokens[head].norm[-1].isalnum():
        head += 1
    if head < mention.start and line.reading.tokens[head].norm in (
        "un",
        "une",
        "a",
        "an",
        "ein",
        "eine",
        "einen",
        "einer",
        "the",
        "de",
        "d'",
    ):
        head += 1
    return head


def _doubt(line: Line, mention: Mention) -> str:
    """Which phrase tells the doubt."""
    if any(start <= c.start < end for c in line.cues("uncertain.not_excluded") for start, end in mention.cues):
        return "not_excluded"
    likely = [c for c in line.cues("uncertain.likely") if any(s <= c.start < e for s, e in mention.cues)]
    return "likely" if likely else "possible"


def _replied(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """`Et si c'était la goutte ? — Peu probable.`"""
    answer = exchange.answer
    named = [
        (q, m) for q in exchange.questions for m in q.mentions("condition") if dialogue.subject_of(q, m) == "patient"
    ]
    if answer is None or len({m.id for _, m in named}) != 1 or answer.lines[0].role != "practitioner":
        return
    question, mention = named[0]
    unlikely = next((c for c in answer.lines[0].cues("uncertain.unlikely")), None)
    if unlikely is None or any(True for _ in answer.lines[0].mentions("condition")):
        return
    label = dialogue.tables.concepts["condition", mention.id].label
    yield Fact(
        key=f"assessment:{mention.id}",
        section="assessment",
        assertion="absent",
        subject="patient",
        content=Quoted("", dialogue.tables.phrases["unlikely"].format(text=label)),
        said=(question.said(mention.start, mention.end), answer.lines[0].said(unlikely.start, unlikely.end)),
        certainty=answer.certainty * REPLIED,
    )
