"""The default recogniser: Whisper through CTranslate2, one stretch of speech at a time.

Whisper's encoder is made for 30 s; it accepts less. Here it reads the real audio and three seconds of padding, which
costs a fifth for a short segment. Where that misleads the decoder (loops, no end of text) the stretch is read again in
the full window, and what still is no text is reported as not understood, never invented.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022); weights: Systran's conversion.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer
from tokenizers import Tokenizer

from colloque.models import guard
from colloque.models.words import alignment, timed_words
from colloque.streaming.audio import SAMPLE_RATE, Pcm
from colloque.streaming.engines import Language, RecognisedWord

HOP_SAMPLES = 160
"""One frame of the log-mel spectrogram: 10 ms."""
PADDING_FRAMES = 300
WINDOW_FRAMES = 3000
TOKENS_PER_S = 14
"""Nobody says more; a text that goes on is a loop."""
LENGTH_MAX = 448
"""Tokens of prompt and text that the decoder has positions for."""
KEYTERM_TOKENS_MAX = 100
EMPTY_MAX_SAMPLES = SAMPLE_RATE
"""Longer speech without any text is read again, and then reported."""

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was heard in a stretch. `words` is None where it could not be understood; empty where nothing was said."""

    words: tuple[RecognisedWord, ...] | None


@dataclass(frozen=True, slots=True)
class _Reading:
    tokens: list[int]
    text: str
    logprob: float
    no_speech: float
    is_cut_off: bool
    encoded: ctranslate2.StorageView

    @property
    def is_empty(self) -> bool:
        return not any(character.isalnum() for character in self.text)

    @property
    def is_sound(self) -> bool:
        return not self.is_cut_off and not guard.is_loop(self.text)


class Whisper:
    """The weights. Use it from one thread; it keeps nothing between calls."""

    def __init__(self, folder: Path, device: Device = "auto", threads: int = 1) -> None:
        """`folder` holds a CTranslate2 conversion. int8 on a CPU, float16 on a GPU."""
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        self.device = device
        self._model = ctranslate2.models.Whisper(
            str(folder),
            device=device,
            compute_type="float16" if device == "cuda" else "int8",
            intra_threads=threads,
            inter_threads=1,
        )
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizers = {
            language: WhisperTokenizer(vocabulary, self._model.is_multilingual, "transcribe", language)
            for language in ("fr", "en", "de")
        }

    def warm_up(self) -> None:
        """Runs everything once, so that the first patient does not wait."""
        noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE).astype(np.float32)
        self.glance(noise, "fr")
        self.recognise(noise, 0, "fr", voice=1.0)

    def glance(self, pcm: Pcm, language: Language, keyterms: tuple[str, ...] = ()) -> str:
        """Tentative text of speech that goes on: greedy, no word times. pcm: float32 (n,). Empty where unsure."""
        reading = self._read(pcm, language, keyterms, beam=1)
        if not reading.is_sound or reading.is_empty or guard.is_echo(reading.text, keyterms):
            return ""
        if guard.is_invented(reading.text, language, 0.0, reading.logprob, reading.no_speech):
            return ""
        return reading.text.strip()

    def recognise(
        self, pcm: Pcm, start_sample: int, language: Language, *, voice: float, keyterms: tuple[str, ...] = ()
    ) -> Recognition:
        """Final words of a closed stretch. pcm: float32 (n,); `voice`: its mean probability of voice."""
        reading = self._read(pcm, language, keyterms, beam=5)
        if guard.is_echo(reading.text, keyterms):
            # In noise the decoder says what it was told to expect: ask again without.
            reading = self._read(pcm, language, (), beam=5)
        if not reading.is_sound or (reading.is_empty and len(pcm) > EMPTY_MAX_SAMPLES):
            reading = self._read(pcm, language, (), beam=5, full_window=True)
        if not reading.is_sound:
            return Recognition(None if len(pcm) > EMPTY_MAX_SAMPLES or voice > guard.VOICE_MIN else ())
        # Long and clear speech without a text that can be believed is a gap, not nothing.
        nothing = Recognition(None if len(pcm) > 2 * EMPTY_MAX_SAMPLES and voice > guard.VOICE_MIN else ())
        if reading.is_empty:
            return nothing
        if guard.is_invented(reading.text, language, voice, reading.logprob, reading.no_speech):
            return nothing
        return Recognition(self._words(reading, pcm, start_sample, language))

    def _read(
        self,
        pcm: Pcm,
        language: Language,
        keyterms: tuple[str, ...],
        *,
        beam: int,
        full_window: bool = False,
    ) -> _Reading:
        tokenizer = self._tokenizers[language]
        features = self._log_mel(pcm, full_window)
        encoded = self._model.encode(ctranslate2.StorageView.from_array(features[None]), to_cpu=False)
        # With timestamps the decoder leaves out far less where speakers alternate within a segment.
        mode = [tokenizer.no_timestamps] if beam == 1 else []
        prompt = [*self._bias(tokenizer, keyterms), *tokenizer.sot_sequence, *mode]
        room = 20 + round(len(pcm) / SAMPLE_RATE * TOKENS_PER_S)
        # CTranslate2 gives a text the lesser of half of `max_length` and what the prompt leaves of it.
        limit = min(LENGTH_MAX, max(len(prompt) + room, 2 * room))
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            max_length=limit,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        # The score is a mean over the tokens; the end of text counts as one more.
        logprob = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        is_cut_off = len(result.sequences_ids[0]) >= min(limit // 2, limit - len(prompt))
        return _Reading(tokens, tokenizer.decode(tokens), logprob, float(result.no_speech_prob), is_cut_off, encoded)

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

    def _words(self, reading: _Reading, pcm: Pcm, start_sample: int, language: Language) -> tuple[RecognisedWord, ...]:
        tokenizer = self._tokenizers[language]
        frames = max(1, len(pcm) // HOP_SAMPLES)
        found = self._model.align(reading.encoded, tokenizer.sot_sequence, [reading.tokens], frames)[0]
        aligned = alignment(found.alignments, found.text_token_probs, len(reading.tokens))
        return timed_words(reading.tokens, tokenizer.decode, aligned, start_sample, start_sample + len(pcm))
