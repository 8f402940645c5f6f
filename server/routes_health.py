"""For whoever keeps the server running: is it alive, can it work, and how is it doing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from colloque.server.problems import problem
from colloque.server.routing import NO_STORE, PROBLEMS
from colloque.server.services import services_of
from colloque.server.telemetry import CONTENT_TYPE

RETRY_AFTER_S = 2

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """Answers as soon as the port is open: the process lives and its loop turns."""
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


@router.get("/readyz", responses=PROBLEMS)
async def readyz(request: Request) -> Response:
    """200 once the models are warm; until then 503 `warming`, or `failed` where they cannot be loaded."""
    match services_of(request).engines.readiness:
        case "ready":
            return JSONResponse({"status": "ready"}, headers=NO_STORE)
        case "warming":
            return problem(
                "warming",
                503,
                "the models are being loaded; sessions can be opened already, and words come once it is done",
                headers={"Retry-After": str(RETRY_AFTER_S)},
                retry_after=RETRY_AFTER_S,
            )
        case "failed":
            return problem("failed", 503, "the models cannot be loaded; the server's log says why")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus: counts and times only, nothing of any session's content."""
    return Response(services_of(request).telemetry.render(), media_type=CONTENT_TYPE, headers=NO_STORE)
