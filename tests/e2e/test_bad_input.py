"""Everything that a client can get wrong, over a real socket: a clear error with a stable code each, and nobody else
is harmed."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from colloque.clients.client import ColloqueClient, CreatedSession
from colloque.clients.recording import Recording
from colloque.models.scripted import DEMONSTRATION
from colloque.streaming.messages import AudioFormat
from tests.clients.recordings import write_encoded, write_wav
from tests.e2e.server_process import AT_ONCE, ServerProcess, open_session
from tests.server.live_server import KEY, Stream, pcm

pytestmark = pytest.mark.timeout(120)

NOISE = random.Random(3).randbytes(20_000)


@dataclass(frozen=True)
class Bench:
    """What a case works with."""

    server: ServerProcess
    client: ColloqueClient
    expired: CreatedSession
    """A session whose tokens are past their time."""
    folder: Path

    async def refused(self, stream: Stream, code: str) -> None:
        """The next error has this code, and the connection goes on: audio is taken from where it stood."""
        error = await stream.until("error")
        assert (error["code"], error["recoverable"]) == (code, True)
        assert len(error["message"]) > 20
        await stream.say("session.start", audio={"encoding": "pcm_s16le", "rate": 16_000, "channels": 1})
        ready = await stream.until("session.ready")
        await stream.speak(0.5)
        assert (await stream.until("audio.ack"))["samples"] == ready["audio"]["samples"] + 8_000

    async def turned_away(self, session_id: str, token: str, code: str, close_code: int) -> None:
        async with self.server.stream(session_id, token) as stream:
            error, close = await stream.rest()
        assert (error["type"], error["code"], error["recoverable"]) == ("error", code, False)
        assert close["code"] == close_code

    async def problem(self, session_id: str, token: str, code: str, status: int) -> None:
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False) as http:
            answer = await http.get(f"/v1/sessions/{session_id}", headers={"Authorization": f"Bearer {token}"})
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)


# --- audio that is none -------------------------------------------------------------------------------------------


async def undecodable_webm(bench: Bench) -> None:
    await _undecodable(bench, {"encoding": "webm", "rate": 48_000, "channels": 1}, NOISE)


async def undecodable_webm_after_its_header(bench: Bench) -> None:
    await _undecodable(bench, {"encoding": "webm", "rate": 48_000, "channels": 1}, b"\x1aE\xdf\xa3" + NOISE)


async def undecodable_opus(bench: Bench) -> None:
    await _undecodable(bench, {"encoding": "opus", "rate": 48_000, "channels": 1}, NOISE[:700])


async def unknown_rate(bench: Bench) -> None:
    created = await open_session(bench.client)
    async with bench.server.stream(created.session_id, created.publisher_token) as stream:
        await stream.say("session.start", audio={"encoding": "pcm_s16le", "rate": 1, "channels": 1})
        await bench.refused(stream, "bad_audio")


async def a_file_instead_of_samples(bench: Bench) -> None:
    wav = write_wav(bench.folder / "file.wav", 1.0, sample_bytes=1)
    await _undecodable(bench, {"encoding": "pcm_s16le", "rate": 16_000, "channels": 1}, wav.read_bytes()[:8_000])


async def odd_length(bench: Bench) -> None:
    await _undecodable(bench, {"encoding": "pcm_s16le", "rate": 16_000, "channels": 1}, pcm(0.02) + b"\0")


async def _undecodable(bench: Bench, audio: dict[str, Any], frame: bytes) -> None:
    created = await open_session(bench.client)
    async with bench.server.stream(created.session_id, created.publisher_token) as stream:
        await stream.say("session.start", audio=audio)
        await stream.socket.send(frame)
        await bench.refused(stream, "bad_audio")


# --- recordings that are odd --------------------------------------------------------------------------------------


async def eight_bit_mono(bench: Bench) -> None:
    await _streamed(bench, write_wav(bench.folder / "eight.wav", 3.0, rate=8_000, sample_bytes=1), 3.0, 1)


async def stereo_at_44100(bench: Bench) -> None:
    await _streamed(bench, write_wav(bench.folder / "stereo.wav", 3.0, rate=44_100, channels=2), 3.0, 2)


async def truncated_wav(bench: Bench) -> None:
    whole = write_wav(bench.folder / "whole.wav", 6.0).read_bytes()
    cut = bench.folder / "cut.wav"
    cut.write_bytes(whole[: 44 + 2 * 16_000 * 4])
    await _streamed(bench, cut, 4.0, 1, "truncated")


async def truncated_flac(bench: Bench) -> None:
    whole = write_encoded(bench.folder / "whole.flac", "flac", 6.0).read_bytes()
    cut = bench.folder / "cut.flac"
    cut.write_bytes(whole[: len(whole) // 2])
    await _streamed(bench, cut, None, 1, "recording")


async def _streamed(bench: Bench, path: Path, duration_s: float | None, tracks: int, warning: str = "") -> None:
    """All that can be read of it arrives, and what cannot is said."""
    recording = Recording(str(path))
    assert recording.channels == tracks
    created = await open_session(bench.client, tracks=tracks)
    read_bytes = 0
    async with bench.client.publish(created, AudioFormat(channels=tracks), patience=AT_ONCE) as session:
        for frame in recording.frames():
            assert await session.send_audio(frame)
            read_bytes += len(frame)
        await session.end()
        async for _ in session:
            pass
    assert session.view.summary is not None
    assert session.view.summary["duration"] == pytest.approx(read_bytes / (32_000 * tracks), abs=1e-3)
    assert {track for turn in session.view.transcript() for track in [turn.track]} == set(range(tracks))
    if duration_s is not None:
        assert session.view.summary["duration"] == pytest.approx(duration_s, abs=0.01)
    assert warning in (recording.warning or "")
    assert bool(recording.warning) == bool(warning)


# --- messages -----------------------------------------------------------------------------------------------------


async def no_json(bench: Bench) -> None:
    await _misunderstood(bench, '{"type": "end"')


async def no_object(bench: Bench) -> None:
    await _misunderstood(bench, "[1, 2, 3]")


async def nested_deep(bench: Bench) -> None:
    await _misunderstood(bench, "[" * 10_000)


async def unknown_message(bench: Bench) -> None:
    await _misunderstood(bench, '{"type": "dance"}')


async def wrong_field(bench: Bench) -> None:
    await _misunderstood(bench, '{"type": "configure", "language": "tlh"}')


async def _misunderstood(bench: Bench, text: str) -> None:
    created = await open_session(bench.client)
    async with bench.server.stream(created.session_id, created.publisher_token) as stream:
        await stream.socket.send(text)
        await bench.refused(stream, "bad_message")


async def ten_megabytes(bench: Bench) -> None:
    created = await open_session(bench.client)
    for message in (bytes(10 << 20), "x" * (10 << 20)):
        async with bench.server.stream(created.session_id, created.publisher_token) as stream:
            await stream.socket.send(message)
            *_, error, close = await stream.rest()
        assert (error["type"], error["code"], error["recoverable"]) == ("error", "too_big", False)
        assert close["code"] == 1009


# --- who may not --------------------------------------------------------------------------------------------------


async def expired_token(bench: Bench) -> None:
    for token in (bench.expired.publisher_token, bench.expired.viewer_token):
        await bench.turned_away(bench.expired.session_id, token, "token_expired", 4001)
        await bench.problem(bench.expired.session_id, token, "token_expired", 401)


async def unknown_session(bench: Bench) -> None:
    await bench.turned_away("no-such-session", KEY, "unknown_session", 1008)
    await bench.problem("no-such-session", KEY, "unknown_session", 404)


async def bad_token(bench: Bench) -> None:
    created, other = await open_session(bench.client), await open_session(bench.client)
    for token in ("nonsense", other.publisher_token):
        await bench.turned_away(created.session_id, token, "unauthorised", 1008)
        await bench.problem(created.session_id, token, "unauthorised", 401)


async def no_consent(bench: Bench) -> None:
    """Nothing is kept of what was sent before: the clock begins after it."""
    created = await open_session(bench.client, consent=False)
    async with bench.server.stream(created.session_id, created.publisher_token) as stream:
        await stream.speak(1.0)
        error = await stream.until("error")
        assert (error["code"], error["recoverable"]) == ("consent_required", True)
        await bench.client.consent(created, given=True, method="written", by="dr-1")
        await stream.speak(0.5)
        assert (await stream.until("audio.ack"))["samples"] == 8_000


CASES: tuple[Callable[[Bench], Awaitable[None]], ...] = (
    undecodable_webm,
    undecodable_webm_after_its_header,
    undecodable_opus,
    unknown_rate,
    a_file_instead_of_samples,
    odd_length,
    eight_bit_mono,
    stereo_at_44100,
    truncated_wav,
    truncated_flac,
    no_json,
    no_object,
    nested_deep,
    unknown_message,
    wrong_field,
    ten_megabytes,
    expired_token,
    unknown_session,
    bad_token,
    no_consent,
)


async def expired_session(server: ServerProcess) -> CreatedSession:
    """A session of an earlier life of the server, in which tokens were short-lived."""
    await server.start(token_life_s="0.001")
    async with ColloqueClient(server.url, KEY) as client:
        created = await client.create_session("fr")
    await server.stop()
    return created


async def test_bad_input_gets_a_clear_error_and_harms_nobody(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        expired = await expired_session(server)
        await server.start()
        client = await stack.enter_async_context(ColloqueClient(server.url, KEY))
        bystander = await stack.enter_async_context(client.publish(await open_session(client)))
        bench = Bench(server, client, expired, tmp_path)
        for case in CASES:
            assert await bystander.send_audio(pcm(10.0 / len(CASES)))
            await case(bench)
        await bystander.end()
        async for _ in bystander:
            pass
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            assert (await http.get("/healthz")).status_code == 200
        assert bystander.connections == 1
        assert [turn.text for turn in bystander.view.transcript()] == [line.text for line in DEMONSTRATION]
    assert "Traceback" not in server.log()
