from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from colloque.models.attention_path import _median, _path_starts, joined, token_starts


def paths(rows: int, positions: int) -> list[list[tuple[int, int]]]:
    """All ways from corner to corner by steps right, down or both."""
    if (rows, positions) == (1, 1):
        return [[(0, 0)]]
    ways: list[list[tuple[int, int]]] = []
    for row, at in ((rows - 1, positions - 1), (rows - 1, positions), (rows, positions - 1)):
        if row and at:
            ways += [[*way, (rows - 1, positions - 1)] for way in paths(row, at)]
    return ways


def starts_of(path: list[tuple[int, int]], rows: int) -> list[int]:
    return [min(at for row, at in path if row == one) for one in range(rows)]


@st.composite
def costs(draw: st.DrawFn, side: int) -> npt.NDArray[np.float64]:
    """Every sum of some of its numbers is another one: of two paths one is the cheaper."""
    shape = draw(st.tuples(st.integers(1, side), st.integers(1, side)))
    powers = draw(st.permutations(range(shape[0] * shape[1])))
    signs = draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=len(powers), max_size=len(powers)))
    return np.reshape([sign * 2.0**power for sign, power in zip(signs, powers, strict=True)], shape)


@given(costs(side=5))
def test_the_path_is_the_cheapest_of_all(cost: npt.NDArray[np.float64]) -> None:
    rows, positions = cost.shape
    best = min(paths(rows, positions), key=lambda path: sum(cost[step] for step in path))
    assert _path_starts(cost) == starts_of(best, rows)


def plain_starts(cost: npt.NDArray[np.float64]) -> list[int]:
    """Dynamic time warping as textbooks write it."""
    rows, positions = cost.shape
    total = np.full((rows + 1, positions + 1), np.inf)
    total[0, 0] = 0
    for row in range(rows):
        for at in range(positions):
            total[row + 1, at + 1] = cost[row, at] + min(total[row, at], total[row, at + 1], total[row + 1, at])
    row, at = rows, positions
    starts = [0] * rows
    while row and at:
        starts[row - 1] = at - 1
        row, at = min([(row - 1, at - 1), (row - 1, at), (row, at - 1)], key=lambda place: float(total[place]))
    return starts


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (30, 4), (60, 600), (20, 1500)])
def test_long_paths_are_those_of_the_textbook(shape: tuple[int, int]) -> None:
    cost = np.random.default_rng(sum(shape)).normal(size=shape)
    assert _path_starts(cost) == plain_starts(cost)


VALUES = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=2, max_dims=3, max_side=12), elements=st.floats(-4, 4, width=32)
)


@given(VALUES)
def test_the_median_is_that_of_seven_neighbours(values: npt.NDArray[np.float32]) -> None:
    size = values.shape[-1]
    if size <= 3:  # there is nothing to mirror
        np.testing.assert_array_equal(_median(values), values)
        return
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(3, 3)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=-1)
    before = values.copy()
    np.testing.assert_array_equal(_median(values), np.median(windows, axis=-1))
    np.testing.assert_array_equal(values, before)


def test_the_network_sorts_every_order_of_noughts_and_ones() -> None:
    """And so every order of anything (Knuth's principle of noughts and ones)."""
    for number in range(2**7):
        bits = np.array([[number >> place & 1 for place in range(7)]], np.float32)
        assert _median(bits)[0, 3] == np.median(bits)


ATTENTION = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 20)),
    elements=st.floats(0, 1, width=32),
)


@given(ATTENTION)
def test_tokens_start_in_their_order_inside_the_audio(attention: npt.NDArray[np.float32]) -> None:
    tokens, _, positions = attention.shape
    starts = token_starts(attention)
    assert len(starts) == tokens and starts[0] == 0
    assert all(before <= after for before, after in pairwise(starts))
    assert starts[-1] < positions
    # The path reaches every position: no row may be left out where rows are few.
    assert len(set(starts)) <= positions


def steps(begins: list[int], positions: int, heads: int = 2) -> npt.NDArray[np.float32]:
    """Attention that looks at one place from each begin on, with a little noise; (tokens, heads, positions)."""
    random = np.random.default_rng(5)
    values = random.uniform(0, 0.01, (len(begins), heads, positions)).astype(np.float32)
    for token, (begin, end) in enumerate(pairwise([*begins, positions])):
        values[token, :, begin:end] += np.float32(1 / (end - begin))
    return values


def test_tokens_start_where_the_attention_turns_to_them() -> None:
    begins = [0, 20, 28, 70, 100]
    assert token_starts(steps(begins, 130)) == begins


def test_a_head_that_looks_elsewhere_is_outvoted_where_it_looks_evenly() -> None:
    attention = steps([0, 30, 60], 90, heads=4)
    attention[:, 0] = np.float32(1 / 90)
    assert token_starts(attention) == [0, 30, 60]


def test_a_spike_of_three_positions_is_smoothed_away() -> None:
    attention = steps([0, 30, 60], 90)
    attention[2, :, 10:13] = 0.5
    assert token_starts(attention) == [0, 30, 60]


@pytest.mark.parametrize("positions", [1, 2, 3, 4, 5, 6, 7])
def test_there_may_be_fewer_positions_than_tokens_or_than_neighbours(positions: int) -> None:
    attention = np.random.default_rng(positions).uniform(size=(9, 2, positions)).astype(np.float32)
    starts = token_starts(attention)
    assert starts == sorted(starts)
    assert (starts[0], starts[-1]) == (0, starts[-1]) and starts[-1] < positions


def test_one_token_has_all_of_the_audio() -> None:
    assert token_starts(steps([0], 50)) == [0]


@pytest.mark.parametrize(("shape", "starts"), [((0, 2, 9), []), ((3, 2, 0), [0, 0, 0]), ((0, 2, 0), [])])
def test_without_tokens_or_audio_there_is_no_path(shape: tuple[int, int, int], starts: list[int]) -> None:
    assert token_starts(np.zeros(shape, np.float32)) == starts


def test_attention_that_is_even_everywhere_has_some_path() -> None:
    starts = token_starts(np.full((4, 2, 30), 1 / 30, np.float32))
    assert starts == sorted(starts) and starts[0] == 0 and starts[-1] < 30


def test_rows_are_joined_up_to_where_the_audio_ends() -> None:
    rows = [np.full((2, 10), value, np.float32) for value in (1, 2, 3)]
    found = joined(rows, 4)
    assert found.shape == (3, 2, 4)
    assert found[:, 0, 0].tolist() == [1, 2, 3]
