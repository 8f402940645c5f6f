"""The transcript as JSON, text, subtitles and speaker segments."""

from __future__ import annotations

import re
from dataclasses import replace

from colloque.server import transcripts
from colloque.streaming import messages as m
from colloque.streaming.engines import Language
from colloque.streaming.transcript import WrittenWords
from colloque.streaming.view import SessionView
from tests.server.consultation import view, word, words


def said(text: str, start_s: float = 1.0, speaker: str | None = "S1", step_s: float = 0.5) -> SessionView:
    state = SessionView()
    state.apply(m.TranscriptFinal("t1", 0, words(1, text, start_s, speaker, step_s)))
    return state


def test_text_names_roles_and_times() -> None:
    assert transcripts.as_text(view("fr"), "fr") == (
        "[00:00:01] Praticien (S1): Bonjour, qu'est-ce qui vous amène ?\n"
        "[00:00:04] Patient (S2): Je tousse depuis trois jours.\n"
    )


def test_text_speaks_the_language_of_the_session() -> None:
    firsts: dict[Language, str] = {"en": "Practitioner (S1)", "de": "Behandelnde Person (S1)"}
    for language, first in firsts.items():
        assert transcripts.as_text(view(language), language).startswith(f"[00:00:01] {first}: ")


def test_a_name_that_a_person_gave_wins() -> None:
    state = view("fr")
    state.apply(m.SpeakerUpdate("S2", "patient", 1.0, "confirmed", "Mme Exemple"))
    assert "Mme Exemple (S2): Je tousse" in transcripts.as_text(state, "fr")


def dictated() -> SessionView:
    state = said("trente huit cinq hier")
    state.apply(m.TurnEnded("t1", "pause", (WrittenWords(("w0-1", "w0-2", "w0-3"), "38,5 °C"),)))
    return state


def test_text_and_subtitles_are_as_one_writes_json_has_both() -> None:
    state = dictated()
    assert transcripts.as_text(state, "fr") == "[00:00:01] Inconnu (S1): 38,5 °C hier\n"
    assert "00:00:01.000 --> 00:00:02.900\n<v Inconnu (S1)>38,5 °C hier</v>" in transcripts.as_vtt(state, "fr")
    (turn,) = transcripts.as_json("s-1", state)["turns"]
    assert (turn["text"], turn["written_text"]) == ("trente huit cinq hier", "38,5 °C hier")
    assert turn["written"] == [{"word_ids": ["w0-1", "w0-2", "w0-3"], "text": "38,5 °C"}]
    assert len(turn["words"]) == 4


def test_a_turn_is_cut_where_words_were_given_to_another_speaker() -> None:
    state = dictated()
    state.apply(m.SpeakerRelabel("S1", "S2", ("w0-3", "w0-4")))
    assert transcripts.as_text(state, "fr").splitlines() == [
        "[00:00:01] Inconnu (S1): trente huit",
        "[00:00:02] Inconnu (S2): cinq hier",
    ]
    assert [turn["id"] for turn in transcripts.as_json("s-1", state)["turns"]] == ["t1", "t1/w0-3"]
    assert [line.split()[7] for line in transcripts.as_rttm("s-1", state).splitlines()] == ["S1", "S2"]


def test_gaps_stand_where_they_are() -> None:
    state = view("fr")
    state.apply(m.Gap(3.0, 3.8, "engine"))
    assert transcripts.as_text(state, "fr").splitlines()[1] == "[00:00:03] (passage non compris: 00:00:03–00:00:03)"
    assert "00:00:03.000 --> 00:00:03.800\n(passage non compris)\n" in transcripts.as_vtt(state, "fr")


def test_json_holds_every_word() -> None:
    document = transcripts.as_json("s-1", view("fr"))
    assert document["session_id"] == "s-1"
    assert [(t["speaker"], t["role"], t["start"], t["end"], t["ended"]) for t in document["turns"]] == [
        ("S1", "practitioner", 1.0, 3.9, "speaker"),
        ("S2", "patient", 4.0, 6.4, None),
    ]
    first = document["turns"][1]["words"][0]
    assert (first["id"], first["text"], first["start"], first["end"]) == ("w0-7", "Je", 4.0, 4.4)
    assert {speaker["speaker"] for speaker in document["speakers"]} == {"S1", "S2"}


def test_vtt_has_one_voice_a_cue() -> None:
    assert transcripts.as_vtt(view("fr"), "fr") == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:03.900\n<v Praticien (S1)>Bonjour, qu'est-ce qui vous amène ?</v>\n\n"
        "00:00:04.000 --> 00:00:06.400\n<v Patient (S2)>Je tousse depuis trois jours.</v>\n"
    )


def test_vtt_cuts_long_turns_and_loses_no_word() -> None:
    text = " ".join(f"mot{i}" for i in range(200))
    vtt = transcripts.as_vtt(said(text), "fr")
    cues = re.findall(r"(\S+) --> (\S+)\n<v [^>]*>(.*)</v>", vtt)
    assert " ".join(cue[2] for cue in cues) == text
    assert max(len(cue[2]) for cue in cues) <= transcripts.CUE_CHARS_MAX
    starts = [start for start, _, _ in cues]
    assert starts == sorted(starts)
    assert all(start < end for start, end, _ in cues)


def test_vtt_keeps_markup_out() -> None:
    vtt = transcripts.as_vtt(said("<b>gras</b> & --> fin"), "fr")
    assert "&lt;b&gt;gras&lt;/b&gt; &amp; --&gt; fin" in vtt


def test_vtt_counts_hours() -> None:
    assert "01:00:00.500 --> 01:00:00.900" in transcripts.as_vtt(said("oui", 3600.5), "fr")


def test_rttm_has_a_line_a_stretch_of_speech() -> None:
    state = said("un deux", 1.0, "S1")
    state.apply(m.TranscriptFinal("t1", 0, words(3, "trois", 5.0, "S1")))
    state.apply(m.TranscriptFinal("t2", 1, words(4, "quatre", 0.5, "S2")))
    assert transcripts.as_rttm("s-1", state) == (
        "SPEAKER s-1 2 0.500 0.400 <NA> <NA> S2 <NA> <NA>\n"
        "SPEAKER s-1 1 1.000 0.900 <NA> <NA> S1 <NA> <NA>\n"
        "SPEAKER s-1 1 5.000 0.400 <NA> <NA> S1 <NA> <NA>\n"
    )


def test_rttm_parts_speakers_within_a_turn_and_keeps_words_of_nobody() -> None:
    state = SessionView()
    first, second = word(1, "oui", 1.0, 1.4, "S1"), word(2, "non", 1.5, 1.9, "S2")
    state.apply(m.TranscriptFinal("t1", 0, (first, second, replace(second, id="w0-3", speaker=None))))
    lines = transcripts.as_rttm("s-1", state).splitlines()
    assert [line.split()[7] for line in lines] == ["S1", "S2", "unknown"]


def test_an_empty_session_gives_empty_documents() -> None:
    nothing = SessionView()
    assert transcripts.as_text(nothing, "fr") == ""
    assert transcripts.as_rttm("s-1", nothing) == ""
    assert transcripts.as_vtt(nothing, "fr") == "WEBVTT\n"
    assert transcripts.as_json("s-1", nothing)["turns"] == []


def test_a_still_copy_does_not_change() -> None:
    live = view("fr")
    copy = transcripts.still(live)
    before = {kind: transcripts.render(kind, "s-1", copy) for kind in transcripts.MEDIA_TYPES}
    live.apply(m.SpeakerRelabel("S2", "S1", ("w0-7",)))
    live.apply(m.TranscriptFinal("t2", 0, words(20, "Voilà", 9.0, "S2")))
    live.apply(m.SpeakerUpdate("S1", "companion", 1.0, "confirmed"))
    live.apply(m.Gap(8.0, 9.0, "engine"))
    assert {kind: transcripts.render(kind, "s-1", copy) for kind in transcripts.MEDIA_TYPES} == before
