"""Which tokens Whisper may say next: the rules that its decoder was trained with.

Those of Whisper's own `decoding.py` (SuppressBlank, SuppressTokens, ApplyTimestampRules), which CTranslate2 follows
too: timestamps come in pairs and never go back, a text begins with one, and where together they are more probable than
any word, one of them is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_FORBIDDEN = np.float32(-np.inf)
FIRST_MAX = 50
"""The first timestamp is at most so many steps of 20 ms."""
LAST_MIN = 10
"""Nothing more is said in the last so many steps of the voice: in short windows the decoder would say it all again."""


def log_softmax(logits: Floats) -> Floats:
    """Along the last axis."""
    shifted: Floats = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Ids of a vocabulary."""

    suppressed: npt.NDArray[np.int64]
    """Never said: signs that no speech holds, and control tokens."""
    first_suppressed: npt.NDArray[np.int64]
    """Not said at the very beginning."""
    end: int
    """End of text. All text tokens are below it."""
    first_timestamp: int
    voice_positions: int | None = None
    """Where the voice ends, in steps of 20 ms: a text that is closed there is the last."""

    @classmethod
    def of(cls, suppressed: Collection[int], first: Collection[int], end: int, timestamps: int) -> TokenRules:
        """`timestamps`: id of the first one. What stands between it and `end` controls the decoder and is no text."""
        never = np.array(sorted({*suppressed, *range(end + 1, timestamps)}), np.int64)
        return cls(never, np.array(sorted(first), np.int64), end, timestamps)

    def allowed(self, logits: Floats, said: Sequence[int]) -> Floats:
        """Log probabilities of the token after the outputs `said`, shape (tokens,); what may not come has -inf."""
        scores = logits.copy()
        scores[self.suppressed] = _FORBIDDEN
        times = self.first_timestamp
        if not said:
            scores[self.first_suppressed] = _FORBIDDEN
            scores[:times] = _FORBIDDEN
            scores[times + FIRST_MAX + 1 :] = _FORBIDDEN
            return log_softmax(scores)
        self._pair(scores, said)
        scores = log_softmax(scores)
        stamps, words = scores[times:], scores[:times]
        peak = stamps.max()
        if peak > _FORBIDDEN and peak + np.log(np.exp(stamps - peak).sum()) > words.max():
            scores[:times] = _FORBIDDEN
        return scores

    def until(self, voice_positions: int) -> TokenRules:
        """The rules for audio in which the voice ends there."""
        return replace(self, voice_positions=voice_positions)

    def _pair(self, scores: Floats, said: Sequence[int]) -> None:
        times = self.first_timestamp
        after_stamp = said[-1] >= times
        after_pair = after_stamp and (len(said) < 2 or said[-2] >= times)
        if after_pair:
            scores[times:] = _FORBIDDEN
        elif after_stamp:
            scores[: self.end] = _FORBIDDEN
            if self.voice_positions is not None and said[-1] - times > self.voice_positions - LAST_MIN:
                scores[times:] = _FORBIDDEN
        last = next((token for token in reversed(said) if token >= times), None)
        if last is not None:
            # A stamp that opens may repeat the one that closed; every other comes later.
            scores[times : last + (0 if after_stamp and not after_pair else 1)] = _FORBIDDEN
