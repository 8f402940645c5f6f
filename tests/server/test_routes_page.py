"""The page's files, and the policy that keeps them at home."""

from __future__ import annotations

import importlib.resources
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.live_server import LiveServer, live_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path) as server:
        yield server


def policy(value: str) -> dict[str, list[str]]:
    return {name: rest for name, *rest in (part.split() for part in value.split(";"))}


async def test_the_page_may_talk_to_this_server_only(server: LiveServer) -> None:
    answer = await server.http.get("/docs")
    rules = policy(answer.headers["content-security-policy"])
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'", f"ws://127.0.0.1:{server.port}", f"wss://127.0.0.1:{server.port}"]
    assert rules["frame-ancestors"] == ["'none'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["evil.example; script-src *", "a b", "*", ""])
async def test_a_forged_host_does_not_loosen_the_policy(server: LiveServer, host: str) -> None:
    answer = await server.http.get("/docs", headers={"Host": host})
    if answer.status_code == 200:
        assert policy(answer.headers["content-security-policy"])["connect-src"] == ["'self'"]


async def test_the_docs_list_the_calls_without_any_third_party(server: LiveServer) -> None:
    text = (await server.http.get("/docs")).text
    assert "POST /v1/sessions" in text
    assert "https://" not in text
    assert "<script" not in text


async def test_every_file_of_the_page_is_served(server: LiveServer) -> None:
    folder = importlib.resources.files("colloque.clients") / "web"
    for file in folder.iterdir():
        if file.is_file():
            answer = await server.http.get(f"/{file.name}")
            assert answer.status_code == 200, file.name
            assert answer.content == file.read_bytes()
            if file.name.endswith(".js"):
                assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/nothing.js", "/..%2fcli.py", "/%2e%2e/cli.py", "/__init__.py", "/web/index.html"])
async def test_nothing_else_is_served(server: LiveServer, path: str) -> None:
    answer = await server.http.get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
