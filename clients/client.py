"""The async client of a Colloque server: sessions, consent, transcript, note over HTTP, and the live stream.

    async with ColloqueClient("http://127.0.0.1:8765", api_key) as client:
        created = await client.create_session("fr")
        await client.consent(created, given=True, method="verbal", by="dr-1")
        async with client.publish(created) as session:
            ...

Every call raises `RequestRefused` with the server's code, or `ServerUnreachable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit

import httpx

from colloque.clients.closing import Patience
from colloque.clients.connecting import StreamAddress, is_loopback, problem
from colloque.clients.errors import ServerUnreachable
from colloque.clients.live import LiveSession
from colloque.streaming.config import TrackSpec
from colloque.streaming.engines import Language
from colloque.streaming.messages import AudioFormat
from colloque.streaming.note import Section
from colloque.streaming.schema import to_json

ConsentMethod = Literal["verbal", "written", "electronic"]
TranscriptFormat = Literal["json", "txt", "vtt", "rttm"]
ANSWER_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """What `create_session` gives; the tokens are told this once."""

    session_id: str
    publisher_token: str = field(repr=False)
    """May send audio, record consent, edit and sign."""
    viewer_token: str = field(repr=False)
    """May read."""
    expires_at: str
    """End of the tokens' life, RFC 3339."""


class ColloqueClient:
    """An async context manager. One client serves any number of sessions."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        """`url` is `http://host:port` or `https://…`. Without `api_key`, sessions of which a token is known can be
        used, but none created. Raises `ValueError` for an address that is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the server's address must look like http://host:port")
        self.url = url.rstrip("/")
        self._api_key = api_key
        self._http = httpx.AsyncClient(timeout=ANSWER_WAIT_S, trust_env=not is_loopback(url))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def is_ready(self) -> bool:
        """True once the server's models are warm. Raises `ServerUnreachable`."""
        return (await self._ask("GET", "/readyz", None)).status_code == 200

    async def create_session(
        self,
        language: Language,
        *,
        tracks: Sequence[TrackSpec] = (),
        keyterms: Sequence[str] = (),
        speakers_max: int | None = None,
        title: str | None = None,
    ) -> CreatedSession:
        """Opens a session. With two tracks each track is one speaker. Needs the API key.

        Raises `RequestRefused` with the code `capacity` and `retry_after_s` where the server is full.
        """
        body: dict[str, Any] = {"language": language, "keyterms": list(keyterms)}
        if tracks:
            body["tracks"] = [to_json(track) for track in tracks]
        if speakers_max is not None:
            body["speakers_max"] = speakers_max
        if title is not None:
            body["title"] = title
        answer = await self._json("POST", "/v1/sessions", self._api_key, body)
        return CreatedSession(
            answer["session_id"], answer["publisher_token"], answer["viewer_token"], answer["expires_at"]
        )

    async def consent(
        self,
        session: CreatedSession,
        *,
        given: bool,
        method: ConsentMethod,
        by: str,
        statement: str | None = None,
        erase: bool = False,
    ) -> dict[str, Any]:
        """Records consent, a refusal or a withdrawal; `by` is who recorded it. `erase` goes with a withdrawal."""
        body: dict[str, Any] = {"given": given, "method": method, "by": by}
        if statement is not None:
            body["statement"] = statement
        if erase:
            body["erase"] = True
        return await self._json("POST", f"{_path(session)}/consent", session.publisher_token, body)

    async def session(self, session: CreatedSession) -> dict[str, Any]:
        """State, consent, lag and counts."""
        return await self._json("GET", _path(session), session.viewer_token)

    async def transcript(self, session: CreatedSession, form: TranscriptFormat = "json") -> str:
        """The committed words, as text of the format that is asked for."""
        answer = await self._checked("GET", f"{_path(session)}/transcript?format={form}", session.viewer_token)
        return answer.text

    async def erase(self, session: CreatedSession) -> None:
        """Erases everything of the session but the audit entry that says so. Needs the API key."""
        await self._checked("DELETE", _path(session), self._api_key)

    # --- the note ---------------------------------------------------------------------------------------------------

    async def note(self, session: CreatedSession) -> dict[str, Any]:
        """The note as it stands, discarded statements included."""
        return await self._json("GET", f"{_path(session)}/note", session.viewer_token)

    async def edit(
        self,
        session: CreatedSession,
        statement_id: str,
        base_rev: int,
        *,
        text: str | None = None,
        section: Section | None = None,
        state: Literal["edited", "confirmed", "discarded"] | None = None,
    ) -> dict[str, Any]:
        """Edits, confirms or discards a statement; no later draft overwrites that. The statement as it is now.

        Raises `RequestRefused` with the code `stale_revision` where it has changed since `base_rev`.
        """
        changes = {"text": text, "section": section, "state": state}
        body = {"base_rev": base_rev, **{key: value for key, value in changes.items() if value is not None}}
        path = f"{_path(session)}/note/statements/{quote(statement_id, safe='')}"
        return await self._json("PATCH", path, session.publisher_token, body)

    async def sign(self, session: CreatedSession, *, by: str, base_rev: int) -> dict[str, Any]:
        """Signs the note as of `base_rev`; later changes are amendments."""
        body = {"by": by, "base_rev": base_rev}
        return await self._json("POST", f"{_path(session)}/note/sign", session.publisher_token, body)

    async def export(self, session: CreatedSession, *, draft: bool = False) -> str:
        """The note as Markdown. Only a signed note, unless `draft`."""
        query = "format=markdown" + ("&draft=true" if draft else "")
        return (await self._checked("GET", f"{_path(session)}/note/export?{query}", session.viewer_token)).text

    # --- the stream -------------------------------------------------------------------------------------------------

    def publish(
        self, session: CreatedSession, audio: AudioFormat | None = None, *, patience: Patience | None = None
    ) -> LiveSession:
        """The stream, to send audio (by default s16le mono at 16 kHz) and to receive."""
        address = StreamAddress(self.url, session.session_id, session.publisher_token)
        return LiveSession(address, audio or AudioFormat(), patience=patience)

    def watch(self, session_id: str, token: str, *, patience: Patience | None = None) -> LiveSession:
        """The stream, to receive only."""
        return LiveSession(StreamAddress(self.url, session_id, token), patience=patience)

    def page_link(self, session: CreatedSession) -> str:
        """Where a browser shows the session to a viewer. The token is in the fragment, which no server is sent."""
        return f"{self.url}/#session={quote(session.session_id, safe='')}&token={quote(session.viewer_token, safe='')}"

    # --- requests ---------------------------------------------------------------------------------------------------

    async def _ask(
        self, method: str, path: str, token: str | None, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return await self._http.request(method, self.url + path, headers=headers, json=body)
        except httpx.TransportError as error:
            raise ServerUnreachable(
                f"no answer from {self.url} ({type(error).__name__}): is a server running there?"
            ) from None

    async def _checked(
        self, method: str, path: str, token: str | None, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        answer = await self._ask(method, path, token, body)
        if not answer.is_success:
            raise problem(answer.status_code, answer.content, answer.headers.get("Retry-After"))
        return answer

    async def _json(
        self, method: str, path: str, token: str | None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = await self._checked(method, path, token, body)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServerUnreachable(f"{self.url} does not answer like a Colloque server: is the address right?")
        return found


def _path(session: CreatedSession) -> str:
    return f"/v1/sessions/{quote(session.session_id, safe='')}"
