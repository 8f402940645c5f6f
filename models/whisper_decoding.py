"""From a window of audio to the decoder's text: by CTranslate2 alone, or with a text decoder of our own.

Both encode with CTranslate2. Its decoder is the one for GPUs, and where none of our own was built.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer

from colloque.models.attention_path import joined, token_starts
from colloque.models.beam_search import Hypothesis, follow, search
from colloque.models.text_decoder import Hearing, TextDecoder
from colloque.models.token_rules import Floats, TokenRules, log_softmax
from colloque.models.words import FRAME_SAMPLES, Alignment, alignment

HOP_SAMPLES = 160
"""One frame of the log-mel spectrogram: 10 ms."""
VOICE_MARGIN_SAMPLES = 4000
"""A word may end so much later than voice activity says (0.25 s)."""
LENGTH_MAX = 448
"""Tokens of prompt and text that the decoder has positions for."""

Features = npt.NDArray[np.float32]
"""Log-mel spectrogram, shape (mels, frames)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the decoder made of a window, after the text that it was given."""

    tokens: list[int]
    """Of the new text."""
    output: list[int]
    """The same with the decoder's timestamps among them: what a later pass takes as its prefix."""
    text: str
    logprob: float
    """Mean log probability of a token."""
    no_speech: float
    """The recogniser's own doubt, 0..1."""
    is_cut_off: bool
    """No end of text within what anybody could say in the window."""
    encoded: ctranslate2.StorageView | None = None
    """For word times that are found afterwards."""
    aligned: Alignment | None = None
    """Of all text tokens of the window, where the decoder has found them on its way."""

    @property
    def is_empty(self) -> bool:
        """No letter, no digit."""
        return not any(character.isalnum() for character in self.text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a window is read for."""

    start: Sequence[int]
    """Key terms, language and task."""
    prefix: Sequence[int]
    """`output` of earlier readings that stands."""
    draft: Sequence[int]
    """What will probably be said after it. It saves time where it is right, and changes nothing where it is wrong."""
    beam: int
    room: int
    """New tokens at most."""
    length_samples: int
    """Of the audio, without padding."""
    voice_samples: int
    """Of the audio up to the end of the voice."""
    tokenizer: WhisperTokenizer


class Decoding(Protocol):
    """How a window is read. Called from several threads."""

    def read(self, features: Features, wanted: Wanted) -> Reading:
        """What is said after the prefix."""

    def align(
        self, reading: Reading, tokens: Sequence[int], length_samples: int, tokenizer: WhisperTokenizer
    ) -> Alignment:
        """When the window's text tokens were said, those of the prefix among them."""

    def rehearse(self, features: Features, tokenizer: WhisperTokenizer, count: int) -> None:
        """A pass that finds so many tokens, whatever there is to hear."""


class CTranslate2Decoding:
    """CTranslate2 feeds the prefix token by token and aligns the whole text in another call."""

    def __init__(self, model: ctranslate2.models.Whisper) -> None:
        self._model = model

    def read(self, features: Features, wanted: Wanted) -> Reading:
        """As `Decoding.read`."""
        encoded = self._model.encode(_view(features), to_cpu=False)
        prompt, tokenizer = [*wanted.start, *wanted.prefix], wanted.tokenizer
        # It gives a text the lesser of half of `max_length` and what the prompt leaves of it.
        limit = min(LENGTH_MAX, max(len(prompt) + wanted.room, 2 * wanted.room))
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=wanted.beam,
            max_length=limit,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        output = result.sequences_ids[0][len(wanted.prefix) :]
        is_cut_off = len(output) >= min(limit // 2, limit - len(prompt))
        output = [token for token in output if token != tokenizer.eot]
        tokens = [token for token in output if token < tokenizer.eot]
        # The score is a mean over the tokens; the end of text counts as one more.
        logprob = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        text = tokenizer.decode(tokens)
        return Reading(tokens, output, text, logprob, float(result.no_speech_prob), is_cut_off, encoded)

    def align(
        self, reading: Reading, tokens: Sequence[int], length_samples: int, tokenizer: WhisperTokenizer
    ) -> Alignment:
        """As `Decoding.align`."""
        frames = max(1, length_samples // HOP_SAMPLES)
        found = self._model.align(reading.encoded, tokenizer.sot_sequence, [list(tokens)], frames)[0]
        return alignment(found.alignments, found.text_token_probs, len(tokens))

    def rehearse(self, features: Features, tokenizer: WhisperTokenizer, count: int) -> None:
        """As `Decoding.rehearse`."""
        encoded = self._model.encode(_view(features), to_cpu=False)
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        result = self._model.generate(
            encoded, [prompt], beam_size=1, max_length=len(prompt) + count, suppress_tokens=[-1, tokenizer.eot]
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        self._model.align(encoded, tokenizer.sot_sequence, [tokens], features.shape[1])


class OwnDecoding:
    """The prefix is read at once, and the times of words are found on the way."""

    def __init__(self, model: ctranslate2.models.Whisper, decoder: TextDecoder, rules: TokenRules) -> None:
        self._model = model
        self._decoder = decoder
        self._rules = rules

    def read(self, features: Features, wanted: Wanted) -> Reading:
        """As `Decoding.read`."""
        if wanted.room < 0:
            return Reading([], [], "", 0.0, 0.0, True, aligned=Alignment([], [], []))
        encoded = np.asarray(self._model.encode(_view(features), to_cpu=True))[0]
        no_speech, before, found = self._search(self._decoder.hear(encoded), wanted)
        # A token's attention is that of the step which gave it: of the token before it.
        rows = [*before[len(before) - 1 - len(wanted.prefix) : -1], *found.attention]
        # After the voice there is no word: without this bound the last one often takes up the silence.
        until = min(wanted.length_samples, wanted.voice_samples + VOICE_MARGIN_SAMPLES)
        positions = min(encoded.shape[0], max(1, -(-until // FRAME_SAMPLES)))
        starts = [*token_starts(joined(rows, positions)), positions]
        probabilities = [*[0.0] * len(wanted.prefix), *found.probabilities]
        tokenizer = wanted.tokenizer
        text = [at for at, token in enumerate([*wanted.prefix, *found.output]) if token < tokenizer.eot]
        aligned = Alignment(
            [starts[at] for at in text], [starts[at + 1] for at in text], [probabilities[at] for at in text]
        )
        tokens = [token for token in found.output if token < tokenizer.eot]
        return Reading(
            tokens,
            list(found.output),
            tokenizer.decode(tokens),
            found.mean,
            no_speech,
            not found.is_finished,
            aligned=aligned,
        )

    def _search(self, hearing: Hearing, wanted: Wanted) -> tuple[float, Floats, Hypothesis]:
        """The doubt that there is speech, the attention of the prompt, and what is said after it."""
        prompt, prefix, beam = [*wanted.start, *wanted.prefix], wanted.prefix, wanted.beam
        rules = self._rules.until(wanted.voice_samples // FRAME_SAMPLES)
        draft = list(wanted.draft[: wanted.room]) if beam == 1 else []
        at_start = prompt.index(wanted.tokenizer.sot)
        logits, attention = hearing.read(
            [*prompt, *draft], [at_start, *range(len(prompt) - 1, len(prompt) + len(draft))]
        )
        no_speech = float(np.exp(log_softmax(logits[0])[wanted.tokenizer.no_speech]))
        begun = follow(logits[1:], attention[len(prompt) - 1 :], prefix, draft, rules)
        said = len(begun.output)
        hearing.forget(len(draft) - said)
        after, looked = logits[1 + said :][:1], attention[len(prompt) - 1 + said :][:1]
        found = search(hearing, after, looked, prefix, rules, beam=beam, limit=wanted.room, begun=begun)
        return no_speech, attention[: len(prompt)], found

    def align(
        self, reading: Reading, tokens: Sequence[int], length_samples: int, tokenizer: WhisperTokenizer
    ) -> Alignment:
        """As `Decoding.align`; found already."""
        assert reading.aligned is not None
        return reading.aligned

    def rehearse(self, features: Features, tokenizer: WhisperTokenizer, count: int) -> None:
        """As `Decoding.rehearse`."""
        hearing = self._decoder.hear(np.asarray(self._model.encode(_view(features), to_cpu=True))[0])
        prompt = list(tokenizer.sot_sequence)
        logits, attention = hearing.read(prompt, [len(prompt) - 1])
        rows = [attention[-1]]
        for _ in range(count):
            scores = self._rules.allowed(logits[0], [tokenizer.timestamp_begin])
            logits, attention = hearing.step([int(scores.argmax())])
            rows.append(attention[0])
        token_starts(joined(rows, features.shape[1] // 2))


def read_rules(folder: Path, tokenizer: WhisperTokenizer) -> TokenRules:
    """Which tokens the model in this folder never says, by its `config.json`."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    return TokenRules.of(
        config.get("suppress_ids", ()), config.get("suppress_ids_begin", ()), tokenizer.eot, tokenizer.timestamp_begin
    )


def _view(features: Features) -> ctranslate2.StorageView:
    return ctranslate2.StorageView.from_array(features[None])
