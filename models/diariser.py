"""Who speaks when, online: the diariser of one mixed track.

At every hop of the sample clock the segmentation hears the last ten seconds and says which of its voices are active.
What lies between the previous watermark and the new one (a little before the end of the audio, so that the network
has heard what follows) is then given out: each stretch of a voice becomes a claim, made of an embedding of what the
voice says alone and of the agreement of the window with the labels already given, and `colloque.models.clustering`
says whose it is. The shape is that of Coria et al. 2021, "Overlap-aware low-latency online speaker diarization based
on end-to-end local segmentation".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from colloque.models.clustering import ClusteringConfig, Speakers
from colloque.models.embedding import Embedding
from colloque.models.segmentation import (
    FRAME_OFFSET_SAMPLES,
    FRAME_SAMPLES,
    Activity,
    RollingWindow,
    Segmentation,
    frame_count,
    loudest_dbfs,
)
from colloque.models.speaker_labels import Frames, SpeakerLabels, stretches
from colloque.models.speakers import Claim, Evidence
from colloque.streaming.audio import Pcm, seconds
from colloque.streaming.engines import SpeakerActivity, SpeakerConfirmed, SpeakerMerged, SpeakerSpan

DiariserResult = SpeakerActivity | SpeakerMerged | SpeakerConfirmed


@dataclass(frozen=True, slots=True)
class DiariserConfig:
    """Lengths are in frames of the segmentation (16.9 ms)."""

    window_frames: int = 600
    hop_frames: int = 30
    look_ahead_frames: int = 45
    """Frames that the network has heard beyond what is given out: the end of a window is its least certain part."""
    evidence_frames: int = 120
    """Newest clean frames of a stretch that are embedded at most. More would see a change of voice too late."""
    least_frames: int = 12
    """Fewer clean frames are not embedded."""
    overlap_frames: int = 3
    """Two stretches that overlap by so many frames are two speakers."""
    agreement_frames: int = 30
    """Labelled speech of a speaker from which a window's word on it has full weight."""
    silence_dbfs: float = -65.0
    """With no 20 ms louder than this nobody speaks, and no network is asked."""
    clustering: ClusteringConfig = field(default_factory=ClusteringConfig)


class Diariser:
    """The weights of both networks. Use it from one thread; its streams hold all state."""

    def __init__(self, segmentation_path: Path, embedding_path: Path, threads: int = 1) -> None:
        self.segmentation = Segmentation(segmentation_path, threads)
        self.embedding = Embedding(embedding_path, threads)

    def open(
        self, start_sample: int = 0, speakers_max: int | None = None, state: bytes | None = None
    ) -> DiariserStream:
        """A stream whose first sample will be `start_sample`.

        With the `state` of an earlier stream its speakers keep their numbers. Raises
        `colloque.models.speaker_state.BadSpeakerState`.
        """
        config = DiariserConfig()
        if state is None:
            speakers = Speakers(speakers_max, config.clustering)
        else:
            speakers = Speakers.from_bytes(state, speakers_max, config.clustering)
        return DiariserStream(self.segmentation, self.embedding, speakers, start_sample, config)


class DiariserStream:
    """State of one track. What it gives depends on the audio and on where it was flushed, not on the chunks."""

    def __init__(
        self,
        segmentation: Segmentation,
        embedding: Embedding,
        speakers: Speakers,
        start_sample: int,
        config: DiariserConfig,
    ) -> None:
        self._segmentation = segmentation
        self._embedding = embedding
        self._speakers = speakers
        self._config = config
        self._origin_sample = start_sample
        self._window = RollingWindow((config.window_frames + config.hop_frames) * FRAME_SAMPLES, start_sample)
        self._labels = SpeakerLabels(config.window_frames)
        self._next_step_sample = start_sample + config.hop_frames * FRAME_SAMPLES
        self._until_frame = 0
        self._until_sample = start_sample

    def push(self, pcm: Pcm) -> list[DiariserResult]:
        """Takes the next samples, shape (n,), float32, 16 kHz, and gives what is now certain.

        The watermark (`until_sample`) stays at most 1.3 s behind the audio.
        """
        results: list[DiariserResult] = []
        while len(pcm) > 0:
            due = self._next_step_sample - self._window.end_sample
            self._window.append(pcm[:due])
            pcm = pcm[due:]
            if self._window.end_sample == self._next_step_sample:
                self._next_step_sample += self._config.hop_frames * FRAME_SAMPLES
                end_frame = self._end_frame()
                results += self._step(end_frame, end_frame - self._config.look_ahead_frames)
        return results

    def flush(self) -> list[DiariserResult]:
        """Brings the watermark to the end of the audio, without what would follow it. More audio may come."""
        end_sample = self._window.end_sample
        if end_sample == self._until_sample:
            return []
        end_frame = self._end_frame()
        heard = frame_count(self._config.window_frames * FRAME_SAMPLES)
        until_frame = end_frame - self._config.window_frames + heard
        return self._step(end_frame, until_frame, end_sample) or [self._give_out(self._until_frame, end_sample)]

    def state(self) -> bytes:
        """What `Diariser.open` needs so that the speakers keep their numbers, under 1 kB a speaker.

        It holds voice embeddings, which are biometric data: keep and erase it as strictly as the audio.
        """
        return self._speakers.to_bytes()

    @property
    def buffered_samples(self) -> int:
        """Samples that are held in memory; the same after a minute and after hours."""
        return self._window.buffered_samples

    def _end_frame(self) -> int:
        return (self._window.end_sample - self._origin_sample) // FRAME_SAMPLES

    def _sample(self, frame: int) -> int:
        """First sample that a frame stands for."""
        return self._origin_sample + frame * FRAME_SAMPLES + FRAME_OFFSET_SAMPLES

    def _step(self, end_frame: int, until_frame: int, until_sample: int | None = None) -> list[DiariserResult]:
        """Gives out the frames up to `until_frame`; nothing where a flush has gone further already."""
        if until_frame <= self._until_frame:
            return []
        start_frame = end_frame - self._config.window_frames
        self._labels.move_to(start_frame)
        results: list[DiariserResult] = []
        fresh = self._window.read(self._sample(self._until_frame), self._window.end_sample)
        if loudest_dbfs(fresh) > self._config.silence_dbfs:
            first, end = (self._origin_sample + frame * FRAME_SAMPLES for frame in (start_frame, end_frame))
            activity = self._segmentation.activity(self._window.read(first, end))
            results += self._attribute(activity, until_frame)
        if until_sample is None:  # soon after a flush the frame may end before what was given out then
            until_sample = max(self._until_sample, self._sample(until_frame))
        results.append(self._give_out(until_frame, until_sample))
        return results

    def _attribute(self, activity: Activity, until_frame: int) -> list[DiariserResult]:
        """Labels the frames up to `until_frame` and updates the speakers."""
        found = self._stretches(activity, until_frame)
        claims = self._claims(activity, found)
        for (_, start, end), claim, number in zip(found, claims, self._speakers.identify(claims), strict=True):
            if number is not None:
                self._labels.mark(number, max(start, self._until_frame), min(end, until_frame))
                if claim.evidence is not None:
                    self._speakers.learn(number, claim.evidence)
        results: list[DiariserResult] = []
        for source, target in self._speakers.merge(until_frame):
            self._labels.merge(source, target)
            results.append(SpeakerMerged(source, target))
        return [*results, *(SpeakerConfirmed(number) for number in self._speakers.confirm())]

    def _stretches(self, activity: Activity, until_frame: int) -> list[tuple[int, int, int]]:
        """(voice, start, end) of every stretch that reaches into what is to be given out, in frames of the stream."""
        base = self._labels.start_frame
        return [
            (voice, base + start, base + end)
            for voice in range(activity.shape[1])
            for start, end in stretches(activity[:, voice])
            if base + start < until_frame and base + end > self._until_frame
        ]

    def _claims(self, activity: Activity, found: list[tuple[int, int, int]]) -> list[Claim]:
        config = self._config
        alone = activity.sum(axis=1) == 1
        agreement = self._labels.agreement(activity, self._until_frame, config.agreement_frames)
        claims: list[Claim] = []
        for voice, start, end in found:
            rivals = frozenset(
                i
                for i, (other, other_start, other_end) in enumerate(found)
                if other != voice and min(end, other_end) - max(start, other_start) >= config.overlap_frames
            )
            evidence = self._evidence(alone, start, end)
            claims.append(Claim(voice, max(start, self._until_frame), evidence, agreement[voice], rivals))
        return claims

    def _evidence(self, alone: Frames, start_frame: int, end_frame: int) -> Evidence | None:
        """The newest speech of a stretch that no other voice overlaps."""
        base = self._labels.start_frame
        clean = start_frame + np.flatnonzero(alone[start_frame - base : end_frame - base])
        clean = clean[-self._config.evidence_frames :]
        if len(clean) < self._config.least_frames:
            return None
        first, end = int(clean[0]), int(clean[-1]) + 1
        used = np.zeros(end - first, dtype=np.bool_)
        used[clean - first] = True
        embedding = self._embedding.embed(
            [self._window.read(self._sample(first + a), self._sample(first + b)) for a, b in stretches(used)]
        )
        if embedding is None:
            return None
        return Evidence(embedding, seconds(len(clean) * FRAME_SAMPLES), first, end)

    def _give_out(self, until_frame: int, until_sample: int) -> SpeakerActivity:
        """The labels between the watermarks as spans that join the earlier ones without a gap."""
        confirmed = {speaker.number: speaker.confirmed for speaker in self._speakers.known}
        spans: list[SpeakerSpan] = []
        for number, start, end in self._labels.spans(self._until_frame, until_frame):
            start_sample = max(self._until_sample, self._sample(start) if start > self._until_frame else 0)
            end_sample = self._sample(end) if end < until_frame else until_sample
            if end_sample > start_sample:
                spans.append(SpeakerSpan(number, start_sample, end_sample, confirmed[number]))
        self._until_frame = until_frame
        self._until_sample = until_sample
        return SpeakerActivity(tuple(spans), until_sample)
