"""The same weights on the whole file at once: the text that streaming is compared with, and times of words.

faster-whisper, beam 5, its own defaults else, on the CPU in int8 unless told otherwise.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from benchmarks.recognition.normalisation import words_of
from benchmarks.recognition.stream import SAMPLE_RATE, Pcm16, SpokenWord
from benchmarks.recognition.word_alignment import WordAlignment, align

BEAM = 5
WINDOW_S = 30.0
QUIET_DB = 35.0
"""Speech ends with the last 20 ms that are at most so much below the loudest."""


@dataclass(frozen=True, slots=True)
class OfflineText:
    """What one pass over the whole audio gave."""

    words: list[str]
    cpu_s: float

    def against(self, reference: tuple[SpokenWord, ...]) -> WordAlignment:
        """Its errors."""
        return align([word.text for word in reference], self.words)


class OfflineWhisper:
    """The weights. Loaded once, before any server is started."""

    def __init__(self, folder: Path, device: str = "cpu", compute_type: str = "int8") -> None:
        """`folder` holds a CTranslate2 conversion of Whisper."""
        self._model = WhisperModel(str(folder), device=device, compute_type=compute_type)

    def transcribe(self, pcm: Pcm16, language: str) -> OfflineText:
        """Text of the whole audio."""
        before_s = time.process_time()
        segments, _ = self._model.transcribe(_float(pcm), language=language, beam_size=BEAM)
        words = words_of(" ".join(segment.text for segment in segments))
        return OfflineText(words, time.process_time() - before_s)

    def timed(
        self, pcm: Pcm16, language: str, text: str, words: tuple[SpokenWord, ...]
    ) -> tuple[tuple[SpokenWord, ...], str]:
        """The words of a reference without times, with times, and how those were found.

        Up to 30 s the text is aligned with the audio by Whisper's cross-attention (`forced alignment`). Longer audio
        is recognised with word times, and words that were recognised get theirs (`matched transcript`).
        """
        if len(pcm) <= WINDOW_S * SAMPLE_RATE:
            pieces, source = self._forced(pcm, language, text), "forced alignment"
        else:
            pieces, source = self._recognised(pcm, language), "matched transcript"
        return spread(words, pieces, last_voice_s(pcm)), source

    def _forced(self, pcm: Pcm16, language: str, text: str) -> list[tuple[str, float, float]]:
        model = self._model
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
        features = model.feature_extractor(_float(pcm))
        frames = min(features.shape[-1], len(pcm) // model.feature_extractor.hop_length)
        encoded = model.encode(pad_or_trim(features))
        found: list[dict[str, Any]] = model.find_alignment(
            tokenizer, [tokenizer.encode(" " + text.strip())], encoded, frames
        )[0]
        return [(piece["word"], float(piece["start"]), float(piece["end"])) for piece in found]

    def _recognised(self, pcm: Pcm16, language: str) -> list[tuple[str, float, float]]:
        segments, _ = self._model.transcribe(_float(pcm), language=language, beam_size=BEAM, word_timestamps=True)
        return [(word.word, word.start, word.end) for segment in segments for word in segment.words or ()]


def spread(
    words: tuple[SpokenWord, ...], pieces: list[tuple[str, float, float]], latest_s: float
) -> tuple[SpokenWord, ...]:
    """Gives words the times of timed pieces of text, letter by letter, for the two may be cut differently.

    A word starts with its first letter and ends with its last. Words of which a letter has no equal get no time.
    Nothing ends after `latest_s`.
    """
    letters = [(letter, start_s, end_s) for text, start_s, end_s in pieces for letter in "".join(words_of(text))]
    wanted = [letter for word in words for letter in word.text]
    same = {i: j for i, j in align(wanted, [letter for letter, _, _ in letters]).pairs if wanted[i] == letters[j][0]}
    timed: list[SpokenWord] = []
    at = 0
    for word in words:
        first, at = at, at + len(word.text)
        if all(i in same for i in range(first, at)):
            start_s, end_s = letters[same[first]][1], letters[same[at - 1]][2]
            word = replace(word, start_s=min(start_s, latest_s), end_s=min(end_s, latest_s))
        timed.append(word)
    return tuple(timed)


def last_voice_s(pcm: Pcm16) -> float:
    """End of the last 20 ms of which the level is within `QUIET_DB` of the loudest 20 ms."""
    frame = SAMPLE_RATE // 50
    whole = len(pcm) // frame * frame
    if not whole:
        return len(pcm) / SAMPLE_RATE
    power = np.square(pcm[:whole].astype(np.float64)).reshape(-1, frame).mean(axis=1)
    loud = np.flatnonzero(power >= power.max() * 10 ** (-QUIET_DB / 10))
    return float((loud[-1] + 1) * frame / SAMPLE_RATE)


def _float(pcm: Pcm16) -> npt.NDArray[np.float32]:
    return pcm.astype(np.float32) / np.float32(32768)
