from __future__ import annotations

from pathlib import Path

import pytest

from colloque.models.catalogue import WHISPER_BASE, ModelMissing, locate
from colloque.models.recognisers import (
    RecogniserUnfit,
    check_is_recogniser,
    is_english_only,
    locate_recognisers,
    needed_models,
    vocabulary_tokens,
)
from tests.models.tiny import write_whisper

ENGLISH_TOKENS = 51_864


def test_several_recognisers_serve_their_languages(tmp_path: Path) -> None:
    french, english = write_whisper(tmp_path / "french"), write_whisper(tmp_path / "english", ENGLISH_TOKENS)
    names = {"fr": str(french), "en": str(english), "de": str(french)}
    assert locate_recognisers(names) == {"fr": french, "en": english, "de": french}  # type: ignore[arg-type]


def test_an_english_one_is_refused_for_other_languages(tmp_path: Path) -> None:
    english = write_whisper(tmp_path / "small.en", ENGLISH_TOKENS)
    with pytest.raises(
        RecogniserUnfit, match=r"has learnt English alone and is to serve fr, de: .*whisper_for\] en = "
    ):
        locate_recognisers({"fr": str(english), "en": str(english), "de": str(english)})


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as missing:
        locate_recognisers({"fr": "a/french", "en": "large-v3-turbo", "de": "a/french"}, tmp_path)
    text = str(missing.value)
    assert "To get it: colloque models pull a/french\n" in text
    assert text.endswith("To get it: colloque models pull large-v3-turbo")
    assert text.count("a/french is not ready") == 1


def test_the_default_is_multilingual() -> None:
    place = locate("whisper-base")
    assert vocabulary_tokens(place) == 51_865  # vocabulary.txt
    assert not is_english_only("whisper-base", place)


@pytest.mark.parametrize("name", ["distil-large-v3", "Systran/faster-distil-whisper-large-v3@main"])
def test_english_distillations_are_known_by_name(name: str, tmp_path: Path) -> None:
    assert is_english_only(name, write_whisper(tmp_path))


@pytest.mark.parametrize(
    "part", ["faster-distil-whisper-large-v3", "models--Systran--faster-distil-whisper-large-v3/snapshots/c305"]
)
def test_english_distillations_are_known_by_folder(part: str, tmp_path: Path) -> None:
    assert is_english_only(str(tmp_path / part), write_whisper(tmp_path / part))
    assert not is_english_only(str(tmp_path / "french-distil"), write_whisper(tmp_path / "french-distil"))


@pytest.mark.parametrize("text", ["{", "3", None])
def test_a_vocabulary_that_cannot_be_read_is_said(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "vocabulary.json").write_text(text, "utf-8")
    with pytest.raises(RecogniserUnfit, match="vocabulary of the recogniser .* cannot be read"):
        vocabulary_tokens(tmp_path)


def test_a_model_of_another_kind_is_refused() -> None:
    check_is_recogniser(WHISPER_BASE.name)
    with pytest.raises(RecogniserUnfit, match="the model campplus recognises no speech: it turns a stretch"):
        locate_recognisers({"fr": "campplus"})


def test_what_a_server_needs(tmp_path: Path) -> None:
    others = ["silero-vad", "segmentation-3.0", "campplus"]
    assert needed_models({"fr": "base", "en": "whisper-base", "de": "base"}) == ["whisper-base", *others]
    assert needed_models({"fr": "a/french", "en": str(tmp_path), "de": "turbo"}) == ["a/french", "turbo", *others]
