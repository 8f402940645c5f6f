"""Reading what is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.recognition.reference import ReferenceUnreadable, read_reference


def written(folder: Path, content: Any) -> Path:
    path = folder / "x.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".txt", ".lab"])
def test_plain_text_is_one_utterance_without_times(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_text("C'est bien,\nmerci.\n", encoding="utf-8")
    reference = read_reference(path)
    assert [word.text for word in reference.words] == ["c", "est", "bien", "merci"]
    assert reference.text == "C'est bien, merci."
    assert not reference.has_times


@pytest.mark.parametrize(("text", "start", "end"), [("text", "start_s", "end_s"), ("w", "start", "end")])
def test_words_with_times(tmp_path: Path, text: str, start: str, end: str) -> None:
    reference = read_reference(written(tmp_path, {"language": "fr", "words": [{text: "Bien.", start: 0.2, end: 0.6}]}))
    assert reference.language == "fr"
    assert [(word.text, word.start_s, word.end_s) for word in reference.words] == [("bien", 0.2, 0.6)]


def test_parts_of_a_token_share_its_time_by_their_letters(tmp_path: Path) -> None:
    token = {"text": "asseyez-vous.", "start_s": 1.0, "end_s": 2.1}
    words = read_reference(written(tmp_path, {"words": [token]})).words
    assert [word.text for word in words] == ["asseyez", "vous"]
    assert [word.end_s for word in words] == pytest.approx([1.7, 2.1])


def test_turns_are_utterances_in_order_of_time(tmp_path: Path) -> None:
    turns = [{"start_s": 5.0, "text": "Et vous ?"}, {"start_s": 1.0, "words": [{"text": "Bonjour", "end_s": 1.5}]}]
    words = read_reference(written(tmp_path, {"turns": turns})).words
    assert [(word.text, word.utterance, word.end_s) for word in words] == [
        ("bonjour", 0, 1.5),
        ("et", 1, None),
        ("vous", 1, None),
    ]


def test_only_a_transcript(tmp_path: Path) -> None:
    assert [word.text for word in read_reference(written(tmp_path, {"transcript": "Ja."})).words] == ["ja"]


@pytest.mark.parametrize("content", ["{", "[]", '{"words": 3}'])
def test_what_cannot_be_read_is_said(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ReferenceUnreadable, match=r"x\.json"):
        read_reference(path)
