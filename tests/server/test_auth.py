"""Keys and tokens: what each scope may do, where a secret may be shown, and when it stops counting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from starlette.requests import HTTPConnection

from colloque.server.auth import Caller, KeyRing, Scope, digest, identify, issue, keys_for, presented, rfc3339
from colloque.server.config import ConfigError, ServerConfig
from colloque.server.ports import SessionRecord
from colloque.streaming.config import SessionConfig
from colloque.streaming.errors import NotAllowed, TokenExpired, Unauthorised

KEY = "an-api-key-of-some-length"
NOW = datetime(2031, 5, 4, 8, 30, tzinfo=UTC)
RING = KeyRing.of(("another-key-of-some-length", KEY))


def session_with(scope: Literal["publisher", "viewer"], life_s: float = 60.0) -> tuple[str, SessionRecord]:
    token, kept = issue(scope, NOW, life_s)
    return token, SessionRecord(SessionConfig("s-1", "fr"), rfc3339(NOW), (kept,))


def connection(
    headers: dict[str, str] | None = None, query: str = "", subprotocols: list[str] | None = None
) -> HTTPConnection:
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "websocket", "headers": pairs, "query_string": query.encode(), "subprotocols": subprotocols or []}
    return HTTPConnection(scope)


def test_an_api_key_is_recognised() -> None:
    caller = identify(KEY, RING, None, NOW)
    assert caller == Caller("api_key", f"api_key:{digest(KEY)[:12]}")


@pytest.mark.parametrize("secret", [None, "", "wrong", "clé-étrangère", "\udce9"])
def test_others_are_refused(secret: str | None) -> None:
    _, record = session_with("publisher")
    with pytest.raises(Unauthorised):
        identify(secret, RING, record, NOW)


@pytest.mark.parametrize("scope", ["publisher", "viewer"])
def test_a_token_counts_for_its_session_alone(scope: Literal["publisher", "viewer"]) -> None:
    token, record = session_with(scope)
    assert identify(token, RING, record, NOW).scope == scope
    with pytest.raises(Unauthorised):
        identify(token, RING, None, NOW)
    with pytest.raises(Unauthorised):
        identify(token, RING, session_with(scope)[1], NOW)


def test_a_token_counts_until_its_end() -> None:
    token, record = session_with("viewer", life_s=60)
    identify(token, RING, record, NOW + timedelta(seconds=59))
    with pytest.raises(TokenExpired):
        identify(token, RING, record, NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("scope", "needed", "allowed"),
    [
        ("viewer", "viewer", True),
        ("viewer", "publisher", False),
        ("publisher", "viewer", True),
        ("publisher", "publisher", True),
        ("publisher", "api_key", False),
        ("api_key", "api_key", True),
    ],
)
def test_scopes(scope: Scope, needed: Scope, allowed: bool) -> None:
    caller = Caller(scope, "x")
    if allowed:
        caller.require(needed)
    else:
        with pytest.raises(NotAllowed, match=f"this needs the scope {needed}"):
            caller.require(needed)


def test_tokens_are_long_random_and_kept_as_digests() -> None:
    token, kept = issue("viewer", NOW, 60)
    assert len(token) >= 43  # 256 bits in base64
    assert token.replace("-", "").replace("_", "").isalnum()  # fit for a URL and a WebSocket subprotocol
    assert kept.token_hash == digest(token)
    assert kept.expires_at == "2031-05-04T08:31:00.000Z"
    assert issue("viewer", NOW, 60)[0] != token


@pytest.mark.parametrize(
    ("shown", "secret"),
    [
        (connection({"authorization": "Bearer abc"}), "abc"),
        (connection({"authorization": "bearer  abc "}), "abc"),
        (connection({"authorization": "Basic abc"}), None),
        (connection({"authorization": "Bearer "}), None),
        (connection(query="token=abc&last_seq=3"), "abc"),
        (connection(subprotocols=["colloque.v1", "abc"]), "abc"),
        (connection(subprotocols=["abc"]), None),
        (connection(subprotocols=["colloque.v1"]), None),
        (connection({"authorization": "Bearer abc"}, "token=other"), "abc"),
        (connection(), None),
    ],
)
def test_where_a_secret_may_be_shown(shown: HTTPConnection, secret: str | None) -> None:
    assert presented(shown) == secret


def config(tmp_path: Path, host: str, *keys: str) -> ServerConfig:
    return ServerConfig(data=tmp_path, models=tmp_path, host=host, api_keys=keys)


def test_a_loopback_server_without_keys_makes_one(tmp_path: Path) -> None:
    ring, made = keys_for(config(tmp_path, "127.0.0.1"))
    assert made is not None
    assert identify(made, ring, None, NOW).scope == "api_key"


def test_configured_keys_are_taken(tmp_path: Path) -> None:
    ring, made = keys_for(config(tmp_path, "0.0.0.0", KEY))
    assert made is None
    assert identify(KEY, ring, None, NOW).scope == "api_key"


def test_a_server_that_others_reach_does_not_start_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no API key is configured"):
        keys_for(config(tmp_path, "0.0.0.0"))
