"""When and how often: the onset, moment and amount that a complaint is told with, in the speaker's words."""

from __future__ import annotations

from colloque.models.drafting.dialogue import Dialogue
from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.quote import quote
from colloque.models.drafting.reading import Mention, Quantity

_CLAUSE_TOKENS = 6
"""Longest stretch that is taken behind `depuis` or `quand je monte`."""
_LEADS = ("since", "ago", "for")
_WEIGHING = ("weight_loss", "weight_gain")

Span = tuple[int, int]


def details_of(
    dialogue: Dialogue, line: Line, mention: Mention, mentions: list[Mention]
) -> tuple[tuple[str, ...], list[Said]]:
    """Details that belong to a mention, and where they are said: those nearest to it, and those that no comma parts
    from it."""
    if mention.negated:
        return (), []
    spans = _spans(dialogue, line, mention, mentions)
    texts, said = [], []
    for span in sorted(spans):
        covered = any(span != other and other[0] <= span[0] and span[1] <= other[1] for other in spans)
        if not covered and _belongs(line, mention, mentions, span):
            texts.append(_written(dialogue, line, span))
            said.append(line.said(*span))
    corrected = _corrected(dialogue, line) if mention is mentions[-1] else None
    if corrected is not None:
        other, quantity = corrected
        texts.append(quote(other.reading, quantity.start, quantity.end, dialogue.tables))
        said.append(other.said(quantity.start, quantity.end))
    return tuple(dict.fromkeys(text for text in texts if text)), said


def _spans(dialogue: Dialogue, line: Line, mention: Mention, mentions: list[Mention]) -> set[Span]:
    timed = {(q.start, q.end) for q in line.quantities("time") if q.lead in _LEADS}
    spans = timed | {(q.start, q.end) for q in line.quantities("frequency") if q.value is not None and q.unit}
    spans |= {(cue.start, _moment_end(dialogue, line, cue.start, cue.end)) for cue in line.cues("cue.moment")}
    if mention.id in _WEIGHING:
        spans |= {(q.start, q.end) for q in line.quantities("weight")}
    for cue in line.cues("time.since"):
        bare = not any(start <= cue.start < end for start, end in timed)
        if bare and line.reading.tokens[cue.start].norm in dialogue.tables.cues["cue.since_event"]:
            end = _clause_end(line, cue.end, [m.start for m in mentions])
            if end > cue.end:
                spans.add((cue.start, end))
    named = [q for q in line.quantities("time") if q.unit == "named" and q.lead == ""]
    spans |= {(q.start, q.end) for q in named if 0 <= q.start - mention.end <= _CLAUSE_TOKENS}
    return spans


def _clause_end(line: Line, start: int, stops: list[int]) -> int:
    """Up to the next punctuation or mention, but no further than a few tokens; `start` where it is further."""
    for at in range(start, min(line.end, start + _CLAUSE_TOKENS + 1)):
        if at in stops:
            return start
        if not line.reading.tokens[at].text[-1].isalnum() and line.reading.tokens[at].text[-1] not in "'’-":
            return at
    return line.end if line.end - start <= _CLAUSE_TOKENS else start


def _moment_end(dialogue: Dialogue, line: Line, start: int, end: int) -> int:
    """`quand je monte` goes on to the end of its clause: `quand je monte les escaliers`."""
    if line.reading.tokens[start].norm not in dialogue.tables.cues["cue.when"]:
        return end
    return max(end, _clause_end(line, end, []))


def _written(dialogue: Dialogue, line: Line, span: Span) -> str:
    """`Ça fait, heu, six mois` → `depuis 6 mois`."""
    lead = next((c for c in line.cues("time.since") if c.start == span[0]), None)
    if lead is None or lead.end >= span[1]:
        return quote(line.reading, *span, dialogue.tables)
    return f"{dialogue.tables.phrases['since']} {quote(line.reading, lead.end, span[1], dialogue.tables)}"


def gap(mention: Mention, start: int, end: int) -> int:
    """Tokens between a mention and a stretch; 0 where they touch or overlap."""
    return max(start - mention.end, mention.start - end, 0)


def _belongs(line: Line, mention: Mention, mentions: list[Mention], span: Span) -> bool:
    low, high = min(mention.end, span[1]), max(mention.start, span[0])
    if any(low <= cue.start < high for cue in line.cues("cue.contrast")):
        return False
    if all(token.text != "," for token in line.reading.tokens[low:high]):
        return True
    rivals = [gap(other, *span) for other in mentions if other is not mention]
    return gap(mention, *span) <= min(rivals, default=99)


def _corrected(dialogue: Dialogue, line: Line) -> tuple[Line, Quantity] | None:
    """What the next sentence puts in the place of a value of this one: `twice a night... no, I mean three times`."""
    reading = line.reading
    taken_back = [q for q in reading.quantities if line.start <= q.start < line.end and q.start in reading.dropped]
    following = dialogue.after(line, 1)
    if not taken_back or not following or following[0].passage is not line.passage:
        return None
    kinds = {q.kind for q in taken_back}
    return next(((following[0], q) for q in following[0].quantities("frequency", "time") if q.kind in kinds), None)
