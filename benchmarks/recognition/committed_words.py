"""The recogniser over recordings, as fast as it can, and which of its committed words are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import numpy as np

from benchmarks.recognition.folder import find_spoken
from benchmarks.recognition.joining import join
from benchmarks.recognition.normalisation import words_of
from benchmarks.recognition.stream import SAMPLE_RATE, Stream
from benchmarks.recognition.word_alignment import align
from colloque.models.commitment import Candidate
from colloque.models.confidence import rated
from colloque.models.drafting.numbers import plain, read_numbers
from colloque.models.pipeline import FinalPass, Outlet, Pass, TrackPipeline
from colloque.models.reader import SegmentReader
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Whisper
from colloque.models.window import Window
from colloque.models.words import AlignedWord
from colloque.streaming.audio import AudioChunk
from colloque.streaming.engines import Checkpoint, Language, RecognisedWord, StreamSpec

CHUNK_SAMPLES = 1600
PAUSE_S = 0.8


@dataclass(frozen=True, slots=True)
class Rated:
    """What is known of a committed word, but for its text."""

    stream: str
    language: str
    mean: float
    weakest: float
    passes: int
    is_right: bool


def streams_of(folders: Sequence[Path], language: str | None) -> Iterator[Stream]:
    """Consultations, and the other recordings of a folder and language as one stream. Word times are not needed."""
    together: dict[tuple[Path, str], list[Stream]] = defaultdict(list)
    for spoken in (spoken for folder in folders for spoken in find_spoken(folder)):
        reference = spoken.reference()
        stream = Stream(
            spoken.name, spoken.language(reference.language, language), spoken.pcm(), reference.words, "reference"
        )
        if stream.language not in get_args(Language):
            continue
        if spoken.is_consultation:
            yield stream
        else:
            together[spoken.audio.parent, stream.language].append(stream)
    for (folder, _), parts in together.items():
        yield join(folder.name, parts, PAUSE_S)


class Noted:
    """Words as the reader rates them, and what it rates them by."""

    def __init__(self) -> None:
        self._known: dict[RecognisedWord, tuple[float, float, int]] = {}
        self.words: list[tuple[str, float, float, int]] = []
        """Committed, in order: text, mean and least probability, passes that heard it before."""

    def rate(self, words: Sequence[AlignedWord], heard: Sequence[Candidate] = ()) -> tuple[RecognisedWord, ...]:
        """Stands in for `colloque.models.confidence.rated`."""
        found = rated(words, heard)
        passes = [candidate.passes for candidate in heard] or [0] * len(words)
        for word, said, n in zip(words, found, passes, strict=True):
            self._known[said] = (word.confidence, word.weakest, n)
        return found

    def commit(self, words: Sequence[RecognisedWord]) -> None:
        """Takes words that the reader has committed."""
        self.words += [(word.text, *self._known[word]) for word in words]


def recognise(stream: Stream, whisper: Whisper, activity: VoiceActivity) -> list[tuple[str, float, float, int]]:
    """The words of a stream: see `Noted.words`."""
    noted = Noted()
    for _, due, reader in passes(stream, whisper, activity):
        reader.rate = noted.rate
        noted.commit(reader.take(due.kind, due.voice_end_sample).words)
    return noted.words


def passes(stream: Stream, whisper: Whisper, activity: VoiceActivity) -> Iterator[tuple[float, Pass, SegmentReader]]:
    """All passes of a stream in order: second at which it comes due, the pass, and its reader, which has the audio.

    None is left out, and all have the full context, as for what does not come live. To be taken one by one.
    """
    language = cast(Language, stream.language)
    pipeline = TrackPipeline(
        StreamSpec("benchmark", 0, language, diarise=False), Outlet(lambda result: None, 0), activity.open(), None
    )
    reader: SegmentReader | None = None
    window: Window | None = None
    for end_sample, work in _works(pipeline, stream):
        if isinstance(work, Checkpoint):
            continue
        due = work.work if isinstance(work, FinalPass) else work
        if reader is None:
            reader = SegmentReader(whisper, language, (), due.start_sample, window)
            window = reader.window
        reader.hear(due.pcm, due.voice)
        yield end_sample / SAMPLE_RATE, due, reader
        if isinstance(work, FinalPass):
            reader = None


def _works(pipeline: TrackPipeline, stream: Stream) -> Iterator[tuple[int, FinalPass | Pass | Checkpoint]]:
    """What is due, each with the end of the audio that has come by then."""
    pcm = stream.pcm.astype(np.float32) / np.float32(32768)
    for start in range(0, len(pcm), CHUNK_SAMPLES):
        chunk = AudioChunk(start, pcm[start : start + CHUNK_SAMPLES])
        for work in pipeline.push(chunk):
            yield chunk.end_sample, work
    for work in pipeline.flush():
        yield len(pcm), work


def judge(stream: Stream, committed: Sequence[tuple[str, float, float, int]]) -> list[Rated]:
    """Which words are right: all that the normalised word is made of stands at its place in the reference.

    Left out: words without letters, words with digits, and words that are wrong where the reference has a number, for
    `38` and `trente-huit` are both right.
    """
    parts = [(part, index) for index, word in enumerate(committed) for part in words_of(word[0])]
    reference, heard = [word.text for word in stream.words], [part for part, _ in parts]
    at = {j: i for i, j in align(reference, heard).pairs}
    numbers = _numbers(reference, cast(Language, stream.language))
    wrong, left_out, last = set[int](), set[int](), -1
    for j, (part, index) in enumerate(parts):
        i = at.get(j)
        if any(c.isdigit() for c in part):
            left_out.add(index)
        elif i is None or reference[i] != part:
            wrong.add(index)
            near = {last, last + 1} if i is None else {i}
            if near & numbers:
                left_out.add(index)
        last = last if i is None else i
    return [
        Rated(stream.name, stream.language, mean, weakest, passes, index not in wrong)
        for index, (text, mean, weakest, passes) in enumerate(committed)
        if index not in left_out and words_of(text)
    ]


def _numbers(words: Sequence[str], language: Language) -> set[int]:
    """Indexes of words that say a number; a bare article is none."""
    found = read_numbers([plain(word) for word in words], language)
    spelled = {index for number in found if not number.article for index in range(number.start, number.end)}
    return spelled | {index for index, word in enumerate(words) if any(c.isdigit() for c in word)}
