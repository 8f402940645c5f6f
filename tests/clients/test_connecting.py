"""Addresses, and answers that are no stream."""

import pytest

from colloque.clients.connecting import StreamAddress, is_loopback, problem
from colloque.clients.errors import RequestRefused, ServerUnreachable
from tests.clients.fake_server import fake_server, publisher


@pytest.mark.parametrize(
    ("base", "last_seq", "expected"),
    [
        ("http://127.0.0.1:8765", None, "ws://127.0.0.1:8765/v1/sessions/a%2Fb/stream"),
        ("https://example.org/colloque/", 7, "wss://example.org/colloque/v1/sessions/a%2Fb/stream?last_seq=7"),
    ],
)
def test_the_streams_address_holds_no_token(base: str, last_seq: int | None, expected: str) -> None:
    assert StreamAddress(base, "a/b", "secret").url(last_seq) == expected


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.9:1", "http://[::1]:1"])
def test_this_machine_is_asked_without_a_proxy(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:1", "nonsense"])
def test_others_are_not_this_machine(url: str) -> None:
    assert not is_loopback(url)


def test_problem_details_become_an_exception() -> None:
    error = problem(503, b'{"code":"capacity","detail":"every slot is taken","retry_after":30}')
    assert (error.code, error.status, error.retry_after_s) == ("capacity", 503, 30.0)
    assert str(error) == "every slot is taken (capacity)"


def test_the_header_says_how_long_to_wait() -> None:
    assert problem(503, b'{"retry_after":30}', "12").retry_after_s == 12.0
    assert problem(503, b"{}", "Wed, 21 Oct 2026 07:28:00 GMT").retry_after_s is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_any_other_answer_is_told_by_its_status(body: bytes) -> None:
    assert problem(502, body).code == "http_502"


async def test_a_refused_handshake_is_told() -> None:
    body = b'{"code": "unauthorised", "detail": "no key or token was sent"}'
    async with fake_server(status=401, body=body) as address:
        with pytest.raises(RequestRefused) as caught:
            await publisher(address).__aenter__()
    assert (caught.value.code, caught.value.status) == ("unauthorised", 401)


async def test_a_server_that_cannot_is_unreachable() -> None:
    async with fake_server(status=503) as address:
        with pytest.raises(ServerUnreachable, match="HTTP 503"):
            await publisher(address).__aenter__()
    with pytest.raises(ServerUnreachable, match="is it running"):
        await publisher(address).__aenter__()
