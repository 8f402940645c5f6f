"""The note as a record: what may be edited and signed, what an edit after the signature means, and what is signed.

Theory of operation: a note is in one state. It is a `draft` until a clinician signs it. A signed note no longer changes
by itself; a clinician's edit makes it `amended`, which is not a signed note until it is signed again. Who looks at the
digest later can tell whether the statements are still those that were signed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Literal

from colloque.streaming.errors import BadMessage, Refused, StaleRevision, UnknownStatement
from colloque.streaming.events import NoteSignedBy, StatementEdited
from colloque.streaming.note import Statement, StatementState
from colloque.streaming.schema import to_json
from colloque.streaming.view import SessionView

RecordState = Literal["draft", "signed", "amended"]
RecordEvent = Literal["edit", "sign"]

TRANSITIONS: dict[tuple[RecordState, RecordEvent], RecordState] = {
    ("draft", "edit"): "draft",
    ("draft", "sign"): "signed",
    ("signed", "edit"): "amended",
    ("amended", "edit"): "amended",
    ("amended", "sign"): "signed",
}
"""What is not here is refused: a signed note that nobody changed is not signed again."""

CLINICIAN_STATES: frozenset[StatementState] = frozenset({"edited", "confirmed", "discarded"})
"""States that a person may give to a statement. `draft` is the software's: what a person has seen never goes back to
it, or a later draft could overwrite the person's words."""


class AlreadySigned(Refused):
    """The note is signed as it stands."""

    code = "already_signed"
    status = 409


class NotSigned(Refused):
    """Only a signed note may leave as a record."""

    code = "not_signed"
    status = 409


def state(view: SessionView) -> RecordState:
    """Where the record stands."""
    if view.signed is None:
        return "draft"
    return "signed" if view.rev == view.signed.rev else "amended"


def check_edit(view: SessionView, edit: StatementEdited) -> None:
    """Refuses edits that make no sense for a record. The session checks revisions and merges.

    Raises `UnknownStatement`, or `BadMessage` that says which field is wrong.
    """
    known = view.statements.get(edit.statement_id) or view.discarded.get(edit.statement_id)
    if known is None:
        raise UnknownStatement("the note has no statement with this id (any more): read the note again")
    if edit.text is None and edit.section is None and edit.state is None:
        raise BadMessage("an edit names at least one of `text`, `section` and `state`")
    if edit.text is not None and not edit.text.strip():
        raise BadMessage("`text` must not be empty; to remove a statement set `state` to discarded")
    if edit.state is not None and edit.state not in CLINICIAN_STATES:
        raise BadMessage("`state` can be set to edited, confirmed or discarded; draft is only the software's own")
    if edit.state == "discarded" and (edit.text is not None or edit.section is not None):
        raise BadMessage("a statement is either changed or discarded: send `state` alone to discard it")
    if known.state == "discarded" and edit.state is None:
        raise BadMessage("the statement is discarded: to bring it back set `state` to edited or confirmed")


def signature(view: SessionView, by: str, base_rev: int, signed_at: str) -> NoteSignedBy:
    """The signature of the note as it stands.

    Raises `StaleRevision` where the signer has not seen this revision, `AlreadySigned` where nothing changed since the
    last signature.
    """
    if base_rev != view.rev:
        raise StaleRevision(f"the note is at revision {view.rev}: read it again before signing")
    if (state(view), "sign") not in TRANSITIONS:
        raise AlreadySigned("the note is signed already and nobody has changed it since: there is nothing to sign")
    return NoteSignedBy(by, base_rev, signed_at, digest(view.statements.values()))


def check_export(view: SessionView, *, draft: bool) -> None:
    """Raises `NotSigned` where what stands is not what was signed, unless a draft was asked for."""
    stands = state(view)
    if draft or stands == "signed":
        return
    why = "is not signed yet" if stands == "draft" else "was changed after it was signed"
    raise NotSigned(f"the note {why}, so it is no record: sign it first, or ask for a marked draft with ?draft=true")


def digest(statements: Iterable[Statement]) -> str:
    """SHA-256, hexadecimal, over the canonical JSON of the statements in order of their ids.

    The statements are taken as `GET …/note` gives them, without the discarded ones; the JSON is that of RFC 8785 (JCS):
    keys sorted, no white space, UTF-8, shortest numbers. So any program can check a signature from the note itself.
    """
    ordered = sorted((to_json(statement) for statement in statements), key=lambda value: str(value["id"]))
    return hashlib.sha256(canonical(ordered).encode("utf-8")).hexdigest()


def canonical(value: Any) -> str:
    """RFC 8785 JSON of what `to_json` gives: numbers have at most six decimals there, which keeps them out of the
    exponent notation."""
    if isinstance(value, dict):
        members = (f"{canonical(str(key))}:{canonical(value[key])}" for key in sorted(value, key=_utf16))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, float):
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return json.dumps(value, ensure_ascii=False)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
