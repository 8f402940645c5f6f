"""The page: static files of `colloque.clients`, under a policy that lets it talk to this server and to nobody else."""

from __future__ import annotations

import html
import importlib.resources
import mimetypes
import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse

_WEB = importlib.resources.files("colloque.clients") / "web"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_SUFFIXES = (".html", ".js", ".css", ".svg", ".png", ".ico", ".webmanifest")

FileName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]

router = APIRouter(include_in_schema=False)


@router.get("/")
async def read_page(request: Request) -> Response:
    """The page itself. What is in the address behind `#` (key, token) stays in the browser."""
    return _file("index.html", request)


@router.get("/docs")
async def read_docs(request: Request) -> Response:
    """The calls of the API in short, from its OpenAPI description; no script of any third party."""
    rows = []
    for path, calls in request.app.openapi()["paths"].items():
        for method, call in calls.items():
            text = html.escape(call.get("description", call.get("summary", "")))
            rows.append(f"<dt><code>{method.upper()} {html.escape(path)}</code></dt><dd>{text}</dd>")
    title = html.escape(f"{request.app.title}, API version {request.app.version}")
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f'<p>The full description for programs: <a href="/openapi.json">openapi.json</a>.</p><dl>{"".join(rows)}</dl>'
    )
    return HTMLResponse(body, headers=headers(request))


@router.get("/{name}")
async def read_file(name: FileName, request: Request) -> Response:
    """A file that the page asks for."""
    return _file(name, request)


def _file(name: str, request: Request) -> Response:
    file = _WEB / name
    if not name.endswith(_SUFFIXES) or not file.is_file():
        raise HTTPException(404)
    kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(file.read_bytes(), media_type=kind, headers=headers(request))


def headers(request: Request) -> dict[str, str]:
    """What the browser is told to forbid. WebSockets are named by host: not every browser counts them as 'self'."""
    host = request.headers.get("host", "")
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:;"
            f" media-src 'self' blob:; manifest-src 'self'; connect-src 'self'{sockets};"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
