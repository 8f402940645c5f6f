"""What a person sees."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from colloque.clients.console import Console, clock, printable
from colloque.streaming import messages as m
from colloque.streaming.note import Evidence, Statement
from colloque.streaming.view import SessionView
from colloque.streaming.wire import decode_event

GOLDEN = Path(__file__).parents[1] / "fixtures" / "wire" / "sequences"


class Screen:
    """A console and what is on it."""

    def __init__(self, *, terminal: bool = False, colours: bool = False, width: int = 80) -> None:
        self.out = io.StringIO()
        self.view = SessionView()
        self.console = Console(self.out, self.view, terminal=terminal, colours=colours, width=width)

    def tell(self, *events: m.ServerEvent) -> str:
        """What the events print."""
        before = len(self.out.getvalue())
        for event in events:
            self.view.apply(event)
            self.console.show(m.Envelope(0, 0.0, event))
        return self.out.getvalue()[before:]


def consultation(screen: Screen) -> list[str]:
    """The lines of the golden consultation."""
    golden = json.loads((GOLDEN / "consultation.json").read_text(encoding="utf-8"))
    for event in golden["events"]:
        envelope = decode_event(json.dumps(event))
        assert envelope is not None
        screen.tell(envelope.event)
    return screen.out.getvalue().splitlines()


def statement(**changes: object) -> Statement:
    evidence = (Evidence(("w0-1",), 63.2, 64.0, "S1", "Ramipril"),)
    plain = Statement("n-1", "medications", "Ramipril 5 mg", "present", "patient", 0.93, "draft", evidence)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_consultation_in_plain_lines() -> None:
    screen = Screen()
    lines = consultation(screen)
    assert "[00:01] S1: Bonjour, qu’est-ce" in lines
    assert "[00:02] S2: J’ai mal de tête." in lines
    assert "  + Reason: Mal de tête (70 %) [00:03]" in lines
    assert "  (S3 is S1)" in lines
    assert "  (S1 is the practitioner, 86 % sure)" in lines
    assert "  ~ Reason: Mal de tête depuis trois jours (88 %) [00:03, 00:06]" in lines
    assert "  ! not understood: 00:08 to 00:09 (no_text)" in lines
    assert not any("Bon" in line and "..." in line for line in lines)
    assert "\x1b" not in screen.out.getvalue()


def test_the_note_at_the_end() -> None:
    screen = Screen()
    before = len(consultation(screen))
    screen.console.print_note()
    screen.console.print_summary()
    assert screen.out.getvalue().splitlines()[before:] == [
        "",
        "Note (draft, not signed), revision 3",
        "  Reason",
        "    - Mal de tête depuis trois jours (88 %) [00:03, 00:06]",
        "  History of present illness",
        "    - Pas de fièvre (absent, 81 %) [00:07]",
        "  withheld for want of confidence: 1 (low_confidence 1)",
        "00:10 of audio, 1 speaker(s), 14 words, 2 statements, 1 gap(s); at most 0.6 s behind",
    ]


def test_a_note_without_statements_says_so() -> None:
    screen = Screen()
    screen.console.print_note()
    assert "nothing was found" in screen.out.getvalue()


def test_a_signed_note_says_so() -> None:
    screen = Screen()
    screen.tell(m.NoteSigned(4, "dr-1", "2026-03-02T09:41:07Z", "aa"))
    screen.console.print_note()
    assert "Note (signed by dr-1), revision 4" in screen.out.getvalue()


def test_a_role_and_a_name_stand_beside_the_speaker() -> None:
    screen = Screen()
    golden = json.loads((GOLDEN / "late_joiner.json").read_text(encoding="utf-8"))
    snapshot = next(event for event in golden["events"] if event["type"] == "snapshot")
    envelope = decode_event(json.dumps(snapshot))
    assert envelope is not None
    screen.tell(m.SpeakerUpdate("S2", "companion", 1.0, "confirmed", "Léa"))
    assert screen.tell(envelope.event).splitlines() == [
        "[00:00] S1 practitioner: Guten Tag.",
        "[00:01] S2 patient: Ich huste.",
        "[00:02] S1 practitioner: Röntgen",
    ]
    assert screen.tell(envelope.event) == "", "a second snapshot prints nothing twice"


def test_statements_are_printed_when_new_changed_or_gone() -> None:
    screen = Screen()
    assert screen.tell(m.NoteUpsert(1, statement())) == "  + Medications: Ramipril 5 mg (93 %) [01:03]\n"
    assert screen.tell(m.NoteUpsert(2, statement(confidence=0.95))) == ""
    edited = statement(text="Ramipril 2.5 mg", state="edited")
    assert screen.tell(m.NoteUpsert(3, edited)) == "  ~ Medications: Ramipril 2.5 mg (edited) [01:03]\n"
    assert screen.tell(m.NoteDiscard(4, "n-1", "clinician")) == "  - Medications: Ramipril 2.5 mg (clinician)\n"
    assert screen.tell(m.NoteDiscard(5, "n-9", "superseded")) == ""


def test_warnings_errors_and_pauses_are_printed() -> None:
    screen = Screen()
    assert screen.tell(m.Warn("slow", "the engines are behind")) == "  ! the engines are behind (slow)\n"
    assert screen.tell(m.Fault("paused", "no audio now", True)) == "  ! no audio now (paused)\n"
    assert screen.tell(m.StateChanged("paused", "client")) == "  (paused)\n"


def test_tentative_text_is_overwritten_on_a_terminal() -> None:
    screen = Screen(terminal=True, width=24)
    first = screen.tell(m.TranscriptPartial("t0-0", 0, "S1", "Bonjour"))
    assert first == "... S1: Bonjour"
    second = screen.tell(m.TranscriptPartial("t0-0", 0, "S1", "Bonjour, qu’est-ce qui vous amène"))
    assert second == "\r\x1b[K...st-ce qui vous amène"
    assert screen.tell(m.Warn("slow", "behind")).startswith("\r\x1b[K")
    assert screen.tell(m.TranscriptPartial("t0-0", 0, "S1", "")) == ""


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b[1m" in Screen(colours=True).tell(m.NoteUpsert(1, statement()))
    assert "\x1b" not in Screen().tell(m.NoteUpsert(1, statement()))


def test_nothing_that_was_said_steers_the_terminal() -> None:
    screen = Screen()
    printed = screen.tell(m.NoteUpsert(1, statement(text="\x1b]0;x\x07evil\r\n")))
    assert printed.isprintable() or printed.removesuffix("\n").isprintable()
    assert printable("a\x1bb\u202ec") == "a b c"


@pytest.mark.parametrize(("time_s", "text"), [(0, "00:00"), (61.9, "01:01"), (3599, "59:59"), (7384, "2:03:04")])
def test_times(time_s: float, text: str) -> None:
    assert clock(time_s) == text
