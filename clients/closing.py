"""What the end of a connection means for a client: done, try again, or give up. The table of `docs/protocol.md`."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Literal

from colloque.clients.errors import StreamClosed
from colloque.streaming.messages import Fault

Verdict = Literal["done", "retry", "final"]

CLOSE_CODES: dict[int, tuple[Verdict, str, str]] = {
    1000: ("done", "done", "the session is over"),
    1001: ("retry", "going_away", "the server is restarting"),
    1005: ("retry", "dropped", "the connection ended without a word"),
    1006: ("retry", "dropped", "the connection was lost"),
    1008: ("final", "refused", "the server refused this client"),
    1009: ("final", "too_big", "a message was over the server's limit"),
    1011: ("retry", "internal", "the server had an internal fault"),
    1012: ("retry", "going_away", "the server is restarting"),
    1013: ("retry", "capacity", "the server is full"),
    4001: ("final", "token_expired", "the session token has expired: create a session anew"),
    4002: ("final", "idle", "the server closed the session because nothing was sent for too long"),
    4003: ("final", "superseded", "another client sends the audio of this session now"),
    4004: ("final", "consent_withdrawn", "consent was withdrawn: nothing more is recorded in this session"),
}
"""Close code → verdict, stable code, what it means."""


def verdict(close_code: int) -> Verdict:
    """What to do after a close code; one that is not known is final, so that nobody hammers a server."""
    return CLOSE_CODES.get(close_code, ("final", "", ""))[0]


def explain(close_code: int, fault: Fault | None) -> StreamClosed:
    """The exception for a stream that is closed for good; `fault` is the last `error` before it."""
    _, code, meaning = CLOSE_CODES.get(close_code, ("final", "closed", "the server closed the stream"))
    if fault is not None and not fault.recoverable:
        return StreamClosed(close_code, fault.code, fault.message)
    return StreamClosed(close_code, code, meaning)


def retry_after_s(reason: str) -> float | None:
    """Seconds that the reason of a 1013 asks for, such as `retry_after=30`."""
    found = re.search(r"retry_after\D{0,3}(\d{1,6}(?:\.\d{1,3})?)", reason)
    return float(found.group(1)) if found else None


@dataclass(frozen=True, slots=True)
class Patience:
    """How a lost connection is made again: exponential backoff with full jitter."""

    first_s: float = 0.25
    """Upper bound of the first pause."""
    max_s: float = 10.0
    """Upper bound of every pause."""
    give_up_s: float = 300.0
    """Without a connection for so long, the client gives up."""

    def pause_s(self, attempt: int, asked_s: float | None = None) -> float:
        """Seconds to wait before attempt number `attempt` (from 0); `asked_s` is what the server asked for."""
        bound = min(self.max_s, self.first_s * 2.0 ** min(attempt, 30))
        pause = random.uniform(bound / 2, bound)
        return pause if asked_s is None else max(pause, asked_s)
