"""Who may do what: API keys of the server, and two tokens a session.

| scope | may |
|---|---|
| `api_key` | everything |
| `publisher` | everything of its session but to delete it |
| `viewer` | read its session |

Keys and tokens are compared as SHA-256 digests in constant time. Both are random and long, so a slow hash would only
cost time. Only fingerprints are ever written down.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, cast

from starlette.requests import HTTPConnection

from colloque.server.config import ConfigError, ServerConfig
from colloque.server.ports import SessionRecord, TokenRecord
from colloque.streaming.errors import NotAllowed, TokenExpired, Unauthorised

if TYPE_CHECKING:
    from colloque.server.driver import Driver
    from colloque.server.services import Services

SUBPROTOCOL = "colloque.v1"
Scope = Literal["viewer", "publisher", "api_key"]
_RANK: dict[Scope, int] = {"viewer": 0, "publisher": 1, "api_key": 2}
_MAY: dict[Scope, str] = {
    "viewer": "read its session",
    "publisher": "do everything of its session but delete it",
    "api_key": "do everything",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    scope: Scope
    fingerprint: str
    """Scope and the first 12 hexadecimal digits of the SHA-256 of the key or token; for the audit trail."""

    def require(self, scope: Scope) -> None:
        """Raises `NotAllowed` where the caller's scope does not reach so far."""
        if _RANK[self.scope] < _RANK[scope]:
            raise NotAllowed(f"a {self.scope} token may {_MAY[self.scope]}; this needs the scope {scope}")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The API keys, hashed."""

    digests: tuple[str, ...]

    @classmethod
    def of(cls, keys: tuple[str, ...]) -> KeyRing:
        """The ring of these keys."""
        return cls(tuple(digest(key) for key in keys))

    def holds(self, key_digest: str) -> bool:
        """True where a key has this digest. Every key is compared, whatever the answer."""
        found = [hmac.compare_digest(key_digest, own) for own in self.digests]
        return any(found)


def digest(secret: str) -> str:
    """SHA-256 of a key or token, hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def keys_for(config: ServerConfig) -> tuple[KeyRing, str | None]:
    """The key ring, and the key that was made because none is configured (to be shown once on the console).

    Raises `ConfigError` where others can reach the server and no key is configured.
    """
    if config.api_keys:
        return KeyRing.of(config.api_keys), None
    if not config.loopback:
        raise ConfigError(
            f"no API key is configured, and on the host {config.host} other machines can reach the server;"
            " set COLLOQUE_API_KEY (or `api_keys` in the file), or serve on 127.0.0.1"
        )
    made = secrets.token_urlsafe(32)
    return KeyRing.of((made,)), made


def issue(scope: Literal["publisher", "viewer"], now: datetime, life_s: float) -> tuple[str, TokenRecord]:
    """A new token, and what is kept of it."""
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(seconds=life_s)
    return token, TokenRecord(digest(token), scope, rfc3339(expires_at))


def rfc3339(moment: datetime) -> str:
    """UTC with milliseconds, such as `2031-05-04T08:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def presented(connection: HTTPConnection) -> str | None:
    """The key or token that a request or WebSocket shows: `Authorization: Bearer`, `?token=`, or as second
    WebSocket subprotocol after `colloque.v1`."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    if connection.query_params.get("token"):
        return connection.query_params["token"]
    offered = cast("list[str]", connection.scope.get("subprotocols") or [])
    others = [name for name in offered if name != SUBPROTOCOL]
    return others[0] if SUBPROTOCOL in offered and others else None


def identify(secret: str | None, keys: KeyRing, record: SessionRecord | None, now: datetime) -> Caller:
    """Who shows this key or token. Without a `record` only API keys count.

    Raises `Unauthorised` or `TokenExpired`.
    """
    if not secret:
        raise Unauthorised(
            "no key or token was sent; send `Authorization: Bearer …` with an API key"
            + (" or a token of this session" if record else "")
        )
    shown = digest(secret)
    if keys.holds(shown):
        return Caller("api_key", f"api_key:{shown[:12]}")
    for token in record.tokens if record else ():
        if hmac.compare_digest(shown, token.token_hash):
            if datetime.fromisoformat(token.expires_at) <= now:
                raise TokenExpired("the token has expired; ask whoever holds an API key for a new session")
            scope = cast(Scope, token.scope)
            return Caller(scope, f"{scope}:{shown[:12]}")
    raise Unauthorised("the key or token is not valid here" + (" for this session" if record else ""))


async def enter(services: Services, session_id: str, secret: str | None, scope: Scope) -> tuple[Driver, Caller]:
    """The session, for a caller who may do what `scope` may. Wakes the session up where needed.

    Raises `Unauthorised`, `TokenExpired`, `NotAllowed` or `UnknownSession`. Without any key or token nothing is looked
    up, so that a stranger cannot make the server work.
    """
    now = datetime.now(UTC)
    if not secret:
        identify(secret, services.keys, None, now)
    driver = await services.registry.get(session_id)
    caller = identify(secret, services.keys, driver.record, now)
    caller.require(scope)
    return driver, caller
