from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from colloque.models.catalogue import locate
from colloque.models.compute import Compute
from colloque.models.decoders import load_decoder
from colloque.models.diariser import Diariser
from colloque.models.engine import LocalSpeechEngine
from colloque.models.progress import Step
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Whisper
from colloque.streaming.engines import Language
from tests.models.speech import SHORT, SPEECH, Listener, run
from tests.models.tiny import TinyHub


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is pip's only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def hub() -> Iterator[Callable[[TinyHub], str]]:
    """Starts a hub and returns its address."""
    started: list[tuple[TinyHub, threading.Thread]] = []

    def start(tiny_hub: TinyHub) -> str:
        address = tiny_hub.start()
        thread = threading.Thread(target=tiny_hub.serve)
        thread.start()
        started.append((tiny_hub, thread))
        return address

    yield start
    for tiny_hub, thread in started:
        tiny_hub.stop()
        thread.join()


@pytest.fixture
def steps() -> list[Step]:
    """Collects what a fetch reports: give its `append`."""
    return []


@pytest.fixture(scope="session")
def whisper() -> Whisper:
    """The real weights, one pass at a time."""
    place, compute = locate("whisper-base"), Compute("cpu", "int8", workers=1, threads=1)
    return Whisper(place, compute, load_decoder(place, compute))


@pytest.fixture(scope="session")
def original() -> Whisper:
    """The same weights, decoded by CTranslate2."""
    return Whisper(locate("whisper-base"), Compute("cpu", "int8", workers=1, threads=1))


@pytest.fixture(scope="session")
def activity() -> VoiceActivity:
    """The real voice activity."""
    return VoiceActivity(locate("silero-vad"))


def make_engine(sessions: int, workers: int = 2) -> LocalSpeechEngine:
    """A warm engine over the real models, for three languages."""
    engine = LocalSpeechEngine(
        recognisers=lambda: dict.fromkeys(get_args(Language), locate("whisper-base")),
        compute=lambda: Compute("cpu", "int8", workers, threads=1),
        decoder=load_decoder,
        voice=lambda: locate("silero-vad"),
        diariser=lambda: Diariser(locate("segmentation-3.0"), locate("campplus")),
        sessions_max=sessions,
    )
    engine.warm_up()
    return engine


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalSpeechEngine]:
    """Two sessions, that is four slots, over the real models; two recogniser threads."""
    engine = make_engine(2)
    yield engine
    engine.shut_down()


@pytest.fixture(scope="session")
def undisturbed(engine: LocalSpeechEngine) -> Listener:
    """`SPEECH` in frames of 100 ms, alone on the engine."""
    return run(engine, SPEECH)


@pytest.fixture(scope="session")
def short(engine: LocalSpeechEngine) -> Listener:
    """`SHORT`, alone on the engine."""
    return run(engine, SHORT)
