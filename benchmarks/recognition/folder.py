"""Finds recordings and their texts in folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recognition.reference import Reference, read_reference
from benchmarks.recognition.stream import Pcm16
from colloque.clients.recording import Recording

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".opus", ".ogg", ".m4a")
TEXT_SUFFIXES = (".json", ".txt", ".lab")
_LANGUAGE = re.compile(r"(?:^|[-_. ])(fr|de|en)(?:$|[-_. ])", re.IGNORECASE)


class LanguageUnknown(ValueError):
    """Nothing says which language a recording is in."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording with its text, not yet read."""

    audio: Path
    text: Path
    is_consultation: bool
    """`audio.*` beside `reference.json`: long, and played as it is."""

    @property
    def name(self) -> str:
        """Name of the recording: of its folder for a consultation."""
        return self.audio.parent.name if self.is_consultation else self.audio.stem

    def pcm(self) -> Pcm16:
        """All samples, mixed to one channel. Raises `RecordingUnreadable`."""
        frames = b"".join(Recording(str(self.audio), "1").frames())
        return np.frombuffer(frames, "<i2").astype(np.int16)

    def reference(self) -> Reference:
        """Its text. Raises `ReferenceUnreadable`."""
        return read_reference(self.text)

    def language(self, said: str | None, fallback: str | None) -> str:
        """What the reference says, else the nearest folder or file named by `fr`, `de` or `en` (as in `fr`, `x-fr`,
        `fr_read`), else `fallback`. Raises `LanguageUnknown`."""
        if said:
            return said.lower()[:2]
        for part in (self.audio.stem, *reversed(self.audio.parent.absolute().parts)):
            if found := _LANGUAGE.search(part):
                return found.group(1).lower()
        if fallback is None:
            raise LanguageUnknown(
                f"nothing says which language {self.audio.name} is in: put it into a folder named fr, de or en, "
                "write `language` into its JSON, or give --language"
            )
        return fallback


def find_spoken(folder: Path) -> Iterator[Spoken]:
    """Recordings under a folder that have a text, in order of their paths. Those without one are left out."""
    for audio in sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES):
        whole = audio.parent / "reference.json"
        if audio.stem == "audio" and whole.exists():
            yield Spoken(audio, whole, is_consultation=True)
            continue
        texts = (audio.with_suffix(suffix) for suffix in TEXT_SUFFIXES)
        if text := next((path for path in texts if path.exists()), None):
            yield Spoken(audio, text, is_consultation=False)
