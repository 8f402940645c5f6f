"""Configuration: file, environment, command line, and what is said of a wrong value."""

from __future__ import annotations

from pathlib import Path

import pytest

from colloque.models.catalogue import models_folder
from colloque.server.config import ConfigError, ServerConfig, load
from colloque.streaming.config import SessionLimits

KEY = "k" * 32


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "colloque.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults(tmp_path: Path) -> None:
    config = load(None, {"XDG_DATA_HOME": str(tmp_path)})
    assert config == ServerConfig(data=tmp_path / "colloque", models=models_folder())
    assert (config.host, config.port, config.sessions_max, config.engine) == ("127.0.0.1", 8765, 0, "local")
    assert config.database == tmp_path / "colloque" / "colloque.sqlite3"
    assert config.loopback


def test_every_key_of_the_file_is_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f"""
        data = "{tmp_path}/d"
        models = "{tmp_path}/m"
        host = "0.0.0.0"
        port = 9000
        api_keys = ["{KEY}", "{KEY[::-1]}x"]
        token_life_s = 60
        sessions_max = 8
        engine = "scripted"
        device = "cuda"
        compute_type = "int8_float16"
        decoder = "ctranslate2"
        workers = 3
        threads = 2
        whisper = "/models/large"
        [whisper_for]
        en = "distil-large-v3"
        fr = "some/french-ct2@v1"
        [limits]
        publisher_wait_s = 10
        """,
    )
    assert load(file, {}) == ServerConfig(
        data=tmp_path / "d",
        models=tmp_path / "m",
        host="0.0.0.0",
        port=9000,
        api_keys=(KEY, KEY[::-1] + "x"),
        token_life_s=60.0,
        sessions_max=8,
        engine="scripted",
        device="cuda",
        compute_type="int8_float16",
        decoder="ctranslate2",
        workers=3,
        threads=2,
        whisper="/models/large",
        whisper_for={"en": "distil-large-v3", "fr": "some/french-ct2@v1"},
        limits=SessionLimits(publisher_wait_s=10.0),
    )


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 1\nhost = "::1"\nsessions_max = 3\n[limits]\nlag_every_s = 1.5')
    environment = {
        "COLLOQUE_PORT": "2",
        "COLLOQUE_SESSIONS_MAX": "4",
        "COLLOQUE_LIMITS_LAG_EVERY_S": "0.5",
        "COLLOQUE_API_KEY": f"{KEY}, {KEY}2",
        "HOME": "/home/somebody",
    }
    config = load(file, environment, {"port": 3, "host": None})
    assert (config.host, config.port, config.sessions_max) == ("::1", 3, 4)
    assert config.limits == SessionLimits(lag_every_s=0.5)
    assert config.api_keys == (KEY, KEY + "2")


def test_whose_text_decoder_serves() -> None:
    assert load(None, {}).decoder == "auto"
    assert load(None, {"COLLOQUE_DECODER": "ctranslate2"}).decoder == "ctranslate2"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 1234")
    assert load(None, {"COLLOQUE_CONFIG": str(file)}).port == 1234


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", r"unknown key `prot` in .*did you mean `port`"),
        ("[limits]\npublisher_wait = 1", r"unknown key `publisher_wait` in \[limits\].*`publisher_wait_s`"),
        ("limits = 3", "must be a table"),
        ("port = ", "is not TOML"),
        ("port = 70000", "`port` must be a whole number from 0 to 65535"),
        ("port = true", "`port` must be a whole number"),
        ('compute_type = "int4"', "`compute_type` must be one of auto, int8, .*float32"),
        ("sessions_max = -1", "`sessions_max` must be a whole number from 0"),
        ('whisper_for = "x"', r"`whisper_for` in .* must be a table, \[whisper_for\]"),
        ('[whisper_for]\nit = "base"', r"unknown key `it` in \[whisper_for\]"),
        ('[whisper_for]\nfr = ""', r"`whisper_for\.fr` must be a text that is not empty"),
        ('whisper = "models/of/mine"', "`whisper` must be the name of a model, .*absolute path"),
        ('decoder = "ours"', "`decoder` must be one of auto, ctranslate2"),
        ('device = "gpu"', "`device` must be one of auto, cpu, cuda"),
        ("token_life_s = 0", "`token_life_s` must be a number of seconds above 0"),
        ("token_life_s = nan", "above 0"),
        ("[limits]\nflush_wait_s = true", r"`limits.flush_wait_s` must be"),
        ('host = " "', "`host` must be a text that is not empty"),
        ('api_keys = ["short"]', "at least 8 printable ASCII characters"),
        ("api_keys = [1]", "must be a list of texts"),
        ('engine = ["local"]', "`engine` must be one of"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(written(tmp_path, text), {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("COLLOQUE_PROT", "1", "unknown environment variable COLLOQUE_PROT; did you mean COLLOQUE_PORT"),
        ("COLLOQUE_LIMITS_LAG_EVERY", "1", "did you mean COLLOQUE_LIMITS_LAG_EVERY_S"),
        ("COLLOQUE_WHISPER_FOR_IT", "base", "did you mean COLLOQUE_WHISPER_FOR_"),
        ("COLLOQUE_SESSIONS_MAX", "two", "`sessions_max` must be a whole number"),
        ("COLLOQUE_PORT", "8765.5", "`port` must be a whole number"),
    ],
)
def test_a_wrong_environment_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(None, {name: text})


def test_what_others_put_into_the_environment_is_left_alone() -> None:
    kubernetes = {
        "COLLOQUE_SERVICE_HOST": "10.0.0.1",
        "COLLOQUE_PORT": "tcp://10.0.0.1:8765",
        "COLLOQUE_PORT_8765_TCP_PROTO": "tcp",
    }
    assert load(None, {**kubernetes, "COLLOQUE_URL": "http://x", "COLLOQUE_MODELS_FROM": "/x"}).port == 8765


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("192.168.1.4", False),
        ("consultation.example", False),
    ],
)
def test_loopback(host: str, loopback: bool, tmp_path: Path) -> None:
    assert ServerConfig(data=tmp_path, models=tmp_path, host=host).loopback is loopback


def test_keys_are_not_shown() -> None:
    assert KEY not in repr(load(None, {"COLLOQUE_API_KEY": KEY}))


def test_folders_become_absolute() -> None:
    config = load(None, {"COLLOQUE_DATA": "~/here", "COLLOQUE_WHISPER": "~/whisper/large"})
    assert config.data == Path.home() / "here"
    assert config.whisper == str(Path.home() / "whisper" / "large")


def test_each_language_has_its_recogniser(tmp_path: Path) -> None:
    assert load(None, {}).recognisers == {"fr": "whisper-base", "en": "whisper-base", "de": "whisper-base"}
    file = written(tmp_path, 'whisper = "large-v3-turbo"\n[whisper_for]\nfr = "~/whisper/french"\nen = "small.en"')
    config = load(file, {"COLLOQUE_WHISPER_FOR_EN": "distil-large-v3"})
    french = str(Path.home() / "whisper" / "french")
    assert config.recognisers == {"fr": french, "en": "distil-large-v3", "de": "large-v3-turbo"}
