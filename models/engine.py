"""The speech engine of one machine: a voice lane and a recogniser lane over shared weights.

A lane's threads alone own its models (`batcher.py`): one for voice, as many as the machine gives for recognition. A
stream takes a slot in both. The two lanes go on beside each other: while a segment is being recognised, voice activity
and diarisation of the audio that follows do too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from colloque.models.batcher import Batcher, Job
from colloque.models.capacity import context_samples, held, slowest
from colloque.models.compute import Compute, cores
from colloque.models.heard import Heard
from colloque.models.local_stream import Flush, LocalStream, Open, RecogniserWork, VoiceWork
from colloque.models.pipeline import DiariserTrack, FinalPass, Outlet, Pass, TrackPipeline, unpack, voice_state
from colloque.models.reader import SegmentReader
from colloque.models.speaker_state import BadSpeakerState
from colloque.models.text_decoder import TextDecoder
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Whisper
from colloque.models.window import CONTEXT_SAMPLES
from colloque.streaming.audio import AudioChunk
from colloque.streaming.engines import (
    Checkpoint,
    Deliver,
    EngineFailed,
    Flushed,
    Hypothesis,
    Language,
    NotUnderstood,
    Recognised,
    SpeechStream,
    StreamSpec,
)

INBOX_MAX = 5000
"""Pieces of work a slot may hold; the server stops far below."""

TRACKS_MAX = 2
"""Of a session; each takes a slot."""

_log = logging.getLogger(__name__)


class DiariserWeights(Protocol):
    """The diariser's networks."""

    def open(self, start_sample: int = 0, speakers_max: int | None = None, state: bytes | None = None) -> DiariserTrack:
        """State for a new track."""


class LocalSpeechEngine:
    """Implements `colloque.streaming.engines.SpeechEngine`."""

    def __init__(
        self,
        *,
        recognisers: Callable[[], Mapping[Language, Path]],
        compute: Callable[[], Compute],
        decoder: Callable[[Path, Compute], TextDecoder | None],
        voice: Callable[[], Path],
        diariser: Callable[[], DiariserWeights],
        sessions_max: int = 0,
    ) -> None:
        """The callables give paths and weights, or raise an `EngineFault`; they are called by `warm_up`.

        `recognisers` gives the model folder of each language; several may share one. `decoder` gives the text decoder
        of such a folder, or None where CTranslate2's serves. `sessions_max` 0: as many as the machine is measured to
        hold.
        """
        self._recogniser_paths, self._compute, self._decoder = recognisers, compute, decoder
        self._voice_path, self._make_diariser = voice, diariser
        self._sessions_max = sessions_max
        self.capacity = 0
        self._lanes: tuple[Batcher[tuple[LocalStream, VoiceWork]], Batcher[tuple[LocalStream, RecogniserWork]]] | None
        self._lanes = None

    def warm_up(self) -> None:
        """Loads the weights, runs them once and starts the lanes."""
        self._voice = VoiceActivity(self._voice_path())
        self._diariser = self._make_diariser()
        compute, paths = self._compute(), self._recogniser_paths()
        loaded = {path: Whisper(path, compute, self._decoder(path, compute)) for path in dict.fromkeys(paths.values())}
        self._whispers = {language: loaded[path] for language, path in paths.items()}
        for whisper in loaded.values():
            whisper.warm_up()
        self._chosen, self._typical = compute, slowest(loaded.values())
        self.capacity = self._sessions_max or held(self._typical, compute, cores())
        slots = TRACKS_MAX * self.capacity
        self._lanes = (
            Batcher("voice", self._voice_step, slots=slots, inbox_max=INBOX_MAX),
            Batcher(
                "recogniser",
                self._recogniser_step,
                slots=slots,
                batch_max=1,
                inbox_max=INBOX_MAX,
                threads=compute.workers,
            ),
        )

    def open(self, spec: StreamSpec, deliver: Deliver) -> SpeechStream:
        """Takes a slot in both lanes. Raises `EngineFull`; `ValueError` for a `state` that is none."""
        if self._lanes is None:
            raise RuntimeError("the engine is not warm yet: call `warm_up` first")
        if spec.state:
            unpack(spec.state)
        voice = self._lanes[0].open()
        try:
            recogniser = self._lanes[1].open()
        except BaseException:
            voice.close()
            raise
        return LocalStream(spec, Outlet(deliver, spec.start_sample), voice, recogniser)

    def statistics(self) -> dict[str, float]:
        """Numbers of both lanes."""
        if self._lanes is None:
            return {}
        return {**self._lanes[0].statistics(), **self._lanes[1].statistics()}

    def shut_down(self) -> None:
        """Ends both lanes after the steps under way."""
        lanes, self._lanes = self._lanes, None
        for lane in lanes or ():
            lane.shut_down()

    # --- in the voice lane --------------------------------------------------------------------------------------

    def _voice_step(self, batch: Sequence[Job[tuple[LocalStream, VoiceWork]]]) -> None:
        for job in batch:
            stream, work = job.work
            try:
                self._voice_work(stream, work)
            except Exception as error:  # the fault of one stream must not touch the others
                self._fail(stream, "voice", error)

    def _voice_work(self, stream: LocalStream, work: VoiceWork) -> None:
        match work:
            case Open():
                stream.pipeline = self._make_pipeline(stream)
            case AudioChunk():
                for due in stream.ready_pipeline.push(work):
                    stream.pass_on(due)
            case Flush(token):
                for due in stream.ready_pipeline.flush():
                    stream.pass_on(due)
                stream.pass_on(Flushed(token))

    def _make_pipeline(self, stream: LocalStream) -> TrackPipeline:
        spec = stream.spec
        diariser = self._open_diariser(spec) if spec.diarise else None
        return TrackPipeline(spec, stream.outlet, self._voice.open(spec.start_sample, voice_state(spec)), diariser)

    def _open_diariser(self, spec: StreamSpec) -> DiariserTrack:
        voices = unpack(spec.state)[2] if spec.state else b""
        try:
            return self._diariser.open(spec.start_sample, spec.speakers_max, voices or None)
        except BadSpeakerState:
            # Of an older version: the speakers are met anew, which is better than not to listen.
            _log.warning("a stored speaker state is of another version and is left out")
            return self._diariser.open(spec.start_sample, spec.speakers_max)

    # --- in the recogniser lane ---------------------------------------------------------------------------------

    def _recogniser_step(self, batch: Sequence[Job[tuple[LocalStream, RecogniserWork]]]) -> None:
        for job in batch:
            stream, work = job.work
            try:
                self._recogniser_work(stream, work)
            except Exception as error:  # a pass that fails closes nothing but itself
                self._fail_pass(stream, work, error)

    def _recogniser_work(self, stream: LocalStream, work: RecogniserWork) -> None:
        match work:
            case Pass():
                self._open_pass(stream, work)
            case FinalPass():
                self._final_pass(stream, work)
            case Checkpoint() | Flushed():
                stream.outlet.send(work)

    def _open_pass(self, stream: LocalStream, work: Pass) -> None:
        reader = self._hear(stream, work)
        if work.kind == "growth" and stream.is_late:
            return  # the next pass, which waits already, reads this audio too
        heard = reader.take(work.kind, work.voice_end_sample)
        until = max(reader.said_sample, stream.covered_sample)
        self._tell(stream, heard)
        if heard.words:
            stream.outlet.send(Recognised(work.segment, stream.covered_sample, until, heard.words, None))
            stream.covered_sample = until
        stream.outlet.send(Hypothesis(work.segment, until, heard.tail))
        stream.outlet.seen(work.segment, reader.end_sample)

    def _final_pass(self, stream: LocalStream, work: FinalPass) -> None:
        reader = self._hear(stream, work.work)
        heard = reader.take(work.work.kind, work.work.voice_end_sample)
        self._tell(stream, heard)
        self._close_segment(stream, work, heard)

    def _hear(self, stream: LocalStream, work: Pass) -> SegmentReader:
        """The reader of the work's segment, with the new audio."""
        if stream.reader is None:
            spec = stream.spec
            whisper = self._whispers[spec.language]
            stream.reader = SegmentReader(whisper, spec.language, spec.keyterms, work.start_sample, stream.window)
            stream.window = stream.reader.window
            stream.window.context_samples = self._context_samples(stream)
            stream.covered_sample = work.start_sample
        stream.reader.hear(work.pcm, work.voice)
        return stream.reader

    def _context_samples(self, stream: LocalStream) -> int:
        """What does not come live may take its time: its words depend on its audio alone."""
        if not stream.pace.is_live or self._lanes is None:
            return CONTEXT_SAMPLES
        return context_samples(self._typical, self._chosen, cores(), self._lanes[1].slots_used)

    def _tell(self, stream: LocalStream, heard: Heard) -> None:
        for gap in heard.gaps:
            stream.outlet.send(NotUnderstood(gap.start_sample, gap.end_sample, "no_text"))

    def _close_segment(self, stream: LocalStream, work: FinalPass, heard: Heard) -> None:
        end = max(work.speech.end_sample, stream.covered_sample)
        result = Recognised(work.work.segment, stream.covered_sample, end, heard.words, work.speech.reason)
        stream.reader = None
        stream.outlet.send(result, work.checkpoint)
        stream.outlet.done(work.work.segment)

    def _fail_pass(self, stream: LocalStream, work: RecogniserWork, error: Exception) -> None:
        """A final pass that fails leaves a gap; another one's words are heard by the next."""
        stream.window = None
        _log.error("a pass failed in the recogniser lane: %s", type(error).__name__)
        if isinstance(work, FinalPass):
            start = stream.covered_sample if stream.reader is not None else work.speech.start_sample
            stream.covered_sample = start
            if start < work.speech.end_sample:
                stream.outlet.send(NotUnderstood(start, work.speech.end_sample, "engine"))
            self._close_segment(stream, work, Heard())

    def _fail(self, stream: LocalStream, code: str, error: Exception) -> None:
        # The kind of the error only: its text might hold what was said.
        _log.error("stream failed in the %s lane: %s", code, type(error).__name__)
        try:
            stream.outlet.close(EngineFailed(code))
        except Exception as unheard:  # whoever should be told is at fault, or gone: the others go on
            _log.error("a stream failed and nobody could be told: %s", type(unheard).__name__)
        stream.close()
