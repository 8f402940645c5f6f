"""The live stream over a real socket, where the connection drops or is closed in ways that a real server will not
show on demand. How it goes with a real server is in `test_client.py`."""

import asyncio

import numpy as np
import pytest

from colloque.clients.closing import Patience
from colloque.clients.errors import ServerUnreachable, StreamClosed
from colloque.clients.live import LiveSession
from colloque.streaming import messages as m
from tests.clients.fake_server import AT_ONCE, Peer, fake_server, publisher

pytestmark = pytest.mark.timeout(30)


async def types(session: LiveSession) -> list[str]:
    return [envelope.event.TYPE async for envelope in session]


async def test_a_session_from_greeting_to_end() -> None:
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        assert peer.authorization == "Bearer secret-token"
        assert peer.query == ""
        await peer.greet()
        heard.append(await peer.hear(8))
        assert (await peer.hear_text())["type"] == "end"
        await peer.say(1, m.SessionEnded({"words": 0}))
        await peer.close(1000)

    async with fake_server(script) as address, publisher(address) as session:
        assert await session.send_audio(np.array([1, 2, 3, 4], np.int16))
        await session.end()
        assert await types(session) == ["session.ready", "snapshot", "session.ended"]
        assert session.view.summary == {"words": 0}
        assert heard == [np.array([1, 2, 3, 4], "<i2").tobytes()]
        with pytest.raises(StopAsyncIteration):
            await anext(session)


@pytest.mark.parametrize("code", [1001, 1011, 1012, 1013, None])
async def test_a_lost_connection_is_made_again_and_the_unacknowledged_audio_sent_again(code: int | None) -> None:
    async def first(peer: Peer) -> None:
        await peer.greet()
        assert await peer.hear(12) == b"aabbccddeeff"
        await peer.say(0, m.AudioAck(2))
        await peer.say(1, m.StateChanged("live", "consent_given"))
        await peer.say(2, m.TranscriptPartial("t0-0", 0, None, "Bon"))
        if code is None:
            await peer.hear_text()  # `finalize`: by then the client has read what was said
            peer.drop()
        else:
            await peer.close(code, "retry_after=0")

    async def second(peer: Peer) -> None:
        assert peer.query == "last_seq=2"
        await peer.greet(samples=4, seq=3, state=None)
        await peer.say(2, m.TranscriptPartial("t0-0", 0, None, "Bon"))
        await peer.say(3, m.TurnEnded("t0-0", "pause"))
        assert await peer.hear(4) == b"eeff"
        while (await peer.hear_text())["type"] != "end":
            pass
        await peer.say(4, m.SessionEnded({}))
        await peer.close(1000)

    async with fake_server(first, second) as address, publisher(address) as session:
        await session.send_audio(b"aabbccddeeff")
        seen = []
        async for envelope in session:
            seen.append((envelope.event.TYPE, envelope.seq))
            if envelope.seq == 2 and code is None:
                await session.finalize()
            if envelope.event.TYPE == "turn.end":
                await session.end()
        assert session.connections == 2
        assert [item for item in seen if item[0] not in ("session.ready", "snapshot", "audio.ack")] == [
            ("session.state", 1),
            ("transcript.partial", 2),
            ("transcript.partial", 2),  # the view forgot it with the connection: it is told again
            ("turn.end", 3),
            ("session.ended", 4),
        ]


async def test_audio_given_while_the_server_is_away_is_sent_when_it_is_back() -> None:
    back = asyncio.Event()

    async def first(peer: Peer) -> None:
        await peer.greet()
        peer.drop()

    async def second(peer: Peer) -> None:
        await back.wait()
        await peer.greet(state=None)
        assert await peer.hear(4) == b"aabb"
        await peer.close(1000)

    async with fake_server(first, second) as address, publisher(address) as session:
        await anext(session)
        await session.send_audio(b"aa")
        await session.send_audio(b"bb")
        back.set()
        await types(session)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (1008, "refused"),
        (1009, "too_big"),
        (4001, "token_expired"),
        (4002, "idle"),
        (4003, "superseded"),
        (4004, "consent_withdrawn"),
    ],
)
async def test_final_close_codes_are_told_and_not_tried_again(code: int, name: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.say(1, m.StateChanged("closed", "test"))
        await peer.close(code)

    async with fake_server(script) as address, publisher(address) as session:
        with pytest.raises(StreamClosed) as caught:
            await types(session)
        assert (caught.value.close_code, caught.value.code) == (code, name)
        assert session.view.state == "closed"
        with pytest.raises(StreamClosed, match=name):
            await session.send_audio(b"aa")
        with pytest.raises(StreamClosed, match=name):
            await session.finalize()


async def test_consent_withdrawn_is_told_even_after_the_last_word() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.say(1, m.SessionEnded({}))
        await peer.close(4004)

    async with fake_server(script) as address, publisher(address) as session:
        with pytest.raises(StreamClosed, match="consent_withdrawn"):
            await types(session)


async def test_a_connection_lost_after_the_last_word_is_no_loss() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.say(1, m.SessionEnded({}))
        await peer.close(1011)

    async with fake_server(script) as address, publisher(address) as session:
        assert (await types(session))[-1] == "session.ended"


async def test_a_client_that_is_turned_away_hears_why() -> None:
    async def script(peer: Peer) -> None:
        await peer.say(0, m.Fault("token_expired", "the token has expired", False))
        await peer.close(4001)

    async with fake_server(script) as address:
        with pytest.raises(StreamClosed) as caught:
            await publisher(address).__aenter__()
    assert caught.value.code == "token_expired"


async def test_a_full_server_is_not_besieged_at_first() -> None:
    async def script(peer: Peer) -> None:
        await peer.close(1013, "retry_after=30")

    async with fake_server(script) as address:
        with pytest.raises(StreamClosed, match="capacity"):
            await publisher(address).__aenter__()


async def test_patience_ends() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.close(1001)

    async with fake_server(script) as address, publisher(address, Patience(give_up_s=0.0)) as session:
        with pytest.raises(ServerUnreachable, match="could not be made again"):
            await types(session)


async def test_frames_that_are_refused_do_not_shift_the_clock() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(state=None)
        await peer.hear(2)
        await peer.say(0, m.Fault("consent_required", "not yet", True))
        assert (await peer.hear_text())["type"] == "session.start"
        await peer.greet(samples=0, state="live")
        assert await peer.hear(2) == b"bb"
        await peer.close(1000)

    async with fake_server(script) as address, publisher(address) as session:
        await session.send_audio(b"aa")
        async for envelope in session:
            if isinstance(envelope.event, m.Snapshot):
                assert await session.send_audio(b"bb")


async def test_audio_is_let_go_while_the_session_does_not_listen() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(state="waiting_consent")
        assert (await peer.hear_text())["type"] == "end"
        await peer.close(1000)

    async with fake_server(script) as address, publisher(address) as session:
        async for envelope in session:
            if isinstance(envelope.event, m.Snapshot):
                assert not await session.send_audio(b"aa")
                await session.end()


async def test_sending_waits_while_too_much_is_unacknowledged() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(32_000)
        await peer.say(0, m.AudioAck(16_000))
        await peer.hear(2)
        await peer.close(1000)

    async with fake_server(script) as address, publisher(address, buffer_s=1.0) as session:
        await session.send_audio(bytes(32_000))
        waiting = asyncio.create_task(session.send_audio(b"aa"))
        await asyncio.sleep(0)
        assert not waiting.done()
        await types(session)
        assert await waiting


async def test_what_says_to_end_is_the_last_to_say() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear_text()
        await peer.close(1000)

    async with fake_server(script) as address, publisher(address) as session:
        await session.end()
        for call in (session.end(), session.pause(), session.send_audio(b"aa")):
            with pytest.raises(StreamClosed, match="session_over"):
                await call
        await types(session)


async def test_ending_at_once_lets_go_of_what_waits() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        assert (await peer.hear_text())["type"] == "end"
        await peer.close(1000)

    async with fake_server(script) as address, publisher(address) as session:
        async for envelope in session:
            if isinstance(envelope.event, m.Snapshot):
                await session.send_audio(b"aa")
                await session.end(at_once=True)


async def test_events_of_a_newer_server_are_passed_over_and_nonsense_is_an_error() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.say_text('{"type":"heart.rate","seq":1,"t":0.0}')
        await peer.say_text("pong")
        await peer.hear_text()

    async with fake_server(script) as address, publisher(address) as session:
        with pytest.raises(StreamClosed, match="bad_message"):
            await types(session)


async def test_who_only_receives_can_only_receive() -> None:
    async def script(peer: Peer) -> None:
        await peer.say(0, m.SessionReady("s", None, None, {}, 0))
        await peer.close(1000)

    async with fake_server(script) as address, LiveSession(address, patience=AT_ONCE) as session:
        with pytest.raises(ValueError, match="receive only"):
            await session.send_audio(b"aa")
        await types(session)


async def test_leaving_early_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.greet()
        try:
            await peer.hear_text()
        finally:
            closed.set()

    async with fake_server(script) as address:
        async with publisher(address) as session:
            waiting = asyncio.create_task(types(session))
            await asyncio.sleep(0)
        assert "session.ready" in await waiting
        await closed.wait()
