"""The default recogniser: Whisper through CTranslate2, one window of audio at a time.

Whisper's encoder is made for 30 s; it accepts less. Here it reads the real audio and three seconds of padding, which
costs a fifth for a short window. Text that is committed already is given as the decoder's prefix, so that a pass costs
what is new, and the words before hold the words after. `reader.py` makes streaming out of it.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022); weights: Systran's conversion.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer
from tokenizers import Tokenizer

from colloque.models.compute import Compute
from colloque.models.text_decoder import TextDecoder
from colloque.models.whisper_decoding import (
    HOP_SAMPLES,
    LENGTH_MAX,
    CTranslate2Decoding,
    Decoding,
    OwnDecoding,
    Reading,
    Wanted,
    read_rules,
)
from colloque.models.words import AlignedWord, timed_words
from colloque.streaming.audio import SAMPLE_RATE, Pcm
from colloque.streaming.engines import Language

PADDING_FRAMES = 300
WINDOW_FRAMES = 3000
TOKENS_PER_S = 14
"""Nobody says more; a text that goes on is a loop."""
KEYTERM_TOKENS_MAX = 100
BEAM = 5


class Whisper:
    """The weights. Use it from as many threads as `compute` has workers; it keeps nothing between calls."""

    def __init__(self, folder: Path, compute: Compute, decoder: TextDecoder | None = None) -> None:
        """`folder` holds a CTranslate2 conversion; `decoder` is made from it, or else CTranslate2's own decodes."""
        self._model = ctranslate2.models.Whisper(
            str(folder),
            device=compute.device,
            compute_type=compute.compute_type,
            intra_threads=compute.threads,
            inter_threads=compute.workers,
        )
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json"))
        languages: tuple[Language, ...] = ("fr", "en", "de") if self._model.is_multilingual else ("en",)
        self._tokenizers = {
            language: WhisperTokenizer(vocabulary, self._model.is_multilingual, "transcribe", language)
            for language in languages
        }
        self._decoding: Decoding = CTranslate2Decoding(self._model)
        if decoder is not None:
            rules = read_rules(folder, next(iter(self._tokenizers.values())))
            self._decoding = OwnDecoding(self._model, decoder, rules)

    def warm_up(self) -> None:
        """Runs everything once, so that the first patient does not wait."""
        noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE).astype(np.float32)
        language = next(iter(self._tokenizers))
        reading = self.read(noise, language)
        self.words(reading, len(noise), 0, language)

    def rehearse(self) -> None:
        """A pass of typical length, whatever there is to hear: 5 s, ten new tokens, word times."""
        noise = np.random.default_rng(1).normal(0, 0.01, 5 * SAMPLE_RATE).astype(np.float32)
        tokenizer = next(iter(self._tokenizers.values()))
        self._decoding.rehearse(self._log_mel(noise, full_window=False), tokenizer, 10)

    def read(
        self,
        pcm: Pcm,
        language: Language,
        *,
        keyterms: tuple[str, ...] = (),
        prefix: Sequence[int] = (),
        draft: Sequence[int] = (),
        beam: int = BEAM,
        full_window: bool = False,
        voice_samples: int | None = None,
    ) -> Reading:
        """Decodes a window. pcm: float32 (n,), 30 s at most; `prefix`: `output` of earlier readings that stands.

        `draft`: what the pass before has said after it; `voice_samples`: where the voice ends, if it is known.
        """
        tokenizer = self._tokenizers[language]
        start = [*self._bias(tokenizer, keyterms), *tokenizer.sot_sequence]
        room = min(20 + round(len(pcm) / SAMPLE_RATE * TOKENS_PER_S), LENGTH_MAX - len(start) - len(prefix))
        voice = len(pcm) if voice_samples is None else voice_samples
        wanted = Wanted(start, tuple(prefix), tuple(draft), beam, room, len(pcm), voice, tokenizer)
        return self._decoding.read(self._log_mel(pcm, full_window), wanted)

    def words(
        self,
        reading: Reading,
        length_samples: int,
        start_sample: int,
        language: Language,
        *,
        before: Sequence[int] = (),
        floor_sample: int | None = None,
    ) -> tuple[AlignedWord, ...]:
        """Words of a reading with times, token indexes counted from the window's first token.

        `length_samples`, `start_sample`: of the window; `before`: text tokens that stood before the reading's.
        """
        tokens = [*before, *reading.tokens]
        if not reading.tokens:
            return ()
        tokenizer = self._tokenizers[language]
        aligned = self._decoding.align(reading, tokens, length_samples, tokenizer)
        return timed_words(
            tokens,
            tokenizer.decode,
            aligned,
            start_sample,
            start_sample + length_samples,
            from_token=len(before),
            floor_sample=floor_sample,
        )

    @property
    def first_timestamp(self) -> int:
        """The token that stands for the window's beginning; those of later moments follow it, 20 ms each."""
        return int(next(iter(self._tokenizers.values())).timestamp_begin)

    def is_text(self, token: int) -> bool:
        """False for timestamps."""
        return bool(token < next(iter(self._tokenizers.values())).eot)

    def decode(self, tokens: Sequence[int], language: Language) -> str:
        """The text of tokens."""
        text: str = self._tokenizers[language].decode(list(tokens))
        return text

    def _bias(self, tokenizer: WhisperTokenizer, keyterms: tuple[str, ...]) -> list[int]:
        """Key terms as if they had been said before."""
        if not keyterms:
            return []
        tokens: list[int] = tokenizer.encode(" " + ", ".join(keyterms))[:KEYTERM_TOKENS_MAX]
        return [tokenizer.sot_prev, *tokens]

    def _log_mel(self, pcm: Pcm, full_window: bool) -> npt.NDArray[np.float32]:
        """Log-mel features, shape (mels, frames), float32: the audio, then padding at its lowest value."""
        features = self._features(pcm, padding=HOP_SAMPLES)
        count = min(max(1, len(pcm) // HOP_SAMPLES), WINDOW_FRAMES)
        total = WINDOW_FRAMES if full_window else min(count + PADDING_FRAMES, WINDOW_FRAMES)
        total += total % 2
        padded = np.full((features.shape[0], total), features[:, :count].min(), np.float32)
        padded[:, :count] = features[:, :count]
        return np.ascontiguousarray(padded)
