"""Prints a consultation as it goes on: committed lines by speaker, and the note as it grows.

On a terminal there are colours, and tentative text on a last line that is overwritten; elsewhere there are plain lines.
"""

from __future__ import annotations

from typing import TextIO

from colloque.streaming import messages as m
from colloque.streaming.note import SECTIONS, Section, Statement
from colloque.streaming.view import SessionView

_RESET = "\x1b[0m"
_CLEAR_LINE = "\r\x1b[K"
_SPEAKER_COLOURS = ("\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[34m")
_DIM, _BOLD, _RED = "\x1b[2m", "\x1b[1m", "\x1b[31m"


class Console:
    """Where a person reads along. Feed it every event; it reads speakers and words from the session's view."""

    def __init__(self, out: TextIO, view: SessionView, *, terminal: bool, colours: bool, width: int = 80) -> None:
        """`terminal`: a last line may be overwritten. `width` is the terminal's, in columns."""
        self._out = out
        self._view = view
        self._terminal = terminal
        self._colours = colours
        self._width = width
        self._printed: dict[str, int] = {}
        """Words of each turn that are on the screen."""
        self._roles: dict[str, str] = {}
        self._statements: dict[str, Statement] = {}
        self._tentative = False
        self.lag_max_s = 0.0
        """The furthest that the work was behind the audio, in seconds."""

    # --- while it goes on -------------------------------------------------------------------------------------------

    def show(self, envelope: m.Envelope) -> None:
        """Prints what is new in an event."""
        match envelope.event:
            case m.TranscriptPartial(_, _, speaker, text):
                self._print_tentative(speaker, text)
            case m.TurnEnded(turn):
                self._print_turn(turn)
            case m.Snapshot() | m.SessionEnded():
                self.catch_up()
            case m.SpeakerUpdate() | m.SpeakerRelabel():
                self._show_speaker(envelope.event)
            case m.NoteUpsert(_, statement):
                self._show_statement(statement)
            case m.NoteDiscard(_, identifier, reason):
                gone = self._statements.pop(identifier, None)
                if gone is not None:
                    self.line(f"  - {_title(gone.section)}: {gone.text} ({reason})", _DIM)
            case m.Gap(start, end, reason):
                self.line(f"  ! not understood: {clock(start)} to {clock(end)} ({reason})", _RED)
            case m.Warn(code, message) | m.Fault(code, message):
                self.line(f"  ! {message} ({code})", _RED)
            case m.Lag(received, processed):
                self.lag_max_s = max(self.lag_max_s, received - processed)
            case m.StateChanged("paused" | "live" as state):
                self.line(f"  ({state})", _DIM)
            case _:
                pass

    def line(self, text: str, style: str = "") -> None:
        """Prints one line; control characters in it are made harmless."""
        safe = printable(text)
        self._wipe()
        self._out.write(f"{style}{safe}{_RESET}\n" if style and self._colours else f"{safe}\n")
        self._out.flush()

    def catch_up(self) -> None:
        """Prints committed words that are not on the screen yet."""
        for identifier in self._view.turns:
            self._print_turn(identifier)

    def _wipe(self) -> None:
        if self._tentative:
            self._out.write(_CLEAR_LINE)
            self._tentative = False

    def _print_tentative(self, speaker: str | None, text: str) -> None:
        if not self._terminal:
            return
        self._wipe()
        if text:
            shown = printable(f"... {speaker or '?'}: {text}")
            room = max(10, self._width - 1)
            shown = shown if len(shown) <= room else "..." + shown[len(shown) - room + 3 :]
            self._out.write(f"{_DIM}{shown}{_RESET}" if self._colours else shown)
            self._tentative = True
        self._out.flush()

    def _print_turn(self, identifier: str) -> None:
        turn = self._view.turns.get(identifier)
        words = turn.words[self._printed.get(identifier, 0) :] if turn else []
        if turn is None or not words:
            return
        self._printed[identifier] = len(turn.words)
        speaker = words[0].speaker
        text = " ".join(word.text for word in words)
        self.line(f"[{clock(words[0].start)}] {self._who(speaker)}: {text}", self._colour(speaker))

    def _who(self, speaker: str | None) -> str:
        known = self._view.speakers.get(speaker or "")
        parts = [speaker or "?", known.name if known else None, known.role if known else None]
        return " ".join(part for part in parts if part and part != "unknown")

    def _colour(self, speaker: str | None) -> str:
        digits = (speaker or "").lstrip("S")
        return _SPEAKER_COLOURS[(int(digits) - 1) % len(_SPEAKER_COLOURS)] if digits.isdecimal() else ""

    def _show_speaker(self, event: m.ServerEvent) -> None:
        if isinstance(event, m.SpeakerRelabel):
            if event.source not in self._view.speakers:  # not some words only, which are printed when their turn ends
                self.line(f"  ({event.source} is {event.target})", _DIM)
        elif isinstance(event, m.SpeakerUpdate) and event.role != self._roles.get(event.speaker, "unknown"):
            self._roles[event.speaker] = event.role
            self.line(f"  ({event.speaker} is the {event.role}, {_percent(event.confidence)} sure)", _DIM)

    def _show_statement(self, statement: Statement) -> None:
        old = self._statements.get(statement.id)
        self._statements[statement.id] = statement
        if old is None or (old.text, old.section, old.state) != (statement.text, statement.section, statement.state):
            sign = "+" if old is None else "~"
            self.line(f"  {sign} {_title(statement.section)}: {_statement(statement)}", _BOLD)

    # --- at the end -------------------------------------------------------------------------------------------------

    def print_note(self) -> None:
        """Prints the whole note by section, and what was withheld."""
        view = self._view
        status = f"signed by {view.signed.by}" if view.signed else "draft, not signed"
        self.line("")
        self.line(f"Note ({status}), revision {view.rev}", _BOLD)
        for section in SECTIONS:
            statements = [s for s in view.statements.values() if s.section == section]
            if statements:
                self.line(f"  {_title(section)}", _BOLD)
            for statement in statements:
                self.line(f"    - {_statement(statement)}")
        if not view.statements:
            self.line("  nothing was found that could be written with enough confidence")
        if view.withheld.count:
            reasons = ", ".join(f"{reason} {count}" for reason, count in view.withheld.reasons.items())
            self.line(f"  withheld for want of confidence: {view.withheld.count} ({reasons})", _DIM)

    def print_summary(self) -> None:
        """Prints counts and durations."""
        view = self._view
        words = sum(len(turn.words) for turn in view.turns.values())
        duration_s = (view.summary or {}).get("duration", view.received)
        self.line(
            f"{clock(duration_s)} of audio, {len(view.speakers)} speaker(s), {words} words, "
            f"{len(view.statements)} statements, {len(view.gaps)} gap(s); at most {self.lag_max_s:.1f} s behind",
            _DIM,
        )


def clock(time_s: float) -> str:
    """Audio time as minutes and seconds, `07:12`; with hours where there are any."""
    minutes, second = divmod(int(time_s), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"


def printable(text: str) -> str:
    """The text without characters that could steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _title(section: Section) -> str:
    return section.replace("_", " ").capitalize()


def _statement(statement: Statement) -> str:
    marks: list[str] = [] if statement.assertion == "present" else [statement.assertion]
    marks += [_percent(statement.confidence)] if statement.state == "draft" else [statement.state]
    heard = ", ".join(clock(evidence.start) for evidence in statement.evidence[:3])
    return f"{statement.text} ({', '.join(marks)})" + (f" [{heard}]" if heard else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
