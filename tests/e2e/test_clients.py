"""Several clients of one session, over real sockets: the same events in the same order for everybody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from colloque.clients.client import ColloqueClient
from colloque.clients.errors import StreamClosed
from colloque.streaming.view import SessionView
from colloque.streaming.wire import decode_event
from tests.e2e.server_process import AT_ONCE, open_session, server_process
from tests.server.live_server import KEY, Stream, pcm

pytestmark = pytest.mark.timeout(60)

TO_ONE = ("session.ready", "audio.ack", "snapshot", "error")
"""What is said to one connection only."""


def broadcast(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] not in (*TO_ONE, "close")]


async def talk(publisher: Stream, duration_s: float) -> None:
    for _ in range(round(duration_s * 10)):
        await publisher.speak(0.1)
        await asyncio.sleep(0)


def folded(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The view that these events lead to."""
    view = SessionView()
    for event in events:
        envelope = decode_event(json.dumps(event))
        if envelope is not None:
            view.apply(envelope.event)
    return view.to_json()


async def test_everybody_sees_the_same_in_the_same_order(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, ColloqueClient(server.url, KEY) as client:
        created = await open_session(client)
        async with (
            server.stream(created.session_id, created.viewer_token) as viewer,
            server.stream(created.session_id, created.publisher_token) as publisher,
        ):
            first = [await viewer.until("session.ready")]
            await publisher.until("session.ready")
            await talk(publisher, 4.0)
            await publisher.say("finalize")
            first.append(await viewer.until("note.upsert"))
            async with server.stream(created.session_id, created.viewer_token) as late:
                opening = [await late.until("session.ready"), await late.read()]
                await talk(publisher, 8.0)
                await publisher.say("end")
                seen = [await stream.rest() for stream in (viewer, publisher, late)]
    assert [events[-1]["code"] for events in seen] == [1000, 1000, 1000]
    assert opening[1]["type"] == "snapshot"
    joined_at = opening[1]["seq"]
    after = [[e for e in broadcast(events) if e["seq"] > joined_at] for events in seen]
    assert after[0] == after[1] == after[2]
    assert [e["seq"] for e in after[0]] == sorted(e["seq"] for e in after[0])
    assert {"transcript.final", "transcript.partial", "note.upsert", "lag", "session.ended"} <= {
        e["type"] for e in after[0]
    }
    assert folded(opening + seen[2][:-1]) == folded([opening[1], *after[0]])


async def test_all_events_reach_two_clients_alike(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, ColloqueClient(server.url, KEY) as client:
        created = await open_session(client)
        async with (
            server.stream(created.session_id, created.viewer_token) as one,
            server.stream(created.session_id, created.viewer_token) as two,
            server.stream(created.session_id, created.publisher_token) as publisher,
        ):
            for stream in (one, two, publisher):
                await stream.until("session.ready")
            await talk(publisher, 30.0)
            await publisher.say("end")
            seen = [broadcast(await stream.rest()) for stream in (one, two, publisher)]
    assert len(seen[0]) > 50
    assert seen[0] == seen[1]
    assert seen[2] == seen[0]


async def test_a_viewer_may_not_send_audio(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, ColloqueClient(server.url, KEY) as client:
        created = await open_session(client)
        async with (
            server.stream(created.session_id, created.viewer_token) as viewer,
            server.stream(created.session_id, created.publisher_token) as publisher,
        ):
            await viewer.speak(0.1)
            assert (await viewer.until("error"))["code"] == "not_allowed"
            await viewer.say("end")
            assert (await viewer.until("error"))["code"] == "not_allowed"
            assert (await publisher.until("session.ready"))["audio"]["samples"] == 0
            await talk(publisher, 3.0)
            await publisher.say("end")
            await publisher.rest()
            ended = await viewer.until("session.ended")
    assert ended["summary"]["duration"] == 3.0


async def test_a_newer_publisher_supersedes(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server, ColloqueClient(server.url, KEY) as client:
        created = await open_session(client)
        async with client.publish(created, patience=AT_ONCE) as older:
            assert await older.send_audio(pcm(2.9))
            while not older.view.turns:
                await anext(older)
            async with server.stream(created.session_id, created.publisher_token) as newer:
                ready = await newer.until("session.ready")
                with pytest.raises(StreamClosed) as caught:
                    async for _ in older:
                        pass
                assert caught.value.close_code == 4003
                # exactly on from where the older one's audio ends
                await newer.socket.send(pcm(4.0 - ready["audio"]["samples"] / 16_000))
                await newer.say("end")
                *_, ended, close = await newer.rest()
    assert close["code"] == 1000
    assert ended["summary"]["duration"] == 4.0


async def test_the_last_words_are_in_the_result(tmp_path: Path) -> None:
    """The recording ends in the middle of a line, which nothing but `end` can finish."""
    async with server_process(tmp_path) as server, ColloqueClient(server.url, KEY) as client:
        created = await open_session(client)
        async with client.publish(created, patience=AT_ONCE) as session:
            assert await session.send_audio(pcm(7.5))
            await session.end()
            async for _ in session:
                pass
        turns = [turn.text for turn in session.view.transcript()]
        kept = (await client.transcript(created, "txt")).rstrip()
    assert turns[-1] == "Non."
    assert kept.endswith("Non.")
