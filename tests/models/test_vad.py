from __future__ import annotations

import numpy as np
import pytest

from colloque.models.catalogue import locate
from colloque.models.vad import STATE_BYTES, VoiceActivity, VoiceState
from colloque.streaming.audio import Pcm
from colloque.streaming.segmenter import WINDOW_SAMPLES
from tests.models.speech import chunks, noise, piece, random_sizes, silence

SPEECH = piece("beckett", 0, 6)


@pytest.fixture(scope="module")
def activity() -> VoiceActivity:
    return VoiceActivity(locate("silero-vad"))


def read(activity: VoiceActivity, pcm: Pcm, sizes: int | list[int]) -> list[float]:
    stream = activity.open()
    return [probability for chunk in chunks(pcm, sizes) for probability in stream.push(chunk.pcm)]


def test_speech_is_told_from_silence_and_noise(activity: VoiceActivity) -> None:
    spoken = read(activity, SPEECH, 1600)
    assert len(spoken) == len(SPEECH) // WINDOW_SAMPLES
    assert all(0 <= probability <= 1 for probability in spoken)
    assert np.mean(np.array(spoken) > 0.5) > 0.4
    for nobody in (silence(5), noise(5, 0.001), noise(5, 0.1)):
        assert max(read(activity, nobody, 1600)) < 0.5


@pytest.mark.parametrize("hertz", [0.0, 3.0, 12.0])
def test_rumble_and_an_offset_far_louder_than_the_voice_hide_nobody(activity: VoiceActivity, hertz: float) -> None:
    seconds = np.arange(len(SPEECH)) / 16_000
    rumble = (0.7 * np.cos(2 * np.pi * hertz * seconds)).astype(np.float32)
    assert np.square(rumble).mean() > 1000 * np.square(SPEECH / 4).mean()
    alone, together = (np.array(read(activity, pcm, 1600)) > 0.5 for pcm in (SPEECH / 4, SPEECH / 4 + rumble))
    assert alone.mean() > 0.4
    assert (alone == together).mean() > 0.95


@pytest.mark.parametrize("sizes", [1, 160, 512, 5328, len(SPEECH), random_sizes(len(SPEECH), 5)])
def test_any_split_gives_the_same_probabilities(activity: VoiceActivity, sizes: int | list[int]) -> None:
    pcm = SPEECH[:20_000] if sizes == 1 else SPEECH
    assert read(activity, pcm, sizes) == read(activity, pcm, 320)


def test_tracks_do_not_mix(activity: VoiceActivity) -> None:
    one, other = activity.open(), activity.open()
    heard: list[float] = []
    for chunk in chunks(SPEECH, 320):
        heard += one.push(chunk.pcm)
        list(other.push(noise(0.02, 0.1)))
    assert heard == read(activity, SPEECH, 320)


def test_an_empty_chunk_and_a_rest_give_nothing(activity: VoiceActivity) -> None:
    stream = activity.open()
    assert list(stream.push(silence(0))) == []
    assert list(stream.push(SPEECH[: WINDOW_SAMPLES - 1])) == []
    assert len(list(stream.push(SPEECH[:1]))) == 1


def test_a_track_goes_on_from_a_state_as_if_nothing_had_happened(activity: VoiceActivity) -> None:
    whole = activity.open(sample=1000)
    probabilities = list(whole.push(SPEECH))
    count = len(probabilities)
    for back in (0, 1, 40, 128):
        sample = 1000 + (count - back) * WINDOW_SAMPLES
        data = whole.state_at(sample).to_bytes()
        assert len(data) == STATE_BYTES
        again = activity.open(sample, VoiceState.from_bytes(data))
        assert list(again.push(SPEECH[sample - 1000 :])) == probabilities[count - back :]


def test_the_state_at_the_start_is_that_of_no_audio(activity: VoiceActivity) -> None:
    assert activity.open(sample=77).state_at(77).to_bytes() == bytes(STATE_BYTES)
