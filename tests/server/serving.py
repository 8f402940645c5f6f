"""The real app on a real store, with engines that are worked by hand, reached over HTTP in this process.

What the engines would find is fed to the session as the events that they would have sent: a test says what was heard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from colloque.server.app import compose, make_app, running
from colloque.server.auth import KeyRing
from colloque.server.config import ServerConfig
from colloque.server.connection import Closing
from colloque.server.services import Services
from colloque.server.storage.sqlite import SqliteStore
from colloque.streaming.audio import samples
from colloque.streaming.config import SessionLimits
from colloque.streaming.engines import Draft, Recognised, RecognisedWord, SpeakerActivity, SpeakerSpan
from colloque.streaming.events import Ended, NoteDrafted, SpeechDelivered
from colloque.streaming.note import DraftStatement, Evidence
from tests.server.hand_engines import HandEngine, HandNotes

API_KEY = "the-api-key-of-the-tests"

NO_DRAFTS = SessionLimits(draft_after_s=3600.0, draft_at_least_s=3600.0)
"""Drafts come when a test says so, and by themselves only at the end."""


def bearer(secret: str | None) -> dict[str, str]:
    """The header that shows a key or token."""
    return {} if secret is None else {"Authorization": f"Bearer {secret}"}


@dataclass(frozen=True)
class Served:
    """A running app."""

    client: httpx.AsyncClient
    services: Services

    async def open(self, **body: Any) -> Session:
        """A new session; French unless said otherwise."""
        answer = await self.client.post("/v1/sessions", json={"language": "fr", **body}, headers=bearer(API_KEY))
        assert answer.status_code == 201, answer.text
        created = answer.json()
        return Session(self, created["session_id"], created["publisher_token"], created["viewer_token"])

    async def live(self, **body: Any) -> Session:
        """A new session with consent."""
        session = await self.open(**body)
        consent = {"given": True, "method": "verbal", "by": "dr-1"}
        answer = await session.request("POST", "/consent", json=consent)
        assert answer.status_code == 200, answer.text
        return session


_PUBLISHER = "publisher"


@dataclass(frozen=True)
class Session:
    """A session of the app, and its tokens."""

    served: Served
    id: str
    publisher_token: str
    viewer_token: str

    def on(self, served: Served) -> Session:
        """The same session on another server."""
        return Session(served, self.id, self.publisher_token, self.viewer_token)

    async def request(
        self, method: str, path: str, *, token: str | None = _PUBLISHER, json: object = None
    ) -> httpx.Response:
        """A request below the session's address, with the publisher's token unless said otherwise."""
        headers = bearer(self.publisher_token if token == _PUBLISHER else token)
        return await self.served.client.request(method, f"/v1/sessions/{self.id}{path}", headers=headers, json=json)

    async def get(self, path: str, *, token: str | None = _PUBLISHER) -> httpx.Response:
        """Reads below the session's address."""
        return await self.request("GET", path, token=token)

    async def hear(self, text: str) -> None:
        """One speaker says the text at the beginning of the first track, two words a second."""
        words = tuple(
            RecognisedWord(word, samples(i / 2), samples(i / 2 + 0.4), 0.9) for i, word in enumerate(text.split())
        )
        end = words[-1].end_sample
        driver = await self.served.services.registry.get(self.id)
        for result in (
            SpeakerActivity((SpeakerSpan(1, 0, end, True),), end),
            Recognised(0, 0, end, words, "pause"),
        ):
            await driver.submit(SpeechDelivered(0, 1, result))

    async def draft(self, *texts: str) -> None:
        """A draft of the note with one statement a text; the same place is the same fact."""
        statements = tuple(
            DraftStatement(
                key=f"fact-{i}",
                section="reason",
                text=text,
                assertion="present",
                subject="patient",
                confidence=0.8,
                evidence=(Evidence((f"w0-{i + 1}",), float(i), i + 0.5, "S1", text),),
            )
            for i, text in enumerate(texts)
        )
        driver = await self.served.services.registry.get(self.id)
        await driver.submit(NoteDrafted(Draft(statements)))

    async def end(self) -> None:
        """Ends the session and waits until it is over."""
        driver = await self.served.services.registry.get(self.id)
        viewer = driver.attach(publisher=False, last_seq=None, token=None)
        await driver.submit(Ended("test"))
        while not isinstance(await viewer.next(), Closing):
            pass
        driver.detach(viewer)

    async def actions(self) -> list[str]:
        """What the audit trail says was done."""
        store = self.served.services.store
        assert isinstance(store, SqliteStore)
        return [entry.action for entry in await store.audit_trail(self.id)]


@asynccontextmanager
async def serving(folder: Path, **fields: Any) -> AsyncIterator[Served]:
    """Runs the app on the data in `folder`; `fields` of the configuration may be given."""
    config = ServerConfig(data=folder, models=folder, api_keys=(API_KEY,), limits=NO_DRAFTS, **fields)
    services = compose(config, KeyRing.of(config.api_keys), HandEngine(slots=4), HandNotes())
    transport = httpx.ASGITransport(make_app(services))
    async with running(services), httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Served(client, services)
