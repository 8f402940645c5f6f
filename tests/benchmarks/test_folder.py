"""Finding recordings."""

import wave
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recognition.folder import LanguageUnknown, find_spoken


def record(path: Path, seconds: float = 0.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.full(int(seconds * 16_000), 100, "<i2").tobytes())


def test_pairs_and_consultations_are_found_and_lone_recordings_left_out(tmp_path: Path) -> None:
    for name in ("fr/b.wav", "fr/a.wav", "fr/lone.wav", "visit-de/audio.wav"):
        record(tmp_path / name)
    (tmp_path / "fr/a.txt").write_text("un", encoding="utf-8")
    (tmp_path / "fr/b.lab").write_text("deux", encoding="utf-8")
    (tmp_path / "visit-de/reference.json").write_text('{"turns": []}', encoding="utf-8")
    found = list(find_spoken(tmp_path))
    assert [(spoken.name, spoken.is_consultation) for spoken in found] == [
        ("a", False),
        ("b", False),
        ("visit-de", True),
    ]
    assert [spoken.language(None, None) for spoken in found] == ["fr", "fr", "de"]
    assert found[0].reference().text == "un"
    assert len(found[0].pcm()) == 8_000


def test_what_the_file_says_of_its_language_goes_before_its_folder(tmp_path: Path) -> None:
    record(tmp_path / "fr" / "a.wav")
    (tmp_path / "fr" / "a.txt").write_text("yes", encoding="utf-8")
    (spoken,) = find_spoken(tmp_path)
    assert spoken.language("en-GB", "de") == "en"


def test_a_language_that_nothing_says(tmp_path: Path) -> None:
    record(tmp_path / "x" / "a.wav")
    (tmp_path / "x" / "a.txt").write_text("yes", encoding="utf-8")
    (spoken,) = find_spoken(tmp_path)
    assert spoken.language(None, "en") == "en"
    with pytest.raises(LanguageUnknown, match="--language"):
        spoken.language(None, None)
