"""`colloque stream` as a process: with a server of its own, with one that was named, and stopped half-way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from colloque.clients.client import ColloqueClient
from tests.clients.recordings import write_wav
from tests.server.live_server import KEY, live_server

pytestmark = pytest.mark.timeout(120)
CONSENT = ("--consent", "verbal")


async def start(tmp_path: Path, *arguments: str, stdout: int = PIPE, **environment: str) -> Process:
    """Starts the command with the scripted engine for a server of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COLLOQUE_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "colloque.server",
        "stream",
        *arguments,
        stdin=PIPE,
        stdout=stdout,
        stderr=PIPE,
        cwd=tmp_path,
        env={**clean, "COLLOQUE_ENGINE": "scripted", "PYTHONIOENCODING": "utf-8", **environment},
    )


async def stream(tmp_path: Path, *arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of the command."""
    process = await start(tmp_path, *arguments, **environment)
    out, errors = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def until(process: Process, text: str) -> str:
    """The line of the output that holds the text."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if text in line:
            return line.strip()
    raise AssertionError(f"the output ended without {text!r}")


def running_servers(folder: Path) -> list[str]:
    """Processes that were started with this folder in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append((path.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


async def test_a_recording_with_a_server_of_its_own(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "a.wav", 8.5)
    events = tmp_path / "out.jsonl"
    code, out, errors = await stream(
        tmp_path, str(recording), "--fast", *CONSENT, "--events", str(events), "--keep", TMPDIR=str(tmp_path)
    )
    assert (code, errors) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Starting a server and loading the models ..."
    assert any(line.startswith("Read along in a browser: http://127.0.0.1:") for line in lines)
    transcript = [line for line in lines if line.startswith("[")]
    assert [line.rpartition(": ")[2] for line in transcript] == [
        "Bonjour, qu'est-ce qui vous amène ?",
        "J'ai de la fièvre depuis hier.",
        "Vous toussez ?",
        "Non.",
    ]
    assert transcript[1].startswith("[00:03] S2")
    assert any("+ History of present illness: J'ai de la fièvre depuis hier." in line for line in lines)
    assert "Note (draft, not signed)" in out
    assert lines[-1].startswith("The server stops now and keeps nothing")
    assert json.loads(events.read_text(encoding="utf-8").splitlines()[-1])["type"] == "session.ended"
    assert not list(tmp_path.glob("colloque-*"))
    assert running_servers(tmp_path) == []


async def test_a_recording_from_the_standard_input_to_a_named_server(tmp_path: Path) -> None:
    data = write_wav(tmp_path / "a.wav", 2.5).read_bytes()
    async with live_server(tmp_path / "server") as server:
        url = f"http://127.0.0.1:{server.port}"
        code, out, errors = await stream(
            tmp_path, "-", "--fast", *CONSENT, "--url", url, "--api-key", KEY, stdin=data, PATH=os.environ["PATH"]
        )
        assert (code, errors) == (0, "")
        assert [line.rpartition(": ")[2] for line in out.splitlines() if line[0:1] == "["] == ["mot1", "mot2", "mot3"]
        last = out.splitlines()[-1]
        assert last.startswith(f"Read it in a browser: {url}/#session=")
        session_id, _, token = last.partition("session=")[2].partition("&token=")
        async with ColloqueClient(url) as client, client.watch(session_id, token) as viewer:
            async for _ in viewer:
                pass
            assert viewer.view.state == "closed"


async def test_the_key_may_stand_in_the_environment(tmp_path: Path) -> None:
    recording = str(write_wav(tmp_path / "a.wav", 1.0))
    async with live_server(tmp_path / "server") as server:
        url = f"http://127.0.0.1:{server.port}"
        code, _, errors = await stream(tmp_path, recording, "--fast", *CONSENT, COLLOQUE_URL=url, COLLOQUE_API_KEY=KEY)
        assert (code, errors) == (0, "")
        code, _, errors = await stream(tmp_path, recording, *CONSENT, "--url", url, COLLOQUE_API_KEY="wrong")
        assert code == 1
        assert errors.startswith("colloque stream: ")
        assert errors.endswith("(unauthorised)\n")


async def test_on_a_terminal_the_server_can_be_kept_until_ctrl_c(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "a.wav", 2.8)
    terminal, inner = os.openpty()
    process = await start(
        tmp_path, str(recording), "--fast", *CONSENT, "--keep", stdout=inner, TMPDIR=str(tmp_path), TERM="xterm"
    )
    os.close(inner)
    shown = b""
    while b"until Ctrl+C" not in shown:
        shown += await asyncio.to_thread(os.read, terminal, 4096)
    text = shown.decode()
    assert "\x1b[36m[00:00] S1: Bonjour, qu'est-ce qui vous am" in text
    url, _, key = text.partition("Hold one of your own: ")[2].split()[0].partition("/#key=")
    async with ColloqueClient(url, key) as client:
        assert await client.is_ready()
        await client.create_session("fr")
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    os.close(terminal)
    assert (process.returncode, errors) == (0, b"")
    assert running_servers(tmp_path) == []


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_recording_ends_in_order(tmp_path: Path, signal_number: int) -> None:
    recording = write_wav(tmp_path / "a.wav", 300.0)
    process = await start(tmp_path, str(recording), "--realtime", *CONSENT, TMPDIR=str(tmp_path))
    await until(process, "[00:00] S1")
    process.send_signal(signal_number)
    out, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    assert "stopped before the recording was over" in out.decode()
    assert "Note (draft, not signed)" in out.decode()
    assert running_servers(tmp_path) == []


async def test_interrupted_while_the_server_starts(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "a.wav", 1.0)
    process = await start(tmp_path, str(recording), *CONSENT, TMPDIR=str(tmp_path))
    await until(process, "Starting a server")
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (1, "colloque stream: stopped\n")
    assert running_servers(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.wav", *CONSENT), "there is no file none.wav"),
        (("a.txt", *CONSENT), "the file holds no audio track"),
        (("b.wav", *CONSENT), "this is not a recording that can be read"),
        (("a.wav",), "consent_required"),
        (("a.wav", *CONSENT, "--tracks", "2"), "two tracks need two"),
        (("a.wav", *CONSENT, "--url", "nonsense"), "must look like http://host:port"),
        (("a.wav", *CONSENT, "--url", "http://127.0.0.1:9"), "no answer from http://127.0.0.1:9"),
    ],
)
async def test_expected_faults_are_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    write_wav(tmp_path / "a.wav", 0.5)
    (tmp_path / "a.txt").write_text("This is no recording.\n" * 200)
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    code, _, errors = await stream(tmp_path, *arguments)
    assert code == 1
    assert message in errors
    assert errors.startswith("colloque stream: ")
    assert errors.count("\n") == 1


async def test_a_server_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    recording = str(write_wav(tmp_path / "a.wav", 0.5))
    code, _, errors = await stream(tmp_path, recording, *CONSENT, COLLOQUE_DEVICE="toaster", TMPDIR=str(tmp_path))
    assert code == 1
    assert "the server stopped while it was starting: colloque: `device` must be one of" in errors
    assert errors.count("\n") == 1
    assert running_servers(tmp_path) == []
