"""Feeds one track's audio to its stream in the engine: everything, in order, never faster than it is worked off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np
import structlog

from colloque.server.engines import Engines, EnginesNotReady
from colloque.server.ports import Store
from colloque.streaming.audio import AudioChunk, Pcm, samples
from colloque.streaming.commands import OpenStream
from colloque.streaming.engines import EngineFailed, EngineFull, Progress, SpeechResult, SpeechStream

INBOX_SAMPLES = samples(30.0)
"""Audio that may lie in the engine and is not worked through. More waits here, and in the end the client waits."""
PIECE_SAMPLES_MIN, PIECE_SAMPLES_MAX = samples(0.02), samples(1.0)
"""Bounds of the chunks that are pushed, but for the last before a flush: no client's frames can flood the engine."""

_log = structlog.get_logger(__name__)


class Feeder:
    """One opening of one track's stream. `deliver` is called in the loop's thread, with this opening's results only."""

    def __init__(
        self, command: OpenStream, engines: Engines, store: Store, deliver: Callable[[SpeechResult], None]
    ) -> None:
        self.generation = command.generation
        self._command = command
        self._engines = engines
        self._store = store
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._queue: deque[AudioChunk | int] = deque()
        """Chunks to push, and tokens to flush with."""
        self._held: list[Pcm] = []
        """Audio that is still too short to be pushed."""
        self._held_samples = 0
        self._next_sample = command.spec.start_sample
        """First sample that has not been held or pushed."""
        self._done_sample = command.spec.start_sample
        self._changed = asyncio.Event()
        self._stream: SpeechStream | None = None
        self._closed = False
        self._task = asyncio.create_task(self._run())

    def push(self, chunk: AudioChunk) -> None:
        """Queues audio; what the stream has had already (from the journal) is left out."""
        self._queue.append(chunk)
        self._changed.set()

    def flush(self, token: int) -> None:
        """Queues a flush behind the audio."""
        self._queue.append(token)
        self._changed.set()

    def close(self) -> None:
        """Frees the engine's slot; nothing is delivered afterwards."""
        if self._closed:
            return
        self._closed = True
        self._task.cancel()
        self._queue.clear()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _run(self) -> None:
        spec = self._command.spec
        try:
            await self._engines.ready()
            self._stream = self._engines.speech.open(spec, self._from_engine)
            if self._command.replay:
                for start, pcm in await self._store.audio(spec.session_id, spec.start_sample):
                    await self._push(AudioChunk(start, pcm[spec.track]))
            while True:
                await self._next()
        except EngineFull:
            self._give_up("full")
        except EnginesNotReady:
            self._give_up("not_ready")
        except Exception as error:  # an engine's fault is this stream's alone
            _log.error("stream_failed", session=spec.session_id, track=spec.track, exc_info=error)
            self._give_up("engine")

    async def _next(self) -> None:
        if not self._queue:
            self._changed.clear()
            await self._changed.wait()
            return
        item = self._queue.popleft()
        if isinstance(item, AudioChunk):
            await self._push(item)
        else:
            await self._pass_on()
            if self._stream is not None:
                self._stream.flush(item)

    async def _push(self, chunk: AudioChunk) -> None:
        pcm = chunk.pcm[max(0, self._next_sample - chunk.start_sample) :]
        self._held.append(pcm)
        self._held_samples += len(pcm)
        self._next_sample += len(pcm)
        if self._held_samples >= PIECE_SAMPLES_MIN:
            await self._pass_on()

    async def _pass_on(self) -> None:
        pcm = np.concatenate(self._held) if self._held else np.zeros(0, np.float32)
        start_sample = self._next_sample - len(pcm)
        self._held, self._held_samples = [], 0
        for offset in range(0, len(pcm), PIECE_SAMPLES_MAX):
            piece = AudioChunk(start_sample + offset, pcm[offset : offset + PIECE_SAMPLES_MAX])
            while piece.start_sample - self._done_sample >= INBOX_SAMPLES:
                self._changed.clear()
                await self._changed.wait()
            if self._stream is not None:
                self._stream.push(piece)

    def _from_engine(self, result: SpeechResult) -> None:
        """Called by the engine, from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._arrived, result)
        except RuntimeError:  # the server's loop has ended: there is nobody left to tell
            return

    def _arrived(self, result: SpeechResult) -> None:
        if self._closed:
            return
        if isinstance(result, Progress):
            self._done_sample = max(self._done_sample, result.sample)
            self._changed.set()
        elif isinstance(result, EngineFailed):
            # the engine has closed the stream already
            self._stream = None
            self.close()
        self._deliver(result)

    def _give_up(self, code: str) -> None:
        self.close()
        self._deliver(EngineFailed(code))
