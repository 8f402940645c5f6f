"""This project, over its public contract: a server of its own, a session, consent, and the WebSocket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence

from benchmarks.recognition.pacing import send_paced
from benchmarks.recognition.stream import Pcm16, Update
from benchmarks.recognition.systems.system import StreamRefused, SystemFailed
from colloque.clients.client import ColloqueClient, CreatedSession
from colloque.clients.errors import ClientError, RequestRefused, StreamClosed
from colloque.clients.live import LiveSession
from colloque.clients.local_server import LocalServer
from colloque.streaming.engines import Language
from colloque.streaming.messages import AudioFormat, ServerEvent
from colloque.streaming.view import SessionView


class Colloque:
    """A server that is started for the measurement, with a key and a data folder that end with it."""

    name = "colloque"

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "colloque.server")) -> None:
        """`command` runs the server; `serve`'s options are appended to it."""
        self._command = tuple(command)
        self._server: LocalServer | None = None

    async def start(self, language: str, streams: int) -> None:
        """A ready server has its models warm for every language."""
        server = LocalServer(command=self._command)
        try:
            await server.__aenter__()
        except ClientError as error:
            raise SystemFailed(str(error)) from None
        self._server = server

    @property
    def pids(self) -> Sequence[int]:
        """The server; its workers are below it."""
        return [self._server.pid] if self._server else []

    async def recognise(self, pcm: Pcm16, language: str) -> AsyncGenerator[Update]:
        """Committed: words of `transcript.final`, in the order in which they came. Tentative: `transcript.partial`."""
        assert self._server is not None, "start it first"
        try:
            async with ColloqueClient(self._server.url, self._server.api_key) as client:
                created = await _open(client, language)
                async with client.publish(created, AudioFormat()) as session:
                    async for update in _updates(session, pcm):
                        yield update
        except StreamClosed as closed:
            if closed.code == "capacity":
                raise StreamRefused(str(closed)) from None
            raise SystemFailed(str(closed)) from None
        except ClientError as error:
            raise SystemFailed(str(error)) from None

    async def stop(self) -> None:
        """Ends the server and deletes its data."""
        if self._server is not None:
            await self._server.stop()
            self._server = None


async def _open(client: ColloqueClient, language: str) -> CreatedSession:
    known: dict[str, Language] = {"fr": "fr", "en": "en", "de": "de"}
    if language not in known:
        raise SystemFailed(f"it knows no language {language}")
    try:
        created = await client.create_session(known[language])
    except RequestRefused as refusal:
        if refusal.code == "capacity":
            raise StreamRefused(str(refusal)) from None
        raise
    await client.consent(created, given=True, method="verbal", by="benchmark")
    return created


async def _updates(session: LiveSession, pcm: Pcm16) -> AsyncGenerator[Update]:
    loop = asyncio.get_running_loop()
    started_s = loop.time()

    async def feed() -> None:
        await send_paced(pcm, session.send_audio, started_s)
        await session.end()

    feeder = asyncio.create_task(feed())
    text = ShownTranscript()
    try:
        yield Update(0.0, "")
        async for envelope in session:
            if text.apply(envelope.event):
                yield Update(loop.time() - started_s, text.committed, text.tentative)
        await feeder
    finally:
        feeder.cancel()


class ShownTranscript:
    """What a client that shows every event has on its screen."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        """Committed words by id, in the order in which they came; a corrected one keeps its place."""
        self._view = SessionView()

    def apply(self, event: ServerEvent) -> bool:
        """Folds an event in. True where it may have changed the text."""
        self._view.apply(event)
        if not type(event).TYPE.startswith(("transcript.", "turn.", "session.")):
            return False
        for word in getattr(event, "words", ()):
            self._words[word.id] = word.text
        return True

    @property
    def committed(self) -> str:
        """The committed words."""
        return " ".join(self._words.values())

    @property
    def tentative(self) -> str:
        """Partial texts of all turns."""
        return " ".join(partial.text for partial in self._view.partials.values())
