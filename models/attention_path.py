"""When each token was said: the path through the decoder's attention to the audio.

Whisper's own method (`timing.py`): the attention of the alignment heads, normalised over tokens, smoothed by a median
of seven positions, averaged, and then dynamic time warping (Sakoe and Chiba, 1978). Here over the tokens as they were
decoded, timestamps among them, which take up the silence between sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from colloque.models.token_rules import Floats

_REACH = 3
"""Positions on either side that the median looks at."""
_EXCHANGES = ((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6), (2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4))
"""Sorts seven values as far as the middle one needs (N. Devillard, "Fast median search", 1998)."""


def token_starts(attention: Floats) -> list[int]:
    """Position at which each token starts. attention: (tokens, heads, positions), the last row that of the end."""
    tokens, _, positions = attention.shape
    if not tokens or not positions:
        return [0] * tokens
    spread = attention.std(axis=0, keepdims=True)
    even = (attention - attention.mean(axis=0, keepdims=True)) / np.maximum(spread, np.float32(1e-9))
    return _path_starts(-_median(even).mean(axis=1, dtype=np.float64))


def _median(values: Floats) -> Floats:
    """Of seven neighbours along the last axis, mirrored at its ends."""
    size = values.shape[-1]
    if size <= _REACH:
        return values
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(_REACH, _REACH)], mode="reflect")
    views = [padded[..., at : at + size] for at in range(2 * _REACH + 1)]
    for low, high in _EXCHANGES:
        views[low], views[high] = np.minimum(views[low], views[high]), np.maximum(views[low], views[high])
    return views[_REACH]


def _path_starts(cost: npt.NDArray[np.float64]) -> list[int]:
    """First position of each row on the cheapest path from corner to corner. cost: (rows, positions)."""
    rows, positions = cost.shape
    total = np.empty((rows + 1, positions + 1))
    total[0] = total[:, 0] = np.inf
    total[0, 0] = 0.0
    for row in range(rows):
        above = np.minimum(total[row, :-1], total[row, 1:])
        # Going on in the same row only adds costs: the best place to have entered it is a running minimum.
        along = np.cumsum(cost[row])
        entered = np.minimum.accumulate(above - (along - cost[row]))
        total[row + 1, 1:] = entered + along
    return _trace(total)


def _trace(total: npt.NDArray[np.float64]) -> list[int]:
    row, at = total.shape[0] - 1, total.shape[1] - 1
    starts = [0] * row
    while row > 0:
        starts[row - 1] = at - 1
        diagonal, up, left = total[row - 1, at - 1], total[row - 1, at], total[row, at - 1]
        if diagonal <= up and diagonal <= left:
            row, at = row - 1, at - 1
        elif up <= left:
            row -= 1
        else:
            at -= 1
        if at == 0:
            break
    return starts


def joined(rows: Sequence[Floats], positions: int) -> Floats:
    """Rows of attention (heads, all positions) as one array, up to where the audio ends."""
    return np.stack([row[:, :positions] for row in rows])
