from __future__ import annotations

import numpy as np
import pytest

from colloque.models.catalogue import locate
from colloque.models.embedding import BINS, DIMENSIONS, Embedding, filter_banks
from colloque.streaming.audio import Pcm, samples
from tests.models.voices import dialogue, noise, recording

MAN = [(2.42, 3.28), (4.8, 6.4), (6.4, 8.0), (11.94, 14.1), (17.57, 18.79), (23.7, 25.5)]
WOMAN = [(8.68, 10.0), (10.0, 11.38), (14.6, 15.8), (15.8, 16.97)]
"""Seconds of `dialogue`."""


@pytest.fixture(scope="module")
def network() -> Embedding:
    return Embedding(locate("campplus"))


def cut(start_s: float, end_s: float) -> Pcm:
    return dialogue()[samples(start_s) : samples(end_s)]


def test_embeddings_tell_the_two_apart(network: Embedding) -> None:
    units = [network.embed([cut(*span)]) for span in MAN + WOMAN]
    vectors = np.array([unit for unit in units if unit is not None])
    assert vectors.shape == (len(units), DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    cosines = vectors @ vectors.T
    man = np.arange(len(units)) < len(MAN)
    alike = cosines[np.ix_(man, man)][~np.eye(len(MAN), dtype=bool)]
    different = cosines[np.ix_(man, ~man)]
    assert np.median(alike) > np.max(different) + 0.1


def test_pieces_are_one_stretch(network: Embedding) -> None:
    whole = network.embed([cut(4.8, 8.0)])
    pieces = network.embed([cut(4.8, 6.1), cut(6.1, 6.11), cut(6.4, 8.0)])
    assert whole is not None and pieces is not None
    assert whole @ pieces > 0.9


def test_loudness_does_not_matter(network: Embedding) -> None:
    loud, faint = network.embed([cut(4.8, 8.0)]), network.embed([cut(4.8, 8.0) * np.float32(0.1)])
    assert loud is not None and faint is not None
    assert loud @ faint > 0.99


@pytest.mark.parametrize("pieces", [[], [np.zeros(0, np.float32)], [noise(0.15, -30)], [noise(0.02, -30)] * 50])
def test_too_little_speech_has_no_voice(network: Embedding, pieces: list[Pcm]) -> None:
    assert network.embed(pieces) is None


def test_features_have_one_row_per_10_ms() -> None:
    features = filter_banks(recording("beckett")[:16_000])
    assert features.shape == (98, BINS)
    assert features.dtype == np.float32
    assert filter_banks(np.zeros(399, dtype=np.float32)).shape == (0, BINS)


def test_features_do_not_vary_by_chance() -> None:
    pcm = recording("beckett")[:16_000]
    np.testing.assert_array_equal(filter_banks(pcm), filter_banks(pcm))
