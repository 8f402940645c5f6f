"""The connections of a session: who may speak, what each has seen, and which audio is acknowledged."""

from __future__ import annotations

from colloque.streaming import messages as m
from colloque.streaming.audio import SAMPLE_RATE, samples
from colloque.streaming.commands import CloseConnection, ReplayTo
from colloque.streaming.config import SessionConfig
from colloque.streaming.errors import NotAllowed
from colloque.streaming.events import ClientAttached
from colloque.streaming.outbox import Outbox

ACK_EVERY_SAMPLES = samples(0.25)
LIMITS: dict[str, float] = {"frame_bytes_max": 1 << 20, "text_bytes_max": 1 << 16, "rate_min": 8000, "rate_max": 48000}


class Clients:
    """Attached connections; at most one of them is the publisher."""

    def __init__(self, config: SessionConfig, outbox: Outbox) -> None:
        self._session_id = config.session_id
        self._outbox = outbox
        self._tokens: dict[int, str | None] = {}
        self._format = m.AudioFormat()
        self._acked_sample = 0
        self.publisher: int | None = None
        """Connection of the publisher."""

    def attach(self, event: ClientAttached, received_sample: int) -> None:
        """Greets a connection and brings it up to date. A newer publisher takes the older one's place."""
        self._tokens[event.connection] = event.token
        if event.publisher:
            if self.publisher is not None:
                self._outbox.do(CloseConnection(self.publisher, 4003, "superseded by a newer publisher"))
                self._tokens.pop(self.publisher, None)
            self.publisher = event.connection
            self._format = m.AudioFormat(channels=len(self._outbox.view.config.tracks))
        self._greet(event.connection, received_sample)
        if event.last_seq is not None and event.last_seq <= self._outbox.seq:
            self._outbox.do(ReplayTo(event.connection, event.last_seq, self._outbox.seq))
            for partial in self._outbox.view.partials.values():
                self._outbox.tell(event.connection, partial)
        else:
            self._outbox.tell(event.connection, m.Snapshot(self._outbox.view.to_json()))

    def _greet(self, connection: int, received_sample: int) -> None:
        audio = None
        if connection == self.publisher:
            known = self._format
            audio = m.AudioPosition(known.encoding, known.rate, known.channels, self._at_rate(received_sample))
        token = self._tokens.get(connection)
        self._outbox.tell(connection, m.SessionReady(self._session_id, token, audio, dict(LIMITS), self._outbox.seq))

    def detach(self, connection: int) -> bool:
        """Forgets a connection; True where it was the publisher's."""
        self._tokens.pop(connection, None)
        if connection != self.publisher:
            return False
        self.publisher = None
        return True

    def require_publisher(self, connection: int) -> None:
        """Raises `NotAllowed` for anybody but the publisher."""
        if connection != self.publisher:
            raise NotAllowed("only the session's publisher may send this; this connection may receive")

    def declare(self, connection: int, audio: m.AudioFormat, received_sample: int) -> None:
        """Takes the publisher's declaration and says from where the audio is expected."""
        self._format = audio
        self._acked_sample = received_sample
        self._greet(connection, received_sample)

    def ack(self, received_sample: int, always: bool = False) -> None:
        """Tells the publisher what is safe; the driver stores before it sends, so that this is true."""
        if self.publisher is None or received_sample == self._acked_sample:
            return
        if always or received_sample - self._acked_sample >= ACK_EVERY_SAMPLES:
            self._acked_sample = received_sample
            self._outbox.tell(self.publisher, m.AudioAck(self._at_rate(received_sample)))

    def _at_rate(self, sample: int) -> int:
        return sample * self._format.rate // SAMPLE_RATE

    def close_all(self, code: int, reason: str) -> None:
        """Lets every connection go."""
        for connection in self._tokens:
            self._outbox.do(CloseConnection(connection, code, reason))
        self._tokens.clear()
        self.publisher = None
