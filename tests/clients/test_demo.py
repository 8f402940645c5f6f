"""The demonstration consultation: its audio, its script and its reference turns fit together."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from colloque.streaming.audio import SAMPLE_RATE, Pcm

DEMO = Path(__file__).parents[2] / "clients" / "demo"
OPUS = DEMO / "consultation.fr.opus"
ROLES = {"practitioner", "patient"}


@cache
def script() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEMO / "consultation.fr.json").read_text(encoding="utf-8"))
    return loaded


@cache
def audio() -> Pcm:
    """The whole recording, mono float32 at 16 kHz."""
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    with av.open(str(OPUS)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


@cache
def spoken() -> list[tuple[float, float, str]]:
    """Start and end in seconds, and role, of each turn of the RTTM file."""
    fields = [line.split() for line in (DEMO / "consultation.fr.rttm").read_text(encoding="utf-8").splitlines()]
    return [(float(field[3]), float(field[3]) + float(field[4]), field[7]) for field in fields]


def decibels(amplitude: float) -> float:
    return 20 * float(np.log10(amplitude))


def level_dbfs(start_s: float, end_s: float) -> float:
    stretch = audio()[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]
    return decibels(float(np.sqrt(np.mean(stretch**2))))


def test_is_about_two_minutes_long_and_small() -> None:
    assert 100 <= len(audio()) / SAMPLE_RATE <= 140
    assert OPUS.stat().st_size <= 500_000


def test_is_mono() -> None:
    with av.open(str(OPUS)) as container:
        assert container.streams.audio[0].layout.name == "mono"


def test_peaks_below_full_scale() -> None:
    assert -6 <= decibels(float(np.max(np.abs(audio())))) <= -1


def test_every_turn_is_heard_above_the_room() -> None:
    first_start_s = spoken()[0][0]
    room_dbfs = level_dbfs(0, first_start_s - 0.1)
    assert room_dbfs < -55
    assert all(level_dbfs(start_s, end_s) > room_dbfs + 25 for start_s, end_s, _ in spoken())


def test_script_names_its_two_parties() -> None:
    assert script()["language"] == "fr"
    assert set(script()["speakers"]) == ROLES
    assert {turn["speaker"] for turn in script()["turns"]} == ROLES


@pytest.mark.parametrize("half", ["timbre", "prosody"])
def test_voices_are_blends_whose_weights_sum_to_one(half: str) -> None:
    for speaker in script()["speakers"].values():
        assert sum(speaker["voice"][half].values()) == pytest.approx(1)


def test_turns_are_complete() -> None:
    for turn in script()["turns"]:
        assert set(turn) == {"speaker", "pause_before_s", "text"}
        assert turn["text"].strip() == turn["text"] != ""
        assert -3 < turn["pause_before_s"] <= 1


def test_numbers_are_written_as_they_are_said() -> None:
    assert not any(character.isdigit() for turn in script()["turns"] for character in turn["text"])


def test_consent_is_asked_and_given_before_anything_else() -> None:
    question, answer = script()["turns"][:2]
    assert question["speaker"] == "practitioner" and "enregistrée" in question["text"]
    assert answer["speaker"] == "patient" and "d'accord" in answer["text"]


def test_fever_is_denied_in_an_answer_of_one_word() -> None:
    texts = [turn["text"] for turn in script()["turns"]]
    assert texts[texts.index("Vous avez de la fièvre ?") + 1] == "Non."


def test_reference_turns_are_those_of_the_script() -> None:
    assert [role for _, _, role in spoken()] == [turn["speaker"] for turn in script()["turns"]]


def test_reference_turns_keep_the_pauses_of_the_script() -> None:
    latest_end_s = 0.0
    for (start_s, end_s, _), turn in zip(spoken(), script()["turns"], strict=True):
        assert start_s - latest_end_s == pytest.approx(turn["pause_before_s"], abs=0.002)
        latest_end_s = max(latest_end_s, end_s)
    assert latest_end_s < len(audio()) / SAMPLE_RATE


def test_two_turns_overlap_the_other_party() -> None:
    overlapping = [turn for turn in script()["turns"] if turn["pause_before_s"] < 0]
    assert [turn["text"] for turn in overlapping] == ["Oui.", "D'accord."]
