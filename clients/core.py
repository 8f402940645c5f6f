"""The client's side of a stream without a socket: what to send next, what to show, where to go on after a loss.

    core.connected()                     # a connection is there
    is_news = core.receive(envelope)     # False: it was seen before
    frame = core.next_to_send()          # None: nothing, for now
    core.resume_from                     # `last_seq` of the next connection

Each connection starts with `session.ready`, which says how audio is read and from which sample on it is expected. Where
that is not what this client sends, it declares its own with `session.start` and waits for the answer.
"""

from __future__ import annotations

from typing import Literal

from colloque.clients.errors import RequestRefused, StreamClosed
from colloque.clients.replay import AcknowledgedAudioLost, ReplayBuffer
from colloque.streaming import messages as m
from colloque.streaming.view import SessionView
from colloque.streaming.wire import encode_client

BYTES_PER_VALUE: dict[str, int] = {"pcm_s16le": 2, "pcm_f32le": 4}
_TO_ONE = (m.SessionReady, m.AudioAck, m.Fault)
"""What may be said to one connection only: such events repeat the last `seq`."""
_REFUSED_AUDIO = ("paused", "consent_required")

Phase = Literal["offline", "greeting", "declare", "declaring", "open", "refused", "settling"]
"""`declare`, `refused`: a `session.start` is to be sent, at first or because audio was refused and the server must say
where it stands; `declaring`, `settling`: its answer must come before anything else is sent."""


class StreamCore:
    """State of a stream over all its connections."""

    def __init__(self, audio: m.AudioFormat | None) -> None:
        """`audio` is what will be sent; None for a client that only receives. Raises `ValueError` unless PCM."""
        if audio is not None and audio.encoding not in BYTES_PER_VALUE:
            raise ValueError("this client sends PCM: a replay needs to know where each sample is")
        self.audio = audio
        self.view = SessionView()
        self.ready: m.SessionReady | None = None
        """The server's last greeting."""
        self.resume_from: int | None = None
        """`seq` of the last broadcast event that was seen."""
        self.fault: m.Fault | None = None
        """The last `error` of the present connection."""
        self.listening = True
        """False while the session is known to take no audio (no consent yet, paused)."""
        self.phase: Phase = "offline"
        self.buffer = ReplayBuffer(BYTES_PER_VALUE[audio.encoding] * audio.channels if audio else 1)

    # --- the connection ---------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """A connection was made; the server speaks first."""
        self.phase = "greeting"
        self.fault = None

    def lost(self) -> None:
        """The connection is gone."""
        self.phase = "offline"

    @property
    def is_open(self) -> bool:
        """The greeting is over."""
        return self.phase in ("open", "refused", "settling")

    # --- what is said -----------------------------------------------------------------------------------------------

    def say(self, message: m.ClientMessage) -> None:
        """Queues a message behind the audio so far. Raises `ValueError` for a client that only receives."""
        if self.audio is None:
            raise ValueError("this stream was opened to receive only")
        self.buffer.add_message(message)
        if isinstance(message, m.Pause | m.Resume):
            self.listening = isinstance(message, m.Resume)

    def next_to_send(self) -> str | bytes | None:
        """The next frame; None while there is nothing to send, or while an answer must come first."""
        if self.phase in ("declare", "refused") and self.audio is not None:
            self.phase = "declaring" if self.phase == "declare" else "settling"
            return encode_client(m.SessionStart(self.audio))
        if self.phase != "open" or not self.buffer.has_unsent:
            return None
        item = self.buffer.next()
        return item if isinstance(item, bytes) else encode_client(item)

    # --- what is heard ----------------------------------------------------------------------------------------------

    def receive(self, envelope: m.Envelope) -> bool:
        """Takes an event; False where it was seen before.

        Raises `RequestRefused` where this client cannot send what it wants to, and `StreamClosed` where the server has
        lost what it had acknowledged.
        """
        if self._is_old(envelope):
            return False
        event = envelope.event
        self.view.apply(event)
        match event:
            case m.SessionReady():
                self._greeted(event)
            case m.AudioAck(samples):
                self.buffer.acknowledge(samples)
            case m.Fault():
                self._refused(event)
            case m.StateChanged() | m.Snapshot():
                self._state_told()
            case _:
                pass
        return True

    def _is_old(self, envelope: m.Envelope) -> bool:
        if isinstance(envelope.event, _TO_ONE):
            return False
        seen = self.resume_from
        if seen is not None and envelope.seq <= seen and not isinstance(envelope.event, m.Snapshot):
            # Tentative text is said again after a resume, with the last `seq`.
            return envelope.seq < seen or not isinstance(envelope.event, m.TranscriptPartial)
        self.resume_from = envelope.seq
        return False

    def _greeted(self, ready: m.SessionReady) -> None:
        self.ready = ready
        if self.audio is None:
            self.phase = "open"
            return
        if ready.audio is None:
            raise RequestRefused("not_allowed", "this token may only receive: send audio with the publisher token")
        heard = m.AudioFormat(ready.audio.encoding, ready.audio.rate, ready.audio.channels)
        if heard != self.audio:
            self.phase = "declare"
        elif self.phase == "settling":
            self.buffer.settle(ready.audio.samples)
            self.phase = "open"
        else:
            self._rewind(ready.audio.samples)

    def _rewind(self, position: int) -> None:
        try:
            self.buffer.rewind(position)
        except AcknowledgedAudioLost:
            raise StreamClosed(
                1011, "audio_lost", "the server no longer has audio that it had acknowledged; its storage is damaged"
            ) from None
        self.phase = "open"

    def _state_told(self) -> None:
        listening = self.view.state == "live"
        if listening and not self.listening and self.phase == "open" and self.audio is not None:
            # Frames that crossed the news on their way may have been refused unheard.
            self.phase = "refused"
        self.listening = listening

    def _refused(self, fault: m.Fault) -> None:
        self.fault = fault
        if self.phase == "declaring":
            raise RequestRefused(fault.code, fault.message)
        if self.phase == "open" and self.audio is not None and fault.code in _REFUSED_AUDIO:
            self.phase = "refused"
