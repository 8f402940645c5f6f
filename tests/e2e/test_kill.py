"""`kill -9` in the middle of a consultation: no acknowledged audio and no committed word is lost, the clock goes on."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from colloque.clients.client import ColloqueClient, CreatedSession
from colloque.clients.live import LiveSession
from colloque.clients.recording import FRAME_SAMPLES, Recording
from colloque.streaming import messages as m
from colloque.streaming.audio import SAMPLE_RATE
from colloque.streaming.transcript import Word
from colloque.streaming.view import SessionView
from tests.e2e.server_process import AT_ONCE, ServerProcess, open_session, server_process
from tests.server.live_server import KEY, pcm

SPEECH = Path(str(files("colloque.clients") / "demo" / "consultation.fr.opus"))
FRAMES_PER_S = SAMPLE_RATE // FRAME_SAMPLES


@dataclass(frozen=True)
class Kill:
    """When the server is killed: `sent_s` have been handed to the client, and so much has come back."""

    sent_s: float
    words: int
    acked_s: float
    in_a_segment: bool = False
    """Only while something tentative stands, that is while a segment is open."""


@dataclass
class Publisher:
    """A client that sends a recording, and what it has seen."""

    session: LiveSession
    frames: list[bytes]
    sent: int = 0
    """Frames."""
    acked_samples: int = 0
    seqs: list[int] = field(default_factory=list)

    async def send(self, until_s: float | None = None) -> None:
        """Hands frames to the client as fast as it takes them."""
        until = len(self.frames) if until_s is None else round(until_s * FRAMES_PER_S)
        while self.sent < until:
            assert await self.session.send_audio(self.frames[self.sent])
            self.sent += 1
            await asyncio.sleep(0)

    async def read(self, until: Callable[[], bool]) -> None:
        """Takes events until the condition holds."""
        while not until():
            self._note(await anext(self.session))

    async def read_to_the_end(self) -> None:
        async for envelope in self.session:
            self._note(envelope)

    def _note(self, envelope: m.Envelope) -> None:
        match envelope.event:
            case m.AudioAck(samples):
                self._acknowledged(samples)
            case m.SessionReady(audio=position):
                assert position is not None
                self._acknowledged(position.samples)
            case m.Snapshot() | m.TranscriptPartial() | m.Lag():
                pass
            case _:
                self.seqs.append(envelope.seq)

    def _acknowledged(self, samples: int) -> None:
        assert samples >= self.acked_samples, "the clock went back"
        self.acked_samples = samples

    def has_come_to(self, kill: Kill) -> bool:
        view = self.session.view
        enough = len(words_of(view)) >= kill.words and self.acked_samples >= kill.acked_s * SAMPLE_RATE
        return enough and (bool(view.partials) or not kill.in_a_segment)


def words_of(view: SessionView) -> list[Word]:
    return [word for turn in view.transcript() for word in turn.words]


async def final_view(session: LiveSession) -> SessionView:
    async for _ in session:
        pass
    return session.view


async def undisturbed(client: ColloqueClient, frames: list[bytes]) -> SessionView:
    created = await open_session(client)
    async with client.publish(created, patience=AT_ONCE) as session:
        publisher = Publisher(session, frames)
        await publisher.send()
        await session.end()
        return await final_view(session)


@dataclass
class Outcome:
    """How a session with kills ended."""

    publisher: Publisher
    before: dict[str, Word]
    """Every word that was committed when a server was killed."""
    views: list[SessionView]
    """Of the publisher, of a viewer from the beginning, of one that came before the end, and one after it."""


async def killed(server: ServerProcess, client: ColloqueClient, frames: list[bytes], kills: list[Kill]) -> Outcome:
    """A session during which the server is killed and started again."""
    before: dict[str, Word] = {}
    async with AsyncExitStack() as stack:
        created = await open_session(client)
        watching = await watch(stack, client, created)
        session = await stack.enter_async_context(client.publish(created, patience=AT_ONCE))
        publisher = Publisher(session, frames)
        for kill in kills:
            sending = asyncio.create_task(publisher.send(kill.sent_s))
            await publisher.read(partial(publisher.has_come_to, kill))
            await server.kill()
            before |= {word.id: word for word in words_of(session.view)}
            await sending
            await server.start()
        await publisher.send()
        late = await watch(stack, client, created)
        await session.end()
        await publisher.read_to_the_end()
        views = [session.view, await watching, await late]
        after = await watch(stack, client, created)
        return Outcome(publisher, before, [*views, await after])


async def watch(stack: AsyncExitStack, client: ColloqueClient, created: CreatedSession) -> asyncio.Task[SessionView]:
    """A viewer that is connected now; the view that it ends with."""
    viewer = client.watch(created.session_id, created.viewer_token, patience=AT_ONCE)
    return asyncio.create_task(final_view(await stack.enter_async_context(viewer)))


def assert_nothing_lost(outcome: Outcome, frames: list[bytes], kills: int) -> None:
    publisher, view = outcome.publisher, outcome.views[0]
    sent_samples = sum(map(len, frames)) // 2
    assert publisher.session.connections == kills + 1
    # the clock
    assert publisher.acked_samples == sent_samples
    assert view.summary is not None
    assert view.summary["duration"] == pytest.approx(sent_samples / SAMPLE_RATE, abs=1e-3)
    assert view.gaps == []
    # the words
    words = words_of(view)
    assert len({word.id for word in words}) == len(words)
    final = {word.id: (word.text, word.start, word.end) for word in words}
    assert outcome.before
    for word in outcome.before.values():
        assert final[word.id] == (word.text, word.start, word.end)
    assert publisher.seqs == sorted(set(publisher.seqs))
    # the witnesses
    for other in outcome.views[1:]:
        assert other.to_json() == view.to_json()


def spoken(view: SessionView) -> list[tuple[str, float, float, str | None]]:
    return [(word.text, word.start, word.end, word.speaker) for word in words_of(view)]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "kills",
    [
        [Kill(12.3, words=5, acked_s=4.0), Kill(27.0, words=20, acked_s=15.0)],
        [Kill(3.7, words=6, acked_s=3.4, in_a_segment=True), Kill(3.7, words=6, acked_s=3.7), Kill(21.2, 12, 20.9)],
    ],
    ids=["between", "in_a_segment"],
)
async def test_scripted_words_are_those_of_an_undisturbed_session(tmp_path: Path, kills: list[Kill]) -> None:
    frames = [pcm(1 / FRAMES_PER_S)] * (33 * FRAMES_PER_S)
    async with server_process(tmp_path) as server, ColloqueClient(server.url, KEY) as client:
        expected = await undisturbed(client, frames)
        outcome = await killed(server, client, frames, kills)
    assert_nothing_lost(outcome, frames, len(kills))
    assert spoken(outcome.views[0]) == spoken(expected)
    texts = [statement.text for statement in outcome.views[0].statements.values()]
    assert texts == [statement.text for statement in expected.statements.values()]
    assert len(texts) >= 2


@pytest.mark.timeout(150)
async def test_real_words_survive(tmp_path: Path) -> None:
    frames = list(Recording(str(SPEECH)).frames())[: 26 * FRAMES_PER_S]
    kills = [Kill(12.0, words=8, acked_s=5.0), Kill(20.0, words=24, acked_s=15.0)]
    async with server_process(tmp_path, engine="local") as server, ColloqueClient(server.url, KEY) as client:
        expected = await undisturbed(client, frames)
        outcome = await killed(server, client, frames, kills)
    assert_nothing_lost(outcome, frames, len(kills))
    heard = [word.text for word in words_of(outcome.views[0])]
    wanted = [word.text for word in words_of(expected)]
    assert len(wanted) > 40
    assert differing(heard, wanted) <= 1, f"{heard}\n{wanted}"


def differing(heard: list[str], wanted: list[str]) -> int:
    """Words that were put in, left out or replaced."""
    changes = difflib.SequenceMatcher(None, heard, wanted, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in changes if kind != "equal")
