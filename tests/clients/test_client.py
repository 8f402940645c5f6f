"""The client against a real server on a real socket; its engine says one word a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from colloque.clients.client import ColloqueClient, CreatedSession
from colloque.clients.closing import Patience
from colloque.clients.errors import RequestRefused, ServerUnreachable, StreamClosed
from colloque.clients.live import LiveSession
from colloque.streaming import messages as m
from colloque.streaming.config import TrackSpec
from colloque.streaming.engines import Draft
from colloque.streaming.note import DraftStatement, Evidence
from colloque.streaming.view import SessionView
from tests.server.hand_engines import HandNotes
from tests.server.live_server import KEY, LiveServer, live_server, pcm

pytestmark = pytest.mark.timeout(60)
AT_ONCE = Patience(first_s=0.001, max_s=0.01)


def draft(*texts: str) -> Draft:
    evidence = (Evidence(("w0-1",), 0.0, 0.5, "S1", "mot1"),)
    return Draft(
        tuple(DraftStatement(text, "reason", text, "present", "patient", 0.9, evidence) for text in texts),
        {"low_confidence": 1},
    )


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    notes = HandNotes()
    notes.answer = draft("Toux", "Fièvre")
    async with live_server(tmp_path, notes=notes, sessions_max=2) as live:
        yield live


@pytest.fixture
async def client(server: LiveServer) -> AsyncIterator[ColloqueClient]:
    async with ColloqueClient(f"http://127.0.0.1:{server.port}", KEY) as client:
        yield client


async def open_session(client: ColloqueClient, *tracks: TrackSpec) -> CreatedSession:
    created = await client.create_session("fr", tracks=tracks, keyterms=["Ramipril"], speakers_max=2, title="Test")
    await client.consent(created, given=True, method="verbal", by="dr-1", statement="D'accord ?")
    return created


async def to_the_end(session: LiveSession) -> list[m.Envelope]:
    return [envelope async for envelope in session]


async def held(client: ColloqueClient, seconds: float = 3.0) -> tuple[CreatedSession, SessionView]:
    """A consultation from beginning to end."""
    created = await open_session(client)
    async with client.publish(created) as session:
        await session.send_audio(pcm(seconds))
        await session.end()
        await to_the_end(session)
        return created, session.view


async def test_a_consultation(client: ColloqueClient) -> None:
    assert await client.is_ready()
    created, view = await held(client, 2.5)
    assert "token" not in repr(created)
    assert view.state == "closed"
    assert [word.text for turn in view.transcript() for word in turn.words] == ["mot1", "mot2", "mot3"]
    assert {statement.text for statement in view.statements.values()} == {"Toux", "Fièvre"}
    assert view.summary is not None
    assert view.summary["duration"] == 2.5

    about = await client.session(created)
    assert (about["state"], about["consent"]["status"], about["title"]) == ("closed", "given", "Test")
    assert "mot1" in await client.transcript(created, "txt")
    assert (await client.transcript(created, "vtt")).startswith("WEBVTT")


async def test_the_note_is_edited_signed_and_exported(client: ColloqueClient) -> None:
    created, _ = await held(client)
    note = await client.note(created)
    first = note["statements"][0]
    edited = await client.edit(created, first["id"], note["rev"], text="Toux sèche", section="assessment")
    assert (edited["text"], edited["section"], edited["state"]) == ("Toux sèche", "assessment", "edited")
    with pytest.raises(RequestRefused) as caught:
        await client.edit(created, first["id"], first["rev"], state="discarded")
    assert (caught.value.code, caught.value.status) == ("stale_revision", 409)
    with pytest.raises(RequestRefused, match="not_signed"):
        await client.export(created)
    assert "Toux sèche" in await client.export(created, draft=True)
    signed = await client.sign(created, by="dr-1", base_rev=edited["rev"])
    assert signed["rev"] == edited["rev"]
    assert "Toux sèche" in await client.export(created)


async def test_erasing_leaves_nothing_to_read(client: ColloqueClient) -> None:
    created, _ = await held(client)
    await client.erase(created)
    with pytest.raises(RequestRefused, match="unknown_session"):
        await client.session(created)


async def test_refusals_have_codes(client: ColloqueClient, server: LiveServer) -> None:
    async with ColloqueClient(client.url, "a-key-that-is-not-right") as stranger:
        with pytest.raises(RequestRefused) as caught:
            await stranger.create_session("fr")
        assert (caught.value.code, caught.value.status) == ("unauthorised", 401)
    await client.create_session("fr")
    await client.create_session("fr")
    with pytest.raises(RequestRefused) as caught:
        await client.create_session("fr")
    assert caught.value.code == "capacity"
    assert caught.value.retry_after_s is not None
    with pytest.raises(RequestRefused, match="bad_message"):
        await client.create_session("it")  # type: ignore[arg-type]


async def test_nobody_there() -> None:
    async with ColloqueClient("http://127.0.0.1:9", KEY) as client:
        with pytest.raises(ServerUnreachable, match="no answer from http://127.0.0.1:9"):
            await client.create_session("fr")


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "ftp://x", "http://", ""])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        ColloqueClient(url)


async def test_viewers_see_the_same_as_the_publisher_in_the_same_order(client: ColloqueClient) -> None:
    created = await open_session(client)
    async with client.publish(created) as session, client.watch(created.session_id, created.viewer_token) as early:
        seen_early = asyncio.create_task(to_the_end(early))
        await session.send_audio(pcm(1.2))
        async for envelope in session:
            if envelope.event.TYPE == "transcript.final":
                break
        async with client.watch(created.session_id, created.viewer_token) as late:
            await session.send_audio(pcm(1.2))
            await session.end()
            seen, seen_late = await to_the_end(session), await to_the_end(late)
        broadcast = [e for e in seen if not isinstance(e.event, m.AudioAck)]
        assert broadcast == [e for e in await seen_early if e.seq >= broadcast[0].seq][-len(broadcast) :]
        assert [e.event.TYPE for e in seen_late[:2]] == ["session.ready", "snapshot"]
        assert seen_late[2:] == broadcast[-len(seen_late[2:]) :]
        assert session.view.to_json() == early.view.to_json() == late.view.to_json()


async def test_a_viewer_may_not_speak(client: ColloqueClient) -> None:
    created = await open_session(client)
    as_viewer = CreatedSession(created.session_id, created.viewer_token, created.viewer_token, created.expires_at)
    with pytest.raises(RequestRefused, match="not_allowed"):
        await client.publish(as_viewer).__aenter__()


async def test_a_newer_publisher_takes_over_where_the_older_one_was(client: ColloqueClient) -> None:
    created = await open_session(client)
    async with client.publish(created, patience=AT_ONCE) as older:
        await older.send_audio(pcm(1.0))
        async for envelope in older:
            if envelope.event == m.AudioAck(16_000):
                break
        async with client.publish(created) as newer:
            with pytest.raises(StreamClosed) as caught:
                await to_the_end(older)
            assert (caught.value.close_code, caught.value.code) == (4003, "superseded")
            assert newer.ready is not None
            assert newer.ready.audio is not None
            assert newer.ready.audio.samples == 16_000
            await newer.send_audio(pcm(1.0))
            await newer.end()
            await to_the_end(newer)
            assert newer.view.summary is not None
            assert newer.view.summary["duration"] == 2.0


async def test_withdrawn_consent_ends_it_for_everybody(client: ColloqueClient) -> None:
    created = await open_session(client)
    async with client.publish(created) as session, client.watch(created.session_id, created.viewer_token) as viewer:
        await session.send_audio(pcm(1.0))
        await client.consent(created, given=False, method="verbal", by="dr-1", erase=True)
        for stream in (session, viewer):
            with pytest.raises(StreamClosed, match="consent_withdrawn"):
                await to_the_end(stream)
            assert stream.view.transcript() == ()


async def test_audio_before_consent_is_let_go_and_the_clock_starts_with_consent(client: ColloqueClient) -> None:
    created = await client.create_session("fr")
    async with client.publish(created) as session:
        await session.send_audio(pcm(0.3))  # maybe before it is known that nobody listens: then it is refused
        async for envelope in session:
            if isinstance(envelope.event, m.Snapshot):
                break
        assert not await session.send_audio(pcm(0.3))
        await client.consent(created, given=True, method="verbal", by="dr-1")
        async for envelope in session:
            if envelope.event == m.StateChanged("live", "consent_given"):
                break
        assert await session.send_audio(pcm(1.5))
        await session.end()
        await to_the_end(session)
        assert session.view.summary is not None
        assert session.view.summary["duration"] == 1.5


async def test_pause_and_resume(client: ColloqueClient) -> None:
    created = await open_session(client)
    async with client.publish(created) as session:
        assert await session.send_audio(pcm(1.0))
        await session.pause()
        assert not await session.send_audio(pcm(5.0))
        await session.resume()
        assert await session.send_audio(pcm(0.5))
        await session.finalize()
        await session.assign_speaker("S1", "practitioner", "Dr Test")
        await session.configure(m.Configure(keyterms=("Toux",)))
        await session.end()
        types = [envelope.event.TYPE for envelope in await to_the_end(session)]
        assert types.count("session.state") >= 4
        assert "error" not in types
        assert session.view.speakers["S1"].name == "Dr Test"
        assert session.view.config.keyterms == ("Toux",)
        assert session.view.summary is not None
        assert session.view.summary["duration"] == 1.5


@pytest.mark.parametrize("prepared", [True, False])
async def test_two_channels_are_two_tracks(client: ColloqueClient, prepared: bool) -> None:
    created = await open_session(client, *([TrackSpec("a", "practitioner"), TrackSpec("b")] if prepared else []))
    async with client.publish(created, m.AudioFormat("pcm_f32le", channels=2)) as session:
        audio = np.zeros((2, 16_000), np.float32)
        await session.send_audio(audio)
        await session.send_audio(audio[:, :8_000])
        await session.end()
        await to_the_end(session)
        assert len(session.view.config.tracks) == 2
        assert {turn.track for turn in session.view.transcript()} == {0, 1}
        assert session.view.summary is not None
        assert session.view.summary["duration"] == 1.5


async def test_another_rate_is_declared_and_counted_at_that_rate(client: ColloqueClient) -> None:
    created = await open_session(client)
    async with client.publish(created, m.AudioFormat(rate=48_000)) as session:
        await session.send_audio(pcm(1.0, rate=48_000))
        await session.end()
        events = await to_the_end(session)
        acks = [envelope.event.samples for envelope in events if isinstance(envelope.event, m.AudioAck)]
        assert acks[-1] == pytest.approx(48_000, abs=300)


async def test_a_declaration_that_cannot_be_met(client: ColloqueClient) -> None:
    created = await open_session(client)
    with pytest.raises(RequestRefused, match="bad_audio"):
        await client.publish(created, m.AudioFormat(rate=96_000)).__aenter__()


async def test_an_unknown_session_and_a_wrong_token(client: ColloqueClient) -> None:
    created = await open_session(client)
    for session_id, token, code in (
        ("no-such-session", created.viewer_token, "unknown_session"),
        (created.session_id, "no-such-token", "unauthorised"),
    ):
        with pytest.raises(StreamClosed) as caught:
            await client.watch(session_id, token).__aenter__()
        assert (caught.value.close_code, caught.value.code) == (1008, code)


async def test_a_session_that_is_over_can_be_looked_at(client: ColloqueClient) -> None:
    created, view = await held(client)
    async with client.watch(created.session_id, created.viewer_token) as late:
        await to_the_end(late)
        assert late.view.to_json() == view.to_json()


async def test_the_link_keeps_the_token_from_servers(client: ColloqueClient) -> None:
    created = await client.create_session("fr")
    address, _, fragment = client.page_link(created).partition("#")
    assert address == client.url + "/"
    assert fragment == f"session={created.session_id}&token={created.viewer_token}"
