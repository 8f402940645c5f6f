"""The note as it grows: merges drafts, takes the clinician's edits, and never lets the first undo the second."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from colloque.streaming.engines import Draft
from colloque.streaming.errors import StaleRevision, UnknownStatement
from colloque.streaming.events import NoteSignedBy, StatementEdited
from colloque.streaming.messages import NoteDiscard, NoteSigned, NoteUpsert, NoteWithheld, ServerEvent
from colloque.streaming.note import DraftStatement, Statement
from colloque.streaming.view import SessionView

CONFIDENCE_STEP = 0.1
"""A smaller change of confidence alone is no reason to send a statement again."""


def statement_id(session_id: str, key: str) -> str:
    """Stable over drafts and restarts, and tells nothing of the fact."""
    return "n-" + hashlib.sha256(f"{session_id}\n{key}".encode()).hexdigest()[:12]


def merge(session_id: str, view: SessionView, draft: Draft) -> list[ServerEvent]:
    """Events that bring the note to what the draft says.

    A statement that the clinician edited, confirmed or discarded is left alone; a draft statement that is no longer
    found is discarded; a signed note no longer changes by itself.
    """
    if view.signed is not None:
        return []
    events: list[ServerEvent] = []
    rev = view.rev
    found = {statement_id(session_id, proposal.key): proposal for proposal in draft.statements if proposal.evidence}
    for known in view.statements.values():
        if known.id not in found and known.state == "draft":
            rev += 1
            events.append(NoteDiscard(rev, known.id, "superseded"))
    for identifier, proposal in found.items():
        old = view.statements.get(identifier)
        if identifier in view.discarded or (old is not None and not _is_news(old, proposal)):
            continue
        rev += 1
        events.append(NoteUpsert(rev, _statement(identifier, rev, proposal)))
    count = sum(draft.withheld.values())
    if draft.withheld != view.withheld.reasons:
        events.append(NoteWithheld(count, dict(draft.withheld)))
    return events


def edit(view: SessionView, request: StatementEdited) -> list[ServerEvent]:
    """Events of a clinician's edit. Raises `UnknownStatement` or `StaleRevision`."""
    old = view.statements.get(request.statement_id) or view.discarded.get(request.statement_id)
    if old is None:
        raise UnknownStatement("the note has no statement with this id (any more): read the note again")
    if request.base_rev < old.rev or request.base_rev > view.rev:
        raise StaleRevision(f"the statement was changed in revision {old.rev}: read it again, then edit")
    rev = view.rev + 1
    if request.state == "discarded":
        return [NoteDiscard(rev, old.id, "clinician")]
    changed = (request.text is not None and request.text != old.text) or (
        request.section is not None and request.section != old.section
    )
    state = request.state or ("edited" if changed else "confirmed")
    return [
        NoteUpsert(
            rev,
            replace(
                old,
                text=old.text if request.text is None else request.text,
                section=request.section or old.section,
                # An edited text is the clinician's own: it stays so whatever state the request names.
                state="edited" if changed and state == "draft" else state,
                rev=rev,
            ),
        )
    ]


def sign(view: SessionView, request: NoteSignedBy) -> list[ServerEvent]:
    """The event of a signature. Raises `StaleRevision` where the signer has not seen the note as it stands."""
    if request.base_rev != view.rev:
        raise StaleRevision(f"the note is at revision {view.rev}: read it again before signing")
    return [NoteSigned(view.rev, request.by, request.signed_at, request.digest)]


def _statement(identifier: str, rev: int, proposal: DraftStatement) -> Statement:
    return Statement(
        id=identifier,
        section=proposal.section,
        text=proposal.text,
        assertion=proposal.assertion,
        subject=proposal.subject,
        confidence=round(proposal.confidence, 3),
        state="draft",
        evidence=proposal.evidence,
        codes=proposal.codes,
        rev=rev,
    )


def _is_news(old: Statement, proposal: DraftStatement) -> bool:
    if old.state != "draft":
        return False
    same = _statement(old.id, old.rev, replace(proposal, confidence=old.confidence)) == old
    return not same or abs(old.confidence - proposal.confidence) >= CONFIDENCE_STEP
