from __future__ import annotations

import struct

import numpy as np
import pytest

from colloque.models.embedding import DIMENSIONS
from colloque.models.speaker_state import BadSpeakerState, pack, unpack
from colloque.models.speakers import Evidence, Speaker

HEAD_BYTES = 14


def speaker(number: int, confirmed: bool = False) -> Speaker:
    vector = np.random.default_rng(number).standard_normal(DIMENSIONS).astype(np.float32)
    return Speaker(number, vector * 5, weight_s=5.0, confirmed=confirmed)


def good() -> bytes:
    return pack([speaker(1, confirmed=True), speaker(3)], 5, {(1, 3)})


def test_round_trip() -> None:
    known, next_number, apart = unpack(good())
    assert [(s.number, s.confirmed, s.weight_s) for s in known] == [(1, True, 5.0), (3, False, 5.0)]
    np.testing.assert_array_equal(known[1].total, speaker(3).total)
    assert (next_number, apart) == (5, {(1, 3)})
    known[0].add(Evidence(known[1].total, 1.0, 0, 60), 120.0)  # what was read can be written to


def test_open_evidence_is_kept() -> None:
    talking = speaker(1)
    talking.add(Evidence(np.ones(DIMENSIONS, dtype=np.float32), 2.0, 0, 120), 120.0)
    (restored,), _, _ = unpack(pack([talking], 2, set()))
    assert restored.weight_s == 7.0
    assert talking.open is not None, "packing must not change the speaker"


def test_nobody_yet() -> None:
    assert unpack(pack([], 1, set())) == ([], 1, set())


def test_it_is_small() -> None:
    assert len(pack([speaker(n + 1) for n in range(16)], 17, set())) < 16 * 1024


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"CQSP",
        b"PK\x03\x04" + bytes(40),
        good()[:-1],
        good() + b"\0",
        good()[:4] + struct.pack("<H", 2) + good()[6:],
        pack([speaker(1), speaker(3)], 3, set()),
        pack([speaker(3), speaker(1)], 4, set()),
        pack([speaker(1), speaker(1)], 4, set()),
        pack([speaker(1)], 4, {(1, 2)}),
        pack([Speaker(1, np.full(DIMENSIONS, np.nan, np.float32), 5.0)], 2, set()),
        pack([Speaker(1, speaker(1).total, -5.0)], 2, set()),
        pack([Speaker(1, speaker(1).total, float("nan"))], 2, set()),
        pack([Speaker(1, np.zeros(DIMENSIONS, np.float32), 5.0)], 2, set()),
        good()[: HEAD_BYTES + 4] + b"\x7f" + good()[HEAD_BYTES + 5 :],
    ],
)
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(BadSpeakerState, match="the saved speakers cannot be read"):
        unpack(state)


def test_no_bytes_make_it_fail_otherwise() -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        damaged = bytearray(good())
        for at in generator.integers(0, len(damaged), 3):
            damaged[at] = generator.integers(0, 256)
        try:
            unpack(bytes(damaged))
        except BadSpeakerState as error:
            assert "Open the stream without a state" in str(error)
