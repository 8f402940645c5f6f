"""Errors as RFC 9457 problem details, for every way in which a request can fail."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from colloque.server.body_limit import BodyLimit
from colloque.streaming.errors import CapacityReached, ColloqueError, Refused

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:problem-type:colloque:"

_log = structlog.get_logger(__name__)

_FRAMEWORK_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_big"}
_FRAMEWORK_DETAILS = {
    404: "there is nothing at this address; the addresses are listed at /docs",
    405: "this address does not take this method; the methods are listed at /docs",
}


class NotAvailable(Refused):
    """Part of the contract that this version cannot do yet."""

    code = "not_available"
    status = 501


def problem(
    code: str, status: int, detail: str, *, headers: dict[str, str] | None = None, **members: Any
) -> JSONResponse:
    """The answer that tells of an error; `members` are added to it."""
    content = {
        "type": _TYPE_PREFIX + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    answer_headers = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(content, status, answer_headers, MEDIA_TYPE)


def of_error(error: ColloqueError) -> JSONResponse:
    """The answer for one of the project's own errors."""
    if isinstance(error, CapacityReached):
        wait = error.retry_after_s
        headers = {"Retry-After": str(wait)}
        return problem(error.code, error.status, str(error), headers=headers, retry_after=wait)
    challenge = {"WWW-Authenticate": f'Bearer realm="colloque", error="{error.code}"'} if error.status == 401 else None
    return problem(error.code, error.status, str(error), headers=challenge)


def install(app: FastAPI) -> None:
    """Makes every failing request of the app answer with problem details, and bounds the size of request bodies."""
    app.add_exception_handler(ColloqueError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_framework)
    app.add_exception_handler(Exception, _on_crash)
    app.add_middleware(BodyLimit)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ColloqueError)
    if error.status >= 500 and not isinstance(error, Refused):
        _log.error("request_failed", code=error.code, route=_route(request))
    return of_error(error)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    """What is wrong with which field. The values themselves are left out: they may be somebody's words."""
    assert isinstance(error, RequestValidationError)
    faults = [{"where": _where(fault["loc"]), "what": str(fault["msg"])} for fault in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults[:5])
    return problem("bad_message", 422, f"the request is not as it should be: {detail}", errors=faults)


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


async def _on_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    code = _FRAMEWORK_CODES.get(status, "bad_request" if status < 500 else "internal")
    detail = _FRAMEWORK_DETAILS.get(status, error.detail)
    return problem(code, status, detail, headers=dict(error.headers or {}))


async def _on_crash(request: Request, error: Exception) -> JSONResponse:
    """A fault of the server. The error's text is neither sent nor logged: nobody knows what it holds."""
    _log.error("request_crashed", error=type(error).__name__, route=_route(request))
    detail = "the server made a mistake; nothing of the session is lost. Try again, and report it if it goes on"
    return problem("internal", 500, detail)


def _route(request: Request) -> str:
    """The pattern of the address, without ids."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
