"""Tests of the session as a dialogue: events in, commands out, in virtual time.

book = Playbook()
book.consent()
book.attach(1)
book.audio(1.0)
book.hear(Recognised(...))
assert book.said("transcript.final") == [...]
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from colloque.streaming import commands as c
from colloque.streaming import engines as e
from colloque.streaming import events as ev
from colloque.streaming import messages as m
from colloque.streaming.audio import samples
from colloque.streaming.config import SessionConfig, SessionLimits
from colloque.streaming.session import Session
from colloque.streaming.view import SessionView
from colloque.streaming.wire import event_to_json

C = TypeVar("C")


def word(text: str, start_s: float, end_s: float, confidence: float = 0.9) -> e.RecognisedWord:
    return e.RecognisedWord(text, samples(start_s), samples(end_s), confidence)


def recognised(segment: int, *words: e.RecognisedWord, reason: e.SegmentEnd = "pause") -> e.Recognised:
    start = words[0].start_sample if words else 0
    end = words[-1].end_sample if words else 0
    return e.Recognised(segment, start, end, words, reason)


def stretch(segment: int, *words: e.RecognisedWord, reason: e.SegmentEnd | None = None) -> e.Recognised:
    """Words of a segment that is still open, unless a reason says why it is not."""
    start = words[0].start_sample if words else 0
    end = words[-1].end_sample if words else 0
    return e.Recognised(segment, start, end, words, reason)


def span(speaker: int, start_s: float, end_s: float, confirmed: bool = True) -> e.SpeakerSpan:
    return e.SpeakerSpan(speaker, samples(start_s), samples(end_s), confirmed)


def activity(until_s: float, *spans: e.SpeakerSpan) -> e.SpeakerActivity:
    return e.SpeakerActivity(spans, samples(until_s))


class Playbook:
    """Drives one session; keeps every command."""

    def __init__(self, session: Session | None = None, **config: Any) -> None:
        self.session = session or Session(SessionConfig("s-test", "fr", **config), SessionLimits())
        self.now = 100.0
        self.log: list[c.Command] = []
        self.last: list[c.Command] = []

    def feed(self, event: ev.SessionEvent) -> list[c.Command]:
        self.last = self.session.receive(event, self.now)
        self.log.extend(self.last)
        return self.last

    def consent(self, given: bool = True, erase: bool = False) -> list[c.Command]:
        return self.feed(ev.ConsentRecorded(given, erase))

    def attach(self, connection: int, publisher: bool = True, last_seq: int | None = None) -> list[c.Command]:
        return self.feed(ev.ClientAttached(connection, publisher, last_seq, "token"))

    def say(self, message: m.ClientMessage, connection: int = 1) -> list[c.Command]:
        return self.feed(ev.ClientSaid(connection, message))

    def audio(self, duration_s: float, connection: int = 1, tracks: int = 1) -> list[c.Command]:
        return self.feed(ev.AudioArrived(connection, np.zeros((tracks, samples(duration_s)), np.float32)))

    def hear(self, *results: e.SpeechResult, track: int = 0) -> list[c.Command]:
        generation = self.session._hearing.tracks[track].generation
        commands: list[c.Command] = []
        for result in results:
            commands += self.feed(ev.SpeechDelivered(track, generation, result))
        return commands

    def wait(self, duration_s: float) -> list[c.Command]:
        """Lets virtual time pass; every deadline on the way fires."""
        until = self.now + duration_s
        commands: list[c.Command] = []
        while (deadline := self.session.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            commands += self.feed(ev.TimerFired())
        self.now = until
        return commands

    def restarted(self, received_s: float, writer: e.Writer | None = None) -> Playbook:
        """The session as another server finds it in the store after a crash."""
        view = SessionView(config=self.session.view.config)
        for broadcast in self.of(c.Broadcast):
            if broadcast.durable:
                view.apply(broadcast.envelope.event)
        session = Session.restore(
            SessionConfig("s-test", "fr"),
            view,
            received_samples=samples(received_s),
            last_seq=self.session.seq,
            checkpoints={stored.track: stored for stored in self.of(c.StoreCheckpoint)},
            writer=writer,
        )
        return Playbook(session)

    def drafted(self, *statements: Any, withheld: dict[str, int] | None = None) -> list[c.Command]:
        return self.feed(ev.NoteDrafted(e.Draft(tuple(statements), withheld or {})))

    def of(self, kind: type[C], commands: list[c.Command] | None = None) -> list[C]:
        return [x for x in (self.log if commands is None else commands) if isinstance(x, kind)]

    def said(self, event_type: str, commands: list[c.Command] | None = None) -> list[dict[str, Any]]:
        """Broadcast events of a type as JSON."""
        broadcasts = self.of(c.Broadcast, commands)
        return [event_to_json(b.envelope) for b in broadcasts if b.envelope.event.TYPE == event_type]

    def told(self, event_type: str, commands: list[c.Command] | None = None) -> list[dict[str, Any]]:
        """Events of a type for one connection as JSON."""
        sent = self.of(c.SendTo, commands)
        return [event_to_json(s.envelope) for s in sent if s.envelope.event.TYPE == event_type]

    def live(self) -> Playbook:
        """Consent given, publisher 1 attached."""
        self.consent()
        self.attach(1)
        return self
