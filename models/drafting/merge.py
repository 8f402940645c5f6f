"""One fact for one thing: what is said again, more exactly or otherwise becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from colloque.models.drafting.facts import Complaint, Fact, Illness, Medication, Quoted
from colloque.models.drafting.places import same_place

_DETAILS_MAX = 4
_WEAKER = {"possible": ("present", "absent"), "historical": ("present",)}
"""Assertions that do not undo what was said for certain before."""


def merged(facts: Iterable[Fact]) -> list[Fact]:
    """The facts without repetitions, each at the place of its first mention. Depends on the order of the facts only, so
    that what was written early keeps its key when more is said."""
    found: dict[str, Fact] = {}
    for fact in facts:
        key = _placed_key(found, fact)
        if key is None:
            continue
        before = found.get(key)
        found[key] = replace(fact, key=key) if before is None else _joined(before, replace(fact, key=key))
    return list(found.values())


def _placed_key(found: dict[str, Fact], fact: Fact) -> str | None:
    """The key of a complaint: the first place keeps the plain key, another place gets one of its own.

    None where a complaint without a place says something else than the ones with a place: it is not clear which of them
    it is about.
    """
    content = fact.content
    before = found.get(fact.key)
    if not isinstance(content, Complaint) or before is None or not isinstance(before.content, Complaint):
        return fact.key
    if content.place is None:
        clash = before.content.place is not None and before.assertion != fact.assertion
        return None if clash else fact.key
    if before.content.place is None:
        same = before.assertion == fact.assertion
        return fact.key if same else f"{fact.key}:{content.place.id}"
    same = same_place(before.content.place.id, content.place.id)
    return fact.key if same else f"{fact.key}:{content.place.id}"


def _joined(before: Fact, after: Fact) -> Fact:
    """Two facts of one key. What is held back gives way; the later one counts where they differ."""
    if after.hold is not None:
        return before
    if before.hold is not None:
        return after
    if before.assertion != after.assertion:
        if before.assertion in _WEAKER.get(after.assertion, ()):
            return before
        return replace(after, section=before.section if before.section == "reason" else after.section)
    return _more_exact(before, after)


def _more_exact(before: Fact, after: Fact) -> Fact:
    first, second = before.content, after.content
    if isinstance(first, Complaint) and isinstance(second, Complaint):
        details = tuple(dict.fromkeys((*first.details, *second.details)))[:_DETAILS_MAX]
        place, side = first.place or second.place, first.side or second.side
        content = replace(first, place=place, side=side, details=details)
        if content == first:
            return before
        return replace(
            before, content=content, said=(*before.said, *after.said), certainty=min(before.certainty, after.certainty)
        )
    if isinstance(first, Illness) and isinstance(second, Illness):
        longer = second if len(second.concept.label) > len(first.concept.label) else first
        details = tuple(dict.fromkeys((*first.details, *second.details)))[:_DETAILS_MAX]
        content_ = replace(longer, details=details)
        if content_ == first:
            return before
        return replace(
            before, content=content_, said=(*before.said, *after.said), certainty=min(before.certainty, after.certainty)
        )
    if isinstance(first, Quoted) and isinstance(second, Quoted):
        return before if len(first.quote) >= len(second.quote) else replace(after, section=before.section)
    if isinstance(first, Medication) and isinstance(second, Medication):
        return after if second.dose or second.rhythm or second.note else before
    return after
