"""A recording through a real server, as the command line does it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colloque.clients.client import ColloqueClient
from colloque.clients.consultation import Plan, consult
from colloque.clients.errors import ClientError, RecordingUnreadable, StreamClosed
from colloque.clients.recording import Recording
from tests.clients.recordings import write_wav
from tests.server.live_server import KEY, LiveServer, live_server

pytestmark = pytest.mark.timeout(60)
PLAN = Plan("fr", "verbal", "dr-1", realtime=False)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path / "server") as live:
        yield live


@pytest.fixture
async def client(server: LiveServer) -> AsyncIterator[ColloqueClient]:
    async with ColloqueClient(f"http://127.0.0.1:{server.port}", KEY) as client:
        yield client


async def test_a_recording_is_sent_printed_and_logged(client: ColloqueClient, tmp_path: Path) -> None:
    out, log = io.StringIO(), tmp_path / "out.jsonl"
    plan = Plan("fr", "verbal", "dr-1", realtime=False, events=log)
    recording = Recording(str(write_wav(tmp_path / "a.wav", 3.25)))
    link = await consult(client, recording, plan, out, asyncio.Event())
    printed = out.getvalue().splitlines()
    assert printed[0] == f"Read along in a browser: {link}"
    assert link.startswith(f"{client.url}/#session=")
    lines = [line for line in printed if line.startswith("[")]
    assert [(line[:7], line.rpartition(": ")[2]) for line in lines] == [
        ("[00:00]", "mot1"),
        ("[00:01]", "mot2"),
        ("[00:02]", "mot3"),
        ("[00:03]", "mot4"),  # the last words are there
    ]
    assert "Note (draft, not signed), revision 0" in printed
    assert printed[-1].startswith("00:03 of audio, ")
    assert "4 words, 0 statements, 0 gap(s)" in printed[-1]
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [event["type"] for event in events[:2]] == ["session.ready", "snapshot"]
    assert events[-1]["type"] == "session.ended"
    assert events[-1]["summary"]["duration"] == 3.25
    walls = [event["wall"] for event in events]
    assert walls == sorted(walls)


async def test_in_real_time_events_come_while_it_is_spoken(client: ColloqueClient, tmp_path: Path) -> None:
    log = tmp_path / "out.jsonl"
    plan = Plan("fr", "verbal", "dr-1", realtime=True, events=log)
    recording = Recording(str(write_wav(tmp_path / "a.wav", 1.5)))
    await consult(client, recording, plan, io.StringIO(), asyncio.Event())
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    first = next(event for event in events if event["type"] == "transcript.final")
    assert first["words"][0]["text"] == "mot1"
    # The first frame leaves when it is spoken, at 0.1 s: `wall` is 0 there.
    assert first["wall"] >= first["words"][0]["end"] - 0.1
    assert events[-1]["wall"] >= 1.4 - 0.001


async def test_two_channels_are_two_tracks(client: ColloqueClient, tmp_path: Path) -> None:
    out = io.StringIO()
    recording = Recording(str(write_wav(tmp_path / "a.wav", 1.0, rate=44_100, channels=2)))
    await consult(client, recording, PLAN, out, asyncio.Event())
    assert "[00:00] S1: mot1" in out.getvalue()
    assert "[00:00] S2: mot1" in out.getvalue()


async def test_a_truncated_recording_is_sent_as_far_as_it_goes(client: ColloqueClient, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 4.0)
    path.write_bytes(path.read_bytes()[:64_044])
    out = io.StringIO()
    await consult(client, Recording(str(path)), PLAN, out, asyncio.Event())
    assert "  ! the recording is truncated or damaged: its first 2.0 s were read" in out.getvalue().splitlines()
    assert ": mot2" in out.getvalue()


async def test_stopping_ends_the_session_in_order(client: ColloqueClient, tmp_path: Path) -> None:
    out, stop = io.StringIO(), asyncio.Event()
    stop.set()
    plan = Plan("fr", "verbal", "dr-1", realtime=True)
    await consult(client, Recording(str(write_wav(tmp_path / "a.wav", 600.0))), plan, out, stop)
    assert "  ! stopped before the recording was over" in out.getvalue().splitlines()
    assert "Note (draft, not signed)" in out.getvalue()


async def test_a_recording_without_a_sample_is_an_error(client: ColloqueClient, tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="no audio that can be decoded"):
        await consult(client, Recording(str(write_wav(tmp_path / "a.wav", 0.0))), PLAN, io.StringIO(), asyncio.Event())


async def test_consent_withdrawn_meanwhile_is_an_error(
    client: ColloqueClient, server: LiveServer, tmp_path: Path
) -> None:
    plan = Plan("fr", "verbal", "dr-1", realtime=True)
    out = io.StringIO()
    recording = Recording(str(write_wav(tmp_path / "a.wav", 600.0)))
    holding = asyncio.create_task(consult(client, recording, plan, out, asyncio.Event()))
    while "session=" not in out.getvalue():
        await asyncio.sleep(0.01)
    session_id = out.getvalue().partition("session=")[2].partition("&")[0]
    answer = await server.http.post(
        f"/v1/sessions/{session_id}/consent", json={"given": False, "method": "verbal", "by": "dr-1"}
    )
    assert answer.status_code == 200
    with pytest.raises(StreamClosed, match="consent_withdrawn"):
        await holding


async def test_events_that_cannot_be_written_are_told_before_anything_is_sent(
    client: ColloqueClient, tmp_path: Path
) -> None:
    plan = Plan("fr", "verbal", "dr-1", realtime=False, events=tmp_path / "none" / "out.jsonl")
    out = io.StringIO()
    with Recording(str(write_wav(tmp_path / "a.wav", 1.0))) as recording, pytest.raises(ClientError, match="written"):
        await consult(client, recording, plan, out, asyncio.Event())
    assert out.getvalue() == ""
