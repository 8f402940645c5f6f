"""The virtual clock, with the real recogniser."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recognition.virtual_clock import main
from tests.models.speech import piece, silence

TEXT = "it was the best of times it was the worst of times"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sentences that are read aloud, with their text."""
    pcm = np.concatenate([silence(0.5), piece("two_cities", 0, 4.9), silence(1.0)])
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "cities.txt").write_text(TEXT)
    with wave.open(str(tmp_path / "en" / "cities.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    return tmp_path


def test_clear_speech_is_heard_rightly_and_later_than_it_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "word p50 / p95 s" in head and [line.split()[0] for line in lines] == ["en", "en", "all"]
    name, errors, offline, ratio, middle, _, late, *_ = lines[-1].split()
    assert (name, errors, offline, ratio) == ("all", "0", "0", "-")
    assert 0 < float(middle) <= float(late) < 10


def test_without_a_recording_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "no recording with a text" in capsys.readouterr().err
