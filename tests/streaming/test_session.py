"""The session as a dialogue."""

from __future__ import annotations

import pytest

from colloque.streaming import commands as c
from colloque.streaming import engines as e
from colloque.streaming import events as ev
from colloque.streaming import messages as m
from colloque.streaming.audio import samples
from colloque.streaming.config import TrackSpec
from colloque.streaming.errors import (
    BadAudio,
    ConsentRequired,
    NotAllowed,
    SessionOver,
    SessionPaused,
    StaleRevision,
)
from colloque.streaming.note import DraftStatement, Evidence
from tests.playbook import Playbook, activity, recognised, span, word


def fever(text: str = "Fièvre.", key: str = "symptom:fievre", confidence: float = 0.8) -> DraftStatement:
    evidence = Evidence(("w0-1",), 0.5, 1.0, "S1", "fièvre")
    return DraftStatement(key, "history_of_present_illness", text, "present", "patient", confidence, (evidence,))


# --- consent ------------------------------------------------------------------------------------------------------


def test_no_audio_leaves_the_session_before_consent() -> None:
    book = Playbook()
    book.attach(1)
    with pytest.raises(ConsentRequired):
        book.audio(0.1)
    assert not book.of(c.StoreAudio) and not book.of(c.PushAudio) and not book.of(c.OpenStream)
    assert book.session.received_samples == 0


def test_consent_opens_the_engine_and_then_audio_is_stored_before_it_is_acknowledged() -> None:
    book = Playbook().live()
    assert [o.spec.track for o in book.of(c.OpenStream)] == [0]
    commands = book.audio(0.3)
    kinds = [type(x) for x in commands]
    assert kinds.index(c.StoreAudio) < kinds.index(c.SendTo)
    assert book.told("audio.ack", commands)[0]["samples"] == samples(0.3)
    assert book.of(c.PushAudio, commands)[0].chunk.start_sample == 0


def test_refusal_closes_the_session_for_good() -> None:
    book = Playbook()
    book.attach(1)
    book.consent(given=False)
    assert book.session.state == "closed"
    assert book.said("session.state")[-1]["reason"] == "consent_refused"
    with pytest.raises(SessionOver):
        book.consent(given=True)
    with pytest.raises(NotAllowed):  # everybody was let go
        book.audio(0.1)


def test_withdrawal_stops_at_once_and_erases_where_asked() -> None:
    book = Playbook().live()
    book.audio(2.0)
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    commands = book.consent(given=False, erase=True)
    assert book.of(c.CloseStream, commands) and book.of(c.EraseCapture, commands)
    assert book.of(c.CloseConnection, commands)[0].code == 4004
    assert book.session.view.transcript() == ()
    assert book.said("snapshot", commands)[0]["state"]["turns"] == []


def test_withdrawal_without_erasure_keeps_what_was_heard() -> None:
    book = Playbook().live()
    book.audio(2.0)
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    commands = book.consent(given=False)
    assert not book.of(c.EraseCapture, commands)
    assert [t.text for t in book.session.view.transcript()] == ["bonjour"]


def test_a_session_without_consent_is_closed_after_a_while() -> None:
    book = Playbook()
    book.attach(1)
    book.wait(901)
    assert book.session.state == "closed"
    assert book.said("session.ended")[0]["summary"]["reason"] == "consent_timeout"


# --- words and speakers ---------------------------------------------------------------------------------------------


def test_words_wait_for_a_new_speaker_and_are_split_where_it_changes() -> None:
    book = Playbook().live()
    book.audio(4.0)
    first = book.hear(recognised(0, word("vous", 0.2, 0.5), word("toussez ?", 0.5, 1.0), word("Oui.", 1.4, 1.8)))
    assert not book.said("transcript.final", first)
    second = book.hear(activity(2.0, span(1, 0.1, 1.05), span(2, 1.3, 1.9)))
    finals = book.said("transcript.final", second)
    assert [(f["turn"], [w["text"] for w in f["words"]]) for f in finals] == [
        ("t0-0", ["vous", "toussez ?"]),
        ("t0-0.1", ["Oui."]),
    ]
    assert [w["speaker"] for f in finals for w in f["words"]] == ["S1", "S1", "S2"]
    assert [w["id"] for f in finals for w in f["words"]] == ["w0-1", "w0-2", "w0-3"]
    assert [x["reason"] for x in book.said("turn.end", second)] == ["speaker", "pause"]


def test_a_partial_has_the_turn_of_its_final_and_is_never_stored() -> None:
    book = Playbook().live()
    book.audio(2.0)
    commands = book.hear(e.Hypothesis(0, samples(0.2), "bon"))
    assert [b.durable for b in book.of(c.Broadcast, commands)] == [False]
    assert book.said("transcript.partial", commands)[0]["turn"] == "t0-0"
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    assert book.said("transcript.final")[0]["turn"] == "t0-0"
    assert book.session.view.partials == {}


def test_a_segment_without_words_clears_its_partial() -> None:
    book = Playbook().live()
    book.audio(2.0)
    book.hear(e.Hypothesis(0, 0, "mm"))
    book.hear(recognised(0))
    assert book.session.view.partials == {}


def test_merged_speakers_are_relabelled_once_also_in_words_that_still_wait() -> None:
    book = Playbook().live()
    book.audio(6.0)
    book.hear(recognised(0, word("un", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    book.hear(recognised(1, word("deux", 1.2, 1.6)), activity(2.0, span(2, 1.2, 1.6)))
    book.hear(recognised(2, word("trois", 2.2, 2.6)))
    book.hear(e.SpeakerMerged(2, 1))
    book.hear(activity(3.0, span(2, 2.2, 2.6)))
    relabel = book.said("speaker.relabel")
    assert relabel[0]["from"] == "S2" and relabel[0]["to"] == "S1" and relabel[0]["word_ids"] == ["w0-2"]
    assert {t.speaker for t in book.session.view.transcript()} == {"S1"}


def test_on_separate_tracks_the_track_is_the_speaker_and_nothing_waits() -> None:
    book = Playbook(tracks=(TrackSpec("doctor", "practitioner"), TrackSpec("patient", "patient"))).live()
    book.audio(2.0, tracks=2)
    assert [o.spec.diarise for o in book.of(c.OpenStream)] == [False, False]
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), track=1)
    final = book.said("transcript.final")[0]
    assert final["track"] == 1 and final["words"][0]["speaker"] == "S2"
    assert final["words"][0]["speaker_state"] == "confirmed"
    assert book.said("speaker.update")[0]["role"] == "patient"


def test_a_role_given_by_a_person_is_never_guessed_away() -> None:
    book = Playbook().live()
    book.audio(3.0)
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    book.say(m.SpeakerAssign("S1", role="companion"))
    book.wait(10)
    assert book.session.view.speakers["S1"].role == "companion"
    assert book.session.view.speakers["S1"].confidence == 1.0


def test_what_is_not_understood_is_a_gap() -> None:
    book = Playbook().live()
    book.audio(5.0)
    book.hear(e.NotUnderstood(samples(1), samples(3), "no_text"))
    gap = book.said("gap")[0]
    assert (gap["start"], gap["end"], gap["reason"]) == (1.0, 3.0, "no_text")


# --- clients --------------------------------------------------------------------------------------------------------


def test_a_newcomer_gets_a_snapshot_and_one_who_returns_gets_what_he_missed() -> None:
    book = Playbook().live()
    book.audio(2.0)
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    late = book.attach(2, publisher=False)
    assert book.told("snapshot", late)[0]["state"]["turns"][0]["words"][0]["text"] == "bonjour"
    back = book.attach(3, publisher=False, last_seq=1)
    assert book.of(c.ReplayTo, back) == [c.ReplayTo(3, 1, book.session.seq)]
    assert not book.told("snapshot", back)


def test_seq_grows_with_every_broadcast_and_what_is_for_one_repeats_the_last() -> None:
    book = Playbook().live()
    book.audio(2.0)
    book.hear(e.Hypothesis(0, 0, "bon"), recognised(0, word("bonjour", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)))
    numbers = [b.envelope.seq for b in book.of(c.Broadcast)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert book.told("session.ready", book.attach(2, publisher=False))[0]["seq"] == numbers[-1]


def test_a_newer_publisher_supersedes_the_older_and_is_told_where_to_go_on() -> None:
    book = Playbook().live()
    book.audio(1.0)
    commands = book.attach(2)
    assert book.of(c.CloseConnection, commands) == [c.CloseConnection(1, 4003, "superseded by a newer publisher")]
    assert book.told("session.ready", commands)[0]["audio"]["samples"] == samples(1.0)
    with pytest.raises(NotAllowed):
        book.audio(0.1, connection=1)
    book.audio(0.1, connection=2)
    assert book.session.received_samples == samples(1.1)


def test_acknowledgements_count_in_the_declared_rate() -> None:
    book = Playbook().live()
    commands = book.say(m.SessionStart(m.AudioFormat(rate=48_000)))
    assert book.told("session.ready", commands)[0]["audio"]["rate"] == 48_000
    assert book.told("audio.ack", book.audio(0.5))[0]["samples"] == 24_000


def test_two_channels_become_two_tracks_before_the_first_audio_only() -> None:
    book = Playbook().live()
    book.say(m.SessionStart(m.AudioFormat(channels=2)))
    assert [t["id"] for t in book.said("session.configured")[0]["tracks"]] == ["left", "right"]
    book.audio(0.5, tracks=2)
    with pytest.raises(BadAudio):
        book.say(m.SessionStart(m.AudioFormat(channels=1)))
    with pytest.raises(BadAudio):
        book.audio(0.5, tracks=1)


def test_viewers_may_not_steer() -> None:
    book = Playbook().live()
    book.attach(2, publisher=False)
    with pytest.raises(NotAllowed):
        book.say(m.End(), connection=2)
    book.say(m.Keepalive(), connection=2)


# --- pause, end, silence ----------------------------------------------------------------------------------------------


def test_pause_flushes_refuses_audio_and_does_not_shift_the_clock() -> None:
    book = Playbook().live()
    book.audio(1.0)
    assert book.of(c.FlushStream, book.say(m.Pause()))
    with pytest.raises(SessionPaused):
        book.audio(1.0)
    book.say(m.Pause())
    book.say(m.Resume())
    book.audio(1.0)
    assert book.of(c.PushAudio)[-1].chunk.start_sample == samples(1.0)


def test_end_flushes_drafts_and_only_then_says_the_last_word() -> None:
    book = Playbook().live()
    book.audio(2.0)
    flush = book.of(c.FlushStream, book.say(m.End()))[0]
    assert book.session.state == "closing" and not book.said("session.ended")
    book.hear(recognised(0, word("fièvre", 0.5, 1.0), reason="end"), activity(2.0, span(1, 0.4, 1.0)))
    commands = book.hear(e.Flushed(flush.token))
    assert book.of(c.RequestDraft, commands) and not book.said("session.ended")
    commands = book.drafted(fever())
    ended = book.said("session.ended", commands)[0]
    assert ended["summary"]["words"] == 1 and ended["summary"]["statements"] == 1
    assert book.said("note.upsert", commands)
    assert book.of(c.CloseConnection, commands) == [c.CloseConnection(1, 1000, "client")]
    assert isinstance(commands[-1], c.Finished)


def test_an_engine_that_does_not_answer_the_last_flush_leaves_a_gap_and_the_session_ends() -> None:
    book = Playbook().live()
    book.audio(3.0)
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)), e.Progress(samples(1.0)))
    book.say(m.End())
    commands = book.wait(500)
    assert [w["text"] for f in book.said("transcript.final") for w in f["words"]] == ["bonjour"]
    assert (book.said("gap")[0]["start"], book.said("gap")[0]["end"]) == (1.0, 3.0)
    assert book.said("session.ended", commands)


def test_without_a_publisher_a_session_waits_and_then_ends() -> None:
    book = Playbook().live()
    book.audio(1.0)
    book.feed(ev.ClientDetached(1))
    book.wait(3599)
    assert book.session.state == "live"
    book.wait(2)
    assert book.session.state == "closing"


def test_lag_is_said_while_audio_flows_and_is_silent_when_nothing_changes() -> None:
    book = Playbook().live()
    book.audio(1.0)
    first = book.wait(1.0)
    assert book.said("lag", first)[0]["received"] == 1.0
    assert not book.said("lag", book.wait(60))


# --- the note ---------------------------------------------------------------------------------------------------------


def heard(book: Playbook) -> Playbook:
    book.live()
    book.audio(2.0)
    book.hear(recognised(0, word("fièvre", 0.5, 1.0)), activity(2.0, span(1, 0.4, 1.0)))
    return book


def test_one_draft_at_a_time_soon_after_words() -> None:
    book = heard(Playbook())
    assert book.of(c.RequestDraft, book.wait(2))
    book.hear(recognised(1, word("toux", 1.2, 1.6)), activity(2.5, span(1, 1.2, 1.6)))
    assert not book.of(c.RequestDraft, book.wait(5))
    book.drafted(fever())
    assert book.of(c.RequestDraft, book.wait(2))


def test_a_draft_never_overwrites_the_clinician() -> None:
    book = heard(Playbook())
    book.wait(2)
    book.drafted(fever(), fever("Toux.", "symptom:toux"), fever("Rhume.", "condition:rhume"))
    first, second, third = book.session.view.statements.values()
    book.feed(ev.StatementEdited(first.id, first.rev, text="Fébricule."))
    book.feed(ev.StatementEdited(second.id, second.rev, state="discarded"))
    commands = book.drafted(fever("Fièvre à 39."), fever("Toux sèche.", "symptom:toux"))
    note = {s.text for s in book.session.view.statements.values()}
    assert note == {"Fébricule."}
    assert [x["id"] for x in book.said("note.discard", commands)] == [third.id]


def test_an_unchanged_draft_says_nothing() -> None:
    book = heard(Playbook())
    book.drafted(fever())
    assert not book.said("note.upsert", book.drafted(fever(confidence=0.82)))


def test_stale_edits_and_signatures_are_refused() -> None:
    book = heard(Playbook())
    book.drafted(fever())
    statement = next(iter(book.session.view.statements.values()))
    book.drafted(fever("Fièvre à 39."))
    with pytest.raises(StaleRevision):
        book.feed(ev.StatementEdited(statement.id, statement.rev, text="x"))
    with pytest.raises(StaleRevision):
        book.feed(ev.NoteSignedBy("dr", statement.rev, "2026-11-24T10:00:00Z", "00"))
    rev = book.session.view.rev
    book.feed(ev.NoteSignedBy("dr", rev, "2026-11-24T10:00:00Z", "00"))
    assert book.session.view.signed is not None
    assert not book.said("note.upsert", book.drafted(fever("Autre.", "symptom:autre")))


def test_a_draft_that_fails_leaves_the_note_and_is_tried_again() -> None:
    book = heard(Playbook())
    book.wait(2)
    book.feed(ev.NoteDrafted(None))
    book.hear(recognised(1, word("toux", 1.2, 1.6)), activity(2.5, span(1, 1.2, 1.6)))
    assert book.of(c.RequestDraft, book.wait(2))


# --- failure and restart ------------------------------------------------------------------------------------------


def test_a_checkpoint_is_stored_only_when_the_words_before_it_are_committed() -> None:
    book = Playbook().live()
    book.audio(4.0)
    book.hear(recognised(0, word("bonjour", 0.2, 0.6)))
    assert not book.of(c.StoreCheckpoint, book.hear(e.Checkpoint(samples(1.2), b"x")))
    commands = book.hear(activity(2.0, span(1, 0.2, 0.6)))
    kinds = [type(x) for x in commands]
    assert kinds.index(c.Broadcast) < kinds.index(c.StoreCheckpoint) < kinds.index(c.ForgetAudio)
    assert book.of(c.ForgetAudio, commands) == [c.ForgetAudio(samples(1.2))]


def test_a_failed_engine_is_opened_again_from_the_checkpoint_and_no_word_comes_twice() -> None:
    book = Playbook().live()
    book.audio(4.0)
    book.hear(recognised(0, word("un", 0.2, 0.6)), activity(1.0, span(1, 0.2, 0.6)), e.Checkpoint(samples(0.8), b"x"))
    book.hear(recognised(1, word("deux", 1.2, 1.6)), activity(2.0, span(1, 1.2, 1.6)))
    book.hear(e.EngineFailed("crash"))
    assert not book.of(c.PushAudio, book.audio(0.5))
    reopened = book.of(c.OpenStream, book.wait(3))[0]
    assert reopened.replay and reopened.spec.start_sample == samples(0.8) and reopened.spec.state == b"x"
    book.hear(
        recognised(0, word("deux", 1.2, 1.6)),
        recognised(1, word("trois", 2.2, 2.6)),
        activity(3.0, span(1, 1.2, 1.6), span(1, 2.2, 2.6)),
    )
    finals = book.said("transcript.final")
    assert [w["text"] for f in finals for w in f["words"]] == ["un", "deux", "trois"]
    assert len({f["turn"] for f in finals}) == 3


def test_results_of_a_stream_that_was_replaced_are_ignored() -> None:
    book = Playbook().live()
    book.audio(2.0)
    book.hear(e.EngineFailed("crash"))
    book.wait(5)
    stale = ev.SpeechDelivered(0, 1, recognised(0, word("vieux", 0.2, 0.6)))
    assert not book.feed(stale)


def test_audio_on_which_the_engine_fails_for_ever_is_announced_and_left_behind() -> None:
    book = Playbook().live()
    book.audio(2.0)
    for _ in range(4):
        book.hear(e.Progress(samples(1.0)), e.EngineFailed("crash"))  # always at the same place
        book.wait(60)
    gap = book.said("gap")[0]
    assert (gap["start"], gap["end"], gap["reason"]) == (1.0, 2.0, "engine")
    assert book.of(c.OpenStream)[-1].spec.start_sample == samples(2.0)


def test_waiting_for_a_slot_is_no_failure_of_the_audio() -> None:
    book = Playbook().live()
    book.audio(2.0)
    for _ in range(10):
        book.hear(e.EngineFailed("full"))
        book.wait(60)
    assert not book.said("gap") and book.of(c.OpenStream)[-1].spec.start_sample == 0


def test_a_restarted_session_goes_on_where_it_was() -> None:
    book = heard(Playbook())
    book.drafted(fever())
    book.hear(e.Checkpoint(samples(1.5), b"x"))
    again = book.restarted(2.0)
    opened = again.of(c.OpenStream, again.feed(ev.Restored()))[0]
    assert opened.replay and opened.spec.start_sample == samples(1.5)
    ready = again.told("session.ready", again.attach(7, last_seq=book.session.seq))[0]
    assert ready["audio"]["samples"] == samples(2.0) and ready["seq"] > book.session.seq
    again.audio(1.0, connection=7)
    again.hear(recognised(0, word("toux", 2.2, 2.6)), activity(3.0, span(1, 2.2, 2.6)))
    final = again.said("transcript.final")[0]
    assert final["turn"] == "t0-1" and final["words"][0]["id"] == "w0-2"
    assert final["seq"] > book.session.seq
    assert not again.said("note.upsert", again.drafted(fever()))


def test_a_change_of_language_reopens_the_stream_after_a_flush() -> None:
    book = Playbook().live()
    book.audio(2.0)
    flush = book.of(c.FlushStream, book.say(m.Configure(language="de")))[0]
    book.hear(e.Checkpoint(samples(2.0), b"x"))
    commands = book.hear(e.Flushed(flush.token))
    assert book.of(c.CloseStream, commands)
    opened = book.of(c.OpenStream, commands)[0]
    assert opened.spec.language == "de" and opened.spec.start_sample == samples(2.0) and not opened.replay
