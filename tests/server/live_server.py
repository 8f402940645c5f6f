"""A whole server on a real socket, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from colloque.models.scripted import Line, ScriptedNoteEngine, ScriptedSpeechEngine
from colloque.server.app import compose, running
from colloque.server.auth import KeyRing
from colloque.server.config import ServerConfig
from colloque.server.services import Services
from colloque.server.serving import Server, listen, make_server
from colloque.streaming.config import SessionLimits
from colloque.streaming.engines import NoteEngine, SpeechEngine

KEY = "a-key-for-the-tests-only"
COUNTING = tuple(Line(second, second + 1.0, f"mot{second + 1}") for second in range(600))
"""One word a second."""
QUICK = SessionLimits(draft_after_s=0.01, draft_at_least_s=0.02, lag_every_s=0.05)


@dataclass(frozen=True)
class Opened:
    """A session that was opened over HTTP."""

    session_id: str
    publisher_token: str
    viewer_token: str


class LiveServer:
    """The running server, and short ways to talk to it."""

    def __init__(self, services: Services, server: Server, port: int) -> None:
        self.services = services
        self.server = server
        self.port = port
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}, timeout=20, trust_env=False
        )

    async def open(self, *, consent: bool = True, **fields: Any) -> Opened:
        answer = await self.http.post("/v1/sessions", json={"language": "fr", **fields})
        assert answer.status_code == 201, answer.text
        body = answer.json()
        opened = Opened(body["session_id"], body["publisher_token"], body["viewer_token"])
        if consent:
            await self.consent(opened)
        return opened

    async def consent(self, opened: Opened, **fields: Any) -> None:
        body = {"given": True, "method": "verbal", "by": "dr-1", **fields}
        answer = await self.http.post(f"/v1/sessions/{opened.session_id}/consent", json=body)
        assert answer.status_code == 200, answer.text

    def url(self, session_id: str, **query: str) -> str:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return f"ws://127.0.0.1:{self.port}/v1/sessions/{session_id}/stream?{text}"

    @asynccontextmanager
    async def stream(self, session_id: str, token: str | None, **query: str) -> AsyncIterator[Stream]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = self.url(session_id, **query)
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "max_size": None, "proxy": None}
        async with connect(url, additional_headers=headers, **options) as socket:
            yield Stream(socket)

    async def metrics(self) -> list[str]:
        return (await self.http.get("/metrics")).text.splitlines()


class Stream:
    """A connected client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def read(self) -> dict[str, Any]:
        """The next event; `close` with its code where there is none."""
        try:
            event: dict[str, Any] = json.loads(await self.socket.recv())
        except ConnectionClosed:
            return {"type": "close", "code": self.socket.close_code, "reason": self.socket.close_reason}
        return event

    async def until(self, kind: str) -> dict[str, Any]:
        while (event := await self.read())["type"] != kind:
            assert event["type"] != "close", event
        return event

    async def rest(self) -> list[dict[str, Any]]:
        """Everything until the close, that included."""
        events = [await self.read()]
        while events[-1]["type"] != "close":
            events.append(await self.read())
        return events

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def speak(self, duration_s: float = 0.02, level: float = 0.1) -> None:
        await self.socket.send(pcm(duration_s, level))


def pcm(duration_s: float, level: float = 0.1, rate: int = 16_000, channels: int = 1) -> bytes:
    """16-bit audio of a constant level."""
    return np.full(round(duration_s * rate) * channels, round(level * 32_767), "<i2").tobytes()


@asynccontextmanager
async def live_server(
    folder: Path,
    engine: SpeechEngine | None = None,
    notes: NoteEngine | None = None,
    *,
    sessions_max: int = 4,
    limits: SessionLimits = QUICK,
    wait: bool = True,
) -> AsyncIterator[LiveServer]:
    """Starts a server and stops it as a signal would."""
    config = ServerConfig(folder, folder, port=0, api_keys=(KEY,), sessions_max=sessions_max, limits=limits)
    listener = listen(config)
    engine = engine or ScriptedSpeechEngine(COUNTING, period_s=600.0, slots=8)
    services = compose(config, KeyRing.of(config.api_keys), engine, notes or ScriptedNoteEngine())
    server = make_server(services)
    async with running(services) as warm_up:
        if wait:
            await warm_up
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0)
        live = LiveServer(services, server, listener.getsockname()[1])
        try:
            async with live.http:
                yield live
        finally:
            server.should_exit = True
            await serving
