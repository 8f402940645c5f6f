"""The listening half of a session: audio to the engines, their results to committed words, speakers and gaps."""

from __future__ import annotations

from colloque.streaming import engines as e
from colloque.streaming import messages as m
from colloque.streaming import speakers
from colloque.streaming.audio import AudioChunk, seconds
from colloque.streaming.commands import CloseStream, FlushStream, ForgetAudio, PushAudio, StoreAudio, StoreCheckpoint
from colloque.streaming.config import SessionConfig
from colloque.streaming.errors import BadAudio
from colloque.streaming.events import TrackPcm
from colloque.streaming.joiner import Joined
from colloque.streaming.outbox import Outbox
from colloque.streaming.track import Track

GIVE_UP_AFTER = 4
"""Engine failures in a row on the same audio; then the audio is announced as a gap and left behind."""
REOPEN_AFTER_S = 1.0
"""So long a failed engine is left alone before it is opened again; doubled with every failure in a row."""


class Hearing:
    """All tracks of a session. `received_sample` is the session's clock."""

    def __init__(
        self, config: SessionConfig, outbox: Outbox, received_sample: int = 0, writer: e.Writer | None = None
    ) -> None:
        self._config = config
        self._outbox = outbox
        self._writer = writer
        self._flush_token = 0
        self.received_sample = received_sample
        self.new_words = False
        """Words were committed, or changed their speaker, since the flag was last cleared."""
        self._lag_told = (-1, -1)
        self.tracks = self._make_tracks()

    def _make_tracks(self) -> list[Track]:
        config = self._config
        return [Track(i, config, self._outbox.view, self._writer) for i in range(len(config.tracks))]

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
                self._open(track)
                for token in track.flushing:
                    self._outbox.do(FlushStream(track.index, token))

    def _open(self, track: Track) -> None:
        """What a stream that is gone has left open is ended: the next one goes on in turns of its own."""
        self._outbox.emit(track.end_turns())
        self._outbox.do(track.open(self._config, self.received_sample))

    def close(self) -> None:
        """Frees the engine's slots."""
        for track in self.tracks:
            self._outbox.emit(track.end_turns())
            if track.is_open:
                track.is_open = False
                self._outbox.do(CloseStream(track.index))

    def audio(self, pcm: TrackPcm) -> bool:
        """Takes audio that follows what was received; shape (tracks, n). False where it is empty. Raises `BadAudio`."""
        if pcm.shape[0] != len(self.tracks):
            raise BadAudio(f"the frame has {pcm.shape[0]} channel(s), the session {len(self.tracks)} track(s)")
        if not pcm.shape[1]:
            return False
        start = self.received_sample
        self.received_sample += pcm.shape[1]
        self._outbox.clock_sample = self.received_sample
        self._outbox.do(StoreAudio(start, pcm, self._outbox.seq))
        for track in self.tracks:
            if track.is_open:
                self._outbox.do(PushAudio(track.index, AudioChunk(start, pcm[track.index])))
        return True

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
            self._outbox.emit(track.end_turns())
            if track.processed_sample < self.received_sample:
                self._gap(track, track.processed_sample, self.received_sample, reason)
                track.processed_sample = self.received_sample

    def deliver(self, index: int, generation: int, result: e.SpeechResult) -> float | None:
        """Takes an engine's result. Where the track's stream has failed: after how many seconds to `open` it anew."""
        track = self.tracks[index]
        if generation != track.generation or not track.is_open:
            return None
        match result:
            case e.EngineFailed(code):
                self._fail(track, code)
                return REOPEN_AFTER_S * 2.0 ** min(track.failures, 5)
            case e.Recognised():
                self._commit(track, track.recognised(result))
            case e.SpeakerActivity():
                self._activity(track, result)
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
            self._open(track)
        return None

    def _small(self, track: Track, result: e.SpeechResult) -> None:
        match result:
            case e.VoiceStarted(sample):
                self._outbox.emit([m.SpeechStarted(track.index, seconds(sample))])
            case e.VoiceStopped(sample):
                self._outbox.emit([m.SpeechStopped(track.index, seconds(sample))])
            case e.Hypothesis():
                self._outbox.emit([track.hypothesis(result)])
            case e.Progress(sample):
                if sample > track.processed_sample:
                    track.processed_sample = sample
                if sample > track.furthest_sample:  # not merely heard again after a failure
                    track.furthest_sample = sample
                    track.failures = 0
            case e.NotUnderstood(start, end, reason):
                self._gap(track, start, end, reason)

    def _activity(self, track: Track, result: e.SpeakerActivity) -> None:
        joined = track.joiner.activity(result)
        for number in {span.speaker: None for span in result.spans if track.joiner.is_confirmed(span.speaker)}:
            self._outbox.emit(speakers.confirm(self._outbox.view, speakers.label(number)))
        self._commit(track, joined)

    def _speaker(self, track: Track, result: e.SpeakerMerged | e.SpeakerConfirmed) -> None:
        view = self._outbox.view
        if isinstance(result, e.SpeakerConfirmed):
            track.joiner.confirm(result.speaker)
            self._outbox.emit(speakers.confirm(view, speakers.label(result.speaker)))
        else:
            track.joiner.merge(result.source, result.target)
            changes = speakers.merged(view, speakers.label(result.source), speakers.label(result.target))
            if changes:
                self._outbox.emit(track.first_heard(result.target))
                self._outbox.emit(changes)
                self.new_words = True

    def _commit(self, track: Track, joined: list[Joined]) -> None:
        if joined:
            self._outbox.emit(track.commit(joined))
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

    def tell_lag(self) -> bool:
        """Says how far the work is behind the audio; False where that is known."""
        lag = (self.received_sample, self.processed_sample)
        if lag == self._lag_told:
            return False
        self._lag_told = lag
        self._outbox.emit([m.Lag(round(seconds(lag[0]), 3), round(seconds(lag[1]), 3))])
        return True

    def _gap(self, track: Track, start: int, end: int, reason: str) -> None:
        if end > start:
            self._outbox.emit([m.Gap(seconds(start), seconds(end), reason, track.index)])
