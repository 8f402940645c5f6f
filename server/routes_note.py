"""The note over HTTP: read, edit, sign, export."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from colloque.server import auth, exports
from colloque.server.clinical import record
from colloque.server.problems import NotAvailable
from colloque.server.routing import NO_STORE, PROBLEMS, Access, Body, audit, may_publish, may_view, no_store
from colloque.streaming.events import StatementEdited
from colloque.streaming.messages import NoteSigned, NoteWithheld
from colloque.streaming.note import Section, Statement

router = APIRouter(
    prefix="/v1/sessions/{session_id}/note", tags=["note"], dependencies=[Depends(no_store)], responses=PROBLEMS
)

Revision = Annotated[int, Field(ge=0, description="Revision that the change rests on.")]


class NoteRead(BaseModel):
    """The note as it stands, discarded statements included."""

    rev: int
    status: record.RecordState
    statements: list[Statement]
    withheld: NoteWithheld
    signed: NoteSigned | None


class EditBody(Body):
    """What to change of a statement; what is left out stays."""

    base_rev: Revision
    text: str | None = Field(default=None, min_length=1, max_length=2000)
    section: Section | None = None
    state: Literal["edited", "confirmed", "discarded"] | None = None


class SignBody(Body):
    """Who signs, and which revision."""

    by: str = Field(min_length=1, max_length=200)
    base_rev: Revision


@router.get("")
async def read_note(access: Annotated[Access, Depends(may_view)]) -> NoteRead:
    """Statements with the words that they rest on, what was withheld, and the signature where there is one."""
    view = access.driver.session.view
    return NoteRead(
        rev=view.rev,
        status=record.state(view),
        statements=[*view.statements.values(), *view.discarded.values()],
        withheld=view.withheld,
        signed=view.signed,
    )


@router.patch("/statements/{statement_id}")
async def edit_statement(
    statement_id: str, body: EditBody, access: Annotated[Access, Depends(may_publish)]
) -> Statement:
    """A clinician's edit, which no later draft overwrites. After a signature it is an amendment.

    Answers 409 `stale_revision` where the statement has changed since `base_rev`.
    """
    driver = access.driver
    text = None if body.text is None else " ".join(body.text.split())
    edit = StatementEdited(statement_id, body.base_rev, text, body.section, body.state)
    view = driver.session.view
    record.check_edit(view, edit)
    amends = record.state(view) != "draft"
    await driver.submit(edit)
    await audit(access.services, access.caller, access.session_id, "note.amend" if amends else "statement.edit")
    view = driver.session.view
    return view.statements.get(statement_id) or view.discarded[statement_id]


@router.post("/sign")
async def sign_note(body: SignBody, access: Annotated[Access, Depends(may_publish)]) -> NoteSigned:
    """Signs the note as it stands at `base_rev`. From then on only people change it, and each change is an amendment.

    `digest` is the SHA-256 over the signed statements as canonical JSON (RFC 8785), in order of their ids.
    Answers 409 `stale_revision` or `already_signed`.
    """
    driver = access.driver
    at = auth.rfc3339(datetime.now(UTC))
    signature = record.signature(driver.session.view, body.by, body.base_rev, at)
    await driver.submit(signature)
    await audit(access.services, access.caller, access.session_id, "note.sign")
    return NoteSigned(signature.base_rev, signature.by, signature.signed_at, signature.digest)


@router.get("/export", response_class=Response, responses={200: {"content": {"text/markdown": {}}}})
async def export_note(
    access: Annotated[Access, Depends(may_view)],
    format: Annotated[Literal["markdown", "fhir", "html", "pdf"], Query(description="Kind of document.")],
    draft: Annotated[bool, Query(description="Also what is not signed, marked as a draft.")] = False,
) -> Response:
    """The note as a document. Only what is signed leaves as a record; `draft=true` gives a marked draft."""
    if format != "markdown":
        raise NotAvailable(f"this version cannot export {format}: use format=markdown")
    view, session = access.driver.session.view, access.driver.record
    record.check_export(view, draft=draft)
    text = exports.markdown(view, session.config.title, session.created_at)
    await audit(access.services, access.caller, access.session_id, "note.export")
    return PlainTextResponse(text, headers=NO_STORE, media_type="text/markdown")
