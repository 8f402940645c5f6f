"""The engines that the configuration asks for, warmed up beside the running server.

Engines block: warming up and shutting down happen in threads, drafting in one thread of its own, so that neither a
client nor the audio ever waits for a note.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import structlog

from colloque.server.config import ServerConfig
from colloque.server.telemetry import Telemetry
from colloque.streaming.engines import Draft, DraftRequest, Language, NoteEngine, SpeechEngine, Writer

LANGUAGES: tuple[Language, ...] = ("fr", "en", "de")
SHUT_DOWN_WAIT_S = 1.5
Readiness = Literal["warming", "ready", "failed"]

_log = structlog.get_logger(__name__)


class EnginesNotReady(Exception):
    """The engines could not be started; `Engines.failure` says why."""


class Engines:
    """Speech and note engine of one server, and who knows written forms."""

    def __init__(
        self, speech: SpeechEngine, notes: NoteEngine, telemetry: Telemetry, writer: Writer | None = None
    ) -> None:
        self.speech = speech
        self.writer = writer
        """None: what is said is shown as it was said."""
        self._notes = notes
        self._telemetry = telemetry
        self._drafting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drafting")
        self._settled = asyncio.Event()
        self.readiness: Readiness = "warming"
        self.failure: str | None = None
        """Why they could not be started, and what to do."""

    async def warm_up(self) -> None:
        """Loads the weights of both. A failure is kept for `/readyz` and for whoever waits for `ready`."""
        try:
            # One after the other: the speech engine measures the machine, which must not be busy with the other.
            await _in_thread("warm-up-notes", lambda: self._notes.warm_up(LANGUAGES))
            await _in_thread("warm-up", self.speech.warm_up)
            self.readiness = "ready"
            _log.info("engines_ready")
        except Exception as error:  # a missing model, no memory, a broken driver: all mean that it cannot be used
            self.readiness, self.failure = "failed", str(error)
            _log.error("engines_failed", exc_info=error)
        finally:
            self._settled.set()

    async def ready(self) -> None:
        """Waits until the engines are warm. Raises `EnginesNotReady`."""
        await self._settled.wait()
        if self.readiness != "ready":
            raise EnginesNotReady(self.failure)

    async def draft(self, request: DraftRequest) -> Draft | None:
        """A draft; None where drafting failed (logged without what was said)."""
        loop = asyncio.get_running_loop()
        try:
            with self._telemetry.timed(self._telemetry.draft_s):
                return await loop.run_in_executor(self._drafting, self._notes.draft, request)
        except Exception as error:  # the note stays as it is; the transcript goes on
            _log.error("draft_failed", session=request.session_id, exc_info=error)
            return None

    def forget(self, session_id: str) -> None:
        """Drops what the note engine remembers of a session, after the drafts that are under way."""
        if self.readiness == "ready":
            self._drafting.submit(self._notes.forget, session_id)

    async def shut_down(self) -> bool:
        """Ends their threads; False where they are still busy after `SHUT_DOWN_WAIT_S`."""
        self._drafting.shutdown(wait=False, cancel_futures=True)
        try:
            async with asyncio.timeout(SHUT_DOWN_WAIT_S):
                await asyncio.gather(
                    _in_thread("shut-down", self.speech.shut_down),
                    _in_thread("shut-down-notes", self._notes.shut_down),
                )
        except TimeoutError:
            _log.warning("engines_still_busy")
            return False
        return True


async def _in_thread(name: str, work: Callable[[], None]) -> None:
    """Runs blocking work in a daemon thread: unlike the default executor's, it cannot hold up the process's end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        fault: BaseException | None = None
        try:
            work()
        except BaseException as error:  # handed to whoever awaits
            fault = error
        try:
            loop.call_soon_threadsafe(settle, fault)
        except RuntimeError:  # the loop has ended meanwhile: nobody waits any more
            return

    threading.Thread(target=run, name=name, daemon=True).start()
    await done


SCRIPTED_SESSIONS = 16
"""What the scripted engine holds where the configuration does not say: nothing is measured there."""


def make_engines(config: ServerConfig) -> tuple[SpeechEngine, NoteEngine]:
    """The engines of the configuration. Nothing is loaded yet: `warm_up` raises what is amiss, an `EngineFault`."""
    if config.engine == "scripted":
        from colloque.models.scripted import ScriptedNoteEngine, ScriptedSpeechEngine

        return ScriptedSpeechEngine(slots=2 * (config.sessions_max or SCRIPTED_SESSIONS)), ScriptedNoteEngine()
    # imported here: they bring the runtimes with them, which nobody needs for `--help`
    from colloque.models.catalogue import locate
    from colloque.models.compute import Compute, choose_compute
    from colloque.models.decoders import load_decoder
    from colloque.models.diariser import Diariser
    from colloque.models.drafting.engine import LocalNoteEngine
    from colloque.models.engine import LocalSpeechEngine
    from colloque.models.recognisers import locate_recognisers
    from colloque.models.text_decoder import TextDecoder

    def place(name: str) -> Path:
        return locate(name, config.models)

    def decoder(recogniser: Path, compute: Compute) -> TextDecoder | None:
        return load_decoder(recogniser, compute, config.models) if config.decoder == "auto" else None

    speech = LocalSpeechEngine(
        recognisers=lambda: locate_recognisers(config.recognisers, config.models),
        compute=lambda: choose_compute(config.device, config.compute_type, config.workers, config.threads),
        decoder=decoder,
        voice=lambda: place("silero-vad"),
        diariser=lambda: Diariser(place("segmentation-3.0"), place("campplus")),
        sessions_max=config.sessions_max,
    )
    return speech, LocalNoteEngine()


def make_writer(config: ServerConfig) -> Writer | None:
    """Who knows written forms. Loads its tables, in less than half a second."""
    if config.engine == "scripted":
        return None
    from colloque.models.written.writer import WrittenForm

    return WrittenForm()
