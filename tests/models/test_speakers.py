from __future__ import annotations

import numpy as np

from colloque.models.embedding import DIMENSIONS
from colloque.models.speakers import Evidence, Speaker

MEMORY_S = 120.0


def evidence(start_frame: int, end_frame: int, axis: int = 0, speech_s: float | None = None) -> Evidence:
    embedding = np.zeros(DIMENSIONS, dtype=np.float32)
    embedding[axis] = 1.0
    return Evidence(embedding, speech_s or (end_frame - start_frame) / 60, start_frame, end_frame)


def test_a_growing_stretch_counts_once() -> None:
    speaker = Speaker(1)
    for end_frame in (60, 90, 120):
        speaker.add(evidence(0, end_frame), MEMORY_S)
    assert speaker.voice()[1] == 2.0
    speaker.add(evidence(60, 180), MEMORY_S)  # the window on it has moved on: half of it is known
    assert speaker.voice()[1] == 2.0
    speaker.add(evidence(120, 240), MEMORY_S)
    assert speaker.voice()[1] == 4.0


def test_a_voice_can_be_had_without_the_speech_in_question() -> None:
    speaker = Speaker(1)
    speaker.add(evidence(0, 60, axis=0), MEMORY_S)
    speaker.add(evidence(100, 160, axis=1), MEMORY_S)
    total, weight_s = speaker.voice(apart_from=evidence(110, 170))
    assert (total[0], total[1], weight_s) == (1.0, 0.0, 1.0)
    total, weight_s = speaker.voice(apart_from=evidence(200, 260))
    assert (total[0], total[1], weight_s) == (1.0, 1.0, 2.0)


def test_old_speech_fades() -> None:
    speaker = Speaker(1)
    for turn in range(100):
        speaker.add(evidence(turn * 100, turn * 100 + 60, axis=0 if turn < 50 else 1), memory_s=10.0)
    speaker.close(memory_s=10.0)
    assert speaker.weight_s == 10.0
    assert speaker.total[1] > 50 * speaker.total[0]


def test_absorbing_adds_all_that_is_known() -> None:
    one, other = Speaker(1), Speaker(2, confirmed=True)
    one.add(evidence(0, 60), MEMORY_S)
    other.add(evidence(100, 220, axis=1), MEMORY_S)
    one.absorb(other, MEMORY_S)
    assert (one.number, one.weight_s, one.confirmed, one.last_frame) == (1, 3.0, True, 220)
    assert (one.total[0], one.total[1]) == (1.0, 2.0)
