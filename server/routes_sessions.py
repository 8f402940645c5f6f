"""Sessions over HTTP: open, look at, consent, transcript, erase."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from colloque.server import auth, routes_consent, transcripts
from colloque.server.auth import Caller
from colloque.server.clinical import record
from colloque.server.routes_consent import ConsentView, consent_view
from colloque.server.routing import (
    NO_STORE,
    PROBLEMS,
    Access,
    Body,
    audit,
    may_administer,
    may_open,
    may_view,
    no_store,
)
from colloque.server.services import services_of
from colloque.streaming.config import SessionConfig, TrackSpec
from colloque.streaming.engines import Language
from colloque.streaming.messages import SessionState
from colloque.streaming.transcript import Role

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], dependencies=[Depends(no_store)], responses=PROBLEMS)
router.include_router(routes_consent.router, prefix="/{session_id}")

Opener = Annotated[Caller, Depends(may_open)]
Keyterm = Annotated[str, Field(min_length=1, max_length=80)]


class TrackBody(Body):
    """An audio track. With several, each track is one speaker."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["room"])
    role: Role = Field(default="unknown", description="Who speaks on it, where the track is the speaker.")


class CreateBody(Body):
    """What a session is opened with."""

    language: Language = Field(description="Spoken language; it is never guessed.")
    tracks: list[TrackBody] = Field(default=[TrackBody(id="room")], min_length=1, max_length=2)
    speakers_max: int | None = Field(default=None, ge=1, le=10, description="At most so many people speak.")
    keyterms: list[Keyterm] = Field(default=[], max_length=200, description="Words to expect, such as drug names.")
    title: str | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _tracks_differ(self) -> CreateBody:
        if len({track.id for track in self.tracks}) < len(self.tracks):
            raise ValueError("each track needs an `id` of its own")
        return self


class Created(BaseModel):
    """A new session. The tokens are told once and cannot be read again."""

    session_id: str
    publisher_token: str = Field(description="May send audio, record consent, edit and sign.")
    viewer_token: str = Field(description="May read.")
    stream_url: str
    whip_url: str | None = Field(description="null: this version takes no WebRTC.")
    offer_url: str | None = Field(description="null: this version takes no WebRTC.")
    expires_at: str = Field(description="End of the tokens' life, RFC 3339.")


class LagView(BaseModel):
    """How far the work is behind the audio, in seconds of audio time."""

    received: float
    processed: float


class NoteView(BaseModel):
    """The state of the note as a record."""

    rev: int
    status: record.RecordState


class SessionRead(BaseModel):
    """A session as it stands."""

    session_id: str
    state: SessionState
    reason: str
    title: str | None
    language: Language
    tracks: list[TrackBody]
    created_at: str
    last_seq: int
    consent: ConsentView
    lag: LagView
    counts: dict[str, int]
    note: NoteView


@router.post("", status_code=201)
async def create_session(body: CreateBody, request: Request, caller: Opener) -> Created:
    """Opens a session. Needs an API key. Answers 503 with `Retry-After` when all slots are taken."""
    services = services_of(request)
    now = datetime.now(UTC)
    session_id = str(uuid.uuid4())
    config = SessionConfig(
        session_id=session_id,
        language=body.language,
        tracks=tuple(TrackSpec(track.id, track.role) for track in body.tracks),
        keyterms=tuple(body.keyterms),
        speakers_max=body.speakers_max,
        title=body.title,
    )
    life_s = services.config.token_life_s
    publisher_token, publisher = auth.issue("publisher", now, life_s)
    viewer_token, viewer = auth.issue("viewer", now, life_s)
    await services.registry.create(config, (publisher, viewer), auth.rfc3339(now))
    await audit(services, caller, session_id, "session.create")
    stream = request.url_for("read_session", session_id=session_id)
    return Created(
        session_id=session_id,
        publisher_token=publisher_token,
        viewer_token=viewer_token,
        stream_url=f"{'wss' if stream.scheme == 'https' else 'ws'}://{stream.netloc}{stream.path}/stream",
        whip_url=None,
        offer_url=None,
        expires_at=publisher.expires_at,
    )


@router.get("/{session_id}")
async def read_session(access: Annotated[Access, Depends(may_view)]) -> SessionRead:
    """State, consent, lag and counts."""
    driver = access.driver
    config, view = driver.record.config, driver.session.view
    return SessionRead(
        session_id=config.session_id,
        state=view.state,
        reason=view.reason,
        title=config.title,
        language=view.config.language,
        tracks=[TrackBody(id=track.id, role=track.role) for track in view.config.tracks],
        created_at=driver.record.created_at,
        last_seq=driver.session.seq,
        consent=consent_view(driver.consent),
        lag=LagView(received=view.received, processed=view.processed),
        counts=view.counts(),
        note=NoteView(rev=view.rev, status=record.state(view)),
    )


@router.get("/{session_id}/transcript", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def read_transcript(
    access: Annotated[Access, Depends(may_view)],
    format: Annotated[Literal["json", "txt", "vtt", "rttm"], Query(description="Shape of the answer.")] = "json",
) -> Response:
    """The committed words: as JSON with every word, as text by speaker, as WebVTT subtitles, or as RTTM."""
    view = transcripts.still(access.driver.session.view)
    # in a thread: hours of words take a while, and audio must not wait for them
    text = await asyncio.to_thread(transcripts.render, format, access.session_id, view)
    return Response(text, headers=NO_STORE, media_type=transcripts.MEDIA_TYPES[format])


@router.delete("/{session_id}", status_code=204)
async def erase_session(access: Annotated[Access, Depends(may_administer)]) -> Response:
    """Erases everything of the session but the audit entries. Needs an API key."""
    # Written first: an erasure without its entry would leave no trace that there ever was a session.
    await audit(access.services, access.caller, access.session_id, "session.erase")
    await access.services.registry.erase(access.session_id)
    return Response(status_code=204)
