"""Words go out at once and are settled later; in the end they are the same however the results interleave."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.streaming.audio import samples
from colloque.streaming.engines import Recognised, SpeakerActivity, SpeakerConfirmed, SpeakerMerged
from colloque.streaming.joiner import Joined, JoinedWord, Run, RunEnd, Settled, WordJoiner
from tests.interleaving import Consultation, Diarised, consultations
from tests.playbook import activity, span, stretch, word


@dataclass
class Reader:
    """Reads what comes out of a joiner as a client would, and holds it to its promises."""

    joiner: WordJoiner = field(default_factory=WordJoiner)
    texts: list[str] = field(default_factory=list)
    speakers: dict[str, int | None] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    changes: list[tuple[str, int | None, int | None]] = field(default_factory=list)
    ended: list[tuple[int, int, str]] = field(default_factory=list)

    def hear(self, *results: Recognised | Diarised) -> list[str]:
        """Takes results; gives the words that went out with the last one, with their speakers."""
        out: list[Joined] = []
        for result in results:
            out = self._take(result)
            self._read(out)
        return [f"{w.recognised.text}:{run.speaker}" for run in out if isinstance(run, Run) for w in run.words]

    def _take(self, result: Recognised | Diarised) -> list[Joined]:
        match result:
            case Recognised():
                return self.joiner.recognised(result, [JoinedWord(w, result.segment) for w in result.words])
            case SpeakerActivity():
                return self.joiner.activity(result)
            case SpeakerConfirmed(speaker):
                self.joiner.confirm(speaker)
            case SpeakerMerged(source, target):
                self.joiner.merge(source, target)
                self.speakers = {text: target if s == source else s for text, s in self.speakers.items()}
        return []

    def finish(self) -> Reader:
        self._read(self.joiner.release_all())
        return self

    def _read(self, out: list[Joined]) -> None:
        for item in out:
            match item:
                case Run(segment, index, speaker, words):
                    assert (segment, index) not in [(s, i) for s, i, _ in self.ended], "an ended run has no more words"
                    for w in words:
                        self.texts.append(w.recognised.text)
                        self.speakers[w.recognised.text] = speaker
                        if not w.is_confirmed:
                            self.unsure.add(w.recognised.text)
                case RunEnd(segment, index, reason):
                    self.ended.append((segment, index, reason))
                case Settled(w, source):
                    text = w.recognised.text
                    assert self.speakers[text] == source, "a change starts from what is known"
                    self.speakers[text] = w.speaker
                    self.changes.append((text, source, w.speaker))
                    if w.is_confirmed:
                        self.unsure.discard(text)


# --- what goes out when -----------------------------------------------------------------------------------------------


def test_words_go_out_before_they_are_passed_once_the_first_is() -> None:
    reader = Reader()
    reader.hear(stretch(0, word("a", 0.2, 0.6), word("b", 0.7, 1.1)))
    assert reader.hear(activity(0.5, span(1, 0.1, 0.5))) == []
    assert reader.hear(activity(0.6, span(1, 0.5, 0.6))) == ["a:1", "b:1"]
    assert reader.hear(stretch(0, word("c", 1.2, 1.6), word("d", 3.0, 3.2), reason="pause")) == ["c:1", "d:1"]
    assert reader.ended == [(0, 0, "pause")]
    assert reader.unsure == {"b", "c", "d"}
    reader.hear(activity(2.0, span(1, 0.6, 1.7)))
    assert reader.unsure == {"d"} and reader.changes[0] == ("b", 1, 1)


def test_a_new_speakers_first_words_do_not_come_out_under_the_old_one() -> None:
    reader = Reader()
    reader.hear(activity(1.2, span(1, 0.1, 1.1)), stretch(0, word("a", 0.2, 1.0), reason="pause"))
    assert reader.hear(stretch(1, word("b", 1.3, 1.6), word("c", 1.6, 1.9))) == []
    assert reader.joiner.waiting_texts(1) == ["b", "c"]
    assert reader.hear(activity(1.7, span(2, 1.25, 1.7))) == ["b:2", "c:2"]
    assert reader.joiner.waiting_texts(1) == []
    assert not [change for change in reader.changes if change[1] != change[2]]


def test_a_word_that_went_out_wrongly_is_given_to_its_speaker() -> None:
    reader = Reader()
    reader.hear(activity(0.7, span(1, 0.1, 0.7)))
    assert reader.hear(stretch(0, word("a", 0.2, 0.6), word("b", 0.8, 1.0))) == ["a:1", "b:1"]
    reader.hear(activity(1.6, span(2, 0.8, 1.5)))
    assert ("b", 1, 2) in reader.changes
    assert reader.hear(stretch(0, word("c", 1.1, 1.4), reason="pause")) == ["c:2"]
    assert reader.ended == [(0, 0, "pause")], "the word before is the same speaker's: the run goes on"


def test_a_run_ends_when_a_later_word_is_another_speakers() -> None:
    reader = Reader()
    reader.hear(activity(3.0, span(1, 0.1, 1.05), span(2, 1.3, 1.9)))
    reader.hear(stretch(0, word("a", 0.2, 0.5), word("b", 0.5, 1.0)))
    assert reader.ended == [] and reader.joiner.run_of(0) == 0
    reader.hear(stretch(0, word("c", 1.4, 1.8)))
    assert reader.ended == [(0, 0, "speaker")] and reader.joiner.run_of(0) == 1
    reader.hear(stretch(0, reason="length"))
    assert reader.ended == [(0, 0, "speaker"), (0, 1, "length")]


def test_without_any_speaker_a_word_waits_until_that_is_certain() -> None:
    reader = Reader()
    assert not reader.hear(activity(0.9), stretch(0, word("a", 0.5, 0.9), reason="pause"))
    assert reader.hear(activity(1.41)) == ["a:None"]
    assert reader.ended == [(0, 0, "pause")]


def test_when_the_diariser_is_done_everything_goes_out() -> None:
    reader = Reader()
    assert not reader.hear(stretch(0, word("a", 0.5, 0.9)), stretch(0, word("b", 1.0, 1.4), reason="end"))
    assert reader.finish().speakers == {"a": None, "b": None}
    assert reader.joiner.first_open_sample is None


def test_a_fixed_speaker_waits_for_nothing() -> None:
    reader = Reader(WordJoiner(fixed_speaker=2))
    assert reader.hear(stretch(0, word("a", 0.5, 0.9))) == ["a:2"]
    assert not reader.unsure and reader.joiner.first_open_sample is None
    assert reader.joiner.speaker_near(0, 0) == 2


def test_a_merge_reaches_words_that_are_out_and_not_settled() -> None:
    reader = Reader()
    reader.hear(activity(0.7, span(1, 0.0, 0.1), span(2, 0.2, 0.7)))
    assert reader.hear(stretch(0, word("a", 0.2, 0.6), word("b", 0.8, 1.0))) == ["a:2", "b:2"]
    reader.hear(SpeakerMerged(2, 1))
    assert reader.hear(stretch(0, word("c", 1.0, 1.2))) == ["c:1"]
    reader.hear(activity(3.0, span(2, 0.8, 1.0), span(3, 1.0, 1.5)))
    assert reader.speakers == {"a": 1, "b": 1, "c": 3}
    assert reader.ended == []


def test_a_confirmation_holds_for_words_that_are_out() -> None:
    reader = Reader()
    reader.hear(activity(0.7, span(1, 0.2, 0.7, confirmed=False)))
    reader.hear(stretch(0, word("a", 0.2, 0.6), word("b", 0.8, 1.0)))
    assert reader.unsure == {"a", "b"}
    reader.hear(SpeakerConfirmed(1), activity(2.0, span(1, 0.8, 1.0)))
    assert reader.changes == [], "the confirmation itself has told clients"


def test_words_that_are_heard_again_are_settled_only() -> None:
    reader = Reader()
    known = JoinedWord(word("a", 0.2, 0.6), 0, id="w0-1", is_again=True, speaker=1)
    fresh = JoinedWord(word("b", 0.8, 1.0), 0)
    reader.speakers = {"a": 1}
    result = stretch(0, known.recognised, fresh.recognised, reason="pause")
    reader._read(reader.joiner.recognised(result, [known, fresh]))
    reader.hear(activity(2.0, span(2, 0.1, 1.2)))
    assert reader.texts == ["b"] and reader.speakers == {"a": 2, "b": 2}
    assert reader.changes == [("a", 1, 2)]
    assert reader.ended == [(0, 0, "pause")]


def test_tentative_text_is_given_to_whoever_spoke_last_or_is_near() -> None:
    reader = Reader()
    assert reader.joiner.speaker_near(0, samples(0.5)) is None
    reader.hear(activity(1.0, span(1, 0.0, 1.0)))
    assert reader.joiner.speaker_near(0, samples(1.2)) == 1
    reader.hear(stretch(0, word("a", 0.2, 0.6)))
    assert reader.joiner.speaker_near(0, samples(9.0)) == 1
    assert reader.joiner.speaker_near(1, samples(9.0)) is None


# --- whatever the order -----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(consultations(), st.lists(st.booleans(), max_size=60))
def test_any_interleaving_leads_to_the_same_words_and_speakers(said: Consultation, choices: list[bool]) -> None:
    first = Reader()
    first.hear(*said.diarised)
    first.hear(*said.recognised)
    second = Reader()
    second.hear(*said.interleaved(choices))
    one, other = first.finish(), second.finish()
    assert one.texts == other.texts == [w.text for r in said.recognised for w in r.words]
    assert one.speakers == other.speakers
    assert one.joiner.first_open_sample is other.joiner.first_open_sample is None
    segments = {r.segment for r in said.recognised if r.words}
    for reader in (one, other):
        last = [(segment, reason) for segment, _, reason in reader.ended if reason != "speaker"]
        assert sorted({segment for segment, _ in last} & segments) == sorted(segments)
        assert len({segment for segment, _ in last}) == len(last), "a segment ends once"


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_session() -> None:
    joiner = WordJoiner()
    for i in range(2000):
        joiner.activity(activity(i + 1.0, span(1, float(i), i + 0.5)))
    assert len(joiner._timeline._spans) < 50


def test_a_diariser_that_stands_still_holds_nothing_back_for_ever() -> None:
    reader = Reader()
    for i in range(500):
        reader.hear(stretch(i, word(f"w{i}", float(i), i + 0.5), reason="pause"))
    assert len(reader.joiner._queues.words()) < 50 and len(reader.joiner._segments) < 50
    assert len(reader.texts) > 450
