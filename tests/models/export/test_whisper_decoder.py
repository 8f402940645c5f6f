from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from colloque.models.catalogue import locate
from colloque.models.compute import has_vnni
from colloque.models.export import whisper_decoder
from colloque.models.export.ctranslate2_weights import CTranslate2Weights
from colloque.models.export.weights import BadCheckpoint
from colloque.models.text_decoder import TextDecoder
from tests.models.decoder_files import write_decoder
from tests.models.export.ctranslate2_file import file, tensor
from tests.models.export.plain_decoder import HEADS, LAYERS, POSITIONS, SIZE, TOKENS, PlainDecoder, plain_decoder

ALIGNMENT_HEADS = [[1, 1], [0, 1], [1, 0]]
SAID = [3, 17, 29, 0, 8, 8, 21]
AUDIO: NDArray[np.float32] = np.random.default_rng(3).normal(size=(9, SIZE)).astype(np.float32)


@pytest.fixture(scope="module")
def plain() -> PlainDecoder:
    return plain_decoder()


@pytest.fixture(scope="module")
def model(plain: PlainDecoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain.write(tmp_path_factory.mktemp("tiny"), heads=ALIGNMENT_HEADS)


@pytest.fixture(scope="module")
def decoder(model: Path, tmp_path_factory: pytest.TempPathFactory) -> TextDecoder:
    return write_decoder(model, tmp_path_factory.mktemp("decoder"))


def error(found: NDArray[np.float32], wanted: NDArray[np.float64]) -> float:
    """Of all values together, relative to how far these are spread."""
    assert found.shape == wanted.shape
    return float(np.sqrt(np.square(found - wanted).mean()) / wanted.std())


TOLERANCE = 0.05
"""Of eight bits a number rounds by a 250th of the largest; eighteen linear layers stand one after the other."""


def test_it_computes_what_the_network_says(decoder: TextDecoder, plain: PlainDecoder) -> None:
    logits, attention = decoder.hear(AUDIO).read(SAID, range(len(SAID)))
    wanted, looked = plain(SAID, AUDIO)
    assert error(logits, wanted) < TOLERANCE
    # Heads in the order of layers, whatever the order in the configuration.
    assert error(attention, looked[:, [1, 2, 3]]) < TOLERANCE
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)


def test_the_weights_that_this_processor_takes_compute_the_same(
    model: Path, decoder: TextDecoder, tmp_path: Path
) -> None:
    """With sign or without: the numbers are the same, as long as no product overflows."""
    other = write_decoder(model, tmp_path, is_signed=has_vnni())
    loud = 100 * np.sign(AUDIO)  # all activations at their greatest
    for audio in (AUDIO, loud):
        ours, theirs = (one.hear(audio).read(SAID, range(len(SAID))) for one in (other, decoder))
        np.testing.assert_allclose(ours[0], theirs[0], atol=1e-4)
        np.testing.assert_allclose(ours[1], theirs[1], atol=1e-5)


def test_weights_with_sign_are_stored_around_nought(model: Path) -> None:
    signed, unsigned = (whisper_decoder.build(model, is_signed=is_signed) for is_signed in (True, False))
    assert signed != unsigned
    assert abs(len(signed["text"]) - len(unsigned["text"])) < 1000


def test_every_token_sees_the_ones_before_it_however_they_came(decoder: TextDecoder, plain: PlainDecoder) -> None:
    wanted, looked = plain(SAID, AUDIO)
    hearing = decoder.hear(AUDIO)
    found = [
        hearing.read(SAID[:3], [2]),
        hearing.read(SAID[3:5], [1]),
        hearing.step([SAID[5]]),
        hearing.step([SAID[6]]),
    ]
    assert error(np.concatenate([logits for logits, _ in found]), wanted[[2, 4, 5, 6]]) < TOLERANCE
    assert error(np.concatenate([attention for _, attention in found]), looked[:, [1, 2, 3]]) < TOLERANCE


def test_hypotheses_go_their_own_ways(decoder: TextDecoder, plain: PlainDecoder) -> None:
    hearing = decoder.hear(AUDIO)
    hearing.read(SAID[:4], [3])
    hearing.keep([0, 0, 0])
    hearing.step([5, 6, 7])
    hearing.keep([2, 0, 0, 1])
    logits, attention = hearing.step([11, 12, 13, 14])
    for row, tail in enumerate(([7, 11], [5, 12], [5, 13], [6, 14])):
        wanted, looked = plain([*SAID[:4], *tail], AUDIO)
        assert error(logits[row], wanted[-1]) < 2 * TOLERANCE
        assert error(attention[row], looked[-1, [1, 2, 3]]) < 2 * TOLERANCE


def test_only_the_logits_that_are_wanted_are_given(decoder: TextDecoder) -> None:
    every, _ = decoder.hear(AUDIO).read(SAID, range(len(SAID)))
    some, attention = decoder.hear(AUDIO).read(SAID, [6, 1])
    np.testing.assert_allclose(some, every[[6, 1]], atol=1e-4)
    assert attention.shape == (len(SAID), 3, len(AUDIO))


def test_a_model_that_is_stored_as_int8_gives_the_same(
    plain: PlainDecoder, decoder: TextDecoder, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = plain.write(tmp_path, bytes_only=True, heads=ALIGNMENT_HEADS)
    stored = write_decoder(model, tmp_path_factory.mktemp("int8"))
    found, attention = stored.hear(AUDIO).read(SAID, range(len(SAID)))
    wanted, looked = plain(SAID, AUDIO)
    assert error(found, wanted) < TOLERANCE
    assert error(attention, looked[:, [1, 2, 3]]) < TOLERANCE


def test_rows_of_nought_are_no_trouble(plain: PlainDecoder, tmp_path: Path) -> None:
    """Neither an output whose weights are all nought, nor audio that is."""
    weights = {name: values.copy() for name, values in plain.weights.items()}
    weights["decoder/layer_0/ffn/linear_0/weight"][3] = 0
    weights["decoder/layer_1/attention/linear_1/weight"][5] = 0
    dull = PlainDecoder(weights)
    decoder = write_decoder(dull.write(tmp_path, heads=ALIGNMENT_HEADS), tmp_path)
    silence = np.zeros((5, SIZE), np.float32)
    logits, _ = decoder.hear(silence).read(SAID, range(len(SAID)))
    assert error(logits, dull(SAID, silence)[0]) < TOLERANCE


def test_one_large_value_does_not_drown_the_other_tokens(plain: PlainDecoder, tmp_path: Path) -> None:
    """Each row of activations has a scale of its own: a huge token costs the others nothing."""
    weights = {name: values.copy() for name, values in plain.weights.items()}
    weights["decoder/embeddings/weight"][SAID[0], 4] = 500
    huge = PlainDecoder(weights)
    decoder = write_decoder(huge.write(tmp_path, heads=ALIGNMENT_HEADS), tmp_path)
    logits, _ = decoder.hear(AUDIO).read(SAID, range(len(SAID)))
    wanted, _ = huge(SAID, AUDIO)
    others = [token for token in range(TOKENS) if token != SAID[0]]
    assert error(logits[1:, others], wanted[1:, others]) < 2 * TOLERANCE


def test_without_chosen_heads_those_of_the_upper_half_are_taken(plain: PlainDecoder, tmp_path: Path) -> None:
    model = plain.write(tmp_path)
    shape = whisper_decoder.read_shape(CTranslate2Weights(model / "model.bin"), model)
    assert shape == whisper_decoder.DecoderShape(LAYERS, HEADS, SIZE // HEADS, TOKENS, ((1, 0), (1, 1)))
    assert shape.size == SIZE
    decoder = write_decoder(model, tmp_path)
    _, attention = decoder.hear(AUDIO).read(SAID, [0])
    assert error(attention, plain(SAID, AUDIO)[1][:, [2, 3]]) < TOLERANCE


def test_embeddings_are_those_of_the_model(plain: PlainDecoder, model: Path) -> None:
    tokens, positions = whisper_decoder.embeddings(model)
    assert (tokens.dtype.name, positions.dtype.name) == ("float16", "float32")
    np.testing.assert_allclose(tokens, plain.weights["decoder/embeddings/weight"], rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(positions, plain.weights["decoder/position_encodings/encodings"])
    assert positions.shape == (POSITIONS, SIZE)


def test_a_model_without_a_decoder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(file([tensor("encoder/num_heads", np.array(8, np.int16))]))
    (tmp_path / "config.json").write_text(json.dumps({}), "utf-8")
    with pytest.raises((BadCheckpoint, KeyError)):  # `decoders.py` takes them for the same
        whisper_decoder.build(tmp_path)


def test_whisper_base_gives_the_same_files_each_time() -> None:
    model = locate("whisper-base")
    first, second = whisper_decoder.build(model), whisper_decoder.build(model)
    assert tuple(first) == ("cross", "text")
    assert first == second
    assert len(first["text"]) < 50e6  # a byte a weight


def test_the_shape_of_whisper_base_is_read() -> None:
    model = locate("whisper-base")
    shape = whisper_decoder.read_shape(CTranslate2Weights(model / "model.bin"), model)
    assert (shape.layers, shape.heads, shape.head_size, shape.tokens) == (6, 8, 64, 51_865)
    assert shape.alignment_heads == ((3, 1), (4, 2), (4, 3), (4, 7), (5, 1), (5, 2), (5, 4), (5, 6))
