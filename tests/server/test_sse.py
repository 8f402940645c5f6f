"""The events for those who only listen, over plain HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from colloque.server.connection import Connection, Outgoing
from colloque.server.sse import events
from tests.server.live_server import LiveServer, Opened, live_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path) as server:
        yield server


class Events:
    """Reads `id` and `data` of each event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def read(self) -> tuple[int | None, dict[str, Any]]:
        seq = None
        async for line in self._lines:
            if line.startswith("id: "):
                seq = int(line.removeprefix("id: "))
            elif line.startswith("data: "):
                return seq, json.loads(line.removeprefix("data: "))
        return None, {"type": "over"}

    async def until(self, kind: str) -> tuple[int | None, dict[str, Any]]:
        while (found := await self.read())[1]["type"] != kind:
            assert found[1]["type"] != "over"
        return found

    async def rest(self) -> list[dict[str, Any]]:
        found = []
        while (event := (await self.read())[1])["type"] != "over":
            found.append(event)
        return found


def listen(server: LiveServer, opened: Opened, token: str | None = None, **headers: str) -> Any:
    headers["Authorization"] = f"Bearer {token or opened.viewer_token}"
    return server.http.stream("GET", f"/v1/sessions/{opened.session_id}/events", headers=headers)


async def test_a_listener_hears_what_viewers_hear(server: LiveServer) -> None:
    opened = await server.open()
    async with (
        listen(server, opened) as response,
        server.stream(opened.session_id, opened.viewer_token) as viewer,
        server.stream(opened.session_id, opened.publisher_token) as publisher,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        heard = Events(response)
        seq, _ = await heard.until("session.ready")
        assert seq is None
        await heard.until("snapshot")
        await viewer.until("snapshot")
        await publisher.speak(3.0)
        await publisher.say("end")
        assert await heard.rest() == (await viewer.rest())[:-1]


async def test_a_listener_that_comes_again_hears_what_it_missed(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as publisher:
        async with listen(server, opened) as response:
            heard = Events(response)
            await heard.until("snapshot")
            await publisher.speak(1.0)
            seq, event = await heard.until("transcript.final")
            assert seq == event["seq"]
        await publisher.speak(1.0)
        await publisher.say("end")
        await publisher.rest()
    async with listen(server, opened, **{"Last-Event-ID": str(seq)}) as response:
        missed = await Events(response).rest()
        words = [word["text"] for event in missed if event["type"] == "transcript.final" for word in event["words"]]
        assert words == ["mot2"]
        assert missed[-1]["type"] == "session.ended"
    async with listen(server, opened, **{"Last-Event-ID": str(missed[-1]["seq"])}) as response:
        assert response.status_code == 204


async def test_a_listener_that_goes_away_is_forgotten(server: LiveServer) -> None:
    opened = await server.open()
    async with listen(server, opened) as response:
        await Events(response).until("snapshot")
        assert 'colloque_connections{kind="events"} 1.0' in await server.metrics()
    while 'colloque_connections{kind="events"} 0.0' not in await server.metrics():
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("token", "headers", "status", "code"),
    [
        ("wrong", {}, 401, "unauthorised"),
        (None, {"Last-Event-ID": "soon"}, 422, "bad_message"),
    ],
)
async def test_errors_are_problem_details(
    server: LiveServer, token: str | None, headers: dict[str, str], status: int, code: str
) -> None:
    opened = await server.open()
    async with listen(server, opened, token, **headers) as response:
        await response.aread()
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["content-type"] == "application/problem+json"


async def test_silence_is_filled_with_comments() -> None:
    connection = Connection(1, False, lambda _: None)
    lines = events(connection, keep_alive_s=0.001)
    assert await anext(lines) == "retry: 1000\n\n"
    assert await anext(lines) == ": still here\n\n"
    connection.send(Outgoing('{"type":"lag"}', 3))
    connection.close(1000, "done")
    assert [line async for line in lines] == ['id: 3\ndata: {"type":"lag"}\n\n']
