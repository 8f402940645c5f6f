from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from colloque.models.clustering import SPEAKERS_LIMIT, ClusteringConfig, Speakers
from colloque.models.speakers import Claim
from tests.models.voices import Conversation, VoicesOf


def conversation(voices: int, likeness: float = 0.3, speakers_max: int | None = None, seed: int = 0) -> Conversation:
    return Conversation(VoicesOf(voices, likeness, seed=seed), Speakers(speakers_max))


def test_speakers_are_numbered_in_order_of_first_speech() -> None:
    talk = conversation(3)
    assert [talk.say(voice, 2.0) for voice in (2, 0, 2, 1, 0)] == [1, 2, 1, 3, 2]


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_never_permuted(seed: int) -> None:
    talk = conversation(4, likeness=0.5, seed=seed)
    order = np.random.default_rng(seed).integers(0, 4, 200)
    numbers: dict[int, int | None] = {}
    for voice in order:
        number = talk.say(int(voice), 1.5)
        assert numbers.setdefault(int(voice), number) == number
        assert talk.speakers.merge(talk.now_frame) == []
    assert sorted(numbers.values(), key=str) == [1, 2, 3, 4]


def test_a_word_too_short_to_found_a_speaker_goes_to_the_likeliest() -> None:
    talk = conversation(3)
    assert talk.say(0, 3.0) == 1
    assert talk.say(1, 3.0) == 2
    assert talk.say(2, 0.3) in (1, 2)
    assert talk.say(2, 2.0) == 3


def test_nobody_is_founded_on_less_than_a_syllable() -> None:
    talk = conversation(1)
    assert talk.say(0, 0.2) is None
    assert talk.speakers.known == []
    assert talk.say(0, 0.4) == 1


def test_a_claim_without_evidence_follows_the_window() -> None:
    talk = conversation(2)
    talk.say(0, 3.0)
    talk.say(1, 3.0)
    assert talk.speakers.identify([Claim(0, 999, None, {1: -1.0, 2: 1.0})]) == [2]
    assert talk.speakers.identify([Claim(0, 999, None, {1: 1.0, 2: -1.0})]) == [1]


@pytest.mark.parametrize("speakers_max", [1, 2])
def test_no_more_speakers_than_allowed(speakers_max: int) -> None:
    talk = conversation(4, speakers_max=speakers_max)
    numbers = [talk.say(voice, 2.0) for voice in (0, 1, 2, 3) * 3]
    assert set(numbers) == set(range(1, speakers_max + 1))


def test_a_crowd_does_not_found_speakers_without_end() -> None:
    talk = conversation(40)
    numbers = [talk.say(voice, 2.0) for voice in range(40)]
    assert set(numbers) == set(range(1, SPEAKERS_LIMIT + 1))


def test_voices_that_sound_together_are_two_speakers() -> None:
    talk = conversation(2)
    talk.say(0, 3.0)
    first, second = talk.claim(0, 1.5), talk.claim(0, 1.0)  # to the ear the same voice, but at the same time
    claims = [replace(first, rivals=frozenset({1})), replace(second, voice=1, rivals=frozenset({0}))]
    assert talk.speakers.identify(claims) == [1, 2]


def test_rivals_beyond_the_allowed_number_are_nobody() -> None:
    talk = conversation(3, speakers_max=2)
    talk.say(0, 3.0)
    talk.say(1, 3.0)
    claims = [replace(talk.claim(v, 1.5), rivals=frozenset({0, 1, 2} - {v})) for v in range(3)]
    assert talk.speakers.identify(claims) == [1, 2, None]


def test_the_assignment_as_a_whole_counts_not_the_first_claim() -> None:
    talk = conversation(2)
    talk.say(0, 5.0)
    talk.say(1, 5.0)
    doubtful = Claim(0, 2000, None, {1: 0.6, 2: 0.5}, frozenset({1}))
    certain = Claim(1, 2000, None, {1: 0.9, 2: -1.0}, frozenset({0}))
    assert talk.speakers.identify([doubtful, certain]) == [2, 1]


def test_two_stretches_of_a_new_voice_found_one_speaker() -> None:
    talk = conversation(2)
    talk.say(0, 3.0)
    assert talk.speakers.identify([talk.claim(1, 1.5), talk.claim(1, 1.5)]) == [2, 2]


def test_the_window_tells_like_voices_apart() -> None:
    for window_says, number in ((1.0, 1), (-1.0, 2)):
        talk = conversation(2, likeness=ClusteringConfig().same)
        assert talk.say(0, 20.0) == 1
        assert talk.say(1, 20.0, {1: window_says}) == number


def test_a_speaker_is_confirmed_once_when_there_is_enough_speech() -> None:
    talk = conversation(1)
    confirmed = []
    for _ in range(4):
        talk.say(0, 1.5)
        confirmed.append(talk.speakers.confirm())
    assert confirmed == [[], [], [1], []]


def test_two_numbers_of_one_voice_are_merged_into_the_earlier() -> None:
    talk = conversation(2)
    talk.say(0, 4.0)
    talk.say(1, 4.0)
    far = np.full(192, 1 / np.sqrt(192), np.float32)  # what the voice first seemed to be
    (number,) = talk.speakers.identify([Claim(0, 0, replace(talk.evidence(0, 1.0), embedding=far), {})])
    assert number == 3
    for _ in range(6):
        talk.speakers.learn(3, talk.evidence(0, 4.0))
    assert talk.speakers.merge(talk.now_frame) == [(3, 1)]
    assert [speaker.number for speaker in talk.speakers.known] == [1, 2]
    assert talk.say(0, 2.0) == 1
    with pytest.raises(KeyError):
        talk.speakers.learn(3, talk.evidence(0, 2.0))


def test_a_merged_number_is_not_used_again() -> None:
    talk = conversation(3)
    talk.say(0, 4.0)
    (second,) = talk.speakers.identify([talk.claim(1, 1.0)])
    assert second == 2
    for _ in range(12):
        talk.speakers.learn(2, talk.evidence(0, 4.0))
    assert talk.speakers.merge(talk.now_frame) == [(2, 1)]
    assert talk.say(2, 3.0) == 3


def test_speakers_who_spoke_together_are_not_merged_on_likeness_alone() -> None:
    talk = Conversation(VoicesOf(2, likeness=0.935, noise_s=0.1), Speakers(config=ClusteringConfig(noise_s=0.1)))
    claims = [replace(talk.claim(voice, 9.0), rivals=frozenset({1 - voice})) for voice in (0, 1)]
    assert talk.speakers.identify(claims) == [1, 2]
    assert talk.speakers.merge(talk.now_frame) == []


def test_a_stray_number_is_merged_when_it_stays_silent() -> None:
    config = ClusteringConfig()
    talk = conversation(2)
    talk.say(0, 10.0)
    claims = [replace(talk.claim(0, 1.0), rivals=frozenset({1})), replace(talk.claim(0, 1.0), rivals=frozenset({0}))]
    assert talk.speakers.identify(claims) == [1, 2]
    assert talk.speakers.merge(talk.now_frame) == []
    assert talk.speakers.merge(talk.now_frame + config.orphan_frames) == [(2, 1)]


def test_a_rare_speaker_with_a_voice_of_their_own_stays() -> None:
    talk = conversation(2)
    talk.say(0, 10.0)
    talk.say(1, 1.5)
    assert talk.speakers.merge(talk.now_frame + 10 * ClusteringConfig().orphan_frames) == []


def test_speakers_keep_their_numbers_over_a_restart() -> None:
    talk = conversation(4)
    for voice in (0, 1, 2):
        talk.say(voice, 5.0)
    talk.speakers.confirm()
    restored = Conversation(talk.voices, Speakers.from_bytes(talk.speakers.to_bytes(), speakers_max=4))
    assert [s.confirmed for s in restored.speakers.known] == [True, True, True]
    assert [restored.say(voice, 2.0) for voice in (2, 1, 3, 0)] == [3, 2, 4, 1]
    assert restored.speakers.confirm() == []


def test_the_state_is_the_same_after_a_round_trip() -> None:
    talk = conversation(3)
    claims = [replace(talk.claim(voice, 2.0), rivals=frozenset({1 - voice})) for voice in (0, 1)]
    talk.speakers.identify(claims)
    state = talk.speakers.to_bytes()
    assert Speakers.from_bytes(state).to_bytes() == state
