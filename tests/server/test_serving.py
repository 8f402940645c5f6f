"""The socket, and an end at which nobody loses anything."""

from __future__ import annotations

import asyncio
import io
import socket
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from colloque.server import serving
from colloque.server.config import ServerConfig
from tests.server.live_server import KEY, Stream, live_server


def config(folder: Path, **fields: object) -> ServerConfig:
    return ServerConfig(folder, folder, **{"port": 0, **fields})  # type: ignore[arg-type]  # as the tests give them


async def test_clients_are_told_to_come_back_after_all_that_was_queued(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        opened = await server.open()
        async with (
            server.stream(opened.session_id, opened.publisher_token) as publisher,
            server.stream(opened.session_id, opened.viewer_token) as viewer,
            server.http.stream("GET", f"/v1/sessions/{opened.session_id}/events") as listener,
        ):
            await publisher.until("snapshot")
            await viewer.until("snapshot")
            await publisher.speak(2.0)
            acked = await publisher.until("audio.ack")
            server.server.handle_exit(15, None)
            closed = (await publisher.rest())[-1]
            assert (closed["code"], closed["reason"]) == (1001, "the server is going away; connect again")
            assert (await viewer.rest())[-1]["code"] == 1001
            assert [line async for line in listener.aiter_lines()]
    async with live_server(tmp_path) as server, server.stream(opened.session_id, opened.publisher_token) as again:
        ready = await again.until("session.ready")
        assert ready["audio"]["samples"] >= acked["samples"]


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    server = serving.Server.__new__(serving.Server)
    server.should_exit = server.force_exit = False
    server.handle_exit(15, None)
    assert (server.should_exit, server.force_exit) == (True, False)
    server.handle_exit(2, None)
    assert (server.should_exit, server.force_exit) == (True, True)


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="choose another port with --port"):
            serving.listen(config(tmp_path, port=taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8765/"),
        ("localhost", "http://localhost:8765/"),
        ("0.0.0.0", "http://localhost:8765/"),
        ("::", "http://localhost:8765/"),
        ("::1", "http://[::1]:8765/"),
        ("[::1]", "http://[::1]:8765/"),
        ("192.168.1.7", "http://192.168.1.7:8765/"),
    ],
)
def test_where_the_page_is(tmp_path: Path, host: str, address: str) -> None:
    assert serving.page_address(config(tmp_path, host=host), 8765) == address


async def test_no_token_and_no_word_is_logged(tmp_path: Path, log: io.StringIO) -> None:
    async with live_server(tmp_path) as server:
        opened = await server.open()
        async with connect(server.url(opened.session_id, token=opened.publisher_token), proxy=None) as socket:
            stream = Stream(socket)
            await stream.speak(1.0)
            await stream.socket.send(b"\x01")
            await stream.say("end")
            await stream.rest()
        await server.http.get(f"/v1/sessions/{opened.session_id}/note", params={"token": opened.viewer_token})
        await server.http.get("/nothing", params={"token": opened.viewer_token})
    text = log.getvalue()
    assert "session_finished" in text
    for secret in (opened.publisher_token, opened.viewer_token, KEY, "mot1"):
        assert secret not in text


def test_the_loop_that_the_server_uses_runs_all_of_it(tmp_path: Path) -> None:
    async def consult() -> None:
        async with live_server(tmp_path) as server:
            opened = await server.open()
            async with server.stream(opened.session_id, opened.publisher_token) as stream:
                await stream.speak(1.0)
                await stream.say("end")
                assert (await stream.rest())[-1]["code"] == 1000

    with asyncio.Runner(loop_factory=serving.new_event_loop) as runner:
        runner.run(consult())
