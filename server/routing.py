"""What the routes have in common: who may enter, the audit trail, and answers that no cache keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict

from colloque.server import auth
from colloque.server.auth import Caller, Scope
from colloque.server.ports import AuditEntry
from colloque.server.problems import MEDIA_TYPE
from colloque.server.services import Services, services_of

if TYPE_CHECKING:
    from colloque.server.driver import Driver


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")


NO_STORE = {"Cache-Control": "no-store"}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457) with a stable `code`",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "code"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "code": {"type": "string"},
                        "retry_after": {"type": "integer"},
                    },
                }
            }
        },
    }
}
"""For OpenAPI: how every route answers a request that fails."""


@dataclass(frozen=True, slots=True)
class Access:
    """A session, and who has come to it."""

    services: Services
    session_id: str
    driver: Driver
    caller: Caller


async def may_view(session_id: str, request: Request) -> Access:
    """For routes that read: viewer or publisher token, or API key."""
    return await _enter(session_id, request, "viewer")


async def may_publish(session_id: str, request: Request) -> Access:
    """For routes that change the session: publisher token or API key."""
    return await _enter(session_id, request, "publisher")


async def may_administer(session_id: str, request: Request) -> Access:
    """For routes that end it for good: API key."""
    return await _enter(session_id, request, "api_key")


async def may_open(request: Request) -> Caller:
    """For the route that opens a session: API key."""
    return auth.identify(auth.presented(request), services_of(request).keys, None, datetime.now(UTC))


async def _enter(session_id: str, request: Request, scope: Scope) -> Access:
    services = services_of(request)
    driver, caller = await auth.enter(services, session_id, auth.presented(request), scope)
    return Access(services, session_id, driver, caller)


async def audit(services: Services, caller: Caller, session_id: str, action: str) -> None:
    """Writes down who did what."""
    at = auth.rfc3339(datetime.now(UTC))
    await services.store.add_audit(AuditEntry(at, session_id, action, caller.fingerprint))


def no_store(response: Response) -> None:
    """Keeps the answer out of caches: it tells of a patient."""
    response.headers.update(NO_STORE)
