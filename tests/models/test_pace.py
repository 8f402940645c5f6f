from __future__ import annotations

import pytest

from colloque.models.pace import Pace
from colloque.streaming.audio import samples


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def play(pace: Pace, clock: Clock, start_s: float, until_s: float, *, speed: float, step_s: float = 0.1) -> float:
    """Audio from `start_s` to `until_s`, so many times as fast as it is spoken."""
    while start_s < until_s:
        start_s += step_s
        clock.now += step_s / speed
        pace.heard(samples(start_s))
    return start_s


@pytest.mark.parametrize("step_s", [0.02, 0.1, 0.333, 1.0])
def test_audio_at_the_pace_of_speech_is_live_after_some_seconds(step_s: float) -> None:
    clock = Clock()
    pace = Pace(clock)
    play(pace, clock, 0.0, 4.0, speed=1.0, step_s=step_s)
    assert not pace.is_live
    play(pace, clock, 4.0, 9.0, speed=1.0, step_s=step_s)
    assert pace.is_live


@pytest.mark.parametrize("speed", [1.3, 4.0, 1000.0])
def test_audio_that_comes_faster_is_not(speed: float) -> None:
    clock = Clock()
    pace = Pace(clock)
    play(pace, clock, 0.0, 60.0, speed=speed)
    assert not pace.is_live


def test_a_replay_that_has_caught_up_becomes_live() -> None:
    clock = Clock()
    pace = Pace(clock)
    at = play(pace, clock, 0.0, 30.0, speed=50.0)
    assert not pace.is_live
    play(pace, clock, at, at + 7.0, speed=1.0)
    assert pace.is_live
