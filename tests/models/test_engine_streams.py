"""Streams beside each other in one engine, and what goes wrong in one of them: real models, real speech."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from colloque.models.engine import LocalSpeechEngine
from colloque.models.pace import Pace
from colloque.models.pipeline import pack
from colloque.models.vad import VoiceState
from colloque.models.whisper import Reading, Whisper
from colloque.streaming.audio import AudioChunk, Pcm, samples
from colloque.streaming.engines import (
    Checkpoint,
    EngineFailed,
    EngineFull,
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
from tests.models.speech import (
    SHORT,
    SPEC,
    SPEECH,
    Listener,
    check_laws,
    chunks,
    run,
    say,
    silence,
)


def plain(words: Sequence[str]) -> str:
    """Without signs and case."""
    return " ".join(words).lower().translate(str.maketrans("", "", ".,?!"))


def test_streams_at_once_do_not_mix_and_one_may_leave(
    engine: LocalSpeechEngine, undisturbed: Listener, short: Listener
) -> None:
    """The one that leaves is open in both lanes."""
    listeners = [Listener(), Listener(), Listener()]
    streams = [engine.open(replace(SPEC, track=i), listener) for i, listener in enumerate(listeners)]
    longest, brief, leaving = streams
    for frame in chunks(SPEECH, 8000):
        longest.push(frame)
        leaving.push(frame)
    for frame in chunks(SHORT):
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
    streams = [engine.open(SPEC, Listener()) for _ in range(4)]
    with pytest.raises(EngineFull, match="all 4 slots"):
        engine.open(SPEC, Listener())
    streams[1].close()
    streams[1].close()  # twice is once
    streams[1].push(AudioChunk(0, silence(0.1)))  # too late: nothing happens
    assert run(engine, SHORT).of(Recognised) == short.of(Recognised)
    for stream in streams:
        stream.close()
    assert engine.statistics()["voice_slots_used"] == engine.statistics()["recogniser_slots_used"] == 0


def test_a_stream_that_fails_leaves_the_others_alone(engine: LocalSpeechEngine, short: Listener) -> None:
    failing, listener = Listener(), Listener()
    broken, stream = engine.open(SPEC, failing), engine.open(SPEC, listener)
    for frame in chunks(SHORT):
        broken.push(frame)
    broken.push(AudioChunk(samples(7), silence(1)))  # a hole
    broken.push(AudioChunk(samples(8), silence(1)))
    say(stream, listener, chunks(SHORT))
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
    pairs = zip(chunks(SHORT), chunks(SHORT), strict=True)
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
    listener, pcm = Listener(), SHORT
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
    assert {"batcher-voice-0", "batcher-recogniser-0", "batcher-recogniser-1"} <= {thread.name for thread in started}
    stream = engine.open(SPEC, Listener())
    for frame in chunks(SHORT):
        stream.push(frame)
    engine.shut_down()
    assert not any(thread.is_alive() for thread in started)
    engine.shut_down()  # twice is once
    with pytest.raises(RuntimeError, match="not warm"):
        engine.open(SPEC, Listener())
    assert engine.statistics() == {}


def test_a_speaker_state_of_another_version_is_left_out_and_the_stream_goes_on(engine: LocalSpeechEngine) -> None:
    state = pack(SegmenterState(), VoiceState.fresh(), b"a state of some other version")
    heard = run(engine, SHORT, spec=StreamSpec("session", 0, "en", diarise=True, state=state))
    assert heard.words and not heard.of(EngineFailed)
    assert heard.of(SpeakerActivity)


class Faulty:
    """A recogniser that fails in some of its readings; which, the test says."""

    def __init__(self, whisper: Whisper, fails: Callable[[int], bool]) -> None:
        self.words, self.decode, self.is_text = whisper.words, whisper.decode, whisper.is_text
        self._whisper, self._fails = whisper, fails
        self._count = 0

    def read(self, pcm: Pcm, *args: object, **options: object) -> Reading:
        self._count += 1
        if self._fails(self._count):
            raise RuntimeError("out of memory")
        return self._whisper.read(pcm, *args, **options)


def test_a_pass_that_fails_costs_a_gap_only(
    engine: LocalSpeechEngine, short: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All passes of the first seconds fail; the stream goes on, and what follows is heard."""
    whisper = engine._whispers["en"]
    pcm = np.concatenate([SHORT, silence(1.5)])
    failing = Faulty(whisper, lambda _: True)
    monkeypatch.setitem(engine._whispers, "en", failing)
    listener = Listener()
    stream = engine.open(SPEC, listener)
    say(stream, listener, chunks(pcm))
    assert listener.words == []
    gaps = listener.of(NotUnderstood)
    assert [(g.start_sample, g.end_sample) for g in gaps] == [
        (r.start_sample, r.end_sample) for r in listener.of(Recognised)
    ]
    assert {gap.reason for gap in gaps} == {"engine"}
    check_laws(listener.results, len(pcm))
    monkeypatch.setitem(engine._whispers, "en", whisper)
    say(stream, listener, chunks(SHORT, start_sample=len(pcm)))
    stream.close()
    assert listener.words and not listener.of(EngineFailed)
    check_laws(listener.results, len(pcm) + len(SHORT))


def test_a_pass_that_fails_before_the_last_costs_nothing(
    engine: LocalSpeechEngine, short: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine._whispers, "en", Faulty(engine._whispers["en"], lambda count: count == 1))
    listener = run(engine, SHORT)
    assert not listener.of(NotUnderstood) and not listener.of(EngineFailed)
    assert plain(listener.words) == plain(short.words)
    check_laws(listener.results, len(SHORT))


class Held:
    """A recogniser whose first reading waits until the test lets it go on."""

    def __init__(self, whisper: Whisper) -> None:
        self.words, self.decode, self.is_text = whisper.words, whisper.decode, whisper.is_text
        self._whisper = whisper
        self.go_on = threading.Event()
        self.count = 0

    def read(self, pcm: Pcm, *args: object, **options: object) -> Reading:
        assert self.go_on.wait(60)
        self.count += 1
        return self._whisper.read(pcm, *args, **options)


@pytest.mark.parametrize("mark_s", [0.5, 0.1], ids=["live", "from_a_file"])
def test_live_audio_that_is_behind_is_read_in_fewer_passes(
    engine: LocalSpeechEngine, undisturbed: Listener, monkeypatch: pytest.MonkeyPatch, mark_s: float
) -> None:
    """A file may wait: its words are those of an idle machine."""
    held = Held(engine._whispers["en"])
    monkeypatch.setitem(engine._whispers, "en", held)
    listener = Listener()
    stream = engine.open(SPEC, listener)
    stream.pace = Pace(itertools.count(0.0, mark_s).__next__)  # it looks at the clock each half second of audio
    for frame in chunks(SPEECH):
        stream.push(frame)
    # Voice activity has gone through much of it before the first reading ends.
    listener.wait_for(SpeakerActivity, len(undisturbed.of(SpeakerActivity)) // 2)
    held.go_on.set()
    say(stream, listener, ())
    stream.close()
    check_laws(listener.results, len(SPEECH))
    if mark_s < 0.5:
        assert listener.of(Recognised) == undisturbed.of(Recognised)
    else:
        assert len(listener.words) > 0.9 * len(undisturbed.words)
        assert len(listener.of(Hypothesis)) < len(undisturbed.of(Hypothesis))
