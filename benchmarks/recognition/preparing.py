"""From folders to streams, with times of words and the offline text of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.recognition.folder import Spoken, find_spoken
from benchmarks.recognition.joining import join
from benchmarks.recognition.offline import OfflineWhisper
from benchmarks.recognition.stream import Stream


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stream and what the same weights make of it offline."""

    stream: Stream
    offline_errors: int
    offline_cpu_s: float


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """How recordings become streams."""

    languages: tuple[str, ...]
    fallback_language: str | None = None
    pause_s: float = 0.8
    is_joined: bool = True
    """Short recordings of one folder and language are one stream; otherwise each is one."""


def streams_of(folders: Sequence[Path], plan: StreamPlan, whisper: OfflineWhisper) -> list[Stream]:
    """All streams of the folders. Raises `LanguageUnknown`, `ReferenceUnreadable` and `RecordingUnreadable`."""
    streams: list[Stream] = []
    together: dict[tuple[Path, str], list[Stream]] = defaultdict(list)
    for folder in folders:
        for spoken in find_spoken(folder):
            stream = _read(spoken, plan, whisper)
            if stream.language not in plan.languages or not stream.words:
                continue
            if plan.is_joined and not spoken.is_consultation:
                together[spoken.audio.parent, stream.language].append(stream)
            else:
                streams.append(stream)
    joined = [join(folder.name, parts, plan.pause_s) for (folder, _), parts in together.items()]
    return sorted([*joined, *streams], key=lambda stream: plan.languages.index(stream.language))


def with_offline(streams: Sequence[Stream], whisper: OfflineWhisper) -> list[Prepared]:
    """Recognises each stream as a whole."""
    prepared: list[Prepared] = []
    for stream in streams:
        text = whisper.transcribe(stream.pcm, stream.language)
        prepared.append(Prepared(stream, text.against(stream.words).errors, text.cpu_s))
    return prepared


def _read(spoken: Spoken, plan: StreamPlan, whisper: OfflineWhisper) -> Stream:
    reference = spoken.reference()
    language = spoken.language(reference.language, plan.fallback_language)
    if language not in plan.languages:
        return Stream(spoken.name, language, spoken.pcm(), (), "")
    pcm, words, source = spoken.pcm(), reference.words, "reference"
    if words and not reference.has_times:
        words, source = whisper.timed(pcm, language, reference.text, words)
    return Stream(spoken.name, language, pcm, words, source)
