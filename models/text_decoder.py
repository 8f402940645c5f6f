"""Whisper's text decoder on the processor, through ONNX Runtime: tokens in, logits and attention out.

The graphs are those of `export/whisper_decoder.py`. A `Hearing` is one pass over one window; it holds what the decoder
remembers of each hypothesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from colloque.models.token_rules import Floats

TOKENS_FILE, POSITIONS_FILE = "tokens.npy", "positions.npy"
_HIDDEN = np.float32(-1e9)
"""Added to the weight of a token that comes later: nobody looks ahead."""


class TextDecoder:
    """The weights. Use it from any number of threads; it keeps nothing between calls."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """`folder` holds what `export/whisper_decoder.py` builds. `threads`: processor cores that a call uses."""
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Ours run for milliseconds, one after the other: threads that wait for the next would take a core from others.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._cross, self._text = (
            ort.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
            for name in ("cross", "text")
        )
        self._tokens: npt.NDArray[np.float16] = np.load(folder / TOKENS_FILE, mmap_mode="r")
        self._positions: Floats = np.load(folder / POSITIONS_FILE)
        keys = [value for value in self._text.get_inputs() if value.name.startswith("key_")]
        self.layers = len(keys)
        self._memory_shape: tuple[int, int] = (keys[0].shape[1], keys[0].shape[3])

    def hear(self, encoded: Floats) -> Hearing:
        """Begins a pass. `encoded`: the encoder's output, shape (positions, size)."""
        names = [value.name for value in self._cross.get_outputs()]
        cross = dict(zip(names, self._cross.run(names, {"encoded": encoded}), strict=True))
        heads, size = self._memory_shape
        nothing = np.zeros((1, heads, 0, size), np.float32)
        return Hearing(self, cross, [nothing] * (2 * self.layers))

    def run(
        self, tokens: npt.NDArray[np.int64], wanted: Sequence[int], memory: list[Floats], cross: dict[str, Floats]
    ) -> tuple[Floats, Floats, list[Floats]]:
        """One call. tokens: (hypotheses, count); `wanted`: rows, counted through all hypotheses.

        Gives their logits, the attention of all rows, and the memory with these tokens in it.
        """
        count, before = tokens.shape[1], memory[0].shape[2]
        if before + count > len(self._positions):
            raise ValueError(f"the decoder has positions for {len(self._positions)} tokens, not for {before + count}")
        places = self._positions[before : before + count]
        feed: dict[str, Any] = {
            "embedded": self._tokens[tokens].astype(np.float32) + places,
            "mask": np.triu(np.full((count, before + count), _HIDDEN, np.float32), before + 1),
            "wanted": np.asarray(wanted, np.int64),
            **cross,
        }
        names = ["logits", "attention"]
        for layer in range(self.layers):
            feed[f"key_{layer}"], feed[f"value_{layer}"] = memory[2 * layer : 2 * layer + 2]
            names += [f"new_key_{layer}", f"new_value_{layer}"]
        logits, attention, *memory = self._text.run(names, feed)
        return logits, attention[0].swapaxes(0, 1), memory


class Hearing:
    """One pass: what every hypothesis has said so far. It begins with one that has said nothing."""

    def __init__(self, decoder: TextDecoder, cross: dict[str, Floats], memory: list[Floats]) -> None:
        self._decoder = decoder
        self._cross = cross
        self._memory = memory

    def read(self, tokens: Sequence[int], wanted: Sequence[int]) -> tuple[Floats, Floats]:
        """Tells the only hypothesis that it has said `tokens`.

        Gives the logits after those at the indexes `wanted`, shape (wanted, vocabulary), and the attention of all,
        shape (tokens, heads, positions).
        """
        table = np.asarray([tokens], np.int64)
        logits, attention, self._memory = self._decoder.run(table, wanted, self._memory, self._cross)
        return logits, attention

    def step(self, tokens: Sequence[int]) -> tuple[Floats, Floats]:
        """The next token of each hypothesis.

        Gives the logits after it, shape (hypotheses, vocabulary), and the attention, shape (hypotheses, heads,
        positions).
        """
        table = np.asarray(tokens, np.int64)[:, np.newaxis]
        logits, attention, self._memory = self._decoder.run(table, range(len(tokens)), self._memory, self._cross)
        return logits, attention

    def forget(self, count: int) -> None:
        """Takes back the last `count` tokens of every hypothesis."""
        if count:
            self._memory = [part[:, :, :-count] for part in self._memory]

    def keep(self, hypotheses: Sequence[int]) -> None:
        """Goes on with these, in this order; one may stand several times."""
        if list(hypotheses) != list(range(len(self._memory[0]))):
            self._memory = [part[list(hypotheses)] for part in self._memory]
