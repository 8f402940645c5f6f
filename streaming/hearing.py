"""The listening half of a session: audio to the engines, their results to committed words, speakers and gaps."""

from __future__ import annotations

from colloque.streaming import engines as e
from colloque.streaming import messages as m
from colloque.streaming import speakers
from colloque.streaming.audio import AudioChunk, seconds
from colloque.streaming.commands import CloseStream, FlushStream, ForgetAudio, PushAudio, StoreAudio, StoreCheckpoint
from colloque.streaming.config import SessionConfig
from colloque.streaming.events import TrackPcm
from colloque.streaming.joiner import Run
from colloque.streaming.outbox import Outbox
from colloque.streaming.track import Track

GIVE_UP_AFTER = 4
"""Engine failures in a row on the same audio; then the audio is announced as a gap and left behind."""


class Hearing:
    """All tracks of a session. `received_sample` is the session's clock."""

    def __init__(self, config: SessionConfig, outbox: Outbox, received_sample: int = 0) -> None:
        self._config = config
        self._outbox = outbox
        self._flush_token = 0
        self.received_sample = received_sample
        self.new_words = False
        """Words were committed, or changed their speaker, since the flag was last cleared."""
        self.tracks = self._make_tracks()

    def _make_tracks(self) -> list[Track]:
        specs = self._config.tracks
        return [Track(i, spec, len(specs) == 1, self._outbox.view) for i, spec in enumerate(specs)]

    @property
    def processed_sample(self) -> int:
        """Audio before this sample has been worked through on every track."""
        return min(track.processed_sample for track in self.tracks)

    @property
    def is_flushed(self) -> bool:
        """No flush is unanswered."""
        return not any(track.flushing for track in self.tracks)

    def reconfigure(self, config: SessionConfig) -> None:
        """Takes a new configuration; tracks can change only before the first audio. Streams are opened anew."""
        retracked = config.tracks != self._config.tracks
        self._config = config
        if retracked:
            self.close()
            self.tracks = self._make_tracks()
            return
        for track in self.tracks:
            track.is_stale = track.is_open
        self.flush()

    def restore(self, checkpoints: dict[int, StoreCheckpoint]) -> None:
        """Takes the stored checkpoints of a session that is woken up."""
        for track in self.tracks:
            track.stored = checkpoints.get(track.index)
            track.processed_sample = track.stored.sample if track.stored else 0

    def open(self) -> None:
        """Opens a stream for every track that has none."""
        for track in self.tracks:
            if not track.is_open:
                self._outbox.do(track.open(self._config, self.received_sample))
                for token in track.flushing:
                    self._outbox.do(FlushStream(track.index, token))

    def close(self) -> None:
        """Frees the engine's slots."""
        for track in self.tracks:
            if track.is_open:
                track.is_open = False
                self._outbox.do(CloseStream(track.index))

    def audio(self, pcm: TrackPcm) -> None:
        """Takes audio that follows what was received; shape (tracks, n)."""
        start = self.received_sample
        self.received_sample += pcm.shape[1]
        self._outbox.clock_sample = self.received_sample
        self._outbox.do(StoreAudio(start, pcm, self._outbox.seq))
        for track in self.tracks:
            if track.is_open:
                self._outbox.do(PushAudio(track.index, AudioChunk(start, pcm[track.index])))

    def flush(self) -> None:
        """Asks for everything so far to become final."""
        for track in self.tracks:
            self._flush_token += 1
            track.flushing.add(self._flush_token)
            if track.is_open:
                self._outbox.do(FlushStream(track.index, self._flush_token))

    def abandon(self, reason: str) -> None:
        """Gives up waiting for the engines: what they have not worked through becomes a gap."""
        for track in self.tracks:
            track.flushing.clear()
            self._commit(track, track.joiner.release_all())
            if track.processed_sample < self.received_sample:
                self._gap(track, track.processed_sample, self.received_sample, reason)
                track.processed_sample = self.received_sample

    def deliver(self, index: int, generation: int, result: e.SpeechResult) -> bool:
        """Takes an engine's result. True where the track's stream has failed and must be opened anew, after a while."""
        track = self.tracks[index]
        if generation != track.generation or not track.is_open:
            return False
        match result:
            case e.EngineFailed(code):
                self._fail(track, code)
                return True
            case e.Recognised():
                self._recognised(track, result)
            case e.SpeakerActivity():
                self._commit(track, track.joiner.activity(result))
            case e.SpeakerMerged() | e.SpeakerConfirmed():
                self._speaker(track, result)
            case e.Flushed(token):
                track.flushing.discard(token)
                self._commit(track, track.joiner.release_all())
            case e.Checkpoint():
                track.hold(result)
            case _:
                self._small(track, result)
        self._store_checkpoint(track)
        if track.is_stale and not track.flushing:
            self._outbox.do(CloseStream(track.index))
            track.end_stream()
            self._outbox.do(track.open(self._config, self.received_sample))
        return False

    def _small(self, track: Track, result: e.SpeechResult) -> None:
        match result:
            case e.VoiceStarted(sample):
                self._outbox.emit([m.SpeechStarted(track.index, seconds(sample))])
            case e.VoiceStopped(sample):
                self._outbox.emit([m.SpeechStopped(track.index, seconds(sample))])
            case e.Hypothesis(segment, start, text):
                number = track.joiner.speaker_near(start)
                speaker = speakers.label(number) if number is not None else None
                self._outbox.emit([m.TranscriptPartial(track.turn_of(segment), track.index, speaker, text)])
            case e.Progress(sample):
                if sample > track.processed_sample:
                    track.processed_sample = sample
                if sample > track.furthest_sample:  # not merely heard again after a failure
                    track.furthest_sample = sample
                    track.failures = 0
            case e.NotUnderstood(start, end, reason):
                self._gap(track, start, end, reason)

    def _recognised(self, track: Track, result: e.Recognised) -> None:
        turn = track.turn_of(result.segment)
        if not result.words and turn in self._outbox.view.partials:
            self._outbox.emit([m.TranscriptPartial(turn, track.index, None, "")])
        self._commit(track, track.joiner.recognised(result))

    def _speaker(self, track: Track, result: e.SpeakerMerged | e.SpeakerConfirmed) -> None:
        view = self._outbox.view
        if isinstance(result, e.SpeakerConfirmed):
            track.joiner.confirm(result.speaker)
            self._outbox.emit(speakers.confirm(view, speakers.label(result.speaker)))
        else:
            track.joiner.merge(result.source, result.target)
            self._outbox.emit(speakers.merged(view, speakers.label(result.source), speakers.label(result.target)))
            self.new_words = True

    def _commit(self, track: Track, runs: list[Run]) -> None:
        if runs:
            self._outbox.emit(track.commit(runs))
            self.new_words = True

    def _store_checkpoint(self, track: Track) -> None:
        checkpoint = track.due_checkpoint()
        if checkpoint is None:
            return
        self._outbox.do(checkpoint)
        if all(other.stored for other in self.tracks):
            self._outbox.do(ForgetAudio(min(other.stored.sample for other in self.tracks if other.stored)))

    def _fail(self, track: Track, code: str) -> None:
        """The stream is gone. After several failures on the same audio that audio is given up, loudly."""
        if code != "full":  # waiting for a slot is no fault of the audio
            track.failures += 1
        if track.failures >= GIVE_UP_AFTER:
            self._commit(track, track.joiner.release_all())
            start = max(track.processed_sample, track.stored.sample if track.stored else 0)
            self._gap(track, start, self.received_sample, "engine")
            track.stored = StoreCheckpoint(
                track.index, self.received_sample, track.stored.state if track.stored else b""
            )
            self._outbox.do(track.stored)
        track.end_stream()
        said = f"the speech engine failed ({code}) and is started again from the stored audio"
        self._outbox.emit([m.Warn("engine_restarted", said)])

    def _gap(self, track: Track, start: int, end: int, reason: str) -> None:
        if end > start:
            self._outbox.emit([m.Gap(seconds(start), seconds(end), reason, track.index)])
