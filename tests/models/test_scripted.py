"""The scripted engines keep the laws of the real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from colloque.models.scripted import DEMONSTRATION, ScriptedNoteEngine, ScriptedSpeechEngine
from colloque.streaming.audio import AudioChunk, samples
from colloque.streaming.engines import (
    Checkpoint,
    DraftRequest,
    EngineFull,
    Flushed,
    Hypothesis,
    Progress,
    Recognised,
    SpeakerActivity,
    SpeakerSpan,
    SpeechResult,
    SpeechStream,
    StreamSpec,
)
from colloque.streaming.transcript import Turn, Word
from tests.models.speech import Listener, check_laws, chunks, random_sizes, silence

SPEC = StreamSpec("session", 0, "fr")
AUDIO = silence(21.3)


def run(sizes: int | list[int] = 1600, spec: StreamSpec = SPEC, end_sample: int = len(AUDIO)) -> Listener:
    """One stream over silence."""
    listener = Listener()
    stream = ScriptedSpeechEngine().open(spec, listener)
    for chunk in chunks(AUDIO[spec.start_sample : end_sample], sizes, spec.start_sample):
        stream.push(chunk)
    stream.flush(1)
    return listener


def segments(listener: Listener) -> list[Recognised]:
    """What was recognised, each segment as a whole; checks that its stretches join."""
    whole: list[Recognised] = []
    for result in listener.of(Recognised):
        if whole and whole[-1].reason is None:
            first = whole.pop()
            assert (result.segment, result.start_sample) == (first.segment, first.end_sample)
            result = replace(result, start_sample=first.start_sample, words=first.words + result.words)
        whole.append(result)
    return whole


def check(listener: Listener, end_sample: int) -> None:
    """The laws, for segments as a whole."""
    others = [result for result in listener.results if not isinstance(result, Recognised)]
    check_laws([*segments(listener), *others], end_sample)


def spans(listener: Listener) -> list[SpeakerSpan]:
    return [span for activity in listener.of(SpeakerActivity) for span in activity.spans]


def test_the_script_is_said_as_its_audio_passes() -> None:
    heard = run()
    check(heard, len(AUDIO))
    assert " ".join(heard.words).startswith("Bonjour, qu'est-ce qui vous amène ? J'ai de la fièvre depuis hier.")
    said = segments(heard)
    assert len(said) == 2 * len(DEMONSTRATION) + 1
    assert (said[0].start_sample, said[0].end_sample) == (samples(0.5), samples(2.5))
    assert said[4].start_sample == samples(10.5)
    assert [span.speaker for span in spans(heard)][:7] == [1, 1, 2, 2, 1, 1, 2]


def test_the_first_half_of_a_line_is_final_while_the_other_is_spoken() -> None:
    listener = Listener()
    stream = ScriptedSpeechEngine().open(SPEC, listener)
    stream.push(AudioChunk(0, AUDIO[: samples(1.7)]))
    (early,) = listener.of(Recognised)
    assert early.reason is None and " ".join(word.text for word in early.words) == "Bonjour, qu'est-ce qui"
    assert listener.of(Hypothesis)[-1] == Hypothesis(0, early.end_sample, "vous")
    passed = listener.of(SpeakerActivity)[-1].until_sample
    assert early.words[0].end_sample <= passed < early.words[1].end_sample


@pytest.mark.parametrize("sizes", [1, 160, 320, 5328, len(AUDIO), random_sizes(len(AUDIO), 1)])
def test_any_split_gives_the_same_result(sizes: int | list[int]) -> None:
    end_sample = samples(3.1) if sizes == 1 else len(AUDIO)
    heard, expected = run(sizes, end_sample=end_sample), run(end_sample=end_sample)
    assert heard.of(Recognised) == expected.of(Recognised)
    assert heard.of(Checkpoint) == expected.of(Checkpoint)
    assert spans(heard) == spans(expected)


def test_watermarks_only_grow() -> None:
    until = [activity.until_sample for activity in run(320).of(SpeakerActivity)]
    assert until == sorted(until)


def test_a_flush_says_what_has_begun_once() -> None:
    listener = Listener()
    stream = ScriptedSpeechEngine().open(SPEC, listener)
    cut = samples(1.5)
    stream.push(AudioChunk(0, AUDIO[:cut]))
    stream.flush(1)
    assert listener.results[-1] == Flushed(1)
    assert [(r.end_sample, r.reason) for r in listener.of(Recognised)] == [(cut, "end")]
    stream.push(AudioChunk(cut, AUDIO[cut : samples(6)]))
    stream.flush(2)
    texts = " ".join(listener.words)
    assert texts.count("Bonjour") == 1
    check(listener, samples(6))


@pytest.mark.parametrize("end_s", [21.3, 1.5, 11.0])
def test_every_checkpoint_is_a_place_to_go_on_from(end_s: float) -> None:
    """A line that a flush cut short is not said again."""
    first = run(end_sample=samples(end_s))
    for checkpoint in first.of(Checkpoint):
        spec = replace(SPEC, start_sample=checkpoint.sample, state=checkpoint.state)
        again = run(320, spec)
        said = [w.text for r in first.of(Recognised) if r.end_sample <= checkpoint.sample for w in r.words]
        assert said + again.words == run().words
        assert all(r.start_sample >= checkpoint.sample for r in again.of(Recognised))


def test_audio_that_was_given_up_is_jumped_over() -> None:
    checkpoint = run().of(Checkpoint)[0]
    again = run(spec=replace(SPEC, start_sample=samples(12.6), state=checkpoint.state))
    assert again.of(Recognised)[0].start_sample == samples(13.0)


def test_without_diarisation_nobody_is_named() -> None:
    assert not run(spec=replace(SPEC, diarise=False)).of(SpeakerActivity)


def test_slots_are_taken_and_freed() -> None:
    engine = ScriptedSpeechEngine(slots=1)
    engine.warm_up()
    stream = engine.open(SPEC, Listener())
    with pytest.raises(EngineFull):
        engine.open(SPEC, Listener())
    stream.close()
    stream.close()
    assert engine.statistics() == {"slots": 1.0, "slots_used": 0.0}
    engine.open(SPEC, Listener()).close()
    engine.shut_down()


class Leaving(Listener):
    """Closes its stream as soon as it hears a result of some kind."""

    stream: SpeechStream

    def __init__(self, kind: type[SpeechResult]) -> None:
        super().__init__()
        self._kind = kind

    def __call__(self, result: SpeechResult) -> None:
        super().__call__(result)
        if isinstance(result, self._kind):
            self.stream.close()


@pytest.mark.parametrize("end_s", [0.6, 1.59, 1.6, 1.61, 2.0, 2.49])
def test_a_flush_in_a_line_says_all_of_it(end_s: float) -> None:
    listener = run(320, end_sample=samples(end_s))
    check(listener, samples(end_s))
    assert " ".join(listener.words) == DEMONSTRATION[0].text
    assert segments(listener)[0].reason == "end"


@pytest.mark.parametrize("kind", [Recognised, Progress, Checkpoint, Flushed])
def test_nothing_comes_after_close(kind: type[SpeechResult]) -> None:
    listener = Leaving(kind)
    listener.stream = ScriptedSpeechEngine().open(SPEC, listener)
    listener.stream.push(AudioChunk(0, AUDIO))
    listener.stream.flush(1)
    listener.stream.push(AudioChunk(len(AUDIO), AUDIO))
    listener.stream.flush(2)
    assert [isinstance(result, kind) for result in listener.results].count(True) == 1
    assert isinstance(listener.results[-1], kind)


def test_notes_are_what_was_said() -> None:
    engine = ScriptedNoteEngine()
    engine.warm_up(("fr",))
    words = tuple(
        Word(f"w0-{i}", text, samples(i), samples(i + 1), 0.9, "S2", "confirmed")
        for i, text in enumerate(["J'ai", "de", "la", "fièvre"])
    )
    turns = (Turn("t0-0", 0, "S2", "patient", words), Turn("t0-1", 0, "S2", "patient", words[:2]))
    draft = engine.draft(DraftRequest("session", "fr", turns))
    assert draft == engine.draft(DraftRequest("session", "fr", turns))
    (statement,) = draft.statements
    assert statement.text == "J'ai de la fièvre"
    assert statement.evidence[0].word_ids == tuple(word.id for word in words)
    assert np.isclose(statement.evidence[0].end, 4.0)
    engine.forget("session")
    engine.shut_down()
