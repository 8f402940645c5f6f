"""The recogniser over recordings, and which of its words are right."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recognition.committed_words import judge, recognise, streams_of
from benchmarks.recognition.normalisation import words_of
from benchmarks.recognition.stream import SpokenWord, Stream
from colloque.models.catalogue import locate
from colloque.models.compute import Compute
from colloque.models.decoders import load_decoder
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Whisper
from tests.models.speech import piece, silence


def stream(text: str, language: str = "fr") -> Stream:
    words = tuple(SpokenWord(word, None, None, 0) for word in words_of(text))
    return Stream("one", language, np.zeros(16, np.int16), words, "reference")


def outcome(reference: str, heard: str, language: str = "fr") -> list[bool]:
    return [word.is_right for word in judge(stream(reference, language), [(w, 0.9, 0.8, 1) for w in heard.split()])]


def test_a_word_is_right_if_all_of_it_is() -> None:
    assert outcome("j'ai mal au ventre", "J'ai mal au dos.") == [True, True, True, False]
    assert outcome("j'ai mal", "C'ai mal") == [False, True]
    assert outcome("mal au ventre", "mal au euh ventre") == [True, True, False, True]


def test_signs_alone_are_no_words() -> None:
    assert outcome("oui non", "Oui – non") == [True, True]


@pytest.mark.parametrize(
    ("reference", "heard", "language", "right"),
    [
        ("trente-huit de fièvre", "38 de fièvre", "fr", [True, True]),
        ("38 de fièvre", "trente huit de fièvre", "fr", [True, True]),
        ("since three days", "since 3 days", "en", [True, True]),
        ("hundertfünfundvierzig zu neunzig", "145 zu 90", "de", [True]),
        ("il y a deux jours", "il y a deux jours", "fr", [True] * 5),
        ("un rhume", "eu rhume", "fr", [False, True]),
    ],
)
def test_numbers_that_are_written_otherwise_are_left_out(
    reference: str, heard: str, language: str, right: list[bool]
) -> None:
    assert outcome(reference, heard, language) == right


def test_what_is_known_of_a_word() -> None:
    (word,) = judge(stream("aujourd'hui"), [("Aujourd'hui,", 0.9, 0.7, 2)])
    assert (word.stream, word.language, word.mean, word.weakest, word.passes) == ("one", "fr", 0.9, 0.7, 2)
    assert word.is_right


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".txt").write_text(text)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.zeros(16_000, "<i2").tobytes())


def test_recordings_of_a_folder_are_one_stream(tmp_path: Path) -> None:
    write(tmp_path / "fr" / "a.wav", "un")
    write(tmp_path / "fr" / "b.wav", "deux")
    write(tmp_path / "de" / "c.wav", "drei")
    found = {one.name: one for one in streams_of([tmp_path], None)}
    assert sorted(found) == ["de", "fr"]
    assert [word.text for word in found["fr"].words] == ["un", "deux"]
    assert found["fr"].duration_s == pytest.approx(2 + 3 * 0.8)


def test_recordings_in_other_languages_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "fr" / "a.wav", "")
    (tmp_path / "fr" / "a.txt").unlink()
    (tmp_path / "fr" / "a.json").write_text('{"text": "uno", "language": "es"}')
    assert list(streams_of([tmp_path], None)) == []


def test_words_come_with_what_the_recogniser_knows() -> None:
    pcm = np.concatenate([silence(0.5), piece("two_cities", 0, 9), silence(1.0)])
    place, compute = locate("whisper-base"), Compute("cpu", "int8", workers=1, threads=1)
    whisper = Whisper(place, compute, load_decoder(place, compute))
    text = "it was the best of times it was the worst of times"
    spoken = Stream("cities", "en", (pcm * 32767).astype(np.int16), stream(text, "en").words, "reference")
    committed = recognise(spoken, whisper, VoiceActivity(locate("silero-vad")))
    assert " ".join(words_of(" ".join(word[0] for word in committed))).startswith(text)
    assert all(0 <= weakest <= mean + 1e-4 <= 1.0001 for _, mean, weakest, _ in committed)
    assert max(passes for *_, passes in committed) >= 1
    assert all(word.is_right for word in judge(spoken, committed)[:12])
