"""Connections that are cut, and servers that are replaced, between the client and a real server: nothing is lost,
nothing comes twice, and the clock goes on."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from colloque.clients.client import ColloqueClient
from colloque.clients.closing import Patience
from colloque.clients.errors import ServerUnreachable
from colloque.clients.live import LiveSession
from colloque.models.scripted import DEMONSTRATION
from colloque.streaming import messages as m
from tests.clients.cutting_proxy import CuttingProxy, cutting_proxy
from tests.server.live_server import KEY, live_server, pcm

pytestmark = pytest.mark.timeout(60)
AT_ONCE = Patience(first_s=0.001, max_s=0.05)
DURATION_S = 8.0


async def feed(session: LiveSession) -> None:
    """Eight seconds in frames of 100 ms, and the end."""
    for _ in range(round(DURATION_S * 10)):
        assert await session.send_audio(pcm(0.1))
        await asyncio.sleep(0)
    await session.end()


def broadcast(events: list[m.Envelope]) -> list[m.Envelope]:
    """What everybody gets and a replay holds."""
    to_one = (m.SessionReady, m.AudioAck, m.Snapshot, m.Fault)
    return [e for e in events if not isinstance(e.event, (*to_one, *m.EPHEMERAL))]


def assert_whole(session: LiveSession, events: list[m.Envelope]) -> None:
    words = [word for turn in session.view.transcript() for word in turn.words]
    assert [word.text for word in words] == [f"mot{i + 1}" for i in range(8)]
    assert session.view.summary is not None
    assert session.view.summary["duration"] == DURATION_S
    seqs = [envelope.seq for envelope in broadcast(events)]
    assert seqs == sorted(set(seqs))


async def collect(session: LiveSession) -> list[m.Envelope]:
    return [envelope async for envelope in session]


@pytest.mark.parametrize("cuts", [(30_000, 90_000, 50_000), (1, 1, 120_000), tuple(range(2_000, 60_000, 7_001))])
async def test_connections_that_are_cut(tmp_path: Path, cuts: tuple[int, ...]) -> None:
    """`cuts`: after so many bytes from the client each connection is cut."""
    async with (
        live_server(tmp_path) as server,
        cutting_proxy(server.port) as proxy,
        ColloqueClient(f"http://127.0.0.1:{server.port}", KEY) as direct,
        ColloqueClient(f"http://127.0.0.1:{proxy.port}", KEY) as cut,
    ):
        created = await direct.create_session("fr")
        await direct.consent(created, given=True, method="verbal", by="dr-1")
        async with direct.watch(created.session_id, created.viewer_token) as undisturbed:
            watching = asyncio.create_task(collect(undisturbed))
            async with cut.publish(created, patience=AT_ONCE) as session:
                proxy.cut(*cuts)
                feeding = asyncio.create_task(feed(session))
                events = await collect(session)
                await feeding
            assert_whole(session, events)
            assert session.connections > 2
            seen = broadcast(await watching)
            assert broadcast(events) == [e for e in seen if e.seq >= broadcast(events)[0].seq]


async def test_a_server_that_is_replaced(tmp_path: Path) -> None:
    async with cutting_proxy() as proxy, ColloqueClient(f"http://127.0.0.1:{proxy.port}", KEY) as client:
        async with live_server(tmp_path) as first:
            proxy.target_port = first.port
            created = await client.create_session("fr")
            await client.consent(created, given=True, method="verbal", by="dr-1")
            session = await client.publish(created, patience=AT_ONCE).__aenter__()
            assert await session.send_audio(pcm(3.3))
            events = []
            async for envelope in session:
                events.append(envelope)
                if isinstance(envelope.event, m.TranscriptFinal):
                    break
            proxy.target_port = None
        # The first server is gone. What is said now waits in the client.
        assert await session.send_audio(pcm(DURATION_S - 3.3))
        await session.end()
        async with live_server(tmp_path) as second:
            proxy.target_port = second.port
            events += await collect(session)
            assert_whole(session, events)
            assert session.connections == 2
        await session.close()


@asynccontextmanager
async def server_process(folder: Path, proxy: CuttingProxy) -> AsyncIterator[Process]:
    """`colloque serve` with the scripted engine, behind the proxy once it is ready; killed at the end if it still runs.

    Until then nobody but the test reaches it: a client that tries again every few milliseconds would slow its start,
    and might, on an ephemeral port where nobody listens yet, be connected to itself and hold it.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COLLOQUE_")}
    settings = {"COLLOQUE_ENGINE": "scripted", "COLLOQUE_DATA": str(folder), "COLLOQUE_API_KEY": KEY}
    command = (sys.executable, "-m", "colloque.server", "serve", "--port", str(port))
    process = await asyncio.create_subprocess_exec(*command, env=clean | settings, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with ColloqueClient(f"http://127.0.0.1:{port}") as client:
            while not await is_ready(client):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        proxy.target_port = port
        yield process
    finally:
        proxy.target_port = None
        if process.returncode is None:
            process.kill()
        await process.wait()


async def is_ready(client: ColloqueClient) -> bool:
    try:
        return await client.is_ready()
    except ServerUnreachable:
        return False


@pytest.mark.timeout(240)  # three processes start, each for seconds of processor time
async def test_a_server_that_is_killed(tmp_path: Path) -> None:
    """Twice in the middle of a session, with a real process each time."""
    events: list[m.Envelope] = []
    async with (
        cutting_proxy() as proxy,
        ColloqueClient(f"http://127.0.0.1:{proxy.port}", KEY) as client,
        AsyncExitStack() as stack,
    ):
        async with server_process(tmp_path, proxy) as process:
            created = await client.create_session("fr")
            await client.consent(created, given=True, method="verbal", by="dr-1")
            session = await stack.enter_async_context(client.publish(created, patience=AT_ONCE))
            assert await session.send_audio(pcm(3.2))
            async for envelope in session:
                events.append(envelope)
                if isinstance(envelope.event, m.TranscriptFinal):
                    break
            process.kill()
        assert await session.send_audio(pcm(2.1))
        async with server_process(tmp_path, proxy) as process:
            async for envelope in session:
                events.append(envelope)
                if isinstance(envelope.event, m.AudioAck) and envelope.event.samples > 16_000 * 4:
                    break
            process.kill()
        assert await session.send_audio(pcm(3.4))
        await session.end()
        async with server_process(tmp_path, proxy):
            events += await collect(session)
    assert session.connections == 3
    assert session.view.summary is not None
    assert session.view.summary["duration"] == 8.7
    # a turn that was open when the server was killed goes on in another
    assert " ".join(turn.text for turn in session.view.transcript()) == " ".join(line.text for line in DEMONSTRATION)
    words = [word.id for turn in session.view.transcript() for word in turn.words]
    assert len(words) == len(set(words))
    seqs = [envelope.seq for envelope in broadcast(events)]
    assert seqs == sorted(set(seqs))
