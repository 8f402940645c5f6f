"""Findings that the practitioner says aloud while examining, in his or her own words."""

from __future__ import annotations

from collections.abc import Iterator

from colloque.models.drafting.dialogue import Dialogue
from colloque.models.drafting.facts import Fact, Quoted
from colloque.models.drafting.lines import Line
from colloque.models.drafting.quote import quote
from colloque.streaming.note import Assertion

FOUND = 0.9
BY_THE_WAY = 0.85
"""Certainty of a finding outside of an examination that was announced."""
_SPEAKING = frozenset({"crackles", "murmur", "contracture", "guarding", "plaques", "nodes", "oedema", "wheeze"})
"""Signs that say something without a quality: `des crépitants à droite`."""


def findings(dialogue: Dialogue) -> Iterator[Fact]:
    """The findings of a consultation."""
    examining = False
    for line in dialogue.lines:
        if not line.asks:
            continue
        examining = (examining or line.has("cue.examining")) and not line.plans()
        if line.index in dialogue.questions or line.plans() or line.role == "unknown":
            continue
        if line.has("cue.second") and not line.has("cue.seeing") and not examining:
            continue
        for start, end in _clauses(line):
            fact = _finding(dialogue, line, start, end, examining)
            if fact is not None:
                yield fact


def _clauses(line: Line) -> list[tuple[int, int]]:
    """The sentence, cut at commas where a new sign begins (`le cœur est régulier, l'abdomen est souple`)."""
    cuts = [line.start]
    signs = list(line.mentions("sign", "measure"))
    for at in range(line.start, line.end):
        if line.reading.tokens[at].text != ",":
            continue
        following = [m for m in signs if at < m.start <= at + 3]
        qualities = [q for q in line.mentions("quality") if following and q.start > following[0].start]
        before = [m for m in signs if cuts[-1] <= m.start < at]
        same = bool(following and before) and following[0].id == before[-1].id
        enough = (
            not same
            and any(q.start < at for q in line.mentions("quality"))
            or (not same and any(m.id in _SPEAKING for m in before))
        )
        if following and before and enough and (qualities or following[0].id in _SPEAKING):
            cuts.append(at + 1)
    return list(zip(cuts, [*cuts[1:], line.end], strict=True))


def _finding(dialogue: Dialogue, line: Line, start: int, end: int, examining: bool) -> Fact | None:
    reading = line.reading
    signs = list(reading.mentions_in(start, end, "sign"))
    places = list(reading.mentions_in(start, end, "site"))
    symptoms = list(reading.mentions_in(start, end, "symptom"))
    qualities = list(reading.mentions_in(start, end, "quality"))
    objects = [*signs, *places]
    telling = [m for m in signs if m.id in _SPEAKING] or (symptoms if examining else [])
    if not ((objects and qualities) or telling) or line.under_condition(end):
        return None
    if any(True for _ in reading.cues_in(start, end, "uncertain.doubt")) or line.topics():
        return None
    if any(True for _ in reading.mentions_in(start, end, "condition")) and line.has("cue.assessing"):
        return None
    head = (objects or telling)[0]
    text = _written(dialogue, line, start, end)
    if not text:
        return None
    side = next(iter(reading.mentions_in(start, end, "side")), None)
    return Fact(
        key=f"finding:{head.id}" + (f":{side.id}" if side else ""),
        section="examination",
        assertion=_assertion(line, start, end),
        subject="patient",
        content=Quoted("", text),
        said=(line.said(start, end),),
        certainty=line.certainty * (FOUND if examining else BY_THE_WAY),
    )


def _assertion(line: Line, start: int, end: int) -> Assertion:
    """Absent where everything that is named is denied, or a sign is negative."""
    named = sorted(line.reading.mentions_in(start, end, "sign", "symptom", "quality"), key=lambda m: m.start)
    qualities = [m for m in named if m.kind == "quality"]
    denied = [m for m in named if m.negated or (m.kind == "quality" and m.id == "negative")]
    single = len({m.start for m in named if m.kind != "quality"}) == 1
    all_denied = bool(qualities) and single and all(m in denied for m in qualities)
    return "absent" if named and (named[0] in denied or all_denied) else "present"


def _written(dialogue: Dialogue, line: Line, start: int, end: int) -> str:
    """The clause as a note has it: without `je vois`, the article at its head and the copula behind the sign."""
    reading = line.reading
    for cue in reading.cues_in(start, end, "cue.seeing"):
        if cue.start - start <= 4:
            start = cue.end
            break
    while start < end and (not reading.tokens[start].norm[-1].isalnum() and reading.tokens[start].norm[-1] != "'"):
        start += 1
    determiners = set(dialogue.tables.cues["cue.determiner"])
    copulas = set(dialogue.tables.cues["cue.copula"])
    fillers = {i for c in reading.cues_in(start, end, "cue.filler") for i in range(c.start, c.end)}
    while start < end and (start in fillers or reading.tokens[start].text == ","):
        start += 1
    if start < end and reading.tokens[start].norm in determiners:
        start += 1
    for at in range(start, min(end, start + 6)):
        if reading.tokens[at].norm in (",", "'"):
            break
        if reading.tokens[at].norm in copulas and reading.tokens[at - 1].norm not in ("n'", "ne"):
            left, right = quote(reading, start, at, dialogue.tables), quote(reading, at + 1, end, dialogue.tables)
            return f"{left} {right}".strip() if left else right
    return quote(reading, start, end, dialogue.tables)
