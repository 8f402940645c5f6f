"""The committed transcript as text, subtitles and speaker segments. Pure: a view in, a text out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

from colloque.streaming.engines import Language
from colloque.streaming.schema import to_json
from colloque.streaming.transcript import Role, Turn, Word
from colloque.streaming.view import SessionView

TranscriptFormat = Literal["json", "txt", "vtt", "rttm"]
MEDIA_TYPES: dict[TranscriptFormat, str] = {
    "json": "application/json",
    "txt": "text/plain",
    "vtt": "text/vtt",
    "rttm": "text/plain",
}

CUE_CHARS_MAX = 84
"""Two subtitle lines of 42 characters."""
CUE_S_MAX = 7.0
"""Longest time for which a subtitle stands, in seconds."""
SEGMENT_GAP_S = 0.3
"""Words of one speaker that are nearer than this are one segment of RTTM, in seconds."""

ROLES: dict[Language, dict[Role, str]] = {
    "fr": {"practitioner": "Praticien", "patient": "Patient", "companion": "Accompagnant", "unknown": "Inconnu"},
    "en": {"practitioner": "Practitioner", "patient": "Patient", "companion": "Companion", "unknown": "Unknown"},
    "de": {
        "practitioner": "Behandelnde Person",
        "patient": "Patient/in",
        "companion": "Begleitperson",
        "unknown": "Unbekannt",
    },
}
_Piece = tuple[str, tuple[Word, ...]]
"""Written text, and the words that it stands for."""
_GAP: dict[Language, str] = {"fr": "passage non compris", "en": "not understood", "de": "nicht verstanden"}


def still(view: SessionView) -> SessionView:
    """A copy that later events do not change, for another thread to read."""
    turns = {turn.id: replace(turn, words=list(turn.words)) for turn in view.turns.values()}
    return replace(view, turns=turns, speakers=dict(view.speakers), gaps=list(view.gaps))


def render(kind: TranscriptFormat, session_id: str, view: SessionView) -> str:
    """The transcript as a document of this kind, in the session's language."""
    match kind:
        case "json":
            return json.dumps(as_json(session_id, view), ensure_ascii=False)
        case "txt":
            return as_text(view, view.config.language)
        case "vtt":
            return as_vtt(view, view.config.language)
        case "rttm":
            return as_rttm(session_id, view)


def as_json(session_id: str, view: SessionView) -> dict[str, Any]:
    """Turns with their words as said and as written, speakers and gaps as JSON values; times in seconds of audio."""
    return {
        "session_id": session_id,
        "speakers": [to_json(speaker) for speaker in view.speakers.values()],
        "turns": [
            {
                "id": turn.id,
                "track": turn.track,
                "speaker": turn.speaker,
                "role": turn.role,
                "start": to_json(turn.words[0])["start"],
                "end": to_json(turn.words[-1])["end"],
                "text": turn.text,
                "written_text": turn.written_text,
                "ended": turn.ended,
                "words": to_json(turn.words),
                "written": to_json(turn.written),
            }
            for turn in view.transcript()
        ],
        "gaps": to_json(view.gaps),
    }


def as_text(view: SessionView, language: Language) -> str:
    """One line a turn, `[00:01:02] Patient (S2): …`, in its written form; gaps stand where they are."""
    turns = view.transcript()
    lines = [(turn.words[0].start, f"{_named(view, turn, language)}: {turn.written_text}") for turn in turns]
    lines += [(gap.start, f"({_GAP[language]}: {clock(gap.start)}–{clock(gap.end)})") for gap in view.gaps]
    lines.sort(key=lambda line: line[0])
    return "".join(f"[{clock(start)}] {text}\n" for start, text in lines)


def as_vtt(view: SessionView, language: Language) -> str:
    """WebVTT with a voice span a cue, in the written form; long turns become several cues."""
    cues: list[tuple[float, str]] = []
    for turn in view.transcript():
        voice = _escape(_named(view, turn, language))
        for pieces in _cues(turn.pieces()):
            text = _escape(" ".join(text for text, _ in pieces))
            start, end = pieces[0][1][0].start, pieces[-1][1][-1].end
            cues.append((start, _cue(start, end, f"<v {voice}>{text}</v>")))
    cues += [(gap.start, _cue(gap.start, gap.end, f"({_GAP[language]})")) for gap in view.gaps]
    cues.sort(key=lambda cue: cue[0])
    return "\n".join(["WEBVTT\n", *(cue for _, cue in cues)])


def as_rttm(session_id: str, view: SessionView) -> str:
    """Rich Transcription Time Marked, the format of the NIST evaluations: `SPEAKER` lines, made from the words."""
    segments = sorted(
        (segment for turn in view.transcript() for segment in _segments(turn)), key=lambda s: (s[1], s[0], s[3])
    )
    return "".join(
        f"SPEAKER {session_id} {track + 1} {start:.3f} {end - start:.3f} <NA> <NA> {speaker} <NA> <NA>\n"
        for track, start, end, speaker in segments
    )


def clock(time_s: float) -> str:
    """`00:01:02` of audio time."""
    whole = int(time_s)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def speaker_label(view: SessionView, speaker: str | None, language: Language) -> str:
    """Name where a person gave one, else the role; with the speaker's id, for two may have one role."""
    if speaker is None:
        return ROLES[language]["unknown"]
    known = view.speakers.get(speaker)
    return f"{(known.name if known else None) or ROLES[language][view.role(speaker)]} ({speaker})"


def _named(view: SessionView, turn: Turn, language: Language) -> str:
    return speaker_label(view, turn.speaker, language)


def _cues(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    cue: list[_Piece] = []
    for text, words in pieces:
        chars = sum(len(other) + 1 for other, _ in cue) + len(text)
        if cue and (chars > CUE_CHARS_MAX or words[-1].end - cue[0][1][0].start > CUE_S_MAX):
            yield cue
            cue = []
        cue.append((text, words))
    if cue:
        yield cue


def _cue(start: float, end: float, text: str) -> str:
    return f"{_vtt_time(start)} --> {_vtt_time(max(end, start + 0.001))}\n{text}\n"


def _vtt_time(time_s: float) -> str:
    milliseconds = round(time_s * 1000)
    return f"{clock(milliseconds // 1000)}.{milliseconds % 1000:03d}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _segments(turn: Turn) -> Iterator[tuple[int, float, float, str]]:
    """(track, start, end, speaker) of the stretches in which one speaker talks."""
    open_segment: tuple[int, float, float, str] | None = None
    for word in turn.words:
        speaker = word.speaker or "unknown"
        if open_segment and open_segment[3] == speaker and word.start - open_segment[2] <= SEGMENT_GAP_S:
            open_segment = (turn.track, open_segment[1], max(word.end, open_segment[2]), speaker)
            continue
        if open_segment:
            yield open_segment
        open_segment = (turn.track, word.start, word.end, speaker)
    if open_segment:
        yield open_segment
