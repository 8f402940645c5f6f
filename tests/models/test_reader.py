"""A segment on its way through the passes, on the real model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from colloque.models import window as sizes
from colloque.models.guard import is_loop
from colloque.models.heard import Gap, Heard
from colloque.models.pipeline import Checkpoint, FinalPass, Outlet, Pass, TrackPipeline
from colloque.models.reader import SegmentReader
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Reading, Whisper
from colloque.streaming.audio import Pcm, samples
from colloque.streaming.engines import RecognisedWord, StreamSpec
from colloque.streaming.segmenter import WINDOW_SAMPLES
from tests.models.speech import Listener, chunks, noise, piece, recording, silence, tone

KEYTERMS = ("tachycardia", "metoprolol", "Dr Beauregard")


class Counted:
    """The real weights, and how often they were asked to read."""

    def __init__(self, whisper: Whisper) -> None:
        self._whisper = whisper
        self.read_count = 0
        self.words, self.decode, self.is_text = whisper.words, whisper.decode, whisper.is_text
        self.first_timestamp = whisper.first_timestamp

    def read(self, *args: object, **options: object) -> Reading:
        self.read_count += 1
        return self._whisper.read(*args, **options)


@dataclass
class Story:
    """One segment, pass by pass."""

    reader: SegmentReader
    start_sample: int
    end_sample: int = 0
    passes: list[tuple[str, int, Heard]] = field(default_factory=list)
    """(kind, end of the audio, what it brought)"""

    @property
    def words(self) -> list[RecognisedWord]:
        return [word for _, _, heard in self.passes for word in heard.words]

    @property
    def gaps(self) -> list[Gap]:
        return [gap for _, _, heard in self.passes for gap in heard.gaps]


def work_of(activity: VoiceActivity, pcm: Pcm) -> Iterator[Pass]:
    """The passes that the audio makes due."""
    pipeline = TrackPipeline(
        StreamSpec("session", 0, "en", diarise=False), Outlet(Listener(), 0), activity.open(), None
    )
    for work in [*(due for chunk in chunks(pcm) for due in pipeline.push(chunk)), *pipeline.flush()]:
        if not isinstance(work, Checkpoint):
            yield work.work if isinstance(work, FinalPass) else work


def listen(
    whisper: Whisper | Counted, works: Sequence[Pass], language: str = "en", keyterms: tuple[str, ...] = ()
) -> list[Story]:
    """All segments through their passes."""
    stories: dict[int, Story] = {}
    for work in works:
        start = work.start_sample
        if work.segment not in stories:
            stories[work.segment] = Story(SegmentReader(whisper, language, keyterms, start), start, start)
        story = stories[work.segment]
        story.end_sample += len(work.pcm)
        story.reader.hear(work.pcm, work.voice)
        heard = story.reader.take(work.kind, work.voice_end_sample)
        story.passes.append((work.kind, story.end_sample, heard))
    return list(stories.values())


def force(
    whisper: Whisper | Counted, pcm: Pcm, voice: float, *, every_s: float = 0.6, keyterms: tuple[str, ...] = ()
) -> Story:
    """The audio as one segment of this probability of voice, whatever voice activity would say of it."""
    story = Story(SegmentReader(whisper, "en", keyterms, 0), 0)
    step = samples(every_s) // WINDOW_SAMPLES * WINDOW_SAMPLES
    for at in range(0, len(pcm), step):
        part = pcm[at : at + step]
        story.reader.hear(part, [voice] * -(-len(part) // WINDOW_SAMPLES))
        story.end_sample += len(part)
        story.passes.append(("growth", story.end_sample, story.reader.grow()))
    story.passes.append(("final", len(pcm), story.reader.finish(len(pcm))))
    return story


def plain(words: Sequence[RecognisedWord]) -> str:
    return " ".join(word.text.lower().strip(".,?!…") for word in words)


def check(story: Story) -> None:
    """Words are in order of time, inside what was heard when they were committed, and not in a gap."""
    said = story.start_sample
    for _, end_sample, heard in story.passes:
        for word in heard.words:
            assert said <= word.start_sample <= word.end_sample <= end_sample
            said = word.start_sample
            assert not any(g.start_sample < word.start_sample < g.end_sample for g in story.gaps)
        assert all(story.start_sample <= g.start_sample < g.end_sample <= end_sample for g in heard.gaps)
    ends = [word.end_sample for word in story.words]
    assert ends == sorted(ends)
    assert story.reader.said_sample == max([story.start_sample, *ends])


@pytest.fixture(scope="module")
def works(activity: VoiceActivity) -> list[Pass]:
    """Two sentences with a pause that does not end their segment, and others after it."""
    return list(work_of(activity, np.concatenate([piece("two_cities", 0, 6.45), silence(1), piece("beckett", 3, 5)])))


@pytest.fixture(scope="module")
def stories(whisper: Whisper, works: list[Pass]) -> list[Story]:
    return listen(whisper, works)


def test_the_words_of_a_segment_are_committed_bit_by_bit_in_order_and_once(stories: list[Story]) -> None:
    assert len(stories) >= 2
    for story in stories:
        check(story)
    text = plain(stories[0].words)
    assert text.startswith("it was the best of times it was the worst of times it was the age of wisdom")
    for once in ("best", "worst", "wisdom"):
        assert text.split().count(once) == 1
    assert not any(story.gaps for story in stories)


def test_most_words_come_before_their_segment_ends(stories: list[Story]) -> None:
    early = [word for kind, _, heard in stories[0].passes if kind != "final" for word in heard.words]
    assert len(early) > len(stories[0].words) // 2
    assert {kind for kind, _, heard in stories[0].passes if heard.words} >= {"growth", "breath"}


def test_a_tail_is_shown_after_what_is_committed(stories: list[Story]) -> None:
    tails = [heard.tail for kind, _, heard in stories[0].passes if kind == "growth"]
    assert any(tails) and all(tail == tail.strip() for tail in tails)
    assert all(story.passes[-1][2].tail == "" for story in stories)


def test_in_a_shortened_window_the_words_keep_their_time(
    whisper: Whisper, works: list[Pass], stories: list[Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "CONTEXT_SAMPLES", samples(1.5))
    monkeypatch.setattr(sizes, "ROOM_SAMPLES", samples(1))
    (story,) = listen(whisper, [work for work in works if work.segment == 0])
    check(story)
    assert story.reader.window.start_sample > samples(4)  # the first sentences have been left behind
    times = [next(w for w in each.words if "wisdom" in w.text.lower()) for each in (story, stories[0])]
    assert abs(times[0].start_sample - times[1].start_sample) <= samples(0.2)
    assert samples(5.3) < times[0].start_sample < times[0].end_sample <= samples(6.5)


def test_after_a_whole_breath_the_end_costs_nothing(whisper: Whisper) -> None:
    counted, pcm = Counted(whisper), piece("two_cities", 0.9, 4.9)
    reader = SegmentReader(counted, "en", (), 0)
    reader.hear(pcm, [0.9] * (len(pcm) // WINDOW_SAMPLES))
    first, second = (reader.breathe(samples(3.7)) for _ in range(2))  # what was heard twice is committed
    assert plain([*first.words, *second.words]) == "it was the best of times it was the worst of times"
    assert second.tail == ""
    before = counted.read_count
    reader.hear(silence(0.5), [0.01] * 16)
    assert reader.finish(samples(3.7)) == Heard()
    assert counted.read_count == before
    reader.hear(silence(0.5), [0.9] * 16)
    reader.finish(samples(3.7))
    assert counted.read_count > before  # somebody spoke: it is read


@pytest.mark.parametrize(
    "pcm",
    [silence(2.4), noise(2.4, 0.02), tone(2.4, (262, 330, 392, 523))],
    ids=["silence", "noise", "music"],
)
def test_where_nobody_speaks_no_word_is_invented(whisper: Whisper, pcm: Pcm) -> None:
    """Even where voice activity is half taken in, and key terms are expected."""
    for keyterms in ((), KEYTERMS):
        story = force(whisper, pcm, 0.6, every_s=1.2, keyterms=keyterms)
        assert story.words == []
        assert not any(term.lower() in heard.tail.lower() for _, _, heard in story.passes for term in KEYTERMS)


def test_a_loop_of_the_decoder_is_never_given_out(whisper: Whisper) -> None:
    """A quarter of a second, again and again."""
    story = force(whisper, np.tile(recording("two_cities")[30_080:34_000], 12), 0.95, every_s=1.0)
    check(story)
    assert not is_loop(plain(story.words))
    assert not any(is_loop(heard.tail) for _, _, heard in story.passes)
    assert story.gaps or story.words


def test_a_turn_without_a_pause_keeps_its_window_short(whisper: Whisper) -> None:
    longest = 0

    class Measured(Counted):
        def read(self, pcm: Pcm, *args: object, **options: object) -> Reading:
            nonlocal longest
            longest = max(longest, len(pcm))
            return super().read(pcm, *args, **options)

    story = force(Measured(whisper), piece("two_cities", 0, 22), 0.95, every_s=3.5)
    check(story)
    assert longest <= sizes.CONTEXT_SAMPLES + sizes.ROOM_SAMPLES + samples(3.5)
    for once in ("best", "worst", "wisdom", "belief"):
        assert plain(story.words).split().count(once) == 1


@pytest.mark.parametrize(
    "cough", [noise(0.5, 0.02), noise(0.6, 0.1), tone(0.5, (262,))], ids=["rustle", "cough", "tone"]
)
@pytest.mark.parametrize(("start_s", "end_s"), [(0, 1.44), (3.2, 4.45)])
def test_a_sound_after_a_whole_sentence_brings_no_word(
    whisper: Whisper, cough: Pcm, start_s: float, end_s: float
) -> None:
    """The decoder begins the sentence again, or says what it says in silence."""
    reader = SegmentReader(whisper, "en", (), 0)
    for pcm, voice in ((piece("beckett", start_s, end_s), 0.9), (cough, 0.6)):
        pcm = pcm[: len(pcm) // WINDOW_SAMPLES * WINDOW_SAMPLES]
        reader.hear(pcm, [voice] * (len(pcm) // WINDOW_SAMPLES))
        if voice == 0.9:
            for _ in range(2):
                reader.breathe(len(pcm) - 7 * WINDOW_SAMPLES)
    assert reader.finish(reader.end_sample).words == ()
