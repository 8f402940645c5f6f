from __future__ import annotations

import numpy as np

from colloque.models.segmentation import VOICES
from colloque.models.speaker_labels import SpeakerLabels, stretches


def test_stretches() -> None:
    assert stretches(np.array([], dtype=np.bool_)) == []
    assert stretches(np.zeros(3, dtype=np.bool_)) == []
    assert stretches(np.array([1, 1, 0, 1], dtype=np.bool_)) == [(0, 2), (3, 4)]


def labels() -> SpeakerLabels:
    made = SpeakerLabels(100)
    made.move_to(0)
    made.mark(1, 0, 40)
    made.mark(2, 50, 70)
    return made


def test_spans_are_in_order_and_cut_to_the_question() -> None:
    made = labels()
    made.mark(3, 30, 60)
    assert made.spans(0, 100) == [(1, 0, 40), (3, 30, 60), (2, 50, 70)]
    assert made.spans(35, 55) == [(1, 35, 40), (3, 35, 55), (2, 50, 55)]


def test_what_is_older_than_the_window_is_forgotten() -> None:
    made = labels()
    made.move_to(45)
    assert made.spans(45, 145) == [(2, 50, 70)]
    made.mark(1, 140, 145)
    assert made.spans(100, 145) == [(1, 140, 145)]
    made.move_to(1000)
    assert made.spans(1000, 1100) == []


def test_merging_joins_the_frames() -> None:
    made = labels()
    made.merge(2, 1)
    assert made.spans(0, 100) == [(1, 0, 40), (1, 50, 70)]
    made.merge(7, 1)  # nothing of it is left in the window
    made.merge(1, 4)
    assert made.spans(0, 100) == [(4, 0, 40), (4, 50, 70)]


def test_agreement_is_full_where_the_window_says_the_same() -> None:
    activity = np.zeros((100, VOICES), dtype=np.bool_)
    activity[:40, 2] = True
    activity[50:70, 0] = True
    first, second, third = labels().agreement(activity, until_frame=70, full_frames=20)
    assert (first, second, third) == ({1: -1.0, 2: 1.0}, {1: -1.0, 2: -1.0}, {1: 1.0, 2: -1.0})


def test_agreement_weighs_less_where_little_is_labelled() -> None:
    activity = np.zeros((100, VOICES), dtype=np.bool_)
    activity[:70, 0] = True
    found = labels().agreement(activity, until_frame=60, full_frames=80)
    assert found[0] == {1: 0.5, 2: 10 / 80}


def test_speech_that_the_window_does_not_hear_is_no_evidence() -> None:
    activity = np.zeros((100, VOICES), dtype=np.bool_)
    activity[:40, 0] = True
    assert labels().agreement(activity, 100, 20)[1] == {1: -1.0}


def test_a_stream_begins_without_labels() -> None:
    assert SpeakerLabels(100).agreement(np.ones((97, VOICES), dtype=np.bool_), 0, 20) == [{}, {}, {}]
