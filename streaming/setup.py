"""What the session works with: language, tracks, key terms; and how a client changes it."""

from __future__ import annotations

from dataclasses import replace

from colloque.streaming import messages as m
from colloque.streaming.clients import Clients
from colloque.streaming.config import SessionConfig, TrackSpec
from colloque.streaming.errors import BadAudio
from colloque.streaming.hearing import Hearing
from colloque.streaming.lifecycle import refusal
from colloque.streaming.outbox import Outbox

ROOM = (TrackSpec("room"),)
TWO_TRACKS = (TrackSpec("left"), TrackSpec("right"))


class Setup:
    """Keeps the configuration in force, and tells hearing and clients when it changes."""

    def __init__(self, config: SessionConfig, outbox: Outbox, clients: Clients, hearing: Hearing) -> None:
        self.config = config
        self._outbox = outbox
        self._clients = clients
        self._hearing = hearing

    def start(self, connection: int, audio: m.AudioFormat) -> None:
        """Takes the publisher's declaration of its audio. Raises `BadAudio`."""
        if audio.channels not in (1, 2) or not 8_000 <= audio.rate <= 48_000:
            raise BadAudio("audio must have 1 or 2 channels at 8,000 to 48,000 Hz: declare what you send")
        if audio.channels != len(self.config.tracks):
            if self._hearing.received_sample:
                raise BadAudio(f"the session has {len(self.config.tracks)} track(s) of audio already: keep to them")
            self._retrack(audio.channels)
        self._clients.declare(connection, audio, self._hearing.received_sample)

    def _retrack(self, channels: int) -> None:
        self._change(replace(self.config, tracks=TWO_TRACKS if channels == 2 else ROOM))
        if self._outbox.view.state == "live":
            self._hearing.open()

    def configure(self, message: m.Configure) -> None:
        """Takes a client's wishes; what is not given stays. Raises `SessionOver`."""
        if self._outbox.view.state in ("closing", "closed"):
            raise refusal(self._outbox.view.state)
        changed = replace(
            self.config,
            language=message.language or self.config.language,
            keyterms=self.config.keyterms if message.keyterms is None else message.keyterms,
            speakers_max=message.speakers_max or self.config.speakers_max,
        )
        if changed != self.config:
            self._change(changed)

    def _change(self, config: SessionConfig) -> None:
        self.config = config
        self._hearing.reconfigure(config)
        self._outbox.emit([configured(config)])


def configured(config: SessionConfig) -> m.SessionConfigured:
    """The event that tells clients of a configuration."""
    return m.SessionConfigured(config.language, config.tracks, config.keyterms, config.speakers_max)


def reconfigured(config: SessionConfig, known: m.SessionConfigured) -> SessionConfig:
    """The configuration with what clients have been told of it since the session was opened."""
    return replace(
        config,
        language=known.language,
        tracks=known.tracks,
        keyterms=known.keyterms,
        speakers_max=known.speakers_max,
    )
