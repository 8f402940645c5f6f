"""A consultation: events and the time in, commands out. No socket, clock, thread or event loop.

    commands = session.receive(event, now)     # now: monotonic seconds
    deadline = session.next_deadline()         # then feed `TimerFired`

`session.py` keeps the lifecycle and the clients; `hearing.py` turns audio into committed words; `scribe.py` decides
when the note is drafted and `notebook.py` what of a draft enters it. All of them speak through one `Outbox`.
"""

from __future__ import annotations

from typing import assert_never

from colloque.streaming import events as ev
from colloque.streaming import messages as m
from colloque.streaming import notebook, speakers
from colloque.streaming.audio import samples, seconds
from colloque.streaming.clients import Clients
from colloque.streaming.commands import CloseConnection, Command, EraseCapture, Finished, ForgetAudio, StoreCheckpoint
from colloque.streaming.config import SessionConfig, SessionLimits
from colloque.streaming.deadlines import Deadlines
from colloque.streaming.engines import Writer
from colloque.streaming.errors import ColloqueError, SessionOver
from colloque.streaming.hearing import Hearing
from colloque.streaming.lifecycle import Trigger, refusal, step
from colloque.streaming.outbox import Outbox
from colloque.streaming.scribe import Scribe
from colloque.streaming.setup import Setup, configured, reconfigured
from colloque.streaming.view import SessionView

RESTART_SEQ_STEP = 1000
"""After a restart numbering goes on so much higher: above the few events that were sent but need no storing."""


class Session:
    """State of one consultation."""

    def __init__(
        self, config: SessionConfig, limits: SessionLimits | None = None, writer: Writer | None = None
    ) -> None:
        """Without a `writer` turns have no written form."""
        self._limits, self._writer = limits or SessionLimits(), writer
        self._set_up(config, SessionView(config=configured(config)), seq=0, received_sample=0)

    @classmethod
    def restore(
        cls,
        config: SessionConfig,
        view: SessionView,
        *,
        received_samples: int,
        last_seq: int,
        checkpoints: dict[int, StoreCheckpoint],
        limits: SessionLimits | None = None,
        writer: Writer | None = None,
    ) -> Session:
        """A session as it was before a restart: `view` is the fold of its stored events. Feed `Restored` first."""
        session = cls(config, limits, writer)
        session._set_up(reconfigured(config, view.config), view, last_seq + RESTART_SEQ_STEP, received_samples)
        session._hearing.restore(checkpoints)
        return session

    def _set_up(self, config: SessionConfig, view: SessionView, seq: int, received_sample: int) -> None:
        self._outbox = Outbox(view, seq)
        self._outbox.clock_sample = received_sample
        self._clients = Clients(config, self._outbox)
        self._hearing = Hearing(config, self._outbox, received_sample, self._writer)
        self._setup = Setup(config, self._outbox, self._clients, self._hearing)
        self._scribe = Scribe(self._limits, self._outbox)
        self._deadlines = Deadlines()

    # --- what the driver may ask --------------------------------------------------------------------------------

    @property
    def view(self) -> SessionView:
        """What clients see, as of now."""
        return self._outbox.view

    @property
    def state(self) -> m.SessionState:
        """Where the session is in its life."""
        return self.view.state

    @property
    def seq(self) -> int:
        """The last number given to a broadcast event."""
        return self._outbox.seq

    @property
    def received_samples(self) -> int:
        """Audio accepted, samples at 16 kHz: the session's clock."""
        return self._hearing.received_sample

    @property
    def backlog_samples(self) -> int:
        """Audio accepted and not yet worked through, samples at 16 kHz."""
        return self._hearing.received_sample - self._hearing.processed_sample

    def next_deadline(self) -> float | None:
        """When to feed `TimerFired`; monotonic seconds."""
        return self._deadlines.next(self._scribe.due)

    def refusal(self, error: ColloqueError) -> m.Envelope:
        """What to tell the client whose request raised this."""
        return self._outbox.envelope(m.Fault(error.code, str(error), error.recoverable))

    # --- the one door -------------------------------------------------------------------------------------------

    def receive(self, event: ev.SessionEvent, now: float) -> list[Command]:
        """Takes an event; gives the commands to carry out, in order.

        Raises a leaf of `ColloqueError` where a client's request is refused; nothing has changed then.
        """
        match event:
            case ev.ClientAttached() | ev.ClientDetached() | ev.ClientSaid() | ev.AudioArrived():
                self._client(event, now)
            case ev.ConsentRecorded():
                self._consent(event, now)
            case ev.SpeechDelivered(track, generation, result):
                pause_s = self._hearing.deliver(track, generation, result)
                if pause_s is not None:
                    self._deadlines.set("reopen", now + pause_s)
                elif self.state == "closing":
                    self._deadlines.set("flush", now + self._limits.flush_wait_s)
            case ev.NoteDrafted(draft):
                self._deadlines.clear("draft_wait")
                self._scribe.drafted(now)
                if draft is not None:
                    self._outbox.emit(notebook.merge(self._setup.config.session_id, self.view, draft))
            case ev.StatementEdited():
                self._outbox.emit(notebook.edit(self.view, event))
            case ev.NoteSignedBy():
                self._outbox.emit(notebook.sign(self.view, event))
            case ev.Restored():
                self._restored(now)
            case ev.Ended(reason):
                self._end(reason, now)
            case ev.TimerFired():
                self._timer(now)
            case _:
                assert_never(event)
        self._after(now)
        return self._outbox.take()

    def _after(self, now: float) -> None:
        """What any event may have brought about: words for the note, or the end of the end."""
        if self._hearing.new_words:
            self._hearing.new_words = False
            self._scribe.words_changed(now)
        if self.state == "closing" and self._hearing.is_flushed and not self._scribe.is_drafting:
            self._finish() if self._scribe.is_done else self._draft(now)

    # --- clients ------------------------------------------------------------------------------------------------

    def _client(self, event: ev.SessionEvent, now: float) -> None:
        match event:
            case ev.ClientAttached():
                self._clients.attach(event, self.received_samples)
                if event.publisher:
                    self._deadlines.clear("publisher")
                if self.state == "closed":
                    code = 4004 if self.view.reason == "consent_withdrawn" else 1000
                    self._outbox.do(CloseConnection(event.connection, code, self.view.reason))
                elif self.state == "waiting_consent":
                    self._deadlines.set_first("consent", now + self._limits.consent_wait_s)
            case ev.ClientDetached(connection):
                if self._clients.detach(connection) and self.state in ("live", "paused"):
                    self._deadlines.set("publisher", now + self._limits.publisher_wait_s)
            case ev.ClientSaid(connection, message):
                self._said(connection, message, now)
            case ev.AudioArrived(connection, pcm):
                self._audio(connection, pcm, now)

    def _said(self, connection: int, message: m.ClientMessage, now: float) -> None:
        if isinstance(message, m.Keepalive):
            return
        self._clients.require_publisher(connection)
        match message:
            case m.SessionStart(audio):
                self._setup.start(connection, audio)
            case m.Finalize():
                if self.state == "live":
                    self._hearing.flush()
            case m.Pause():
                if self._step("pause", "client"):
                    self._hearing.flush()
                    self._clients.ack(self.received_samples, always=True)
            case m.Resume():
                self._step("resume", "client")
            case m.Configure():
                self._setup.configure(message)
            case m.SpeakerAssign():
                self._outbox.emit(speakers.assign(self.view, message))
                self._scribe.words_changed(now)
            case m.End():
                self._end("client", now)

    def _audio(self, connection: int, pcm: ev.TrackPcm, now: float) -> None:
        self._clients.require_publisher(connection)
        if self.state != "live":
            raise refusal(self.state)
        if not self._hearing.audio(pcm):
            return
        self._clients.ack(self.received_samples)
        self._deadlines.set_first("lag", now + self._limits.lag_every_s)
        if self.received_samples >= samples(self._limits.duration_max_s):
            self._end("duration", now)

    # --- life ---------------------------------------------------------------------------------------------------

    def _step(self, trigger: Trigger, reason: str) -> bool:
        """Takes a trigger; True where the state has changed. Raises why it cannot."""
        after = step(self.state, trigger)
        if after == self.state:
            return False
        self._outbox.emit([m.StateChanged(after, reason)])
        return True

    def _consent(self, event: ev.ConsentRecorded, now: float) -> None:
        if event.given:
            if self._step("consent_given", "consent_given"):
                self._deadlines.clear("consent")
                self._hearing.open()
                if self._clients.publisher is None:
                    self._deadlines.set("publisher", now + self._limits.publisher_wait_s)
            return
        if self.state == "closed":
            raise SessionOver("the session is closed already: DELETE /v1/sessions/{id} erases it, where that is meant")
        refused = self.state == "waiting_consent"
        reason = "consent_refused" if refused else "consent_withdrawn"
        self._hearing.close()
        if event.erase:
            self._outbox.do(EraseCapture())
            self.view.forget()
            self._outbox.emit([m.Snapshot(self.view.to_json())])
        self._step("consent_refused" if refused else "consent_withdrawn", reason)
        self._close(reason, 1000 if refused else 4004)

    def _restored(self, now: float) -> None:
        if self.state in ("live", "paused", "closing"):
            self._hearing.open()
            self._deadlines.set("publisher", now + self._limits.publisher_wait_s)
            if self.view.turns:
                self._scribe.words_changed(now)
        if self.state == "closing":
            self._hearing.flush()
            self._deadlines.set("flush", now + self._limits.flush_wait_s)

    def _end(self, reason: str, now: float) -> None:
        if not self._step("end", reason):
            return
        if self.state == "closed":
            self._close(reason, 1000)
            return
        self._clients.ack(self.received_samples, always=True)
        self._hearing.flush()
        self._deadlines.set("flush", now + self._limits.flush_wait_s)

    def _finish(self) -> None:
        self._hearing.tell_lag()
        self._hearing.close()
        self._outbox.do(ForgetAudio(self.received_samples))
        self._step("finished", self.view.reason)
        self._close(self.view.reason, 1000)

    def _close(self, reason: str, code: int) -> None:
        """Says the last word and lets everybody go."""
        summary = {"reason": reason, "duration": round(seconds(self.received_samples), 3), **self.view.counts()}
        self._outbox.emit([m.SessionEnded(summary)])
        self._clients.close_all(code, reason)
        self._deadlines.clear_all()
        self._scribe.give_up()
        self._outbox.do(Finished())

    # --- time ---------------------------------------------------------------------------------------------------

    def _timer(self, now: float) -> None:
        if self._scribe.due is not None and self._scribe.due <= now:
            self._draft(now)
        for name in self._deadlines.pop_due(now):
            match name:
                case "lag":
                    if self._hearing.tell_lag():
                        self._deadlines.set("lag", now + self._limits.lag_every_s)
                case "reopen":
                    self._hearing.open()
                case "consent":
                    self._end("consent_timeout", now)
                case "publisher":
                    self._end("no_publisher", now)
                case "flush":
                    self._hearing.abandon("engine")
                case "draft_wait":
                    self._scribe.late()

    def _draft(self, now: float) -> None:
        self._scribe.request(self._setup.config)
        self._deadlines.set("draft_wait", now + self._limits.draft_wait_s)
