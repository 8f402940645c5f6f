"""One track in the engine of this machine: its slots in both lanes, and the work that goes through them."""

from __future__ import annotations

from dataclasses import dataclass

from colloque.models.batcher import Slot
from colloque.models.pace import Pace
from colloque.models.pipeline import FinalPass, Outlet, Pass, TrackPipeline
from colloque.models.reader import SegmentReader
from colloque.models.window import Window
from colloque.streaming.audio import AudioChunk
from colloque.streaming.engines import Checkpoint, Flushed, StreamSpec


@dataclass(frozen=True, slots=True)
class Flush:
    """Close what is open, then answer."""

    token: int


@dataclass(frozen=True, slots=True)
class Open:
    """First work of a stream: its state is made in the lane that will use it."""


VoiceWork = Open | AudioChunk | Flush
RecogniserWork = Pass | FinalPass | Checkpoint | Flushed


class LocalStream:
    """One track: its slots, and its state once the voice lane has made it."""

    def __init__(
        self,
        spec: StreamSpec,
        outlet: Outlet,
        voice: Slot[tuple[LocalStream, VoiceWork]],
        recogniser: Slot[tuple[LocalStream, RecogniserWork]],
    ) -> None:
        self.spec = spec
        self.outlet = outlet
        self.pipeline: TrackPipeline | None = None
        self._voice = voice
        self._recogniser = recogniser
        self.pace = Pace()
        self.reader: SegmentReader | None = None
        """Of the open segment; the recogniser lane's alone."""
        self.window: Window | None = None
        """Of the reader, or of the one before; the recogniser lane's alone."""
        self.covered_sample = spec.start_sample
        """The open segment's words before here have been delivered; the recogniser lane's alone."""
        voice.put((self, Open()))

    @property
    def ready_pipeline(self) -> TrackPipeline:
        """The state that `Open` has made."""
        if self.pipeline is None:
            raise RuntimeError("the stream has no state: opening it failed")
        return self.pipeline

    @property
    def is_late(self) -> bool:
        """It is live, and more work waits: passes that only come early are left out. Never where audio comes faster."""
        return self.pace.is_live and self._recogniser.is_waited_for

    def push(self, chunk: AudioChunk) -> None:
        """Appends audio."""
        self.pace.heard(chunk.end_sample)
        self._voice.put((self, chunk))

    def flush(self, token: int) -> None:
        """Closes what is open; answered by `Flushed(token)`."""
        self._voice.put((self, Flush(token)))

    def pass_on(self, work: RecogniserWork) -> None:
        """Hands work on to the recogniser lane."""
        self._recogniser.put((self, work))

    def close(self) -> None:
        """Frees both slots; nothing is delivered afterwards."""
        self.outlet.close()
        self._voice.close()
        self._recogniser.close()
