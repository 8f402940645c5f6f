"""The stretch of audio that the recogniser reads at once, and the text in it that is committed already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from colloque.models.whisper import BEAM, Whisper
from colloque.models.whisper_decoding import Reading
from colloque.models.words import AlignedWord
from colloque.streaming.audio import Pcm
from colloque.streaming.engines import Language


class Window:
    """It grows with the audio, and is begun anew where its older part is no longer needed."""

    def __init__(self, whisper: Whisper, language: Language, keyterms: tuple[str, ...], start_sample: int) -> None:
        self._whisper = whisper
        self._language: Language = language
        self._keyterms = keyterms
        self.start_sample = start_sample
        self._pcm: Pcm = np.zeros(0, np.float32)
        self._output: list[int] = []
        """What the decoder said and is committed, with its timestamps: its prefix."""
        self._tokens: list[int] = []
        """The text tokens of the same."""

    def __len__(self) -> int:
        """Samples."""
        return len(self._pcm)

    @property
    def end_sample(self) -> int:
        """End of the audio."""
        return self.start_sample + len(self._pcm)

    @property
    def has_prefix(self) -> bool:
        """Some of its text is committed."""
        return bool(self._tokens)

    def hear(self, pcm: Pcm) -> None:
        """Takes the audio that follows, float32 (n,)."""
        self._pcm = np.concatenate([self._pcm, pcm])

    def between(self, start_sample: int, end_sample: int) -> Pcm:
        """A stretch of its audio, float32 (n,)."""
        return self._pcm[start_sample - self.start_sample : end_sample - self.start_sample]

    def read(self, *, beam: int = BEAM, full_window: bool = False, with_keyterms: bool = True) -> Reading:
        """What the decoder makes of it after the committed text."""
        return self._whisper.read(
            self._pcm,
            self._language,
            keyterms=self._keyterms if with_keyterms else (),
            prefix=self._output,
            beam=beam,
            full_window=full_window,
        )

    def words(self, reading: Reading, floor_sample: int) -> tuple[AlignedWord, ...]:
        """Words of a reading; none starts before `floor_sample`."""
        return self._whisper.words(
            reading,
            len(self._pcm),
            self.start_sample,
            self._language,
            before=self._tokens,
            floor_sample=max(self.start_sample, floor_sample),
        )

    def text_with(self, reading: Reading) -> str:
        """The committed text and a reading after it."""
        return self._whisper.decode([*self._tokens, *reading.tokens], self._language)

    def keep(self, reading: Reading, words: Sequence[AlignedWord], *, is_all: bool) -> Reading:
        """Makes the reading's first words prefix; gives what remains of it.

        The timestamp that closes a text belongs to the prefix only where the text ends too.
        """
        count = words[-1].last - len(self._tokens) if words else 0
        count, taken = (len(reading.tokens), len(reading.output)) if is_all else (count, self._taken(reading, count))
        self._tokens += reading.tokens[:count]
        self._output += reading.output[:taken]
        return replace(reading, tokens=reading.tokens[count:], output=reading.output[taken:])

    def renew(self, start_sample: int) -> None:
        """Leaves the audio before `start_sample` behind, and the committed text with it."""
        start_sample = min(max(start_sample, self.start_sample), self.end_sample)
        self._pcm = self._pcm[start_sample - self.start_sample :]
        self.start_sample = start_sample
        self._output, self._tokens = [], []

    def _taken(self, reading: Reading, count: int) -> int:
        """Length of the decoder's output up to a number of text tokens."""
        taken = 0
        while count:
            count -= self._whisper.is_text(reading.output[taken])
            taken += 1
        return taken
