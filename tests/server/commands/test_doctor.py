"""`colloque doctor`: what each check finds, and the exit code."""

from __future__ import annotations

import argparse
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from colloque.models.decoders import decoder_folder
from colloque.server.commands import doctor
from colloque.server.config import ServerConfig
from tests.models.tiny import write_whisper


def config(tmp_path: Path, **fields: object) -> ServerConfig:
    values: dict[str, object] = {"data": tmp_path / "data", "models": tmp_path / "models", **fields}
    return ServerConfig(**values)  # type: ignore[arg-type]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A port on which a server answers everything with this status."""

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("version", "outcome"), [((3, 10), "bad"), ((3, 11), "good"), ((3, 13), "good"), ((3, 14), "bad")]
)
def test_python(version: tuple[int, int], outcome: str) -> None:
    assert doctor.check_python(version).outcome == outcome


def test_the_packages_of_this_installation_are_there() -> None:
    finding = doctor.check_packages()
    assert (finding.outcome, finding.remedy) == ("good", None)


def test_a_missing_package_is_named_with_its_remedy() -> None:
    finding = doctor.check_packages(["numpy>=2", "no-such-package-here>=1,<2", "nor-this; extra == 'dev'"])
    assert finding.outcome == "bad"
    assert finding.found == "missing: no-such-package-here"
    assert finding.remedy == "pip install no-such-package-here"


def test_a_package_that_cannot_be_loaded_is_named() -> None:
    finding = doctor.check_packages(["numpy"], native=("no_such_module_here",))
    assert finding.outcome == "bad"
    assert finding.found.startswith("no_such_module_here cannot be loaded")


def test_device(tmp_path: Path) -> None:
    assert doctor.check_device(config(tmp_path, device="cpu")).outcome in ("good", "note")


def test_missing_models_are_named_with_their_remedy(tmp_path: Path) -> None:
    findings = {finding.about: finding for finding in doctor.check_models(config(tmp_path))}
    whisper = findings["model whisper-base"]
    assert whisper.outcome == "bad"
    assert "model.bin: it is missing" in whisper.found
    assert whisper.remedy == "colloque models pull whisper-base"
    assert findings["model silero-vad"].outcome == "good"  # it comes with a package


def test_a_whisper_folder_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    findings = list(doctor.check_recognisers(config(tmp_path, whisper=str(own))))
    assert [(finding.about, finding.outcome) for finding in findings] == [("recogniser for fr, en, de", "bad")]
    write_whisper(own)
    settings = config(tmp_path, whisper=str(own), device="cpu", workers=3, threads=2)
    (finding,) = doctor.check_recognisers(settings)
    assert (finding.outcome, finding.found) == ("good", f"{own}, int8 on cpu, 3 worker(s) of 2 thread(s)")
    assert "model whisper-base" not in {finding.about for finding in doctor.check_models(settings)}


def test_which_recogniser_serves_which_language(tmp_path: Path) -> None:
    own, english = write_whisper(tmp_path / "own"), write_whisper(tmp_path / "english", token_count=51_864)
    served = {"en": str(english), "de": "large-v3-turbo"}
    findings = list(doctor.check_recognisers(config(tmp_path, whisper=str(own), whisper_for=served)))
    assert [(finding.about, finding.outcome) for finding in findings] == [
        ("recogniser for fr", "good"),
        ("recogniser for en", "good"),
        ("recogniser for de", "bad"),
    ]
    assert findings[2].found.endswith("To get it: colloque models pull large-v3-turbo")
    (finding,) = doctor.check_recognisers(config(tmp_path, whisper=str(english)))
    assert "has learnt English alone" in finding.found
    (finding,) = doctor.check_recognisers(config(tmp_path, whisper="campplus"))
    assert "recognises no speech" in finding.found


def test_numbers_that_this_machine_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctranslate2.get_supported_compute_types", lambda _: {"int8", "float32"})
    own = write_whisper(tmp_path / "own")
    settings = config(tmp_path, whisper=str(own), device="cpu", compute_type="bfloat16")
    findings = list(doctor.check_recognisers(settings))
    assert (findings[0].about, findings[0].outcome) == ("compute type", "bad")
    assert "It can do float32, int8" in findings[0].found


def test_a_model_of_the_hub_that_has_never_come(tmp_path: Path) -> None:
    findings = {finding.about: finding for finding in doctor.check_models(config(tmp_path, whisper="some/whisper"))}
    assert findings["model some/whisper"].outcome == "bad"
    assert findings["model some/whisper"].remedy == "colloque models pull some/whisper"
    (finding,) = doctor.check_models(config(tmp_path, whisper="whisper-enormous"))
    assert (finding.about, finding.outcome) == ("models", "bad")


def test_a_text_decoder_that_is_not_built_is_noted(tmp_path: Path) -> None:
    own = write_whisper(tmp_path / "own")
    settings = config(tmp_path, whisper=str(own), device="cpu")
    (finding,) = doctor.check_decoders(settings)
    assert (finding.about, finding.outcome) == (f"text decoder of {own}", "note")
    assert finding.remedy == "colloque models pull"
    decoder_folder(own, settings.models).mkdir(parents=True)
    (finding,) = doctor.check_decoders(settings)
    assert (finding.outcome, finding.found) == ("good", str(decoder_folder(own, settings.models)))
    assert list(doctor.check_decoders(config(tmp_path, whisper=str(own), device="cpu", decoder="ctranslate2"))) == []


def test_the_data_folder_is_probed_and_not_made(tmp_path: Path) -> None:
    assert doctor.check_data_folder(config(tmp_path)).outcome == "good"
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    finding = doctor.check_data_folder(config(tmp_path, data=tmp_path / "file"))
    assert finding.outcome == "bad"
    assert finding.remedy is not None
    assert "COLLOQUE_DATA" in finding.remedy


def test_a_free_port(tmp_path: Path) -> None:
    assert doctor.check_port(config(tmp_path, port=0)).outcome == "good"


def test_a_port_that_a_server_of_ours_has(tmp_path: Path) -> None:
    with answering(200) as port:
        assert doctor.check_port(config(tmp_path, port=port)).outcome == "note"


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with answering(404) as port:
        finding = doctor.check_port(config(tmp_path, port=port))
    assert finding.outcome == "bad"
    assert finding.remedy is not None


def test_a_host_that_is_not_ours(tmp_path: Path) -> None:
    finding = doctor.check_port(config(tmp_path, host="192.0.2.1"))  # an address for documentation, RFC 5737
    assert finding.outcome == "bad"


def examine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **environment: str) -> int:
    monkeypatch.setenv("COLLOQUE_DATA", str(tmp_path))
    monkeypatch.setenv("COLLOQUE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("COLLOQUE_PORT", "0")
    monkeypatch.delenv("COLLOQUE_API_KEY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    doctor.add_doctor_parser(parser.add_subparsers())
    options = parser.parse_args(["doctor"])
    return int(options.run(options))


def test_a_machine_that_is_ready(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(monkeypatch, tmp_path, COLLOQUE_ENGINE="scripted") == 0
    said = capsys.readouterr().out
    assert "ok   python" in said
    assert "This machine is ready" in said


def test_a_machine_without_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(monkeypatch, tmp_path) == 1
    said = capsys.readouterr().out
    assert "BAD  model whisper-base" in said
    assert "-> colloque models pull whisper-base" in said


def test_a_wrong_configuration_ends_the_examination(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(monkeypatch, tmp_path, COLLOQUE_HOST="0.0.0.0") == 1
    assert "BAD  configuration: no API key is configured" in capsys.readouterr().out
