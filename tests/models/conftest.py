from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from colloque.models.catalogue import locate
from colloque.models.diariser import Diariser
from colloque.models.engine import LocalSpeechEngine
from colloque.models.progress import Step
from colloque.models.whisper import Whisper
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
    """The real weights."""
    return Whisper(locate("whisper-base"), device="cpu")


def make_engine(slots: int) -> LocalSpeechEngine:
    """A warm engine over the real models."""
    engine = LocalSpeechEngine(
        whisper=lambda: locate("whisper-base"),
        voice=lambda: locate("silero-vad"),
        diariser=lambda: Diariser(locate("segmentation-3.0"), locate("campplus")),
        slots=slots,
        device="cpu",
    )
    engine.warm_up()
    return engine


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalSpeechEngine]:
    """Three slots over the real models."""
    engine = make_engine(3)
    yield engine
    engine.shut_down()
