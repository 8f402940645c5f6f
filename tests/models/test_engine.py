"""The laws of a speech engine, on real models and real speech."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from colloque.models.engine import LocalSpeechEngine
from colloque.models.pipeline import CHECKPOINT_EVERY_SAMPLES, INTERIM_EVERY_SAMPLES, pack
from colloque.models.vad import VoiceState
from colloque.streaming.audio import AudioChunk, Pcm, samples
from colloque.streaming.engines import (
    Checkpoint,
    EngineFailed,
    EngineFull,
    Flushed,
    Hypothesis,
    NotUnderstood,
    Progress,
    Recognised,
    SpeakerActivity,
    SpeechResult,
    SpeechStream,
    StreamSpec,
)
from colloque.streaming.segmenter import SegmenterState
from tests.models.conftest import make_engine
from tests.models.speech import Listener, check_laws, chunks, noise, piece, random_sizes, say, silence

SPEC = StreamSpec("session", 0, "en", diarise=False)
SPEECH = np.concatenate([piece("two_cities", 0, 11), silence(1.2), piece("beckett", 0, 4), silence(0.7)])


def run(engine: LocalSpeechEngine, pcm: Pcm, sizes: int | list[int] = 1600, spec: StreamSpec = SPEC) -> Listener:
    """One stream from opening to close."""
    listener = Listener()
    stream = engine.open(spec, listener)
    say(stream, listener, chunks(pcm, sizes, spec.start_sample))
    stream.close()
    return listener


@pytest.fixture(scope="module")
def undisturbed(engine: LocalSpeechEngine) -> Listener:
    """`SPEECH` in frames of 100 ms, alone on the engine."""
    return run(engine, SPEECH)


@pytest.fixture(scope="module")
def short(engine: LocalSpeechEngine) -> Listener:
    """Five seconds, alone on the engine."""
    return run(engine, piece("beckett", 0, 5))


def test_the_words_of_a_recording_come_in_order_and_wholly(undisturbed: Listener) -> None:
    check_laws(undisturbed.results, len(SPEECH))
    text = " ".join(undisturbed.words).lower()
    for part in ("best of times", "worst of times", "age of wisdom", "epoch of belief"):
        assert part in text
    assert text.index("best of times") < text.index("worst of times") < text.index("epoch of belief")
    assert not undisturbed.of(NotUnderstood)
    assert {r.reason for r in undisturbed.of(Recognised)} >= {"pause"}


@pytest.mark.parametrize("sizes", [160, 320, 5328, random_sizes(len(SPEECH), 3)], ids=["10ms", "20ms", "333ms", "any"])
def test_any_split_of_the_audio_gives_the_same_result(
    engine: LocalSpeechEngine, undisturbed: Listener, sizes: int | list[int]
) -> None:
    heard = run(engine, SPEECH, sizes)
    assert heard.of(Recognised) == undisturbed.of(Recognised)
    assert heard.of(Checkpoint)[-1] == undisturbed.of(Checkpoint)[-1]
    check_laws(heard.results, len(SPEECH))


def test_interim_passes_and_another_stream_change_no_word(engine: LocalSpeechEngine, short: Listener) -> None:
    """Pushed as slowly as the passes come, so that they are not skipped, beside a stream that keeps the engine busy."""
    listener, other = Listener(), Listener()
    stream, busy = engine.open(SPEC, listener), engine.open(replace(SPEC, track=1), other)
    for frame in chunks(SPEECH[: samples(9)]):
        busy.push(frame)
    for frame in chunks(piece("beckett", 0, 5)):
        stream.push(frame)
        # Short of the time that a segment takes to close: otherwise its final pass would replace the interim one.
        listener.wait_until(frame.end_sample - INTERIM_EVERY_SAMPLES - samples(0.15))
    say(stream, listener, ())
    for each in (stream, busy):
        each.close()
    assert listener.of(Recognised) == short.of(Recognised)
    assert listener.of(Hypothesis)
    check_laws(listener.results, samples(5))


def test_the_last_words_come_with_the_flush_and_more_audio_may_follow(
    engine: LocalSpeechEngine, short: Listener
) -> None:
    listener, pcm = Listener(), piece("beckett", 0, 5)
    stream = engine.open(SPEC, listener)
    say(stream, listener, chunks(pcm[: samples(2)]), 11)
    assert listener.words
    assert listener.of(Recognised)[-1].reason == "end"
    check_laws(listener.results, samples(2))
    say(stream, listener, chunks(pcm, start_sample=samples(2)), 12)
    stream.close()
    assert listener.of(Flushed) == [Flushed(11), Flushed(12)]
    check_laws(listener.results, samples(7))
    later = [w.text for r in listener.of(Recognised) if r.start_sample >= samples(2) for w in r.words]
    # The windows lie otherwise over the audio than in the other run, so that not every word must be the same.
    assert (later[0], later[-1]) == (short.words[0], short.words[-1])
    assert len(later) == len(short.words)


def test_a_flush_with_nothing_to_say_is_answered(engine: LocalSpeechEngine) -> None:
    listener = Listener()
    stream = engine.open(SPEC, listener)
    for token in (1, 2):
        say(stream, listener, (), token)
    stream.close()
    assert listener.of(Flushed) == [Flushed(1), Flushed(2)]
    assert not listener.of(Recognised)


def test_every_checkpoint_is_a_place_to_go_on_from(engine: LocalSpeechEngine, undisturbed: Listener) -> None:
    checkpoints = undisturbed.of(Checkpoint)
    assert [c.sample for c in checkpoints] == sorted(c.sample for c in checkpoints)
    results = undisturbed.results
    for checkpoint in checkpoints[::2]:
        spec = replace(SPEC, start_sample=checkpoint.sample, state=checkpoint.state)
        again = run(engine, SPEECH[checkpoint.sample :], 700, spec)
        after = results[results.index(checkpoint) :]
        expected = [r for r in after if isinstance(r, Recognised)]
        # Segments are numbered anew; all else is the same.
        assert [replace(r, segment=0) for r in again.of(Recognised)] == [replace(r, segment=0) for r in expected]


def test_a_checkpoint_of_a_flush_repeats_nothing(engine: LocalSpeechEngine) -> None:
    listener, pcm = Listener(), piece("two_cities", 0, 5)
    stream = engine.open(SPEC, listener)
    cut = samples(2) + 77
    say(stream, listener, chunks(pcm[:cut]))
    checkpoint = listener.of(Checkpoint)[-1]
    assert cut - 512 < checkpoint.sample <= cut
    say(stream, listener, chunks(pcm[cut:], start_sample=cut))
    stream.close()
    spec = replace(SPEC, start_sample=checkpoint.sample, state=checkpoint.state)
    again = run(engine, pcm[checkpoint.sample :], 512, spec)
    assert [r.words for r in again.of(Recognised)] == [r.words for r in listener.of(Recognised)][1:]
    assert again.of(Recognised)[0].start_sample >= cut


def test_audio_that_was_given_up_is_jumped_over(engine: LocalSpeechEngine, short: Listener) -> None:
    checkpoint = short.of(Checkpoint)[0]
    spec = replace(SPEC, start_sample=samples(60), state=checkpoint.state)
    again = run(engine, piece("beckett", 0, 5), 1600, spec)
    assert again.words == short.words
    assert [r.start_sample - samples(60) for r in again.of(Recognised)] == [
        r.start_sample for r in short.of(Recognised)
    ]


def test_a_state_of_another_version_is_refused(engine: LocalSpeechEngine) -> None:
    used = engine.statistics()["voice_slots_used"]
    with pytest.raises(ValueError, match="cannot be resumed"):
        engine.open(replace(SPEC, state=b"what is this"), Listener())
    assert engine.statistics()["voice_slots_used"] == used


@pytest.mark.parametrize(
    "pcm", [silence(60), noise(60, 0.0005), noise(60, 0.1)], ids=["zeros", "faint noise", "white noise"]
)
def test_where_nobody_speaks_there_is_no_word(engine: LocalSpeechEngine, pcm: Pcm) -> None:
    heard = run(engine, pcm, samples(1))
    assert heard.words == []
    check_laws(heard.results, len(pcm))
    places = [0, *(c.sample for c in heard.of(Checkpoint)), len(pcm)]
    assert max(np.diff(places)) <= CHECKPOINT_EVERY_SAMPLES + samples(1.5)


def test_streams_at_once_do_not_mix_and_one_may_leave(
    engine: LocalSpeechEngine, undisturbed: Listener, short: Listener
) -> None:
    listeners = [Listener(), Listener(), Listener()]
    streams = [engine.open(replace(SPEC, track=i), listener) for i, listener in enumerate(listeners)]
    longest, brief, leaving = streams
    for frame in chunks(SPEECH, 8000):
        longest.push(frame)
        leaving.push(frame)
    for frame in chunks(piece("beckett", 0, 5)):
        brief.push(frame)
    listeners[2].wait_for(Recognised)
    leaving.close()
    count = len(listeners[2].results)
    for stream, listener in ((brief, listeners[1]), (longest, listeners[0])):
        say(stream, listener, ())
        stream.close()
    assert listeners[0].of(Recognised) == undisturbed.of(Recognised)
    assert listeners[1].of(Recognised) == short.of(Recognised)
    assert len(listeners[2].results) == count  # nothing after close


def test_a_full_engine_says_so_and_a_slot_is_used_again(engine: LocalSpeechEngine, short: Listener) -> None:
    streams = [engine.open(SPEC, Listener()) for _ in range(3)]
    with pytest.raises(EngineFull, match="all 3 slots"):
        engine.open(SPEC, Listener())
    streams[1].close()
    streams[1].close()  # twice is once
    streams[1].push(AudioChunk(0, silence(0.1)))  # too late: nothing happens
    assert run(engine, piece("beckett", 0, 5)).of(Recognised) == short.of(Recognised)
    for stream in streams:
        stream.close()
    assert engine.statistics()["voice_slots_used"] == engine.statistics()["recogniser_slots_used"] == 0


def test_a_stream_that_fails_leaves_the_others_alone(engine: LocalSpeechEngine, short: Listener) -> None:
    failing, listener = Listener(), Listener()
    broken, stream = engine.open(SPEC, failing), engine.open(SPEC, listener)
    for frame in chunks(piece("beckett", 0, 2)):
        broken.push(frame)
    broken.push(AudioChunk(samples(7), silence(1)))  # a hole
    broken.push(AudioChunk(samples(8), silence(1)))
    say(stream, listener, chunks(piece("beckett", 0, 5)))
    stream.close()
    failing.wait_for(EngineFailed)
    assert failing.results[-1] == EngineFailed("voice")
    assert listener.of(Recognised) == short.of(Recognised)
    assert engine.statistics()["voice_slots_used"] == 0


class Gone(Listener):
    def __call__(self, result: SpeechResult) -> None:
        super().__call__(result)
        if isinstance(result, Progress):
            raise RuntimeError("the loop is closed")


def test_a_listener_that_is_gone_leaves_the_others_alone(engine: LocalSpeechEngine, short: Listener) -> None:
    gone, listener = Gone(), Listener()
    lost, stream = engine.open(SPEC, gone), engine.open(SPEC, listener)
    pairs = zip(chunks(piece("beckett", 0, 5)), chunks(piece("beckett", 0, 5)), strict=True)
    for one, other in pairs:
        lost.push(one)
        stream.push(other)
    say(stream, listener, ())
    stream.close()
    assert listener.of(Recognised) == short.of(Recognised)
    assert engine.statistics()["voice_slots_used"] == 0


class Leaving(Listener):
    """Closes its stream as soon as it hears of progress."""

    stream: SpeechStream

    def __call__(self, result: SpeechResult) -> None:
        super().__call__(result)
        self.stream.close()


def test_a_listener_may_close_its_stream(engine: LocalSpeechEngine) -> None:
    leaving = Leaving()
    leaving.stream = engine.open(SPEC, leaving)
    for frame in chunks(silence(0.5)):
        leaving.stream.push(frame)
    run(engine, silence(1))
    assert len(leaving.results) == 1


def test_who_speaks_is_told_beside_the_words(engine: LocalSpeechEngine, short: Listener) -> None:
    listener, pcm = Listener(), piece("beckett", 0, 5)
    spec = replace(SPEC, diarise=True)
    stream = engine.open(spec, listener)
    say(stream, listener, chunks(pcm))
    stream.close()
    assert listener.of(Recognised) == short.of(Recognised)
    activity = listener.of(SpeakerActivity)
    assert [a.until_sample for a in activity] == sorted(a.until_sample for a in activity)
    assert activity[-1].until_sample == len(pcm)
    speakers = {span.speaker for a in activity for span in a.spans}
    assert 1 in speakers
    assert run(engine, pcm, 5328, spec).of(SpeakerActivity) == activity
    checkpoint = listener.of(Checkpoint)[-1]
    assert len(checkpoint.state) > len(short.of(Checkpoint)[-1].state)
    again = run(engine, pcm, 1600, replace(spec, start_sample=checkpoint.sample, state=checkpoint.state))
    # The voice is known again: it gets no new number.
    assert {span.speaker for a in again.of(SpeakerActivity) for span in a.spans} <= speakers


def test_an_engine_ends_its_threads() -> None:
    before = set(threading.enumerate())
    engine = make_engine(1)
    started = set(threading.enumerate()) - before
    assert {"batcher-voice", "batcher-recogniser"} <= {thread.name for thread in started}
    stream = engine.open(SPEC, Listener())
    for frame in chunks(piece("beckett", 0, 2)):
        stream.push(frame)
    engine.shut_down()
    assert not any(thread.is_alive() for thread in started)
    engine.shut_down()  # twice is once
    with pytest.raises(RuntimeError, match="not warm"):
        engine.open(SPEC, Listener())
    assert engine.statistics() == {}


def test_a_speaker_state_of_another_version_is_left_out_and_the_stream_goes_on(engine: LocalSpeechEngine) -> None:
    state = pack(SegmenterState(), VoiceState.fresh(), b"a state of some other version")
    heard = run(engine, piece("beckett", 0, 5), spec=StreamSpec("session", 0, "en", diarise=True, state=state))
    assert heard.words and not heard.of(EngineFailed)
    assert heard.of(SpeakerActivity)
