"""`colloque serve` as a process of its own: its start, its words, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.server.live_server import KEY, pcm


@dataclass(frozen=True)
class Process:
    """A running server."""

    popen: subprocess.Popen[str]
    address: str
    said: list[str]

    def open(self) -> tuple[str, str]:
        """A session with consent: its id and the publisher's token."""
        with httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False) as http:
            opened = http.post("/v1/sessions", json={"language": "fr"}).raise_for_status().json()
            consent = {"given": True, "method": "verbal", "by": "dr-1"}
            http.post(f"/v1/sessions/{opened['session_id']}/consent", json=consent).raise_for_status()
        return opened["session_id"], opened["publisher_token"]

    def stream(self, session_id: str, token: str) -> ClientConnection:
        address = self.address.replace("http", "ws", 1)
        return connect(f"{address}v1/sessions/{session_id}/stream?token={token}", proxy=None)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COLLOQUE_")}
    return {**kept, "COLLOQUE_DATA": str(folder), "COLLOQUE_ENGINE": "scripted", **settings}


def start(folder: Path, *options: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "colloque.server", "serve", "--port", "0", *options],
        env=environment(folder, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Process]:
    popen = start(folder, **settings)
    said: list[str] = []
    try:
        assert popen.stdout is not None
        for line in popen.stdout:
            said.append(line.strip())
            if "ready" in line:
                break
        found = re.search(r"http://\S+?:\d+/", " ".join(said))
        assert found, (said, popen.stderr.read() if popen.stderr else "")
        yield Process(popen, found.group(), said)
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.communicate()


def until(socket: ClientConnection, kind: str) -> dict[str, object]:
    while True:
        event: dict[str, object] = json.loads(socket.recv())
        if event["type"] == kind:
            return event


def test_a_signal_sends_clients_away_and_the_next_server_goes_on(tmp_path: Path) -> None:
    with running(tmp_path, COLLOQUE_API_KEY=KEY) as server:
        session_id, token = server.open()
        with server.stream(session_id, token) as socket:
            socket.send(pcm(1.0))
            acked = until(socket, "audio.ack")["samples"]
            server.popen.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                until(socket, "nothing of this kind")
            assert socket.close_code == 1001
        _, log = server.popen.communicate()
        assert server.popen.returncode == 0
        assert token not in log
        assert KEY not in log
        assert KEY not in " ".join(server.said)
    with running(tmp_path, COLLOQUE_API_KEY=KEY) as server, server.stream(session_id, token) as socket:
        assert until(socket, "session.ready")["audio"]["samples"] == acked  # type: ignore[index]  # a JSON object


def test_a_killed_server_has_lost_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with running(tmp_path, COLLOQUE_API_KEY=KEY) as server:
        session_id, token = server.open()
        with server.stream(session_id, token) as socket:
            for _ in range(100):
                socket.send(pcm(0.02))
            acked = 0
            while acked < 16_000:
                acked = until(socket, "audio.ack")["samples"]  # type: ignore[assignment]  # a number
            server.popen.kill()
            server.popen.wait()
    with running(tmp_path, COLLOQUE_API_KEY=KEY) as server, server.stream(session_id, token) as socket:
        assert until(socket, "session.ready")["audio"]["samples"] >= acked  # type: ignore[index]  # a JSON object


def test_without_a_key_one_is_made_and_shown_with_the_page(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        found = re.search(r"The page: (http://127\.0\.0\.1:\d+/)#key=(\S+)", "\n".join(server.said))
        assert found
        with httpx.Client(base_url=found.group(1), trust_env=False) as http:
            headers = {"Authorization": f"Bearer {found.group(2)}"}
            assert http.post("/v1/sessions", json={"language": "fr"}, headers=headers).status_code == 201
            assert http.post("/v1/sessions", json={"language": "fr"}).status_code == 401


@pytest.mark.parametrize(
    ("options", "settings", "words"),
    [
        (("--host", "0.0.0.0"), {}, "no API key is configured"),
        ((), {"COLLOQUE_ENGIN": "scripted"}, "did you mean COLLOQUE_ENGINE"),
        (("--config", "nowhere.toml"), {}, "cannot be read"),
        (("--host", "203.0.113.77"), {"COLLOQUE_API_KEY": KEY}, "cannot listen on 203.0.113.77"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    tmp_path: Path, options: tuple[str, ...], settings: dict[str, str], words: str
) -> None:
    popen = start(tmp_path, *options, **settings)
    out, log = popen.communicate()
    assert popen.returncode == 1
    assert out == ""
    assert log.startswith("colloque: ")
    assert words in log
    assert len(log.splitlines()) == 1


def test_models_that_are_missing_end_the_server_with_what_to_do(tmp_path: Path) -> None:
    settings = {
        "COLLOQUE_ENGINE": "local",
        "COLLOQUE_MODELS": str(tmp_path / "none"),
        "COLLOQUE_WHISPER": str(tmp_path),
    }
    popen = start(tmp_path, **settings)
    _, log = popen.communicate()
    assert popen.returncode == 1
    assert "colloque models pull" in log
