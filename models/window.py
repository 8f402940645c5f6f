"""The stretch of audio that the recogniser reads at once, and the text in it that is committed already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from colloque.models.whisper import BEAM, Whisper
from colloque.models.whisper_decoding import Reading
from colloque.models.words import FRAME_SAMPLES, AlignedWord
from colloque.streaming.audio import Pcm, samples
from colloque.streaming.engines import Language

CONTEXT_SAMPLES = samples(8.0)
"""What a window keeps of the past, if not told otherwise."""
ROOM_SAMPLES = samples(4.0)
"""So much more it may hold before it is shortened."""
CUT_SAMPLES = samples(1.5)
"""It is shortened at the longest pause between words in so much audio."""
SILENCE_MAX_SAMPLES = samples(1.5)
"""After a longer silence, the next segment has no context."""


class Window:
    """It grows with the audio and goes on from one segment to the next; what is too old is left behind.

    Whisper hears better with some seconds of context before: on development data eight seconds of it, in place of
    windows that began anew with each segment, made a fifth fewer errors.
    """

    def __init__(self, whisper: Whisper, language: Language, keyterms: tuple[str, ...], start_sample: int) -> None:
        self._whisper = whisper
        self._language: Language = language
        self._keyterms = keyterms
        self.start_sample = start_sample
        self.context_samples = CONTEXT_SAMPLES
        self._pcm: Pcm = np.zeros(0, np.float32)
        self._output: list[int] = []
        """What the decoder said and is committed, with its timestamps: its prefix."""
        self._tokens: list[int] = []
        """The text tokens of the same."""
        self._words: list[AlignedWord] = []
        """The words of the same."""
        self._draft: list[int] = []
        """What the last pass has said after it."""

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

    def read(
        self, voice_end_sample: int, *, beam: int = BEAM, full_window: bool = False, with_keyterms: bool = True
    ) -> Reading:
        """What the decoder makes of it after the committed text; the voice ends at `voice_end_sample`."""
        reading = self._whisper.read(
            self._pcm,
            self._language,
            keyterms=self._keyterms if with_keyterms else (),
            prefix=self._output,
            draft=self._draft,
            beam=beam,
            full_window=full_window,
            voice_samples=voice_end_sample - self.start_sample,
        )
        self._draft = self._text_of(reading.output)
        return reading

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
        taken = len(reading.output) if is_all else self._taken(reading.output, count)
        count = len(reading.tokens) if is_all else count
        self._words += words
        self._tokens += reading.tokens[:count]
        self._output += reading.output[:taken]
        rest = replace(reading, tokens=reading.tokens[count:], output=reading.output[taken:])
        self._draft = self._text_of(rest.output)
        return rest

    def renew(self, start_sample: int) -> None:
        """Leaves the audio before `start_sample` behind, and the committed text with it."""
        start_sample = min(max(start_sample, self.start_sample), self.end_sample)
        self._pcm = self._pcm[start_sample - self.start_sample :]
        self.start_sample = start_sample
        self._output, self._tokens, self._words, self._draft = [], [], [], []

    def go_on(self, start_sample: int) -> None:
        """Another segment begins: what was said shortly before stays as its context.

        The silence between them, of which the recogniser has no audio, is filled in.
        """
        silence = start_sample - self.end_sample
        if 0 <= silence <= SILENCE_MAX_SAMPLES and self.has_prefix:
            self.hear(np.zeros(silence, np.float32))
            self._shorten()
        else:
            self.renew(self.end_sample)
            self.start_sample = start_sample

    def bound(self) -> None:
        """Keeps it short; committed words alone are left behind."""
        if len(self) > self.context_samples + ROOM_SAMPLES:
            self._shorten()

    def _shorten(self) -> None:
        """Leaves behind what is older than the context, with its text: from a pause between two words on."""
        floor = self.end_sample - self.context_samples
        if floor <= self.start_sample:
            return
        pauses = [
            (after.start_sample - before.end_sample, before, after)
            for before, after in pairwise(self._words)
            if floor <= after.start_sample <= floor + CUT_SAMPLES
        ]
        if not pauses:
            self.renew(self._words[-1].end_sample if self._words else self.start_sample)
            return
        _, before, after = max(pauses, key=lambda pause: pause[0])
        self._cut((before.end_sample + after.start_sample) // 2, after.first)

    def _cut(self, start_sample: int, first: int) -> None:
        """Begins near `start_sample`, with the text token of index `first`; timestamps count from there."""
        steps = max(0, start_sample - self.start_sample) // FRAME_SAMPLES
        zero, text = self._whisper.first_timestamp, self._whisper.is_text
        output = self._output[self._taken(self._output, first) :]
        while not text(output[0]):
            del output[0]
        self._output = [zero, *(token if text(token) else max(zero, token - steps) for token in output)]
        self._tokens = self._tokens[first:]
        kept = [word for word in self._words if word.first >= first]
        self._words = [replace(word, first=word.first - first, last=word.last - first) for word in kept]
        self._pcm = self._pcm[steps * FRAME_SAMPLES :]
        self.start_sample += steps * FRAME_SAMPLES
        self._draft = []  # its timestamps would have to change

    def _text_of(self, output: Sequence[int]) -> list[int]:
        """Without the timestamps at the end, which come later the next time."""
        end = len(output)
        while end and not self._whisper.is_text(output[end - 1]):
            end -= 1
        return list(output[:end])

    def _taken(self, output: Sequence[int], count: int) -> int:
        """Length of the decoder's output up to a number of text tokens."""
        taken = 0
        while count:
            count -= self._whisper.is_text(output[taken])
            taken += 1
        return taken
