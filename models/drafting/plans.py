"""What the practitioner decides: treatment, tests, referrals, advice, when to come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.dosing import contradictory, medication
from colloque.models.drafting.facts import Content, Fact, Hold, Medication, Quoted
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.medications import codes_of
from colloque.models.drafting.quote import JOINTS, lowered, quote, sentences, without_joints
from colloque.models.drafting.reading import Cue, Mention
from colloque.models.drafting.terms import PlanCue
from colloque.streaming.note import Assertion

DECIDED = 0.92
MEANT = 0.82
"""Certainty of a plan without a phrase that says so, after others that had one."""
REPLIED = 0.85
_WITHOUT_DOSE = ("stop", "avoid")
"""Decisions that need no dose."""
_LONGEST_WORDS = 40
"""A sentence that is longer is an explanation, not a plan."""


def plans(dialogue: Dialogue) -> Iterator[Fact]:
    """The plan, in the order in which it is said."""
    asked = {exchange.questions[-1].index: exchange for exchange in dialogue.exchanges}
    open_plan = False
    for line in dialogue.lines:
        if line.index in asked and line.role in ("patient", "companion"):
            yield from _replied(dialogue, asked[line.index])
        if not line.asks or line.index in dialogue.questions:
            continue
        facts = list(_safety(dialogue, line)) or list(_decided(dialogue, line, open_plan))
        open_plan = open_plan or bool(facts)
        yield from facts


def _fact(
    key: str, line: Line, content: Content, said: list[Said], certainty: float, assertion: Assertion = "planned"
) -> Fact:
    return Fact(key, "plan", assertion, "patient", content, tuple(said), line.certainty * certainty)


def _safety(dialogue: Dialogue, line: Line) -> Iterator[Fact]:
    """`Si la douleur revient la nuit, appelez-nous.`"""
    if not line.under_condition(line.end) or line.role != "practitioner":
        return
    parts = [line]
    if not line.has("cue.emergency"):
        following = [n for n in dialogue.after(line, 2) if n.passage is line.passage and n.has("cue.emergency")]
        if not following or not any(c.start - following[0].start <= 1 for c in following[0].cues("cue.follow_on")):
            return
        parts = dialogue.lines[line.index : following[0].index + 1]
    elif any(cue.name == "plan:follow_up" for cue in line.plans()):
        return
    text = sentences([quote(part.reading, part.start, part.end, dialogue.tables) for part in parts])
    about = next((m.id for m in line.mentions("symptom", "measure", "drug")), "any")
    content = Quoted("", dialogue.tables.phrases["safety"].format(text=lowered(text, dialogue.tables)))
    yield _fact(f"plan:safety:{about}", line, content, [part.whole() for part in parts], DECIDED)


def _decided(dialogue: Dialogue, line: Line, open_plan: bool) -> Iterator[Fact]:
    if line.role == "unknown" and not line.plans():
        return
    if line.has("cue.small_talk") and not _is_concrete(line):
        return  # what is wished at the door is no advice
    if sum(token.text[0].isalnum() for token in line.tokens) > _LONGEST_WORDS and not line.plans():
        return
    for cue, start, end in _segments(line):
        drugs = list(line.reading.mentions_in(start, end, "drug"))
        if drugs:
            yield from _drugs(dialogue, line, cue, drugs, end)
        else:
            refused = _refuses(dialogue, line) and any(m.negated for m in line.mentions("order"))
            yield from _orders(dialogue, line, cue, start, end, open_plan or refused)


def _is_concrete(line: Line) -> bool:
    return any(True for _ in line.mentions("drug")) or bool(line.plans())


def _refuses(dialogue: Dialogue, line: Line) -> bool:
    """The answer to a patient who asked for something (`Une radio ? — Pas d'imagerie.`)."""
    exchange = dialogue.answering.get(line.index)
    return exchange is not None and any(True for q in exchange.questions for _ in q.mentions("order", "drug"))


def _segments(line: Line) -> list[tuple[Cue | None, int, int]]:
    """The sentence, cut where a new decision begins. What stands before the first cue belongs to it where it is the
    cue's object (`das Ramipril erhöhen wir`)."""
    cues = line.plans()
    if not cues:
        return [(None, line.start, line.end)]
    bounds = [cue.start for cue in cues] + [line.end]
    parts: list[tuple[Cue | None, int, int]] = [(cue, cue.start, bounds[number + 1]) for number, cue in enumerate(cues)]
    objects = ("drug", "order")
    if any(True for _ in line.reading.mentions_in(line.start, cues[0].start, *objects)):
        behind = next(line.reading.mentions_in(cues[0].start, bounds[1], *objects), None)
        # Behind a comma it is said of something else: `das Ramipril setzen wir ab, dazu Paracetamol`.
        if behind and not any(token.text == "," for token in line.reading.tokens[cues[0].end : behind.start]):
            parts.insert(0, (None, line.start, cues[0].start))
        else:
            parts[0] = (cues[0], line.start, bounds[1])
    return parts


def _drugs(dialogue: Dialogue, line: Line, cue: Cue | None, drugs: list[Mention], end: int) -> Iterator[Fact]:
    decided = _plan(dialogue, cue)
    for number, mention in enumerate(drugs):
        if number and _same_drug(line, drugs[number - 1], mention):
            continue
        plan = decided if _governs(dialogue, line, decided, drugs[: number + 1]) else None
        behind = next((m.start for m in drugs[number + 1 :] if not _same_drug(line, drugs[number], m)), end)
        joined = [m for m in drugs[number:] if m.end <= behind and _chained(line, drugs[number], m)]
        last = joined[-1].end if joined else mention.end
        if plan and plan.id in _WITHOUT_DOSE:
            behind = _told_at_once(line, last)
        whole = Mention("drug", mention.id, mention.start, last, mention.negated, cues=mention.cues)
        segment = [line.said(last, without_joints(line.reading, last, behind))]
        content, spans, certain = medication(dialogue.tables, line, whole, segment)
        dosed = bool(content.dose or content.rhythm or content.duration or _numbers(segment))
        if plan is None and not dosed:
            continue
        assertion: Assertion = "absent" if mention.negated else "planned"
        if mention.negated:
            content, spans = Medication(content.name), [line.said(s, e) for s, e in mention.cues if line.start <= s]
        content = replace(content, action=plan.write if plan else "")
        lead = [line.said(cue.start, cue.end)] if cue and plan else []
        fact = _fact(
            f"plan:{mention.id}",
            line,
            content,
            [*lead, line.said(whole.start, whole.end), *spans],
            DECIDED * certain if plan else MEANT,
            assertion,
        )
        hold: Hold | None = "unclear_value" if contradictory(segment) else None
        yield replace(fact, codes=codes_of(dialogue.tables, mention), hold=hold)


def _governs(dialogue: Dialogue, line: Line, plan: PlanCue | None, drugs: list[Mention]) -> bool:
    """Whether the decision is about the last of these drugs: what is stopped, raised or kept is the first one named and
    those listed with it. A sentence that the recogniser did not end may go on to prescribe something else."""
    if plan is None or not plan.write:
        return True
    joints = {*dialogue.tables.cues["negation.lists"], *dialogue.tables.cues["cue.determiner"]}
    return all(
        _chained(line, first, second)
        or all(token.norm in joints for token in line.reading.tokens[first.end : second.start])
        for first, second in pairwise(drugs)
    )


def _told_at_once(line: Line, at: int) -> int:
    """End of the amounts that follow without a word between: what comes later is said of something else."""
    for quantity in line.quantities("dose", "frequency", "time"):
        if quantity.start == at:
            at = quantity.end
    return at


def _numbers(segment: list[Said]) -> bool:
    return any(True for part in segment for n in part.reading.numbers_in(part.start, part.end) if not n.article)


def _same_drug(line: Line, first: Mention, second: Mention) -> bool:
    return first is second or _chained(line, first, second)


def _chained(line: Line, first: Mention, second: Mention) -> bool:
    """`budesonide with formoterol`, `amoxicilline/acide clavulanique`."""
    between = [t.norm for t in line.reading.tokens[first.end : second.start]]
    return first is second or (bool(between) and all(n in ("with", "/", "-", "plus", "mit", "avec") for n in between))


def _plan(dialogue: Dialogue, cue: Cue | None) -> PlanCue | None:
    return dialogue.tables.plans[cue.name.removeprefix("plan:")] if cue else None


def _orders(dialogue: Dialogue, line: Line, cue: Cue | None, start: int, end: int, open_plan: bool) -> Iterator[Fact]:
    plan = _plan(dialogue, cue)
    orders = list(line.reading.mentions_in(start, end, "order"))
    if plan is None and not (orders and open_plan and line.role == "practitioner"):
        return
    if plan is not None and not (plan.strong or orders):
        return
    if any(True for _ in line.reading.cues_in(start, end, "uncertain.doubt", "cue.had")):
        return
    named_by_cue = cue is not None and any(order.start < cue.end for order in orders)
    begin = cue.end if cue is not None and cue.start == start and not named_by_cue else start
    text = _object(dialogue, line, begin, end)
    if len(text.split()) < (1 if orders else 2):
        return
    if plan is not None and plan.write:
        text = f"{plan.write} {text}"
    denied = bool(orders) and all(order.negated for order in orders)
    key = f"plan:{plan.id}" if plan is not None and (plan.id == "follow_up" or not orders) else f"plan:{orders[0].id}"
    yield _fact(
        key,
        line,
        Quoted("", text),
        [line.said(start, end)],
        DECIDED if plan else MEANT,
        "absent" if denied else "planned",
    )


def _object(dialogue: Dialogue, line: Line, start: int, end: int) -> str:
    """What is decided, in the practitioner's words, without the joints at its edges and the article at its head."""
    tokens = line.reading.tokens
    while start < end and tokens[start].norm in JOINTS:
        start += 1
    end = without_joints(line.reading, start, end)
    if start < end and tokens[start].norm in dialogue.tables.cues["cue.determiner"]:
        start += 1
    return quote(line.reading, start, end, dialogue.tables)


def _replied(dialogue: Dialogue, exchange: Exchange) -> Iterator[Fact]:
    """`Et une IRM ? — Non, pas maintenant.`"""
    answer = exchange.answer
    if answer is None or answer.polarity != "no" or answer.cue is None or answer.lines[0].role != "practitioner":
        return
    told = {m.id for line in answer.lines for m in line.mentions("order", "drug")}
    for line in exchange.questions:
        for mention in line.mentions("order", "drug"):
            if mention.id in told or line.has("cue.past"):
                continue
            if mention.kind == "drug":
                name = quote(line.reading, mention.start, mention.end, dialogue.tables)
                content: Content = Medication(name)
            else:
                name = quote(line.reading, mention.start, mention.end, dialogue.tables)
                content = Quoted("", dialogue.tables.phrases["not_planned"].format(text=name))
            reply = answer.cue[0].said(answer.cue[1].start, answer.cue[1].end)
            said = [line.said(mention.start, mention.end), reply]
            yield Fact(
                f"plan:{mention.id}", "plan", "absent", "patient", content, tuple(said), answer.certainty * REPLIED
            )
