"""What can go wrong for a client, by who must act.

    ClientError
    ├── ServerUnreachable      nobody answers at the address, or not for too long
    ├── RequestRefused         the server answered with a problem: `code`, `status`, `retry_after_s`
    ├── StreamClosed           the server closed the stream for good: `close_code`, `code`
    ├── RecordingUnreadable    the recording cannot be read as audio
    └── LocalServerFailed      the server that the command line started did not come up

Messages say what happened, what it means and what to do; they hold no speech, name or token.
"""

from __future__ import annotations


class ClientError(Exception):
    """Root: an expected fault, fit to be shown to a person in one line."""


class ServerUnreachable(ClientError):
    """Nobody answers at the address, or a lost connection could not be made again in time."""


class RequestRefused(ClientError):
    """The server refused a request."""

    def __init__(self, code: str, message: str, status: int | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        """Stable identifier, see `docs/protocol.md`."""
        self.status = status
        """HTTP status, where the refusal came by HTTP."""
        self.retry_after_s = retry_after_s
        """Seconds after which another try may succeed, where the server said so."""


class StreamClosed(ClientError):
    """The server closed the stream, and connecting again would not help."""

    def __init__(self, close_code: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code}, close code {close_code})")
        self.close_code = close_code
        self.code = code
        """Code of the error that preceded the close, else one made from the close code."""


class RecordingUnreadable(ClientError):
    """The recording cannot be read as audio."""


class LocalServerFailed(ClientError):
    """The server of our own did not come up."""
