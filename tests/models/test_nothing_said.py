"""Where nobody speaks the real engine says nothing: noise, music and a voice without words."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import nothing_said
from benchmarks.nothing_said import SOUNDS, Ear, Outcome, listen, main, report, sound_of, survey
from colloque.models.engine import LocalSpeechEngine
from colloque.streaming.audio import SAMPLE_RATE
from colloque.streaming.engines import EngineFailed, Flushed, Progress
from colloque.streaming.errors import EngineFault
from tests.models.speech import SPEECH

EACH_S = 5.0


@pytest.fixture(scope="module")
def outcomes(engine: LocalSpeechEngine) -> list[Outcome]:
    """Of a few seconds of each kind, in one language."""
    return list(survey(engine, ["fr"], EACH_S * len(SOUNDS) / 60))


def test_not_one_word_is_heard_where_nobody_speaks(outcomes: list[Outcome]) -> None:
    assert {outcome.kind for outcome in outcomes} == set(SOUNDS)
    assert {outcome.duration_s for outcome in outcomes} == {EACH_S}
    assert [str(outcome) for outcome in outcomes if outcome.words] == []


def test_some_of_it_sounds_like_a_voice(outcomes: list[Outcome]) -> None:
    """Else only voice activity would be tried, and not the recogniser behind it."""
    assert sum(outcome.segments for outcome in outcomes) > 0


def test_it_would_notice_a_word(engine: LocalSpeechEngine) -> None:
    outcome = listen(engine, "speech", "en", SPEECH)
    assert "times" in " ".join(outcome.words)
    assert outcome.segments > 0 and outcome.shown > 0 and outcome.gaps == 0
    assert str(outcome).startswith("en speech ") and "worst of times" in str(outcome)


def test_the_exit_status_says_whether_a_word_came(
    engine: LocalSpeechEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nothing_said, "SOUNDS", {"hum": SOUNDS["hum"]})
    assert report(engine, ["en", "de"], 0.1) == 0
    assert capsys.readouterr().out.endswith("0.1 minutes: no words\n")
    monkeypatch.setattr(nothing_said, "SOUNDS", {"speech": lambda count, _: SPEECH[:count].astype(np.float64)})
    assert report(engine, ["en"], 0.1) == 1
    assert "best of times" in capsys.readouterr().out


def test_a_second_of_each_sound_is_the_least(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--minutes", "0.5"])
    assert "less than a second" in capsys.readouterr().err


def test_an_engine_that_fails_is_not_taken_for_a_silent_one() -> None:
    ear = Ear()
    ear(Progress(1600))
    ear.wait(1600)
    ear(EngineFailed("voice"))
    with pytest.raises(EngineFault, match="voice"):
        ear.wait(3200)
    with pytest.raises(EngineFault, match="voice"):
        ear.wait(1600, flushed=True)


def test_a_flush_is_waited_for() -> None:
    ear = Ear()
    ear(Flushed(1))
    ear.wait(1600, flushed=True)
    assert ear.outcome("hum", "fr", 1.0) == Outcome("hum", "fr", 1.0, 0, (), 0, 0)


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_sound_is_the_same_at_every_run_and_another_in_each_language(kind: str) -> None:
    sound = sound_of(kind, "fr", 1.0)
    assert sound.dtype == np.float32 and sound.shape == (SAMPLE_RATE,) and np.abs(sound).max() <= 1
    assert np.array_equal(sound, sound_of(kind, "fr", 1.0))
    alike = {"digital silence", "hum"}
    assert kind in alike or not np.array_equal(sound, sound_of(kind, "de", 1.0))
    assert (not sound.any()) == (kind == "digital silence")
