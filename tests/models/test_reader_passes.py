"""The reader's own rules, pass by pass, with readings that are given (`test_reader.py` has the real ones)."""

from __future__ import annotations

from collections.abc import Sequence

import ctranslate2
import numpy as np
import pytest

from colloque.models import reader as rules
from colloque.models import window as sizes
from colloque.models.guard import is_loop
from colloque.models.heard import Gap, Heard
from colloque.models.reader import SegmentReader
from colloque.models.whisper import Reading
from colloque.models.words import AlignedWord
from colloque.streaming.audio import Pcm, samples
from colloque.streaming.segmenter import WINDOW_SAMPLES
from tests.models.speech import silence

KEYTERMS = ("tachycardia", "metoprolol", "Dr Beauregard")
Line = Sequence[tuple[str, float, float]]
"""Words with start and end in seconds."""
STAMP = 1000
"""Tokens from here on are timestamps."""
NOTHING: Line = ()
SURE = -0.2


class Told:
    """Stands for the weights: gives the readings of a list. The words that a prefix holds are left out of them."""

    first_timestamp = STAMP

    def __init__(self, *lines: Line | Reading) -> None:
        self._lines = list(lines)
        self._vocabulary: list[tuple[str, float, float]] = []
        self.asked: list[dict[str, object]] = []
        self.prefixes: list[list[int]] = []
        """With their timestamps."""
        self.drafts: list[list[int]] = []

    def read(
        self, pcm: Pcm, language: str, *, prefix: Sequence[int] = (), draft: Sequence[int] = (), **options: object
    ) -> Reading:
        self.asked.append({"length": len(pcm), "prefix": [t for t in prefix if t < STAMP], **options})
        self.prefixes.append(list(prefix))
        self.drafts.append(list(draft))
        line = self._lines.pop(0)
        if isinstance(line, Reading):
            return line
        new = line[len([token for token in prefix if token < STAMP]) :]
        tokens = list(range(len(self._vocabulary), len(self._vocabulary) + len(new)))
        self._vocabulary += new
        return reading(tokens, " ".join(text for text, _, _ in new))

    def words(
        self,
        reading: Reading,
        length_samples: int,
        start_sample: int,
        language: str,
        *,
        before: Sequence[int] = (),
        floor_sample: int = 0,
    ) -> tuple[AlignedWord, ...]:
        found = []
        for i, token in enumerate(reading.tokens, len(before)):
            text, start_s, end_s = self._vocabulary[token]
            start = max(samples(start_s), floor_sample)
            found.append(AlignedWord(text, start, max(start, samples(end_s)), 0.9, 0.9, i, i + 1))
        return tuple(found)

    def decode(self, tokens: Sequence[int], language: str) -> str:
        return " ".join(self._vocabulary[token][0] for token in tokens)

    def is_text(self, token: int) -> bool:
        return token < STAMP


def reading(
    tokens: list[int], text: str, *, is_cut_off: bool = False, logprob: float = SURE, no_speech: float = 0.1
) -> Reading:
    output = [STAMP, *tokens, STAMP + 50]
    nothing = ctranslate2.StorageView.from_array(np.zeros(1, np.float32))
    return Reading(tokens, output, text, logprob, no_speech, is_cut_off, nothing)


UNENDING = reading([], "and so", is_cut_off=True)
BEST: Line = [("It", 0.2, 0.5), ("was", 0.5, 0.7), ("the", 0.7, 0.9), ("best", 0.9, 1.3)]
TIMES: Line = [*BEST, ("of", 1.3, 1.5), ("times.", 1.5, 2.0)]
SPOKEN: Line = [
    *(("It", 0.2, 3.0), ("was", 3.1, 6.0), ("wisdom.", 6.0, 7.9)),
    *(("It", 8.5, 8.8), ("was", 8.9, 9.5), ("the", 9.5, 12.0), ("age", 12.0, 15.2)),
]


def told(*lines: Line | Reading, keyterms: tuple[str, ...] = ()) -> tuple[Told, SegmentReader]:
    model = Told(*lines)
    return model, SegmentReader(model, "en", keyterms, 0)


def hear(reader: SegmentReader, until_s: float, voice: float = 0.9) -> None:
    """Audio up to there, of this probability of voice."""
    count = samples(until_s) - reader.end_sample
    reader.hear(silence(count / 16_000), [voice] * -(-count // WINDOW_SAMPLES))


def said(heard: Heard) -> str:
    return " ".join(word.text for word in heard.words)


def test_what_is_committed_is_the_prefix_of_the_next_pass() -> None:
    model, reader = told(BEST, BEST, TIMES)
    hear(reader, 1.4)
    assert reader.grow() == Heard((), "It was the best")
    hear(reader, 2.0)
    second = reader.grow()
    assert (said(second), second.tail) == ("It was the", "best")
    assert reader.said_sample == samples(0.9)
    hear(reader, 2.2)
    last = reader.finish(samples(2.1))
    assert (said(last), last.tail) == ("best of times.", "")
    assert [asked["prefix"] for asked in model.asked] == [[], [], [4, 5, 6]]
    assert [asked["length"] for asked in model.asked] == [samples(s) for s in (1.4, 2.0, 2.2)]
    assert [asked["beam"] for asked in model.asked] == [rules.OPEN_BEAM, rules.OPEN_BEAM, 5]
    assert model.drafts == [[], [STAMP, 0, 1, 2, 3], [7]]  # what was heard and is not committed


def test_a_long_window_leaves_its_oldest_words_at_the_longest_pause_between_them() -> None:
    model, reader = told(SPOKEN, [*SPOKEN[3:], ("Foolish.", 16.0, 16.5)])
    hear(reader, 15.5)
    assert said(reader.breathe(samples(15.2))) == "It was wisdom. It was the age"
    hear(reader, 17.0)
    assert said(reader.finish(samples(16.6))) == "Foolish."
    # 8 s are kept, up to a second and a half less: from between `wisdom.`, which ended at 7.9 s, and the next word.
    assert [asked["length"] for asked in model.asked] == [samples(15.5), samples(17.0) - samples(8.2)]
    assert [len(asked["prefix"]) for asked in model.asked] == [0, 4]


def test_the_timestamps_of_what_is_kept_count_from_where_the_window_begins() -> None:
    model, reader = told(SPOKEN, [*SPOKEN[3:], ("Foolish.", 16.0, 16.5)])
    hear(reader, 15.5)
    reader.breathe(samples(15.2))
    hear(reader, 17.0)
    reader.finish(samples(16.6))
    assert model.prefixes[-1][0] == STAMP
    assert [token for token in model.prefixes[-1][1:] if token >= STAMP] == [STAMP]  # it was before: never negative


def test_a_segment_goes_on_with_the_window_of_the_one_before() -> None:
    model = Told(TIMES, [*TIMES, ("Worst.", 3.0, 3.5)])
    first = SegmentReader(model, "en", (), 0)
    hear(first, 2.3)
    assert said(first.finish(samples(2.1))) == "It was the best of times."
    second = SegmentReader(model, "en", (), samples(2.8), first.window)
    hear(second, 3.8)
    assert said(second.finish(samples(3.6))) == "Worst."
    assert second.said_sample == samples(3.5)
    assert [(asked["length"], len(asked["prefix"])) for asked in model.asked] == [(samples(2.3), 0), (samples(3.8), 6)]


def test_after_a_long_silence_a_segment_begins_without_context() -> None:
    model = Told(TIMES, [("Worst.", 4.5, 5.0)])
    first = SegmentReader(model, "en", (), 0)
    hear(first, 2.3)
    first.finish(samples(2.1))
    start = samples(2.3) + sizes.SILENCE_MAX_SAMPLES + 1
    second = SegmentReader(model, "en", (), start, first.window)
    hear(second, 5.3)
    assert said(second.finish(samples(5.1))) == "Worst."
    assert (model.asked[-1]["length"], model.asked[-1]["prefix"]) == (samples(5.3) - start, [])


@pytest.mark.parametrize(("voice", "text", "logprob"), [(0.5, "Wisdom.", -1.2), (0.9, "Thank you.", SURE)])
def test_what_only_the_context_makes_likely_is_read_by_itself(voice: float, text: str, logprob: float) -> None:
    unlikely = reading([5], text, logprob=logprob)
    model = Told(TIMES, unlikely, NOTHING)
    first = SegmentReader(model, "en", (), 0)
    hear(first, 2.3)
    first.finish(samples(2.1))
    second = SegmentReader(model, "en", (), samples(2.5), first.window)
    hear(second, 3.2, voice)
    assert second.finish(samples(3.1)) == Heard()
    assert [(a["length"], len(a["prefix"])) for a in model.asked[1:]] == [(samples(3.2), 6), (samples(0.7), 0)]


def test_a_whole_breath_is_the_end_unless_somebody_goes_on() -> None:
    model, reader = told(TIMES, TIMES, TIMES, TIMES)
    hear(reader, 2.3)
    reader.breathe(samples(2.1))
    hear(reader, 2.6, 0.0)
    assert reader.finish(samples(2.1)) == Heard()
    assert len(model.asked) == 1
    hear(reader, 3.0)
    reader.finish(samples(3.0))
    assert len(model.asked) > 1


def test_where_the_prefix_misleads_the_window_is_read_from_the_last_word_on() -> None:
    for misled in (NOTHING, UNENDING):
        model, reader = told(TIMES, TIMES, [("of", 1.3, 1.5), ("times.", 1.5, 2.0)])
        hear(reader, 1.9)
        reader.grow()
        hear(reader, 2.3)
        assert said(reader.grow()) == "It was the best of"
        model._lines.insert(0, misled)
        hear(reader, 2.9)
        assert said(reader.finish(samples(2.5))) == "of times."
        assert model.asked[-1]["length"] == samples(2.9) - samples(1.5)
        assert model.asked[-1]["prefix"] == []


def test_a_text_without_an_end_commits_nothing_and_is_read_again_in_the_full_window() -> None:
    model, reader = told(UNENDING, UNENDING, UNENDING, TIMES)
    hear(reader, 1.4)
    assert reader.grow() == Heard()
    hear(reader, 2.3)
    assert reader.breathe(samples(2.1)) == Heard()
    assert said(reader.finish(samples(2.1))) == "It was the best of times."
    assert [asked["full_window"] for asked in model.asked] == [False, False, False, True]


def test_speech_that_stays_a_loop_is_a_gap() -> None:
    loop = reading([], "no " * 9)
    looping: Line = [("non", 0.2 + i / 10, 0.3 + i / 10) for i in range(9)]
    for line in (UNENDING, looping):
        model, reader = told(line, line)
        hear(reader, 1.4)
        assert reader.finish(samples(1.3)) == Heard(gaps=(Gap(0, samples(1.3)),))
        assert len(model.asked) == 2
    assert is_loop(loop.text)


@pytest.mark.parametrize(
    ("until_s", "voice", "gaps"), [(3.0, 0.95, True), (3.0, 0.5, False), (1.5, 0.95, False), (0.4, 0.95, False)]
)
def test_long_and_clear_speech_without_a_text_is_a_gap(until_s: float, voice: float, gaps: bool) -> None:
    _, reader = told(NOTHING, NOTHING)
    hear(reader, until_s, voice)
    heard = reader.finish(samples(until_s))
    assert heard == Heard(gaps=(Gap(0, samples(until_s)),) if gaps else ())


def test_a_loop_after_committed_words_leaves_a_gap_after_them_only() -> None:
    _, reader = told(TIMES, UNENDING, UNENDING, UNENDING)
    hear(reader, 2.3)
    reader.breathe(samples(2.1))
    hear(reader, 4.0)
    assert reader.finish(samples(3.9)) == Heard(gaps=(Gap(samples(2.0), samples(3.9)),))


HOLE: Line = [("It", 0.2, 0.5), ("was", 0.5, 0.7), ("late.", 4.5, 5.0), ("Go.", 5.0, 5.2)]


def test_while_somebody_speaks_no_word_is_committed_after_speech_without_words() -> None:
    _, reader = told(HOLE, HOLE, HOLE)
    hear(reader, 7.0)
    first = reader.grow()
    hear(reader, 7.6)
    second = reader.grow()
    assert said(first) + said(second) == "It was"
    assert second.tail == "late. Go."
    hear(reader, 7.9)
    assert said(reader.breathe(samples(7.7))) == ""


def test_speech_without_words_is_read_by_itself() -> None:
    found: Line = [("nobody", 1.5, 2.0), ("came", 2.0, 2.4)]
    model, reader = told(HOLE, found)
    hear(reader, 5.4)
    heard = reader.finish(samples(5.3))
    assert said(heard) == "It was nobody came late. Go."
    assert heard.gaps == ()
    assert model.asked[-1]["length"] == samples(4.5) - samples(0.7)


def test_speech_that_stays_without_words_is_a_gap_between_them() -> None:
    for nothing in (NOTHING, UNENDING, reading([], "Thanks for watching!")):
        _, reader = told(HOLE, nothing)
        hear(reader, 5.4)
        heard = reader.finish(samples(5.3))
        assert said(heard) == "It was late. Go."
        assert heard.gaps == (Gap(samples(0.7), samples(4.5)),)


def test_a_pause_without_voice_is_no_gap() -> None:
    _, reader = told(HOLE)
    hear(reader, 0.8)
    hear(reader, 4.4, 0.02)
    hear(reader, 5.4)
    heard = reader.finish(samples(5.3))
    assert (said(heard), heard.gaps) == ("It was late. Go.", ())


@pytest.mark.parametrize("pass_of", ["grow", "breathe", "finish"])
def test_phrases_of_silence_are_not_said(pass_of: str) -> None:
    for text, voice in (("Thank you.", 0.4), ("Thanks for watching!", 0.99)):
        _, reader = told(reading([], text))
        hear(reader, 1.0, voice)
        heard = {
            "grow": reader.grow,
            "breathe": lambda reader=reader: reader.breathe(samples(0.9)),
            "finish": lambda reader=reader: reader.finish(samples(0.9)),
        }[pass_of]()
        assert heard == Heard()


def test_a_stock_phrase_is_believed_at_the_end_where_there_is_a_voice() -> None:
    thanks: Line = [("Thank", 0.2, 0.5), ("you.", 0.5, 0.8)]
    _, reader = told(thanks, thanks)
    hear(reader, 1.0, 0.97)
    assert reader.grow() == Heard()
    assert said(reader.finish(samples(0.9))) == "Thank you."


def test_credits_after_words_are_not_said_either() -> None:
    _, reader = told(TIMES, reading([], "Thanks for watching!"), reading([], "Thanks for watching!"))
    hear(reader, 2.3)
    reader.breathe(samples(2.1))
    hear(reader, 2.9)
    assert reader.grow() == Heard()
    assert reader.finish(samples(2.5)).words == ()


def test_an_echo_of_the_key_terms_is_asked_again_without_them() -> None:
    echo = reading([], "Dr Beauregard, metoprolol.")
    model, reader = told(echo, NOTHING, echo, TIMES, keyterms=KEYTERMS)
    hear(reader, 1.4)
    assert reader.grow() == Heard()
    hear(reader, 2.3)
    assert said(reader.breathe(samples(2.1))) == "It was the best of times."
    assert [asked["keyterms"] for asked in model.asked] == [KEYTERMS, (), KEYTERMS, ()]


def test_a_window_without_a_pause_is_shortened_too() -> None:
    line = [*TIMES[:-1], ("times", 1.5, 9.0), ("for", 9.0, 15.0)]
    model, reader = told(line, line, [*line[-1:], ("ever", 15.2, 15.5)])
    hear(reader, 11.0, 0.3)
    first = reader.grow()
    assert (said(first), first.tail) == ("It was the best of times", "for")
    hear(reader, 15.1, 0.3)
    assert reader.grow() == Heard((), "for")
    hear(reader, 15.7, 0.3)
    assert said(reader.finish(samples(15.6))) == "for ever"
    assert model.asked[-1]["length"] == samples(15.7) - samples(9.0)  # no word began in the last 8 s


def test_a_long_window_in_which_nothing_settles_is_given_up_and_another_begins() -> None:
    model, reader = told(UNENDING, UNENDING, UNENDING, [("late.", 12.6, 13.0)])
    hear(reader, 12.3, 0.95)
    assert reader.grow() == Heard(gaps=(Gap(0, samples(12.3)),))
    hear(reader, 13.2, 0.95)
    assert said(reader.finish(samples(13.1))) == "late."
    assert model.asked[-1]["length"] == samples(13.2) - samples(12.3)


def test_a_breath_that_brought_nothing_is_not_whole_even_after_one_that_was() -> None:
    """Otherwise what was said between the two would be lost without a gap."""
    model, reader = told(TIMES, UNENDING, UNENDING, [("Worst.", 2.8, 3.3)])
    hear(reader, 2.3)
    reader.breathe(samples(2.1))
    hear(reader, 3.6)
    assert reader.breathe(samples(3.4)) == Heard()
    hear(reader, 3.9, 0.0)
    assert said(reader.finish(samples(3.4))) == "Worst."
