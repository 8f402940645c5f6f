"""Consent over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, model_validator

from colloque.server import auth
from colloque.server.clinical import consent
from colloque.server.clinical.consent import ConsentMethod, ConsentRecord, ConsentStatus
from colloque.server.routing import Access, Body, audit, may_publish
from colloque.streaming.errors import SessionOver
from colloque.streaming.events import ConsentRecorded

router = APIRouter()


class ConsentBody(Body):
    """A decision of the patient on being recorded, as the practice noted it."""

    given: bool
    method: ConsentMethod
    by: str = Field(min_length=1, max_length=200, description="Who recorded the decision.")
    statement: str | None = Field(default=None, max_length=4000, description="The text that was read or shown.")
    erase: bool = Field(default=False, description="With a withdrawal: delete what was captured.")

    @model_validator(mode="after")
    def _erase_withdraws(self) -> ConsentBody:
        if self.erase and self.given:
            raise ValueError("`erase` goes with `given: false` only")
        return self


class ConsentEntry(BaseModel):
    """A decision as it was kept."""

    given: bool
    method: ConsentMethod
    by: str
    at: str
    erase: bool


class ConsentView(BaseModel):
    """Where consent stands, and how it came there."""

    status: ConsentStatus
    history: list[ConsentEntry]


@router.post("/consent")
async def record_consent(body: ConsentBody, access: Annotated[Access, Depends(may_publish)]) -> ConsentView:
    """Records consent, a refusal, or a withdrawal. A withdrawal stops the capture at once; with `erase` it deletes what
    was captured."""
    driver = access.driver
    is_over = driver.session.state in ("closing", "closed")
    is_let_go = driver.session.view.reason in ("consent_withdrawn", "consent_refused")
    if (body.given and is_over) or (body.erase and driver.session.state == "closed" and not is_let_go):
        raise SessionOver(
            "the session has ended: open a new one to record, or erase it as a whole with DELETE /v1/sessions/{id}"
        )
    at = auth.rfc3339(datetime.now(UTC))
    decision = ConsentRecord(body.given, body.method, body.by, at, body.statement, body.erase)
    # Kept here before anything is awaited: a second request must meet this decision, not the one before it.
    driver.consent = consent.record(driver.consent, decision)
    if decision.given:  # written down before a word is heard
        await _write_down(access, decision)
        await driver.submit(ConsentRecorded(True))
    else:  # the capture stops first; said again after a fault, the decision is written down all the same
        if driver.session.state != "closed":
            await driver.submit(ConsentRecorded(False, decision.erase))
        await _write_down(access, decision)
    return consent_view(driver.consent)


async def _write_down(access: Access, decision: ConsentRecord) -> None:
    await access.services.store.add_consent(access.session_id, decision)
    await audit(access.services, access.caller, access.session_id, _consent_action(decision))


def consent_view(history: tuple[ConsentRecord, ...]) -> ConsentView:
    """The history as clients see it."""
    entries = [
        ConsentEntry(given=entry.given, method=entry.method, by=entry.by, at=entry.at, erase=entry.erase)
        for entry in history
    ]
    return ConsentView(status=consent.status(history), history=entries)


def _consent_action(decision: ConsentRecord) -> str:
    if decision.given:
        return "consent.give"
    return "consent.withdraw_and_erase" if decision.erase else "consent.withdraw"
