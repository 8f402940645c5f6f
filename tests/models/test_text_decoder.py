from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import ctranslate2
import numpy as np
import pytest
from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer
from tokenizers import Tokenizer

from colloque.models.catalogue import locate
from colloque.models.compute import Compute
from colloque.models.decoders import load_decoder
from colloque.models.text_decoder import TextDecoder
from colloque.models.token_rules import Floats, log_softmax
from colloque.models.whisper import Whisper
from colloque.models.whisper_decoding import HOP_SAMPLES, Reading
from tests.models.speech import piece

SPEECH = piece("two_cities", 20, 28)


@pytest.fixture(scope="module")
def decoder() -> TextDecoder:
    found = load_decoder(locate("whisper-base"), Compute("cpu", "int8", workers=1, threads=1))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def runtime() -> ctranslate2.models.Whisper:
    return ctranslate2.models.Whisper(str(locate("whisper-base")), compute_type="int8", intra_threads=1)


@pytest.fixture(scope="module")
def tokenizer() -> WhisperTokenizer:
    vocabulary = Tokenizer.from_file(str(locate("whisper-base") / "tokenizer.json"))
    return WhisperTokenizer(vocabulary, True, "transcribe", "en")


@pytest.fixture(scope="module")
def reading(original: Whisper) -> Reading:
    return original.read(SPEECH, "en")


def encoded_of(reading: Reading) -> Floats:
    """Shape (positions, size)."""
    values: Floats = np.asarray(reading.encoded)[0]
    return values


@pytest.fixture(scope="module")
def encoded(reading: Reading) -> Floats:
    return encoded_of(reading)


@pytest.fixture(scope="module")
def tokens(reading: Reading, tokenizer: WhisperTokenizer) -> list[int]:
    """What the decoder is told, and then says, of `SPEECH`."""
    return [*tokenizer.sot_sequence, *reading.output]


def at_once(decoder: TextDecoder, encoded: Floats, tokens: Sequence[int]) -> tuple[Floats, Floats]:
    return decoder.hear(encoded).read(tokens, range(len(tokens)))


def one_by_one(decoder: TextDecoder, encoded: Floats, tokens: Sequence[int]) -> tuple[Floats, Floats]:
    hearing = decoder.hear(encoded)
    steps = [hearing.step([token]) for token in tokens]
    return np.concatenate([logits for logits, _ in steps]), np.concatenate([attention for _, attention in steps])


def mean_gap(found: Floats, wanted: Floats) -> float:
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).mean())


@pytest.fixture(scope="module")
def tolerance(decoder: TextDecoder, encoded: Floats, tokens: list[int]) -> tuple[float, float]:
    """How far logits and attention move where the audio is a millionth louder, on average.

    A value that rounds to eight bits the other way, for the last bit of a float32 is another where sums are taken in
    another order, changes a row by a 127th of its largest value; layer by layer more values round the other way. So
    the order of sums moves logits no less than this does (0.2 to 0.3 on average, at a spread of 15).
    """
    logits, attention = at_once(decoder, encoded, tokens)
    nudged = [at_once(decoder, encoded * np.float32(1 + by), tokens) for by in (1e-6, 3e-6, -1e-6)]
    gaps = [(mean_gap(one, logits), mean_gap(other, attention)) for one, other in nudged]
    return 2 * max(logits for logits, _ in gaps), 2 * max(attention for _, attention in gaps)


def test_tokens_read_at_once_are_tokens_read_one_by_one(
    decoder: TextDecoder, encoded: Floats, tokens: list[int], tolerance: tuple[float, float]
) -> None:
    logits, attention = at_once(decoder, encoded, tokens)
    stepped, looked = one_by_one(decoder, encoded, tokens)
    assert mean_gap(logits, stepped) <= tolerance[0] < 0.1 * logits.std()
    assert mean_gap(attention, looked) <= tolerance[1] < 0.1 * attention.std()
    assert np.mean(logits.argmax(axis=1) == stepped.argmax(axis=1)) > 0.9


def test_tokens_may_come_in_any_portions(
    decoder: TextDecoder, encoded: Floats, tokens: list[int], tolerance: tuple[float, float]
) -> None:
    wanted, looked = at_once(decoder, encoded, tokens)
    hearing = decoder.hear(encoded)
    parts = [hearing.read(part, range(len(part))) for part in (tokens[:1], tokens[1:9], tokens[9:10], tokens[10:])]
    assert mean_gap(np.concatenate([logits for logits, _ in parts]), wanted) <= tolerance[0]
    assert mean_gap(np.concatenate([attention for _, attention in parts]), looked) <= tolerance[1]


def test_no_token_sees_what_comes_after_it(decoder: TextDecoder, encoded: Floats, tokens: list[int]) -> None:
    logits, attention = at_once(decoder, encoded, tokens)
    changed, looked = at_once(decoder, encoded, [*tokens[:10], *reversed(tokens[10:])])
    np.testing.assert_allclose(changed[:10], logits[:10], atol=1e-3)
    np.testing.assert_allclose(looked[:10], attention[:10], atol=1e-5)
    assert np.abs(changed[10] - logits[10]).max() > 1


def test_the_same_again_is_the_same(decoder: TextDecoder, encoded: Floats, tokens: list[int]) -> None:
    first, again = (at_once(decoder, encoded, tokens) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


def test_hypotheses_beside_each_other_are_as_if_alone(
    decoder: TextDecoder, encoded: Floats, tokens: list[int], tolerance: tuple[float, float]
) -> None:
    start, ways = tokens[:8], [tokens[8:16], tokens[9:17], tokens[3:11]]
    together = decoder.hear(encoded)
    together.read(start, [7])
    together.keep([0, 0, 0])
    beside = [together.step(column) for column in zip(*ways, strict=True)]
    gaps = np.zeros((3, 3))
    for row, way in enumerate(ways):
        single = decoder.hear(encoded)
        single.read(start, [7])
        alone = [single.step([token]) for token in way]
        for other in range(3):
            gaps[row, other] = np.mean(
                [mean_gap(one[0], many[other]) for (one, _), (many, _) in zip(alone, beside, strict=True)]
            )
        looked = [mean_gap(one[0], many[row]) for (_, one), (_, many) in zip(alone, beside, strict=True)]
        assert np.mean(looked) <= tolerance[1]
    assert gaps.diagonal().max() <= tolerance[0]
    assert gaps[~np.eye(3, dtype=bool)].min() > 3 * tolerance[0]


def test_those_that_are_kept_go_on_in_their_order(
    decoder: TextDecoder, encoded: Floats, tokens: list[int], tolerance: tuple[float, float]
) -> None:
    """And of one that stands twice each copy goes its own way."""
    start, first, second = tokens[:8], tokens[8:10], [tokens[12], tokens[20]]
    hearing = decoder.hear(encoded)
    hearing.read(start, [7])
    hearing.keep([0, 0])
    hearing.step([first[0], second[0]])
    hearing.keep([1, 0, 1])
    logits, _ = hearing.step([second[1], first[1], first[1]])
    ways = [second, first, [second[0], first[1]]]
    wanted = [at_once(decoder, encoded, [*start, *way])[0][-1] for way in ways]
    for row, alone in enumerate(wanted):
        others = [mean_gap(logits[row], other) for at, other in enumerate(wanted) if at != row]
        assert mean_gap(logits[row], alone) < min(others) / 2
        assert mean_gap(logits[row], alone) <= 2 * tolerance[0]  # one row, of which some are worse than the mean


def test_hearings_in_several_threads_do_not_disturb_each_other(
    decoder: TextDecoder, encoded: Floats, tokens: list[int]
) -> None:
    backwards = np.ascontiguousarray(encoded[::-1])
    alone = [one_by_one(decoder, audio, tokens[:10]) for audio in (encoded, backwards)]
    with ThreadPoolExecutor(2) as threads:
        tasks = [threads.submit(one_by_one, decoder, audio, tokens[:10]) for audio in (encoded, backwards)]
        together = [task.result() for task in tasks]
    for (logits, attention), (wanted, looked) in zip(together, alone, strict=True):
        np.testing.assert_array_equal(logits, wanted)
        np.testing.assert_array_equal(attention, looked)


def test_attention_is_over_the_whole_audio_for_each_alignment_head(
    decoder: TextDecoder, encoded: Floats, tokens: list[int]
) -> None:
    _, attention = at_once(decoder, encoded, tokens)
    assert attention.shape == (len(tokens), 8, len(encoded))
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-4)
    # From word to word it looks at later audio.
    middle = (attention.mean(axis=1) * np.arange(len(encoded))).sum(axis=-1)
    assert middle[-2] > middle[5] + 100


def test_the_decoder_has_positions_for_so_many_tokens_and_no_more(decoder: TextDecoder, encoded: Floats) -> None:
    """A token without a position is refused: it would have that of another, or none."""
    hearing = decoder.hear(encoded[:50])
    hearing.read([7] * 447, [446])
    with pytest.raises(ValueError):
        hearing.read([7, 7], [1])
    logits, _ = hearing.step([7])
    assert np.all(np.isfinite(logits))
    with pytest.raises(ValueError):
        hearing.step([7])


@pytest.mark.parametrize(
    ("name", "start_s", "end_s"), [("two_cities", 0, 10), ("two_cities", 20, 36), ("beckett", 0, 10)]
)
def test_a_text_is_as_probable_as_for_ctranslate2(
    decoder: TextDecoder,
    original: Whisper,
    runtime: ctranslate2.models.Whisper,
    tokenizer: WhisperTokenizer,
    name: str,
    start_s: float,
    end_s: float,
) -> None:
    """Each token after the ones before it; both decoders round to eight bits, each in its way."""
    pcm = piece(name, start_s, end_s)
    reading = original.read(pcm, "en")
    aligned = runtime.align(reading.encoded, tokenizer.sot_sequence, [reading.tokens], len(pcm) // HOP_SAMPLES)[0]
    wanted = np.log(aligned.text_token_probs)
    told = [*tokenizer.sot_sequence, tokenizer.no_timestamps, *reading.tokens]
    logits, _ = decoder.hear(encoded_of(reading)).read(told, range(3, len(told) - 1))
    found = log_softmax(logits[:, : tokenizer.eot])[np.arange(len(reading.tokens)), reading.tokens]
    assert len(found) == len(wanted) > 10
    assert abs(found.mean() - wanted.mean()) < 0.05
    assert np.abs(np.exp(found) - np.exp(wanted)).mean() < 0.05
