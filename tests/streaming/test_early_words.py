"""The session as a dialogue: words are committed while their segment is open, and their speakers are settled later."""

from __future__ import annotations

from collections.abc import Sequence

from colloque.streaming import commands as c
from colloque.streaming import engines as e
from colloque.streaming import events as ev
from colloque.streaming.audio import samples
from colloque.streaming.config import SessionConfig, TrackSpec
from colloque.streaming.session import Session
from tests.playbook import Playbook, activity, recognised, span, stretch, word


class Numbers:
    """Writes `trente huit` as 38."""

    def write(self, words: Sequence[str], language: e.Language) -> tuple[e.Written, ...]:
        assert language == "fr"
        found = [i for i in range(len(words) - 1) if tuple(words[i : i + 2]) == ("trente", "huit")]
        return tuple(e.Written(i, i + 2, "38") for i in found)


def speaking(**config: object) -> Playbook:
    """Somebody has been speaking for a while in an open segment: the first word is passed."""
    book = Playbook(**config).live()
    book.audio(10.0)
    book.hear(activity(0.7, span(1, 0.1, 0.7)), stretch(0, word("il", 0.2, 0.6), word("a", 0.8, 1.0)))
    return book


def said(book: Playbook) -> list[tuple[str, str, str | None, str]]:
    """(turn, word, speaker, state) of every committed word, as clients know it."""
    turns = book.session.view.turns.values()
    return [(turn.id, w.text, w.speaker, w.speaker_state) for turn in turns for w in turn.words]


def relabels(book: Playbook) -> list[tuple[str, str, list[str]]]:
    return [(r["from"], r["to"], r["word_ids"]) for r in book.said("speaker.relabel")]


def read(book: Playbook) -> list[tuple[str | None, str]]:
    return [(turn.speaker, turn.text) for turn in book.session.view.transcript()]


# --- words and speakers -------------------------------------------------------------------------------------------


def test_words_of_an_open_segment_are_committed_and_its_turn_goes_on() -> None:
    book = speaking()
    assert said(book) == [("t0-0", "il", "S1", "confirmed"), ("t0-0", "a", "S1", "provisional")]
    assert not book.said("turn.end")
    commands = book.hear(stretch(0, word("toussé", 1.1, 1.5), reason="pause"))
    assert [f["turn"] for f in book.said("transcript.final", commands)] == ["t0-0"]
    assert [(t["turn"], t["reason"]) for t in book.said("turn.end")] == [("t0-0", "pause")]


def test_a_last_stretch_without_words_ends_the_turn() -> None:
    book = speaking()
    book.hear(stretch(0, reason="length"))
    assert [(t["turn"], t["reason"]) for t in book.said("turn.end")] == [("t0-0", "length")]


def test_a_word_is_settled_when_the_diariser_has_passed_it() -> None:
    book = speaking()
    book.hear(activity(2.0, span(1, 0.8, 1.0)))
    assert relabels(book) == [("S1", "S1", ["w0-2"])]
    assert said(book)[1] == ("t0-0", "a", "S1", "confirmed")


def test_words_that_went_to_the_wrong_speaker_are_relabelled_together() -> None:
    book = speaking()
    book.hear(stretch(0, word("oui", 1.1, 1.3), word("docteur", 1.3, 1.7)))
    commands = book.hear(activity(3.0, span(1, 0.7, 1.05), span(2, 1.1, 1.8)))
    assert relabels(book) == [("S1", "S1", ["w0-2"]), ("S1", "S2", ["w0-3", "w0-4"])]
    kinds = [b.envelope.event.TYPE for b in book.of(c.Broadcast, commands)]
    assert kinds.index("speaker.update") < len(kinds) - 1, "a speaker is announced before words are theirs"
    assert read(book) == [("S1", "il a"), ("S2", "oui docteur")]
    # the turn is cut where it is read; on the wire it goes on with whoever speaks now
    commands = book.hear(stretch(0, word("merci", 1.9, 2.2)), stretch(0, word("bien", 2.9, 3.0), reason="pause"))
    assert {f["turn"] for f in book.said("transcript.final", commands)} == {"t0-0"}
    assert read(book) == [("S1", "il a"), ("S2", "oui docteur merci bien")]


def test_another_speaker_begins_a_turn_of_the_same_segment() -> None:
    book = speaking()
    book.hear(activity(2.2, span(1, 0.7, 1.1), span(2, 1.2, 2.2)))
    book.hear(stretch(0, word("oui", 1.3, 1.6)))
    book.hear(e.Hypothesis(0, samples(1.7), "doct"))
    assert [(t["turn"], t["reason"]) for t in book.said("turn.end")] == [("t0-0", "speaker")]
    partial = book.said("transcript.partial")[-1]
    assert (partial["turn"], partial["speaker"], partial["text"]) == ("t0-0.1", "S2", "doct")
    book.hear(stretch(0, reason="end"))
    assert book.said("turn.end")[-1] == {**book.said("turn.end")[-1], "turn": "t0-0.1", "reason": "end"}
    assert book.session.view.partials == {}


def test_a_merge_between_commitment_and_settling() -> None:
    book = Playbook().live()
    book.audio(10.0)
    book.hear(activity(0.7, span(1, 0.0, 0.1), span(2, 0.2, 0.7)))
    book.hear(stretch(0, word("un", 0.2, 0.6), word("deux", 0.8, 1.0)))
    book.hear(e.SpeakerMerged(2, 1), activity(2.0, span(2, 0.7, 1.1)))
    assert [s for _, _, s, _ in said(book)] == ["S1", "S1"]
    assert relabels(book)[0] == ("S2", "S1", ["w0-1", "w0-2"])
    assert set(book.session.view.speakers) == {"S1"}


def test_a_speaker_who_is_confirmed_late() -> None:
    book = Playbook().live()
    book.audio(10.0)
    book.hear(activity(0.7, span(1, 0.1, 0.7, confirmed=False)), stretch(0, word("un", 0.2, 0.6)))
    assert said(book)[0][3] == "provisional"
    book.hear(activity(2.0, span(1, 0.7, 2.0)))
    assert said(book)[0][3] == "confirmed" and relabels(book) == []


def test_tentative_text_is_what_follows_the_committed_words() -> None:
    book = Playbook().live()
    book.audio(10.0)
    book.hear(stretch(0, word("il", 0.2, 0.6)), e.Hypothesis(0, samples(0.7), "tou"))
    assert book.said("transcript.partial")[-1]["text"] == "il tou"  # final, but nobody is known: not committed
    book.hear(activity(0.7, span(1, 0.1, 0.7)), e.Hypothesis(0, samples(0.7), "tousse"))
    assert book.said("transcript.partial")[-1]["text"] == "tousse"
    book.hear(e.Hypothesis(0, samples(0.7), ""))
    assert book.session.view.partials == {}


def test_on_separate_tracks_every_word_is_settled_at_once() -> None:
    book = Playbook(tracks=(TrackSpec("doctor", "practitioner"), TrackSpec("patient", "patient"))).live()
    book.audio(10.0, tracks=2)
    book.hear(stretch(0, word("oui", 0.2, 0.6)), track=1)
    assert said(book) == [("t1-0", "oui", "S2", "confirmed")]
    book.hear(stretch(0, reason="pause"), track=1)
    assert [t["turn"] for t in book.said("turn.end")] == ["t1-0"]


# --- written forms --------------------------------------------------------------------------------------------------


def test_a_turn_ends_with_its_written_form() -> None:
    book = Playbook(Session(SessionConfig("s-test", "fr"), writer=Numbers())).live()
    book.audio(10.0)
    book.hear(activity(3.0, span(1, 0.1, 2.0)))
    book.hear(stretch(0, word("à", 0.2, 0.6), word("trente", 0.7, 1.0)))
    book.hear(stretch(0, word("huit", 1.1, 1.4), word("hier", 1.5, 1.8), reason="pause"))
    assert book.said("turn.end")[0]["written"] == [{"word_ids": ["w0-2", "w0-3"], "text": "38"}]
    (turn,) = book.session.view.transcript()
    assert (turn.text, turn.written_text) == ("à trente huit hier", "à 38 hier")


def test_a_written_form_that_a_late_change_of_speaker_cuts_is_gone() -> None:
    book = Playbook(Session(SessionConfig("s-test", "fr"), writer=Numbers())).live()
    book.audio(10.0)
    book.hear(activity(0.7, span(1, 0.1, 0.7)))
    book.hear(stretch(0, word("trente", 0.2, 0.6), word("huit", 1.1, 1.4), reason="pause"))
    assert book.session.view.transcript()[0].written_text == "38"
    book.hear(activity(3.0, span(2, 1.0, 1.5)))
    assert [turn.written_text for turn in book.session.view.transcript()] == ["trente", "huit"]


# --- failure and restart ----------------------------------------------------------------------------------------------


def test_a_checkpoint_waits_for_words_that_are_not_settled() -> None:
    book = speaking()
    assert not book.of(c.StoreCheckpoint, book.hear(e.Checkpoint(samples(1.05), b"x")))
    commands = book.hear(activity(1.2, span(1, 0.7, 1.2)))
    assert [stored.sample for stored in book.of(c.StoreCheckpoint, commands)] == [samples(1.05)]


def test_after_a_crash_the_open_turn_is_ended_and_the_segment_goes_on_in_another() -> None:
    book = speaking()
    again = book.restarted(10.0, Numbers())
    commands = again.feed(ev.Restored())
    kinds = [type(command) for command in commands]
    assert kinds.index(c.Broadcast) < kinds.index(c.OpenStream)
    assert [(t["turn"], t["reason"]) for t in again.said("turn.end", commands)] == [("t0-0", "end")]
    again.hear(activity(0.7, span(1, 0.1, 0.7)))
    again.hear(stretch(0, word("il", 0.2, 0.6), word("a", 0.8, 1.0), word("toussé", 1.1, 1.5), reason="pause"))
    assert [(f["turn"], [w["text"] for w in f["words"]]) for f in again.said("transcript.final")] == [
        ("t0-1", ["toussé"])
    ]
    again.hear(activity(3.0, span(1, 0.7, 1.6)))
    assert said(again) == [
        (turn, text, "S1", "confirmed")
        for turn, text in zip(["t0-0", "t0-0", "t0-1"], ["il", "a", "toussé"], strict=True)
    ]


def test_a_word_that_is_heard_again_gets_the_speaker_that_it_has() -> None:
    book = speaking()
    again = book.restarted(10.0)
    again.feed(ev.Restored())
    again.hear(stretch(0, word("il", 0.2, 0.6), word("a", 0.8, 1.0), reason="pause"))
    again.hear(activity(3.0, span(1, 0.1, 0.7), span(2, 0.8, 1.1)))
    assert relabels(again) == [("S1", "S2", ["w0-2"])]
    assert read(again) == [("S1", "il"), ("S2", "a")]
    assert not again.said("transcript.final")


def test_a_failed_engine_leaves_neither_an_open_turn_nor_tentative_text() -> None:
    book = speaking()
    book.hear(e.Hypothesis(0, samples(1.1), "tou"))
    book.hear(stretch(0, reason="pause"), e.Hypothesis(1, samples(1.2), "peut-être"), e.EngineFailed("crash"))
    book.wait(3)
    assert book.session.view.partials == {}
    book.hear(recognised(0, word("il", 0.2, 0.6), word("a", 0.8, 1.0)), e.Hypothesis(1, samples(1.2), "peut"))
    assert list(book.session.view.partials) == ["t0-3"]
    book.hear(activity(5.0, span(1, 0.1, 2.0)), recognised(1, word("peut-être", 1.2, 1.6)))
    assert [f["turn"] for f in book.said("transcript.final")][-1] == "t0-3"


def test_an_engine_that_never_answers_leaves_no_open_turn() -> None:
    book = speaking()
    book.feed(ev.Ended("client"))
    book.wait(500)
    assert [(t["turn"], t["reason"]) for t in book.said("turn.end")] == [("t0-0", "end")]
    assert [s for _, _, s, _ in said(book)] == ["S1", "S1"]
