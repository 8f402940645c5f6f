"""One track on its way through the engines: voice activity to segments, segments to words, and who speaks beside it.

    push ──> voice lane:  Silero ──> segmenter ──> diariser
                                        │
                                        └──> recogniser lane:  passes over the open segment (`reader.py`)

When a pass is due depends on the segments alone, which depend on the audio alone: however the audio is cut into chunks,
the words are the same. Only where live audio is behind, since the machine is busy, growth passes are left out.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from colloque.models.reader import PassKind
from colloque.models.vad import STATE_BYTES, VoiceState, VoiceStream
from colloque.streaming.audio import AudioChunk, Pcm, samples
from colloque.streaming.engines import (
    Checkpoint,
    Deliver,
    Progress,
    SpeakerActivity,
    SpeakerConfirmed,
    SpeakerMerged,
    SpeechResult,
    StreamSpec,
)
from colloque.streaming.segmenter import WINDOW_SAMPLES, Segmenter, SegmenterState, SpeechSegment

REST_WINDOWS = 11
"""After so many (0.35 s) what the pass at the pause's beginning has heard is committed without another."""
GROW_EVERY_SAMPLES = samples(0.5)
"""So much new speech is worth another pass."""
GROW_FIRST_SAMPLES = samples(0.8)
"""The first pass of a segment, whose start is padding."""
BREATH_WINDOWS = 7
"""So many silent windows (0.22 s) are a pause in which words may be committed; the segment goes on."""
CHECKPOINT_EVERY_SAMPLES = samples(10.0)
"""In silence a checkpoint comes so often, so that a restart replays little."""
_STATE = struct.Struct("<4sqqB")
_MAGIC = b"cqp3"


class DiariserTrack(Protocol):
    """State of the diariser for one track."""

    def push(self, pcm: Pcm) -> list[SpeakerActivity | SpeakerMerged | SpeakerConfirmed]:
        """Takes audio, float32 (n,)."""

    def flush(self) -> list[SpeakerActivity | SpeakerMerged | SpeakerConfirmed]:
        """Gives everything up to the end of the audio."""

    def state(self) -> bytes:
        """Enough to know the voices again."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The next pass over a segment, with the audio that is new since the one before."""

    kind: PassKind
    segment: int
    start_sample: int
    """Of the segment."""
    pcm: Pcm
    """New audio, float32 (n,)."""
    voice: tuple[float, ...]
    """Probabilities of voice in its windows; the last may reach beyond its end."""
    voice_end_sample: int
    """Where the voice ended, if silence follows; else the end of the audio."""


@dataclass(frozen=True, slots=True)
class FinalPass:
    """The last pass of a segment, why it ended, and what may be said once it is recognised."""

    work: Pass
    speech: SpeechSegment
    checkpoint: Checkpoint


class Outlet:
    """Delivers a stream's results in order, from both lanes, and nothing after it is closed."""

    def __init__(self, deliver: Deliver, start_sample: int) -> None:
        self._deliver = deliver
        self._lock = threading.RLock()  # whoever is told may close the stream at once
        self._is_open = True
        self._heard_sample = start_sample
        """Voice activity has read so far."""
        self._unread: dict[int, int] = {}
        """Segment → audio before here has been seen by a pass of it."""
        self._told_sample = start_sample

    def send(self, *results: SpeechResult) -> None:
        """Delivers results, in order."""
        with self._lock:
            for result in results:
                if self._is_open:
                    self._deliver(result)

    def close(self, *last: SpeechResult) -> None:
        """Nothing is delivered from now on, but `last` where the outlet was open."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                for result in last:
                    self._deliver(result)

    def heard(self, sample: int, open_segment: tuple[int, int] | None) -> None:
        """Voice activity has read up to `sample`; `open_segment` is (number, start) where somebody speaks."""
        with self._lock:
            self._heard_sample = sample
            if open_segment is not None:
                self._unread.setdefault(*open_segment)
        self._progress()

    def seen(self, segment: int, sample: int) -> None:
        """A pass over the open segment has seen the audio before `sample`."""
        with self._lock:
            if segment in self._unread:
                self._unread[segment] = max(sample, self._unread[segment])
        self._progress()

    def awaits(self, segment: int, start_sample: int) -> None:
        """The segment is closed and waits for its final pass."""
        with self._lock:
            self._unread.setdefault(segment, start_sample)

    def done(self, segment: int) -> None:
        """The final pass is over."""
        with self._lock:
            self._unread.pop(segment, None)
        self._progress()

    def _progress(self) -> None:
        with self._lock:
            sample = min([self._heard_sample, *self._unread.values()])
            if sample > self._told_sample and self._is_open:
                self._told_sample = sample
                self._deliver(Progress(sample))


@dataclass(slots=True)
class TrackPipeline:
    """State of one track in the voice lane."""

    spec: StreamSpec
    outlet: Outlet
    voice: VoiceStream
    diariser: DiariserTrack | None
    segmenter: Segmenter = field(init=False)
    _audio: list[Pcm] = field(init=False, default_factory=list)
    _audio_start: int = field(init=False)
    _end_sample: int = field(init=False)
    _segment: int = field(init=False, default=0)
    _handed_sample: int | None = field(init=False, default=None)
    """The audio of the open segment before here has been handed to the recogniser."""
    _handed_windows: int = field(init=False, default=0)
    _has_new_voice: bool = field(init=False, default=False)
    _checkpoint_sample: int = field(init=False)

    def __post_init__(self) -> None:
        start = self.spec.start_sample
        self.segmenter = Segmenter(_resumed(self.spec) or SegmenterState(start, start))
        self._audio_start = self._end_sample = self._checkpoint_sample = self.spec.start_sample

    def push(self, chunk: AudioChunk) -> Iterator[FinalPass | Pass | Checkpoint]:
        """Takes audio; gives the passes that it makes due. Speaker activity and voice events go out at once."""
        if chunk.start_sample != self._end_sample:
            raise ValueError(f"audio must go on at sample {self._end_sample}, not at {chunk.start_sample}")
        self._audio.append(chunk.pcm)
        self._end_sample = chunk.end_sample
        for probability in self.voice.push(chunk.pcm):
            for event in self.segmenter.read(probability):
                if isinstance(event, SpeechSegment):
                    yield self._close(event)
                else:
                    self.outlet.send(event)
            self._hear()
            if (due := self._due()) is not None:
                yield due
        if self.diariser is not None:
            self.outlet.send(*self.diariser.push(chunk.pcm))
        if (checkpoint := self._quiet_checkpoint()) is not None:
            yield checkpoint
        self._forget()

    def flush(self) -> Iterator[FinalPass | Checkpoint]:
        """Closes what is open; gives the last pass, or a checkpoint where there is none."""
        closed = False
        for event in self.segmenter.flush(self._end_sample):
            if isinstance(event, SpeechSegment):
                closed = True
                yield self._close(event)
            else:
                self.outlet.send(event)
        self.outlet.heard(self._end_sample, None)
        if self.diariser is not None:
            self.outlet.send(*self.diariser.flush())
        if not closed and self.segmenter.resume is not None:
            yield self._checkpoint(self.segmenter.resume)

    def _hear(self) -> None:
        speaking = self.segmenter.speaking
        self.outlet.heard(self.segmenter.sample, (self._segment, self.segmenter.start_sample) if speaking else None)

    def _due(self) -> Pass | None:
        """A pass where enough was said since the last one, or where a pause begins."""
        segmenter = self.segmenter
        if not segmenter.speaking:
            return None
        silent = segmenter.silent_windows
        if silent == BREATH_WINDOWS and self._has_new_voice:
            due = self._pass("breath", segmenter.start_sample, segmenter.sample, segmenter.probabilities)
            self._has_new_voice = False
            return due
        if silent == REST_WINDOWS and not self._has_new_voice and self._handed_sample is not None:
            # No new audio: the segment may yet end before this silence.
            heard = segmenter.probabilities[: self._handed_windows]
            return self._pass("rest", segmenter.start_sample, self._handed_sample, heard)
        if silent:
            return None
        self._has_new_voice = True
        first = self._handed_sample is None
        new = segmenter.sample - (segmenter.start_sample if self._handed_sample is None else self._handed_sample)
        if new < (GROW_FIRST_SAMPLES if first else GROW_EVERY_SAMPLES):
            return None
        return self._pass("growth", segmenter.start_sample, segmenter.sample, segmenter.probabilities)

    def _pass(self, kind: PassKind, start: int, end: int, voice: Sequence[float]) -> Pass:
        """Hands over what the recogniser has not had yet of the segment from `start` to `end`."""
        end = min(end, self._end_sample)
        new_start = start if self._handed_sample is None else min(self._handed_sample, end)
        pcm, new_voice = self._read(new_start, end), tuple(voice[self._handed_windows :])
        self._handed_sample, self._handed_windows = end, len(voice)
        voice_end = min(end, self.segmenter.sample - self.segmenter.silent_windows * WINDOW_SAMPLES)
        return Pass(kind, self._segment, start, pcm, new_voice, voice_end)

    def _close(self, speech: SpeechSegment) -> FinalPass:
        self.outlet.awaits(self._segment, speech.start_sample)
        work = self._pass("final", speech.start_sample, speech.end_sample, speech.probabilities)
        self._segment += 1
        self._handed_sample, self._handed_windows, self._has_new_voice = None, 0, False
        return FinalPass(work, speech, self._checkpoint(speech.resume))

    def _checkpoint(self, resume: SegmenterState) -> Checkpoint:
        self._checkpoint_sample = resume.sample
        return Checkpoint(
            resume.sample,
            pack(resume, self.voice.state_at(resume.sample), self.diariser.state() if self.diariser else b""),
        )

    def _quiet_checkpoint(self) -> Checkpoint | None:
        resume = self.segmenter.resume
        if resume is None or resume.sample - self._checkpoint_sample < CHECKPOINT_EVERY_SAMPLES:
            return None
        return self._checkpoint(resume)

    def _read(self, start_sample: int, end_sample: int) -> Pcm:
        audio = np.concatenate(self._audio) if self._audio else np.zeros(0, np.float32)
        return audio[max(0, start_sample - self._audio_start) : end_sample - self._audio_start]

    def _forget(self) -> None:
        """Lets go of the audio that no segment can need any more."""
        keep = min(self.segmenter.start_sample, self._end_sample)
        while self._audio and self._audio_start + len(self._audio[0]) <= keep:
            self._audio_start += len(self._audio.pop(0))


def pack(resume: SegmenterState, voice: VoiceState, voices: bytes) -> bytes:
    """State of a checkpoint: of the segmenter, of voice activity, and the diariser's."""
    return _STATE.pack(_MAGIC, resume.sample, resume.floor_sample, resume.speaking) + voice.to_bytes() + voices


def unpack(state: bytes) -> tuple[SegmenterState, VoiceState, bytes]:
    """The parts of a checkpoint's state. Raises `ValueError` where it is none."""
    if len(state) < _STATE.size + STATE_BYTES or not state.startswith(_MAGIC):
        raise ValueError("the stored state of the speech engine is not one of this version: it cannot be resumed")
    _, sample, floor, speaking = _STATE.unpack_from(state)
    end = _STATE.size + STATE_BYTES
    return SegmenterState(sample, floor, bool(speaking)), VoiceState.from_bytes(state[_STATE.size : end]), state[end:]


def voice_state(spec: StreamSpec) -> VoiceState | None:
    """What voice activity remembered at the start of the stream; None where the state is of another sample."""
    return unpack(spec.state)[1] if spec.state and _resumed(spec) else None


def _resumed(spec: StreamSpec) -> SegmenterState | None:
    # A session that gave audio up opens with the old state at a later sample: then only the voices are of use.
    resume = unpack(spec.state)[0] if spec.state else None
    return resume if resume and resume.sample == spec.start_sample else None
