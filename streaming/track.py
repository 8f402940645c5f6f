"""One track of a session: its stream in the speech engine, and how results become committed words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from colloque.streaming import speakers
from colloque.streaming.commands import OpenStream, StoreCheckpoint
from colloque.streaming.config import SessionConfig, TrackSpec
from colloque.streaming.engines import Checkpoint, RecognisedWord, StreamSpec
from colloque.streaming.joiner import Run, WordJoiner
from colloque.streaming.messages import ServerEvent, TranscriptFinal, TurnEnded
from colloque.streaming.transcript import Word
from colloque.streaming.view import SessionView

TIME_GRID = 16
"""Samples. Word times are kept to the millisecond, so that the wire, the store and the session say the same."""


class Track:
    """State of one track; `Hearing` drives it."""

    def __init__(self, index: int, spec: TrackSpec, is_room: bool, view: SessionView) -> None:
        self.index = index
        self.spec = spec
        self.is_room = is_room
        """A room's speakers are told apart; otherwise the track is the speaker."""
        self.generation = 0
        """Of the engine's stream; results of an older one are stale."""
        self.is_open = False
        self.processed_sample = 0
        self.furthest_sample = 0
        """As far as any stream of the track has come."""
        self.flushing: set[int] = set()
        """Tokens of flushes that the engine has not answered."""
        self.is_stale = False
        """The configuration has changed: open the stream anew once it is flushed."""
        self.failures = 0
        """Of the engine in a row, without new audio worked through between."""
        self.stored: StoreCheckpoint | None = None
        self._held: deque[Checkpoint] = deque()
        """Checkpoints whose earlier words still wait for their speakers."""
        self._view = view
        self.joiner = self._new_joiner()
        words = [word for turn in view.turns.values() if turn.track == index for word in turn.words]
        self._word_count = max((int(word.id.partition("-")[2]) for word in words), default=0)
        self._segment_base = _next_segment(view, index)
        self._guard_sample = max((word.end_sample for word in words), default=0)
        """After a restart, audio from before here may be heard again; its words are committed already."""

    def _new_joiner(self) -> WordJoiner:
        return WordJoiner(fixed_speaker=None if self.is_room else self.index + 1)

    def open(self, config: SessionConfig, received_sample: int) -> OpenStream:
        """Opens the stream (anew) from the last stored checkpoint."""
        start = self.stored.sample if self.stored else 0
        if self.generation:
            self.joiner = self._new_joiner()
            self._held.clear()
        self.generation += 1
        self.is_open, self.is_stale = True, False
        self.processed_sample = start
        spec = StreamSpec(
            session_id=config.session_id,
            track=self.index,
            language=config.language,
            keyterms=config.keyterms,
            diarise=self.is_room,
            speakers_max=config.speakers_max,
            start_sample=start,
            state=(self.stored.state or None) if self.stored else None,
        )
        return OpenStream(spec, self.generation, replay=start < received_sample)

    def turn_of(self, segment: int, run_index: int = 0) -> str:
        """Stable id of the turn that a run of a segment becomes."""
        name = f"t{self.index}-{self._segment_base + segment}"
        return f"{name}.{run_index}" if run_index else name

    def end_stream(self) -> None:
        """After a failure: segments of the next stream get numbers of their own."""
        self.is_open = False
        self._segment_base = _next_segment(self._view, self.index)
        self._guard_sample = max(
            (w.end_sample for t in self._view.turns.values() if t.track == self.index for w in t.words), default=0
        )

    def commit(self, runs: list[Run]) -> Iterator[ServerEvent]:
        """Events that commit the runs' words."""
        for run in runs:
            words = [w for w in run.words if w.start_sample + w.end_sample > 2 * self._guard_sample]
            turn = self.turn_of(run.segment, run.index)
            if words:
                speaker = speakers.label(run.speaker) if run.speaker is not None else None
                if speaker is not None:
                    spec = None if self.is_room else self.spec
                    yield from speakers.first_heard(self._view, speaker, run.confirmed, spec)
                yield TranscriptFinal(turn, self.index, tuple(self._word(w, speaker, run.confirmed) for w in words))
                yield TurnEnded(turn, run.end or "speaker")

    def _word(self, word: RecognisedWord, speaker: str | None, confirmed: bool) -> Word:
        self._word_count += 1
        start = word.start_sample // TIME_GRID * TIME_GRID
        return Word(
            id=f"w{self.index}-{self._word_count}",
            text=word.text,
            start_sample=start,
            end_sample=max(start, -(-word.end_sample // TIME_GRID) * TIME_GRID),
            confidence=round(word.confidence, 3),
            speaker=speaker,
            speaker_state="confirmed" if confirmed else "provisional",
        )

    def hold(self, checkpoint: Checkpoint) -> None:
        """Keeps a checkpoint until the words before it are committed."""
        self._held.append(checkpoint)

    def due_checkpoint(self) -> StoreCheckpoint | None:
        """The latest checkpoint that may be stored now: no word before it waits for its speaker."""
        waiting = self.joiner.first_waiting_sample
        due: Checkpoint | None = None
        while self._held and (waiting is None or self._held[0].sample <= waiting):
            due = self._held.popleft()
        if due is None:
            return None
        self.stored = StoreCheckpoint(self.index, due.sample, due.state)
        return self.stored


def _next_segment(view: SessionView, track: int) -> int:
    """The first segment number that no turn of the track has taken."""
    names = [*view.turns, *view.partials]
    numbers = [int(name.partition("-")[2].split(".")[0]) for name in names if name.startswith(f"t{track}-")]
    return max(numbers, default=-1) + 1
