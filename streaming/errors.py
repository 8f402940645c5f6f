"""Every error that a client can meet, with a stable code and who is at fault.

    ColloqueError
    ├── ClientFault            the client must change something
    │   ├── BadMessage         not JSON, unknown type, wrong field
    │   ├── BadAudio           not what was declared
    │   ├── TooBig             a message over the limit
    │   ├── NotAllowed         the token's scope does not reach so far
    │   ├── UnknownStatement   no such statement in the note
    │   └── StaleRevision      an edit based on an old revision
    ├── Refused                the server will not do it now
    │   ├── ConsentRequired    nothing before consent
    │   ├── SessionPaused      audio while paused
    │   ├── SessionOver        the session has ended
    │   ├── Unauthorised       no valid key or token
    │   ├── TokenExpired       a token past its time
    │   ├── UnknownSession     no such session
    │   └── CapacityReached    full; try again later
    └── EngineFault            the server is at fault

Leaves with codes of their own also live where they arise: `storage` and `session_down` in `server/`, `already_signed`,
`not_signed` and `not_available` beside the rules of the note. `docs/protocol.md` lists all.

Messages never hold speech, names or tokens: they may be logged.
"""

from __future__ import annotations

from typing import ClassVar


class ColloqueError(Exception):
    """Root. `str(error)` says what happened, what it means and what to do."""

    code: ClassVar[str] = "internal"
    """Stable identifier for programs."""
    status: ClassVar[int] = 500
    """HTTP status of the answer."""
    close_code: ClassVar[int] = 1011
    """WebSocket close code where the connection cannot go on."""
    recoverable: ClassVar[bool] = False
    """True where the connection goes on."""


class ClientFault(ColloqueError):
    """The client must change something."""

    code = "bad_request"
    status = 400
    close_code = 1008
    recoverable = True


class BadMessage(ClientFault):
    """A message that is no JSON, of no known type, or with a wrong field."""

    code = "bad_message"
    status = 422


class BadAudio(ClientFault):
    """Audio that is not what was declared."""

    code = "bad_audio"
    status = 415


class TooBig(ClientFault):
    """A message over the limit."""

    code = "too_big"
    status = 413
    close_code = 1009
    recoverable = False


class NotAllowed(ClientFault):
    """The token's scope does not reach so far."""

    code = "not_allowed"
    status = 403


class UnknownStatement(ClientFault):
    """The note has no such statement."""

    code = "unknown_statement"
    status = 404


class StaleRevision(ClientFault):
    """The edit rests on an old revision: read again, then edit."""

    code = "stale_revision"
    status = 409


class Refused(ColloqueError):
    """The server will not do it now."""

    code = "refused"
    status = 403
    close_code = 1008


class ConsentRequired(Refused):
    """Nothing before consent."""

    code = "consent_required"
    status = 409
    recoverable = True


class SessionPaused(Refused):
    """Audio while the session is paused is not taken."""

    code = "paused"
    status = 409
    recoverable = True


class SessionOver(Refused):
    """The session has ended."""

    code = "session_over"
    status = 409


class Unauthorised(Refused):
    """No valid key or token."""

    code = "unauthorised"
    status = 401


class TokenExpired(Refused):
    """A token past its time."""

    code = "token_expired"
    status = 401
    close_code = 4001


class UnknownSession(Refused):
    """No such session."""

    code = "unknown_session"
    status = 404


class CapacityReached(Refused):
    """Full: a session more would make all of them late."""

    code = "capacity"
    status = 503
    close_code = 1013

    def __init__(self, message: str, retry_after_s: int = 30) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineFault(ColloqueError):
    """The server is at fault."""

    code = "engine"
    recoverable = True
