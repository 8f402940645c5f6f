"""When to draft: soon after somebody stops, now and then while they go on, one draft at a time."""

from __future__ import annotations

from colloque.streaming import speakers
from colloque.streaming.commands import RequestDraft
from colloque.streaming.config import SessionConfig, SessionLimits
from colloque.streaming.engines import DraftRequest
from colloque.streaming.messages import Warn
from colloque.streaming.outbox import Outbox


class Scribe:
    """Asks for drafts of the note; `notebook` merges them."""

    def __init__(self, limits: SessionLimits, outbox: Outbox) -> None:
        self._limits = limits
        self._outbox = outbox
        self._dirty_since: float | None = None
        self.due: float | None = None
        """When the next draft is asked for; None where nothing is new or a draft is under way."""
        self.is_drafting = False

    @property
    def is_done(self) -> bool:
        """The note says what the transcript says."""
        return self._dirty_since is None and not self.is_drafting

    def words_changed(self, now: float) -> None:
        """Something was said, or is now known to be said by somebody else."""
        if self._dirty_since is None:
            self._dirty_since = now
        if not self.is_drafting:
            self._schedule(now)

    def _schedule(self, now: float) -> None:
        assert self._dirty_since is not None
        latest = self._dirty_since + self._limits.draft_at_least_s
        self.due = min(now + self._limits.draft_after_s, max(now, latest))

    def request(self, config: SessionConfig) -> None:
        """Asks for a draft of all that is committed, with the roles that it suggests."""
        self._outbox.emit(speakers.guess(self._outbox.view, config.language))
        self._dirty_since, self.due, self.is_drafting = None, None, True
        request = DraftRequest(config.session_id, config.language, self._outbox.view.transcript())
        self._outbox.do(RequestDraft(request))

    def drafted(self, now: float) -> None:
        """The draft has come (or failed): what was said meanwhile wants another."""
        self.is_drafting = False
        if self._dirty_since is not None:
            self._schedule(now)

    def late(self) -> None:
        """The draft has not come in time: it is no longer waited for."""
        said = "a draft of the note did not come in time; the next one will hold it"
        self._outbox.emit([Warn("draft_late", said)])
        self.give_up()

    def give_up(self) -> None:
        """Waits for nothing any more."""
        self._dirty_since, self.due, self.is_drafting = None, None, False
