"""Where on the body a complaint is, and on which side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from colloque.models.drafting.details import gap
from colloque.models.drafting.dialogue import Dialogue, Exchange
from colloque.models.drafting.facts import Complaint, Fact
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention
from colloque.models.drafting.terms import Concept, flagged

_SAME = (
    frozenset({"hand", "hands", "finger"}),
    frozenset({"foot", "feet", "toe"}),
    frozenset({"leg", "legs"}),
    frozenset({"lower_back", "back"}),
)
_REACH = 7
"""Tokens between a symptom and its place."""
_SIDE_REACH = (-3, 7)
"""Tokens from the end of a place to its side: before it in English and German, behind it in French."""
_SHORT_WORDS = 4
"""An answer this short is a side and nothing else."""


def same_place(first: str, second: str) -> bool:
    """`hand` and `hands` are one place, and so are `foot` and `feet`."""
    return first == second or any({first, second} <= group for group in _SAME)


def place_of(
    dialogue: Dialogue, line: Line, mention: Mention, mentions: list[Mention]
) -> tuple[tuple[Concept, Said] | None, str]:
    """The place of a symptom with the words that say it, and the side as said (empty where none is)."""
    if mention.kind != "symptom" or mention.id not in flagged("symptom", "sited"):
        return None, ""
    found = _nearest(line, mention, mentions)
    source = line
    if found is None:
        found, source = _in_sentence_before(dialogue, line)
    if found is None:
        return None, ""
    low, high = _SIDE_REACH
    sides = [m for m in source.mentions("side") if low <= m.start - found.end <= high]
    side = next((m for m in sides if all(t.text != "," for t in source.reading.tokens[found.end : m.start])), None)
    end = max(found.end, side.end if side and side.start >= found.start else found.end)
    start = min(found.start, side.start if side and side.end <= found.end else found.start)
    text = _side(source, side) if side else ""
    return (dialogue.tables.concepts["site", found.id], source.said(start, end)), text


def _side(line: Line, side: Mention) -> str:
    """As said; not as a quote, which takes the `right` of `right wrist` for a filler."""
    return " ".join(line.reading.tokens[at].text for at in range(side.start, side.end))


def _in_sentence_before(dialogue: Dialogue, line: Line) -> tuple[Mention | None, Line]:
    """`C'est mon coude. J'ai une éruption.`"""
    for earlier in dialogue.before_in_passage(line, 1):
        places = [m for m in earlier.mentions("site") if not m.negated]
        told = any(True for _ in earlier.mentions("symptom"))
        if places and not told and earlier.index not in dialogue.questions:
            return places[-1], earlier
    return None, line


def _nearest(line: Line, mention: Mention, mentions: list[Mention]) -> Mention | None:
    best: tuple[int, Mention] | None = None
    for place in line.mentions("site"):
        distance = gap(mention, place.start, place.end)
        rival = min((gap(other, place.start, place.end) for other in mentions if other is not mention), default=99)
        if distance <= _REACH and distance <= rival and (best is None or distance < best[0]):
            best = (distance, place)
    return best[1] if best else None


def located(dialogue: Dialogue, exchange: Exchange, told: list[Fact], certainty: float) -> Iterator[Fact]:
    """`Quel genou ? — Le gauche.` `Aux deux pieds ? — Oui, plutôt à gauche.`: where a complaint that was told
    before is, once more."""
    answer = exchange.answer
    if answer is None or not exchange.questions[0].asks or answer.polarity == "no":
        return
    if any(True for line in exchange.questions for _ in line.mentions("symptom", "condition", "habit", "drug")):
        return
    places = [m.id for line in exchange.questions for m in line.mentions("site")]
    reply = answer.lines[0]
    side = next(iter(reply.mentions("side")), None)
    which = any(line.has("cue.which_side") or any(True for _ in line.mentions("side")) for line in exchange.questions)
    fact = next((f for f in reversed(told) if _fits(f, places)), None)
    if fact is None or not (which or places) or not isinstance(fact.content, Complaint):
        return
    if side is None and not (which and answer.polarity == "yes"):
        return
    short = sum(token.text[0].isalnum() for token in reply.tokens) <= _SHORT_WORDS
    name = _side(reply, side) if side and short else ""
    start = answer.cue[1].end if answer.cue and answer.cue[0] is reply else reply.start
    details = () if name else (quote(reply.reading, start, reply.end, dialogue.tables),)
    content = replace(fact.content, side=name or fact.content.side, details=tuple(d for d in details if d))
    span = reply.said(side.start, side.end) if name and side else reply.whole()
    yield replace(
        fact, content=content, said=(*fact.said, span), certainty=min(fact.certainty, answer.certainty * certainty)
    )


def _fits(fact: Fact, places: list[str]) -> bool:
    content = fact.content
    if not isinstance(content, Complaint) or content.place is None or fact.assertion == "absent":
        return False
    return not places or any(same_place(content.place.id, place) for place in places)
