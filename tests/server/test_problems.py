"""Every failing request answers with problem details: status, stable code, and nothing that was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Body, FastAPI, HTTPException

from colloque.server import problems
from colloque.server.body_limit import BODY_BYTES_MAX
from colloque.streaming.errors import CapacityReached, StaleRevision, TokenExpired, UnknownSession

SECRET = "paracetamolissime"


def failing_app() -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.get("/stale")
    async def stale() -> None:
        raise StaleRevision("the note is at revision 3: read it again")

    @app.get("/full")
    async def full() -> None:
        raise CapacityReached("both slots are taken", retry_after_s=12)

    @app.get("/expired")
    async def expired() -> None:
        raise TokenExpired("the token has expired")

    @app.get("/unknown")
    async def unknown() -> None:
        raise UnknownSession("there is no such session")

    @app.get("/later")
    async def later() -> None:
        raise problems.NotAvailable("this version cannot do it")

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError(SECRET)

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "short and stout", {"X-Pot": "tea"})

    @app.post("/count")
    async def count(number: Annotated[int, Body(embed=True, ge=0)]) -> int:
        return number

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(failing_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/stale", 409, "stale_revision"),
        ("/full", 503, "capacity"),
        ("/expired", 401, "token_expired"),
        ("/unknown", 404, "unknown_session"),
        ("/later", 501, "not_available"),
        ("/crash", 500, "internal"),
        ("/teapot", 418, "bad_request"),
        ("/nowhere", 404, "not_found"),
        ("/count", 405, "method_not_allowed"),
    ],
)
async def test_each_failure_has_its_code(client: httpx.AsyncClient, path: str, status: int, code: str) -> None:
    answer = await client.get(path)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert problem["code"] == code
    assert problem["type"] == f"urn:problem-type:colloque:{code}"
    assert problem["title"]
    assert problem["detail"]


async def test_a_full_server_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/full")
    assert answer.headers["retry-after"] == "12"
    assert answer.json()["retry_after"] == 12


async def test_a_missing_credential_is_asked_for(client: httpx.AsyncClient) -> None:
    assert (await client.get("/expired")).headers["www-authenticate"].startswith("Bearer ")


async def test_headers_of_the_framework_stay(client: httpx.AsyncClient) -> None:
    assert (await client.get("/teapot")).headers["x-pot"] == "tea"
    assert (await client.get("/count")).headers["allow"] == "POST"


async def test_an_invalid_body_is_told_field_by_field_without_its_content(client: httpx.AsyncClient) -> None:
    answer = await client.post("/count", json={"number": SECRET})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "bad_message")
    assert problem["errors"] == [{"where": "body.number", "what": problem["errors"][0]["what"]}]
    assert "body.number" in problem["detail"]
    assert SECRET not in answer.text


async def test_a_body_that_is_no_json_is_told_so(client: httpx.AsyncClient) -> None:
    answer = await client.post("/count", content=b"{nope", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_message")


async def test_a_body_that_is_nested_too_deeply_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/count", content=b"[" * 200_000, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_crash_tells_nothing_of_itself(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await client.get("/crash")
    logged = capsys.readouterr()
    assert SECRET not in answer.text + logged.out + logged.err


async def test_a_large_body_is_refused_while_it_comes(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 65536
            yield b" " * 65536

    answer = await client.post("/count", content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_big")
    assert sent < BODY_BYTES_MAX + 3 * 65536
