"""The engines beside the loop: warming up, drafting in one thread, and an end that waits for nobody for long."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from colloque.models.compute import Compute
from colloque.server.config import ServerConfig
from colloque.server.engines import LANGUAGES, Engines, EnginesNotReady, make_engines
from colloque.server.telemetry import Telemetry
from colloque.streaming.engines import Draft, DraftRequest
from tests.server.hand_engines import HandEngine, HandNotes

REQUEST = DraftRequest("s-1", "fr", ())


def made(speech: HandEngine | None = None, notes: HandNotes | None = None) -> Engines:
    return Engines(speech or HandEngine(), notes or HandNotes(), Telemetry())


async def test_the_loop_turns_while_the_engines_warm_up() -> None:
    speech, notes = HandEngine(), HandNotes()
    speech.warm.clear()
    engines = made(speech, notes)
    warming = asyncio.create_task(engines.warm_up())
    await asyncio.sleep(0)
    assert engines.readiness == "warming"
    waiting = asyncio.create_task(engines.ready())
    speech.warm.set()
    await warming
    await waiting
    assert engines.readiness == "ready"
    assert notes.languages == LANGUAGES


async def test_a_failed_warm_up_is_told_to_whoever_waits() -> None:
    speech = HandEngine()
    speech.fault = FileNotFoundError("whisper-base is missing: run `colloque models pull`")
    engines = made(speech)
    await engines.warm_up()
    assert engines.readiness == "failed"
    assert engines.failure == "whisper-base is missing: run `colloque models pull`"
    with pytest.raises(EnginesNotReady, match="models pull"):
        await engines.ready()


async def test_drafts_are_made_in_one_thread_of_their_own() -> None:
    threads: set[str] = set()

    class Notes(HandNotes):
        def draft(self, request: DraftRequest) -> Draft:
            threads.add(threading.current_thread().name)
            return super().draft(request)

    engines = made(notes=Notes())
    drafts = await asyncio.gather(*(engines.draft(REQUEST) for _ in range(5)))
    assert drafts == [Draft(())] * 5
    assert len(threads) == 1
    assert threading.current_thread().name not in threads


async def test_a_draft_that_fails_is_none() -> None:
    notes = HandNotes()
    notes.answer = RuntimeError("the patient said ...")
    assert await made(notes=notes).draft(REQUEST) is None


async def test_the_engines_forget_a_session_once_they_are_warm() -> None:
    notes = HandNotes()
    engines = made(notes=notes)
    engines.forget("too-early")
    await engines.warm_up()
    engines.forget("s-1")
    await engines.draft(REQUEST)  # the same thread: what was asked before is done
    assert notes.forgotten == ["s-1"]


async def test_shut_down_ends_the_engines() -> None:
    speech = HandEngine()
    engines = made(speech)
    assert await engines.shut_down()
    assert speech.is_shut_down


async def test_shut_down_does_not_wait_for_an_engine_that_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colloque.server.engines.SHUT_DOWN_WAIT_S", 0.01)
    release = threading.Event()

    class Stuck(HandEngine):
        def shut_down(self) -> None:
            release.wait(60)

    assert not await made(Stuck()).shut_down()
    release.set()


@pytest.mark.parametrize(("decoder", "is_asked_for"), [("auto", True), ("ctranslate2", False)])
def test_whose_text_decoder_serves(
    decoder: Any, is_asked_for: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("colloque.models.decoders.load_decoder", lambda *given: asked.append(given))
    speech: Any = make_engines(ServerConfig(tmp_path, tmp_path / "models", decoder=decoder))[0]
    compute = Compute("cpu", "int8", workers=1, threads=1)
    assert speech._decoder(tmp_path / "voice", compute) is None
    assert asked == ([(tmp_path / "voice", compute, tmp_path / "models")] if is_asked_for else [])
