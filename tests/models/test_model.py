from __future__ import annotations

from colloque.models.catalogue import CATALOGUE
from colloque.models.model import Distribution
from tests.models.tiny import FIRST, SECOND, WHEELS, tiny


def test_a_model_knows_its_wheels_and_its_size() -> None:
    model = tiny(WHEELS)
    assert model.distributions == {FIRST, SECOND}
    assert model.size_bytes == sum(file.size_bytes for file in model.files)
    assert model.is_folder


def test_a_wheel_is_known_by_its_name_whatever_the_platform() -> None:
    assert Distribution("some-voice==0.2", 1, "cp311-cp311-linux_x86_64").wheel_pattern == "some_voice-0.2-*.whl"


def test_the_remedy_is_a_command() -> None:
    assert CATALOGUE["campplus"].remedy == "colloque models pull campplus"
    assert CATALOGUE["silero-vad"].remedy.startswith("pip install 'faster-whisper==")
