"""Reads passages: terms, negation, numbers, quantities and what the speaker took back."""

from __future__ import annotations

from dataclasses import replace

from colloque.models.drafting.numbers import read_numbers
from colloque.models.drafting.passage import joined
from colloque.models.drafting.pipeline import ClinicalPipeline
from colloque.models.drafting.quantities import read_quantities
from colloque.models.drafting.reading import Cue, Mention, Quantity, Reading, Token
from colloque.streaming.engines import Language

_CONTEXT = ("site", "side", "quality", "relative", "other_person")
"""Kinds that give way to a longer term around them."""
_TAKEN_BACK_REACH = 8
"""Tokens between the end of a correction and what replaces the value before it."""
_NEAR_REACH = 3
_REPLACEABLE = ("drug", "side", "site")
_CORRECTION_REACH = 5
"""Tokens between a value and the words that take it back."""


class Reader:
    """Reads the passages of one language. Stateless, so the same words give the same reading."""

    def __init__(self, language: Language) -> None:
        self.pipeline = ClinicalPipeline(language)
        self.tables = self.pipeline.tables

    def read(self, words: tuple[str, ...]) -> Reading:
        """What the words of a passage say."""
        text, starts = joined(words)
        parsed = self.pipeline.parse(text, starts)
        tokens = tuple(parsed.tokens)
        numbers = tuple(read_numbers([t.text for t in tokens], self.tables.language))
        cues = tuple(sorted(parsed.cues, key=lambda c: (c.start, -c.end, c.name)))
        mentions = self._negated_by_list(tokens, _longest(parsed.mentions))
        quantities = tuple(read_quantities(tokens, numbers, cues, self.tables))
        dropped = _taken_back(tokens, quantities, mentions, cues)
        return Reading(tokens, tuple(parsed.sentences), mentions, cues, numbers, quantities, dropped)

    def _negated_by_list(self, tokens: tuple[Token, ...], mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
        """Negation that goes on over a list (`pas de fièvre, de toux`) or follows at once (`je tousse pas`)."""
        joints = set(self.tables.cues["negation.lists"])
        after = set(self.tables.cues["negation.after"])
        found: list[Mention] = []
        for mention in mentions:
            previous = next((m for m in reversed(found) if m.end <= mention.start and m.negated), None)
            between = [t.norm for t in tokens[previous.end : mention.start]] if previous else None
            if not mention.negated and previous and between and all(norm in joints for norm in between):
                mention = replace(mention, negated=True, cues=mention.cues + previous.cues)
            following = tokens[mention.end].norm if mention.end < len(tokens) else ""
            if not mention.negated and following in after and mention.kind in ("symptom", "habit"):
                mention = replace(mention, negated=True, cues=(*mention.cues, (mention.end, mention.end + 1)))
            found.append(mention)
        return tuple(found)


def _longest(mentions: list[Mention]) -> tuple[Mention, ...]:
    """Mentions that no longer one covers or, of the same kind, overlaps. Equal spans of different kinds all stay."""
    ordered = sorted(set(mentions), key=lambda m: (m.start, -m.end, m.kind, m.id))
    return tuple(m for m in ordered if not any(_gives_way(m, other) for other in ordered if other is not m))


def _gives_way(mention: Mention, other: Mention) -> bool:
    length, longest = mention.end - mention.start, other.end - other.start
    if longest < length or mention.start >= other.end or other.start >= mention.end:
        return False
    same = mention.kind == other.kind
    if longest == length:
        return same and mention.id == other.id and other.start < mention.start
    covered = other.start <= mention.start and mention.end <= other.end
    if mention.kind == "site" and other.kind == "side":  # `both feet`: the feet stay
        return False
    return same or (covered and (mention.kind in _CONTEXT or other.kind not in _CONTEXT))


def _taken_back(
    tokens: tuple[Token, ...], quantities: tuple[Quantity, ...], mentions: tuple[Mention, ...], cues: tuple[Cue, ...]
) -> frozenset[int]:
    """Tokens of values that a self-correction replaced: `trois fois... non, deux fois` drops `trois fois`."""
    values: list[tuple[str, int, int]] = [(q.kind, q.start, q.end) for q in quantities]
    values += [(m.kind, m.start, m.end) for m in mentions if m.kind in _REPLACEABLE]
    told = [m.start for m in mentions if m.kind not in _REPLACEABLE]
    dropped: set[int] = set()
    for cue in cues:
        reach = _reach(cue, tokens)
        for kind, start, end in values:
            if not reach or not 0 <= cue.start - end <= _CORRECTION_REACH:
                continue
            later = [s for k, s, _ in values if k == kind and 0 <= s - cue.end <= reach]
            if later and not any(cue.end <= at < min(later) for at in told):
                dropped |= set(range(start, min(later)))
    return frozenset(dropped)


def _reach(cue: Cue, tokens: tuple[Token, ...]) -> int:
    """Tokens behind a cue in which the new value is looked for. A bare `no` may also deny: it corrects only where the
    new value follows at once or behind a comma."""
    if cue.name == "cue.correction":
        return _TAKEN_BACK_REACH
    if cue.name != "cue.retraction":
        return 0
    comma = cue.end < len(tokens) and tokens[cue.end].text == ","
    return _NEAR_REACH if comma else 1
