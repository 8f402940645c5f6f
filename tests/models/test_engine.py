"""The laws of a speech engine, on real models and real speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from colloque.models.engine import LocalSpeechEngine
from colloque.models.pipeline import CHECKPOINT_EVERY_SAMPLES
from colloque.streaming.audio import Pcm, samples
from colloque.streaming.engines import (
    Checkpoint,
    Flushed,
    Hypothesis,
    NotUnderstood,
    Recognised,
)
from tests.models.conftest import make_engine
from tests.models.speech import (
    SHORT,
    SPEC,
    SPEECH,
    Listener,
    check_laws,
    chunks,
    noise,
    piece,
    random_sizes,
    run,
    say,
    silence,
)


def plain(words: Sequence[str]) -> str:
    """Without signs and case."""
    return " ".join(words).lower().translate(str.maketrans("", "", ".,?!"))


def test_the_words_of_a_recording_come_in_order_and_wholly(undisturbed: Listener) -> None:
    check_laws(undisturbed.results, len(SPEECH))
    text = " ".join(undisturbed.words).lower()
    for part in ("best of times", "worst of times", "no matter"):
        assert text.count(part) == 1
    assert text.index("best of times") < text.index("worst of times") < text.index("no matter")
    assert not undisturbed.of(NotUnderstood)
    assert {r.reason for r in undisturbed.of(Recognised)} >= {None, "pause"}


def test_words_come_while_somebody_is_speaking(undisturbed: Listener) -> None:
    first = undisturbed.of(Recognised)[0]
    assert first.reason is None and first.words[0].text.lower() == "it"
    # Before voice activity has heard the end of the sentence, and with a tail that is tentative.
    results = undisturbed.results
    assert not [r for r in results[: results.index(first)] if isinstance(r, Recognised)]
    assert any(hypothesis.text for hypothesis in undisturbed.of(Hypothesis))
    for before, after in pairwise(r for r in results if isinstance(r, Recognised | Hypothesis)):
        if isinstance(before, Recognised) and before.reason is None:
            # Each increment is followed by what is left of the tail, or by the end.
            assert isinstance(after, Hypothesis) and after.start_sample == before.end_sample
            assert after.segment == before.segment


def test_any_split_of_the_audio_gives_the_same_result(engine: LocalSpeechEngine, undisturbed: Listener) -> None:
    """All at once, so that both recogniser threads are busy and passes wait."""
    splits: list[int | list[int]] = [160, 320, 5328, random_sizes(len(SPEECH), 3)]
    listeners = [Listener() for _ in splits]
    streams = [engine.open(replace(SPEC, track=i), listener) for i, listener in enumerate(listeners)]
    for stream, sizes in zip(streams, splits, strict=True):
        for frame in chunks(SPEECH, sizes):
            stream.push(frame)
        stream.flush(1)
    for stream, listener in zip(streams, listeners, strict=True):
        listener.wait_for(Flushed)
        stream.close()
        assert listener.of(Recognised) == undisturbed.of(Recognised)
        assert listener.of(Hypothesis) == undisturbed.of(Hypothesis)
        assert [c.sample for c in listener.of(Checkpoint)] == [c.sample for c in undisturbed.of(Checkpoint)]
        assert listener.of(Checkpoint)[-1] == undisturbed.of(Checkpoint)[-1]
        check_laws(listener.results, len(SPEECH))


def test_one_recogniser_thread_says_the_same_as_two(undisturbed: Listener, short: Listener) -> None:
    """Live: what waits is little; the other engine had all of it at once."""
    engine = make_engine(1, workers=1)
    listener, other = Listener(), Listener()
    stream, busy = engine.open(SPEC, listener), engine.open(replace(SPEC, track=1), other)
    for frame in chunks(SHORT):
        stream.push(frame)
        busy.push(frame)
        listener.wait_until(frame.end_sample - samples(1.5))
    for each, ears in ((stream, listener), (busy, other)):
        say(each, ears, ())
        each.close()
    engine.shut_down()
    assert listener.of(Recognised) == other.of(Recognised) == short.of(Recognised)
    check_laws(listener.results, len(SHORT))


def test_two_languages_are_heard_at_once(engine: LocalSpeechEngine, short: Listener) -> None:
    french = replace(SPEC, language="fr", track=1)
    alone = run(engine, SHORT, spec=french)
    one, other = Listener(), Listener()
    streams = [engine.open(SPEC, one), engine.open(french, other)]
    for frame in chunks(SHORT):
        for stream in streams:
            stream.push(frame)
    for stream, listener in zip(streams, (one, other), strict=True):
        say(stream, listener, ())
        stream.close()
    assert one.of(Recognised) == short.of(Recognised)
    assert other.of(Recognised) == alone.of(Recognised)
    assert one.words != other.words


def test_the_last_words_come_with_the_flush_and_more_audio_may_follow(engine: LocalSpeechEngine) -> None:
    listener, pcm = Listener(), piece("two_cities", 0.8, 3.5)
    stream = engine.open(SPEC, listener)
    say(stream, listener, chunks(pcm[: samples(1.5)]), 11)
    assert listener.words
    assert listener.of(Recognised)[-1].reason == "end"
    check_laws(listener.results, samples(1.5))
    say(stream, listener, chunks(pcm, start_sample=samples(1.5)), 12)
    stream.close()
    assert listener.of(Flushed) == [Flushed(11), Flushed(12)]
    check_laws(listener.results, samples(1.5) + len(pcm))
    later = [w.text for r in listener.of(Recognised) if r.start_sample >= samples(1.5) for w in r.words]
    assert "best of times" in " ".join(later).lower()


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
    for checkpoint in checkpoints[:1]:
        spec = replace(SPEC, start_sample=checkpoint.sample, state=checkpoint.state)
        again = run(engine, SPEECH[checkpoint.sample :], 700, spec)
        after = results[results.index(checkpoint) :]
        expected = [word for r in after if isinstance(r, Recognised) for word in r.words]
        found = [word for r in again.of(Recognised) for word in r.words]
        assert expected
        # Without the context of what was said before, times and confidence differ a little.
        assert [word.text for word in found] == [word.text for word in expected]
        ends = [(one.end_sample, other.end_sample) for one, other in zip(found, expected, strict=True)]
        assert all(abs(one - other) <= samples(0.3) for one, other in ends)


def test_a_checkpoint_of_a_flush_repeats_nothing(engine: LocalSpeechEngine) -> None:
    listener, pcm = Listener(), piece("two_cities", 0.8, 4)
    stream = engine.open(SPEC, listener)
    cut = samples(1.2) + 77
    say(stream, listener, chunks(pcm[:cut]))
    checkpoint = listener.of(Checkpoint)[-1]
    assert cut - 512 < checkpoint.sample <= cut
    say(stream, listener, chunks(pcm[cut:], start_sample=cut))
    stream.close()
    spec = replace(SPEC, start_sample=checkpoint.sample, state=checkpoint.state)
    again = run(engine, pcm[checkpoint.sample :], 512, spec)
    later = [r for r in listener.of(Recognised) if r.start_sample >= cut]
    texts = [[word.text for r in results for word in r.words] for results in (again.of(Recognised), later)]
    assert texts[0] == texts[1] != []
    assert again.of(Recognised)[0].start_sample >= cut


def test_audio_that_was_given_up_is_jumped_over(engine: LocalSpeechEngine, short: Listener) -> None:
    checkpoint = short.of(Checkpoint)[0]
    spec = replace(SPEC, start_sample=samples(60), state=checkpoint.state)
    again = run(engine, SHORT, 1600, spec)
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
    "pcm", [silence(30), noise(30, 0.0005), noise(30, 0.1)], ids=["zeros", "faint noise", "white noise"]
)
def test_where_nobody_speaks_there_is_no_word(engine: LocalSpeechEngine, pcm: Pcm) -> None:
    heard = run(engine, pcm, samples(1))
    assert heard.words == []
    check_laws(heard.results, len(pcm))
    places = [0, *(c.sample for c in heard.of(Checkpoint)), len(pcm)]
    assert max(np.diff(places)) <= CHECKPOINT_EVERY_SAMPLES + samples(1.5)
