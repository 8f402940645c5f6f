"""A server of our own that does not come up, or does not want to go; one that works is in `test_cli.py`."""

import sys
from pathlib import Path

import pytest

from colloque.clients import local_server
from colloque.clients.errors import LocalServerFailed
from colloque.clients.local_server import LocalServer

pytestmark = pytest.mark.timeout(60)

NEVER_READY = """
import http.server, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503)
        self.end_headers()
    def log_message(self, *_):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
print(f"listens on http://127.0.0.1:{server.server_port}/", flush=True)
print("still loading", flush=True)
server.serve_forever()
"""


class Enough(Exception):
    """The test has seen what it waited for."""


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_a_server_that_dies_leaves_its_last_words() -> None:
    command = program("import sys; print('loading'); print('colloque: no models', file=sys.stderr); sys.exit(3)")
    with pytest.raises(LocalServerFailed) as caught:
        await LocalServer(command=command).__aenter__()
    assert "stopped while it was starting: colloque: no models" in str(caught.value)
    assert "colloque doctor" in str(caught.value)


async def test_a_server_that_is_never_ready_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "READY_WAIT_S", 0.2)
    monkeypatch.setattr(local_server, "ASK_EVERY_S", 0.05)
    seen: list[float] = []
    server = LocalServer(seen.append, program(NEVER_READY))
    with pytest.raises(LocalServerFailed, match="was not ready after"):
        await server.__aenter__()
    assert seen == sorted(seen)
    assert server._process is not None
    assert server._process.returncode is not None
    assert not Path(server._folder.name).exists()


async def test_a_server_that_does_not_want_to_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "STOP_WAIT_S", 0.1)
    monkeypatch.setattr(local_server, "ASK_EVERY_S", 0.05)

    def enough(passed_s: float) -> None:
        if passed_s and "still loading" in server._log.read_text(encoding="utf-8"):
            raise Enough

    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + NEVER_READY
    server = LocalServer(enough, program(stubborn))
    with pytest.raises(Enough):
        await server.__aenter__()
    assert server._process is not None
    assert server._process.returncode == -9


def test_every_server_has_a_key_of_its_own() -> None:
    first, second = LocalServer(), LocalServer()
    assert first.api_key != second.api_key
    assert len(first.api_key) >= 32
    for server in (first, second):
        server._folder.cleanup()
