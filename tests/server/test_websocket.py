"""The stream over a real socket: what a client sees, good and bad."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from colloque.server import auth
from colloque.server.websocket import FRAME_BYTES_MAX, parse_last_seq
from colloque.streaming.config import SessionConfig
from colloque.streaming.errors import BadMessage
from tests.server.live_server import KEY, LiveServer, Stream, live_server, pcm
from tests.server.test_compressed import opus_packets, tones, webm


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path) as server:
        yield server


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [word["text"] for event in events if event["type"] == "transcript.final" for word in event["words"]]


async def finish(stream: Stream) -> list[dict[str, Any]]:
    """Ends the session; everything that came until the connection was closed with 1000."""
    await stream.say("end")
    events = await stream.rest()
    assert (events[-2]["type"], events[-1]["code"]) == ("session.ended", 1000), events[-2:]
    return events


# --- the good way -----------------------------------------------------------------------------------------------------


async def test_a_consultation_from_the_first_frame_to_the_last_word(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        ready = await stream.until("session.ready")
        assert ready["session_id"] == opened.session_id
        assert ready["resume_token"] == opened.publisher_token
        assert ready["audio"] == {"encoding": "pcm_s16le", "rate": 16_000, "channels": 1, "samples": 0}
        assert ready["limits"]["frame_bytes_max"] == FRAME_BYTES_MAX
        for _ in range(125):
            await stream.speak(0.02)
        events = await finish(stream)
        assert texts(events) == ["mot1", "mot2", "mot3"]
        assert max(event["samples"] for event in events if event["type"] == "audio.ack") == 40_000
        seqs = [event["seq"] for event in events[:-1] if event["type"] not in ("audio.ack", "session.ready")]
        assert seqs == sorted(seqs)


async def test_two_clients_see_the_same_events_in_the_same_order(server: LiveServer) -> None:
    opened = await server.open()
    async with (
        server.stream(opened.session_id, opened.publisher_token) as publisher,
        server.stream(opened.session_id, opened.viewer_token) as viewer,
    ):
        assert (await viewer.until("session.ready"))["audio"] is None
        await publisher.until("snapshot")
        await viewer.until("snapshot")
        await publisher.speak(3.2)
        ours = [event for event in await finish(publisher) if event["type"] != "audio.ack"]
        theirs = await viewer.rest()
        assert ours == theirs


async def test_one_that_joins_late_gets_a_snapshot_and_then_the_same(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as publisher:
        await publisher.speak(2.0)
        await publisher.until("turn.end")
        async with server.stream(opened.session_id, opened.viewer_token) as viewer:
            state = (await viewer.until("snapshot"))["state"]
            assert state["turns"][0]["words"][0]["text"] == "mot1"
            await publisher.speak(2.0)
            await finish(publisher)
            later = await viewer.rest()
            assert texts(later)[-1] == "mot4"


async def test_after_a_lost_connection_nothing_is_missing(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.speak(2.0)
        seen = await stream.until("transcript.final")
        stream.socket.transport.abort()
    async with server.stream(opened.session_id, opened.publisher_token, last_seq=str(seen["seq"])) as stream:
        ready = await stream.until("session.ready")
        assert ready["audio"]["samples"] == 32_000
        await stream.speak(1.0)
        assert texts(await finish(stream)) == ["mot2", "mot3"]


async def test_a_newer_publisher_takes_the_older_ones_place(server: LiveServer) -> None:
    opened = await server.open()
    async with (
        server.stream(opened.session_id, opened.publisher_token) as older,
        server.stream(opened.session_id, opened.publisher_token) as newer,
    ):
        await newer.until("snapshot")
        assert (await older.rest())[-1]["code"] == 4003
        await newer.speak(1.0)
        assert texts(await finish(newer)) == ["mot1"]


async def test_withdrawn_consent_closes_every_client(server: LiveServer) -> None:
    opened = await server.open()
    async with (
        server.stream(opened.session_id, opened.publisher_token) as publisher,
        server.stream(opened.session_id, opened.viewer_token) as viewer,
    ):
        await publisher.until("snapshot")
        await viewer.until("snapshot")
        await publisher.speak(1.0)
        await server.consent(opened, given=False, erase=True)
        assert (await publisher.rest())[-1]["code"] == 4004
        assert (await viewer.rest())[-1]["code"] == 4004
    assert await server.services.store.audio(opened.session_id, 0) == ()


@pytest.mark.parametrize("way", ["query", "header", "subprotocol"])
async def test_a_token_may_come_in_three_ways(server: LiveServer, way: str) -> None:
    opened = await server.open()
    query = {"token": opened.viewer_token} if way == "query" else {}
    headers = {"Authorization": f"Bearer {opened.viewer_token}"} if way == "header" else {}
    protocols = [Subprotocol(auth.SUBPROTOCOL), Subprotocol(opened.viewer_token)] if way == "subprotocol" else None
    url = server.url(opened.session_id, **query)
    async with connect(url, additional_headers=headers, subprotocols=protocols, proxy=None) as socket:
        assert json.loads(await socket.recv())["type"] == "session.ready"
        assert socket.subprotocol == (auth.SUBPROTOCOL if way == "subprotocol" else None)


async def test_an_api_key_may_publish_and_is_not_handed_back(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, KEY) as stream:
        ready = await stream.until("session.ready")
        assert ready["audio"] is not None
        assert ready["resume_token"] is None


# --- audio formats ----------------------------------------------------------------------------------------------------


async def test_48_khz_floats_are_resampled_and_nothing_is_cut_off(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "pcm_f32le", "rate": 48_000, "channels": 1})
        await stream.until("snapshot")
        assert (await stream.until("session.ready"))["audio"]["rate"] == 48_000
        for _ in range(150):
            await stream.socket.send(np.full(960, 0.1, "<f4").tobytes())
        events = await finish(stream)
        assert events[-2]["summary"]["duration"] == 3.0
        assert [event["samples"] for event in events if event["type"] == "audio.ack"][-1] == 144_000


async def test_two_channels_are_two_tracks(server: LiveServer) -> None:
    opened = await server.open(tracks=[{"id": "doctor", "role": "practitioner"}, {"id": "patient", "role": "patient"}])
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        assert (await stream.until("session.ready"))["audio"]["channels"] == 2
        await stream.socket.send(pcm(1.0, channels=2))
        events = await finish(stream)
        finals = [event for event in events if event["type"] == "transcript.final"]
        assert sorted(event["track"] for event in finals) == [0, 1]


async def test_opus_packets(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "opus", "rate": 48_000})
        for packet in opus_packets(tones(2, 1)):
            await stream.socket.send(packet)
        events = await finish(stream)
        assert events[-2]["summary"]["duration"] == pytest.approx(2.0, abs=0.05)


async def test_a_webm_stream_cut_anywhere(server: LiveServer) -> None:
    data = webm(tones(2, 1))
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "webm", "rate": 48_000})
        for start in range(0, len(data), 1777):
            await stream.socket.send(data[start : start + 1777])
        events = await finish(stream)
        assert events[-2]["summary"]["duration"] == pytest.approx(2.0, abs=0.05)


async def test_refused_audio_does_not_come_out_of_the_resampler_later(server: LiveServer) -> None:
    opened = await server.open(consent=False)
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "pcm_s16le", "rate": 48_000})
        for _ in range(10):
            await stream.socket.send(pcm(0.02, 0.9, rate=48_000))
        assert (await stream.until("error"))["code"] == "consent_required"
        await server.consent(opened)
        await stream.until("session.state")
        for _ in range(50):
            await stream.socket.send(pcm(0.02, 0.0, rate=48_000))
        await stream.until("audio.ack")
        for _, track in await server.services.store.audio(opened.session_id, 0):
            assert not track.any()


# --- bad input: a clear error, and everybody else unharmed ------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x01\x02\x03", "bad_audio"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(32), "bad_audio"),
        ("this is not JSON", "bad_message"),
        ("[1, 2]", "bad_message"),
        ('{"type": "session.stop"}', "bad_message"),
        ('{"type": "speaker.assign"}', "bad_message"),
        ('{"type": "session.start", "audio": {"encoding": "mp3", "rate": 16000}}', "bad_message"),
        ('{"type": "session.start", "audio": {"encoding": "pcm_s16le", "rate": 96000}}', "bad_audio"),
        ('{"type": "session.start", "audio": {"encoding": "pcm_s16le", "channels": 5}}', "bad_audio"),
    ],
)
async def test_what_can_be_put_right_is_an_error_and_the_session_goes_on(
    server: LiveServer, message: str | bytes, code: str
) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.socket.send(message)
        error = await stream.until("error")
        assert (error["code"], error["recoverable"]) == (code, True)
        assert error["message"]
        await stream.speak(1.0)
        assert texts(await finish(stream)) == ["mot1"]
    assert f'colloque_errors_total{{code="{code}"}} 1.0' in await server.metrics()


async def test_bad_frames_of_a_declared_format_are_told_of_and_left_out(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "pcm_f32le", "rate": 16_000})
        await stream.socket.send(np.full(320, np.nan, "<f4").tobytes())
        assert (await stream.until("error"))["code"] == "bad_audio"
        await stream.socket.send(np.full(16_000, 0.1, "<f4").tobytes())
        events = await finish(stream)
        assert events[-2]["summary"]["duration"] == 1.0


async def test_what_is_no_webm_is_told_and_another_format_can_be_declared(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "webm", "rate": 48_000})
        await stream.socket.send(bytes(4000))
        assert (await stream.until("error"))["code"] == "bad_audio"
        await stream.say("session.start", audio={"encoding": "pcm_s16le", "rate": 16_000})
        await stream.speak(1.0)
        assert texts(await finish(stream)) == ["mot1"]


@pytest.mark.parametrize("message", [bytes(10_000_000), "x" * 10_000_000, "x" * 100_000])
async def test_a_message_that_is_too_big_is_told_and_closed_with_1009(server: LiveServer, message: str | bytes) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.until("snapshot")
        await stream.socket.send(message)
        error, close = await stream.rest()
        assert (error["code"], error["recoverable"]) == ("too_big", False)
        assert (close["code"], close["reason"]) == (1009, "too_big")
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.speak(1.0)
        assert texts(await finish(stream)) == ["mot1"]


async def test_without_consent_audio_is_refused_at_most_once_a_second(server: LiveServer) -> None:
    opened = await server.open(consent=False)
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.until("snapshot")
        for _ in range(25):
            await stream.speak()
        await stream.say("pause")  # answered after all the frames
        codes = []
        while len(codes) < 2:
            codes.append((await stream.until("error"))["code"])
        assert codes == ["consent_required", "consent_required"]
        await server.consent(opened)
        await stream.until("session.state")
        assert await server.services.store.audio(opened.session_id, 0) == ()
        await stream.speak(1.0)
        assert texts(await finish(stream)) == ["mot1"]


async def test_a_viewer_may_neither_speak_nor_steer(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.viewer_token) as viewer:
        await viewer.until("snapshot")
        await viewer.speak()
        assert (await viewer.read())["code"] == "not_allowed"
        await viewer.say("end")
        assert (await viewer.read())["code"] == "not_allowed"
        await viewer.say("keepalive")
        async with server.stream(opened.session_id, opened.publisher_token) as publisher:
            await publisher.speak(1.0)
            await finish(publisher)
        assert (await viewer.rest())[-1]["code"] == 1000


# --- turned away ------------------------------------------------------------------------------------------------------


async def turned_away(server: LiveServer, session_id: str, token: str | None, **query: str) -> tuple[str, int, str]:
    async with server.stream(session_id, token, **query) as stream:
        error, close = await stream.rest()
        assert (error["type"], error["seq"], error["recoverable"]) == ("error", 0, False)
        return error["code"], close["code"], close["reason"]


async def test_without_a_token(server: LiveServer) -> None:
    opened = await server.open()
    assert await turned_away(server, opened.session_id, None) == ("unauthorised", 1008, "unauthorised")


@pytest.mark.parametrize("token", ["wrong", "x" * 4000])
async def test_a_wrong_token(server: LiveServer, token: str) -> None:
    opened = await server.open()
    assert await turned_away(server, opened.session_id, token) == ("unauthorised", 1008, "unauthorised")


@pytest.mark.parametrize("token", ["%C3%A9", "%FF", "%00", "%"])
async def test_a_token_that_is_no_plain_text(server: LiveServer, token: str) -> None:
    opened = await server.open()
    async with connect(server.url(opened.session_id, token=token), proxy=None) as socket:
        assert json.loads(await socket.recv())["code"] == "unauthorised"


async def test_the_token_of_another_session(server: LiveServer) -> None:
    opened, other = await server.open(), await server.open()
    found = await turned_away(server, opened.session_id, other.publisher_token)
    assert found == ("unauthorised", 1008, "unauthorised")


async def test_an_unknown_session(server: LiveServer) -> None:
    found = await turned_away(server, "00000000-0000-0000-0000-000000000000", KEY)
    assert found == ("unknown_session", 1008, "unknown_session")


async def test_an_expired_token(server: LiveServer) -> None:
    token, record = auth.issue("publisher", datetime.now(UTC) - timedelta(hours=2), 3600)
    await server.services.registry.create(SessionConfig("s-old", "fr"), (record,), "2031-05-04T08:30:00Z")
    assert await turned_away(server, "s-old", token) == ("token_expired", 4001, "token_expired")


async def test_a_last_seq_that_is_no_number(server: LiveServer) -> None:
    opened = await server.open()
    found = await turned_away(server, opened.session_id, opened.viewer_token, last_seq="soon")
    assert found == ("bad_message", 1008, "bad_message")


async def test_a_session_that_is_over_shows_its_state_and_closes(server: LiveServer) -> None:
    opened = await server.open()
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        await stream.speak(1.0)
        await finish(stream)
    async with server.stream(opened.session_id, opened.viewer_token) as viewer:
        ready, snapshot, close = await viewer.rest()
        assert ready["type"] == "session.ready"
        assert snapshot["state"]["state"] == "closed"
        assert close["code"] == 1000


async def test_one_clients_abnormal_end_touches_nobody(server: LiveServer) -> None:
    opened, other = await server.open(), await server.open()
    async with server.stream(other.session_id, other.publisher_token) as good:
        await good.speak(1.0)
        for _ in range(5):
            async with server.stream(opened.session_id, opened.publisher_token) as bad:
                await bad.until("session.ready")
                await bad.socket.send(pcm(0.5))
                bad.socket.transport.abort()
        await good.speak(1.0)
        assert texts(await finish(good)) == ["mot1", "mot2"]
    while 'colloque_connections{kind="publisher"} 0.0' not in await server.metrics():
        await asyncio.sleep(0)


async def test_a_session_that_cannot_be_stored_sends_its_clients_away_to_come_back(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, other = await server.open(), await server.open()
    async with (
        server.stream(opened.session_id, opened.publisher_token) as stream,
        server.stream(other.session_id, other.publisher_token) as good,
    ):
        await stream.until("snapshot")
        commit = server.services.store.commit

        async def full(session_id: str, changes: Any) -> None:
            if session_id == opened.session_id:
                raise OSError(28, "No space left on device")
            await commit(session_id, changes)

        monkeypatch.setattr(server.services.store, "commit", full)
        await stream.speak(1.0)
        error, close = await stream.rest()
        assert (error["code"], error["recoverable"], close["code"]) == ("storage", True, 1011)
        monkeypatch.undo()
        await good.speak(1.0)
        assert texts(await finish(good)) == ["mot1"]
    async with server.stream(opened.session_id, opened.publisher_token) as stream:
        assert (await stream.until("session.ready"))["audio"]["samples"] == 0
        await stream.speak(1.0)
        assert texts(await finish(stream)) == ["mot1"]


@pytest.mark.parametrize(("text", "number"), [(None, None), ("", None), ("0", 0), ("17", 17)])
def test_last_seq(text: str | None, number: int | None) -> None:
    assert parse_last_seq(text) == number


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "٣", "9" * 16])
def test_last_seq_that_is_none(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_last_seq(text)
