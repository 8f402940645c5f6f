"""Collects what a session wants done, numbers its events, and folds them into its view."""

from __future__ import annotations

from collections.abc import Iterable

from colloque.streaming.audio import seconds
from colloque.streaming.commands import Broadcast, Command, SendTo
from colloque.streaming.messages import EPHEMERAL, Envelope, ServerEvent
from colloque.streaming.view import SessionView


class Outbox:
    """One per session; `take` empties it."""

    def __init__(self, view: SessionView, seq: int) -> None:
        self.view = view
        self.seq = seq
        """The last number given to a broadcast event."""
        self.clock_sample = 0
        """Audio time of what is said next: the samples accepted so far."""
        self._commands: list[Command] = []

    def emit(self, events: Iterable[ServerEvent]) -> None:
        """Says events to everybody, and keeps them in the view."""
        for event in events:
            self.seq += 1
            self.view.apply(event)
            envelope = Envelope(self.seq, seconds(self.clock_sample), event)
            self._commands.append(Broadcast(envelope, durable=not isinstance(event, EPHEMERAL)))

    def envelope(self, event: ServerEvent) -> Envelope:
        """An event for one connection: it carries the last broadcast number."""
        return Envelope(self.seq, seconds(self.clock_sample), event)

    def tell(self, connection: int, event: ServerEvent) -> None:
        """Says an event to one connection."""
        self._commands.append(SendTo(connection, self.envelope(event)))

    def do(self, command: Command) -> None:
        """Adds a command that says nothing."""
        self._commands.append(command)

    def take(self) -> list[Command]:
        """The commands since the last call, in order."""
        commands, self._commands = self._commands, []
        return commands
