"""What a session looks like from outside: the fold of its events.

One reducer serves the server (snapshots, and waking a session up after a restart), the Python client, and, as a twin in
`clients/web/view.js`, the page. `tests/fixtures/wire/` holds event sequences and the state that both must reach.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from colloque.streaming import messages as m
from colloque.streaming.config import TrackSpec
from colloque.streaming.note import Statement
from colloque.streaming.schema import from_json, to_json
from colloque.streaming.transcript import Role, SpeakerState, Turn, Word, WrittenWords
from colloque.streaming.turns import SentTurn, transcript


@dataclass(slots=True)
class SessionView:
    """State of a session. `apply` every event in order; `to_json` is what a `snapshot` carries."""

    state: m.SessionState = "waiting_consent"
    reason: str = "created"
    config: m.SessionConfigured = field(default_factory=lambda: m.SessionConfigured("fr", (TrackSpec("room"),)))
    received: float = 0.0
    processed: float = 0.0
    speakers: dict[str, m.SpeakerUpdate] = field(default_factory=dict)
    turns: dict[str, SentTurn] = field(default_factory=dict)
    partials: dict[str, m.TranscriptPartial] = field(default_factory=dict)
    rev: int = 0
    statements: dict[str, Statement] = field(default_factory=dict)
    discarded: dict[str, Statement] = field(default_factory=dict)
    """Discarded by the clinician: kept, so that later speech does not bring them back."""
    withheld: m.NoteWithheld = field(default_factory=lambda: m.NoteWithheld(0, {}))
    signed: m.NoteSigned | None = None
    gaps: list[m.Gap] = field(default_factory=list)
    summary: dict[str, Any] | None = None

    def apply(self, event: m.ServerEvent) -> None:
        """Folds one event in."""
        match event:
            case m.SessionReady():
                self.partials.clear()  # what is still tentative is sent again after it
            case m.StateChanged(state, reason):
                self.state, self.reason = state, reason
            case m.SessionConfigured():
                self.config = event
            case m.Lag(received, processed):
                self.received, self.processed = received, processed
            case m.Gap():
                self.gaps.append(event)
            case m.SessionEnded(summary):
                self.summary = summary
                # `lag` is not kept: who comes after the end must see the same clock as who was there.
                self.received = self.processed = summary.get("duration", self.received)
                self.partials.clear()
            case m.Snapshot(state):
                self._restore(state)
            case m.TranscriptPartial() | m.TranscriptFinal() | m.TurnEnded() | m.SpeakerRelabel() | m.SpeakerUpdate():
                self._apply_transcript(event)
            case m.NoteUpsert() | m.NoteDiscard() | m.NoteWithheld() | m.NoteSigned():
                self._apply_note(event)

    def _apply_transcript(self, event: m.ServerEvent) -> None:
        match event:
            case m.TranscriptPartial(turn):
                if event.text:
                    self.partials[turn] = event
                else:
                    self.partials.pop(turn, None)
            case m.TranscriptFinal(turn, track, words):
                self.partials.pop(turn, None)
                self.turns.setdefault(turn, SentTurn(turn, track)).words.extend(words)
            case m.TurnEnded(turn, reason, written):
                self.partials.pop(turn, None)
                if turn in self.turns:
                    self.turns[turn].ended, self.turns[turn].written = reason, written
            case m.SpeakerRelabel(source, target, word_ids):
                self._relabel(set(word_ids), target)
                if not any(w.speaker == source for t in self.turns.values() for w in t.words):
                    self.speakers.pop(source, None)
            case m.SpeakerUpdate(speaker):
                self.speakers[speaker] = event
                if event.state == "confirmed":
                    self._confirm(speaker)

    def _apply_note(self, event: m.ServerEvent) -> None:
        match event:
            case m.NoteUpsert(rev, statement):
                self.rev = rev
                self.discarded.pop(statement.id, None)
                self.statements[statement.id] = statement
            case m.NoteDiscard(rev, statement_id, reason):
                self.rev = rev
                gone = self.statements.pop(statement_id, None)
                if gone is not None and reason == "clinician":
                    self.discarded[statement_id] = replace(gone, state="discarded", rev=rev)
            case m.NoteWithheld():
                self.withheld = event
            case m.NoteSigned(rev):
                self.rev, self.signed = rev, event

    def _relabel(self, ids: set[str], speaker: str) -> None:
        """The words are the speaker's now, and as sure as the speaker is."""
        known = self.speakers.get(speaker)
        for turn in self.turns.values():
            turn.words[:] = [
                replace(w, speaker=speaker, speaker_state=known.state if known else w.speaker_state)
                if w.id in ids
                else w
                for w in turn.words
            ]

    def _confirm(self, speaker: str) -> None:
        state: SpeakerState = "confirmed"
        for turn in self.turns.values():
            turn.words[:] = [replace(w, speaker_state=state) if w.speaker == speaker else w for w in turn.words]

    def role(self, speaker: str | None) -> Role:
        """The role that the speaker is thought to have."""
        known = self.speakers.get(speaker or "")
        return known.role if known else "unknown"

    def transcript(self) -> tuple[Turn, ...]:
        """Committed turns in order of time, each of one speaker as known now."""
        return transcript(self.turns.values(), self.role)

    def counts(self) -> dict[str, int]:
        """How much there is of everything."""
        return {
            "words": sum(len(turn.words) for turn in self.turns.values()),
            "turns": len(self.turns),
            "speakers": len(self.speakers),
            "statements": len(self.statements),
            "withheld": self.withheld.count,
            "gaps": len(self.gaps),
        }

    def to_json(self) -> dict[str, Any]:
        """The whole state as JSON values."""
        return {
            "state": self.state,
            "reason": self.reason,
            "config": to_json(self.config),
            "received": self.received,
            "processed": self.processed,
            "speakers": [to_json(s) for s in self.speakers.values()],
            "turns": [to_json(t) for t in self.turns.values()],
            "partials": [to_json(p) for p in self.partials.values()],
            "note": self.note_to_json(),
            "gaps": to_json(self.gaps),
            "summary": self.summary,
        }

    def note_to_json(self) -> dict[str, Any]:
        """The note as `GET …/note` gives it."""
        statements = [*self.statements.values(), *self.discarded.values()]
        return {
            "rev": self.rev,
            "statements": to_json(statements),
            "withheld": to_json(self.withheld),
            "signed": to_json(self.signed) if self.signed else None,
        }

    def forget(self) -> None:
        """Drops everything that was captured: words, speakers, note, gaps. The lifecycle stays."""
        fresh = SessionView(state=self.state, reason=self.reason, config=self.config)
        self._restore(fresh.to_json())

    def _restore(self, state: dict[str, Any]) -> None:
        note = state["note"]
        statements = [from_json(Statement, s) for s in note["statements"]]
        self.state, self.reason = state["state"], state["reason"]
        self.config = from_json(m.SessionConfigured, state["config"])
        self.received, self.processed = state["received"], state["processed"]
        self.speakers = {s["speaker"]: from_json(m.SpeakerUpdate, s) for s in state["speakers"]}
        self.turns = {t["id"]: _turn(t) for t in state["turns"]}
        self.partials = {p["turn"]: from_json(m.TranscriptPartial, p) for p in state["partials"]}
        self.rev = note["rev"]
        self.statements = {s.id: s for s in statements if s.state != "discarded"}
        self.discarded = {s.id: s for s in statements if s.state == "discarded"}
        self.withheld = from_json(m.NoteWithheld, note["withheld"])
        self.signed = from_json(m.NoteSigned, note["signed"]) if note["signed"] else None
        self.gaps = [from_json(m.Gap, g) for g in state["gaps"]]
        self.summary = state["summary"]


def _turn(value: dict[str, Any]) -> SentTurn:
    words = [from_json(Word, w) for w in value["words"]]
    written = tuple(from_json(WrittenWords, w) for w in value.get("written", ()))  # older servers know none
    return SentTurn(value["id"], value["track"], words, value["ended"], written)
