"""Arrays and bytes to frames."""

import numpy as np
import pytest

from colloque.clients.samples import to_bytes
from colloque.streaming.messages import AudioFormat

MONO = AudioFormat()
STEREO = AudioFormat(channels=2)
FLOAT = AudioFormat("pcm_f32le")


def test_bytes_pass_as_they_are() -> None:
    assert to_bytes(b"\x01\x02", MONO) == b"\x01\x02"


@pytest.mark.parametrize(("data", "form"), [(b"\x01", MONO), (b"\x01\x02", STEREO), (b"\x01\x02", FLOAT)])
def test_broken_samples_are_refused(data: bytes, form: AudioFormat) -> None:
    with pytest.raises(ValueError, match="whole samples"):
        to_bytes(data, form)


def test_floats_are_scaled_and_bounded() -> None:
    audio = np.array([0.0, 0.5, -1.0, 1.0, 3.0, np.nan], np.float32)
    assert np.frombuffer(to_bytes(audio, MONO), "<i2").tolist() == [0, 16384, -32768, 32767, 32767, 0]


def test_channels_are_interleaved() -> None:
    audio = np.array([[1, 2], [3, 4]], np.int16)
    assert np.frombuffer(to_bytes(audio, STEREO), "<i2").tolist() == [1, 3, 2, 4]


def test_integers_become_floats_where_floats_were_declared() -> None:
    audio = np.array([16384, -32768], np.int16)
    assert np.frombuffer(to_bytes(audio, FLOAT), "<f4").tolist() == [0.5, -1.0]
    assert np.frombuffer(to_bytes(np.array([0.25], np.float32), FLOAT), "<f4").tolist() == [0.25]


def test_other_shapes_and_types_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        to_bytes(np.zeros((2, 4), np.int16), MONO)
    with pytest.raises(ValueError, match="shape"):
        to_bytes(np.zeros((1, 1, 4), np.int16), MONO)
    with pytest.raises(ValueError, match="int16 or float32"):
        to_bytes(np.zeros(4, np.int32), MONO)  # type: ignore[arg-type]
