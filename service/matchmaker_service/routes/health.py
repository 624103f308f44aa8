"""Health and metrics, for machines."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from matchmaker.errors import MatchmakerError
from matchmaker_service import metrics
from matchmaker_service.auth import Reader
from matchmaker_service.problems import responses
from matchmaker_service.routes.common import operation_id
from matchmaker_service.services import Services, services

routes = APIRouter(tags=["health"], generate_unique_id_function=operation_id)


class Alive(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """Whether the service can do its work, and what keeps it from it. state of the bundle's check, and partners not placed."""

    status: str
    reasons: list[str]
    model_version: str
    integrity: str | None
    change: int
    unplaced: int


@routes.get("/livez", response_model=Alive, summary="Is the process alive?")
async def livez() -> Response:
    """The event loop turns."""
    return Response(b'{"status":"alive"}', media_type="application/json")


@routes.get("/readyz", response_model=Ready, responses={503: {"model": Ready}}, summary="Can it answer?")
async def readyz(request: Request) -> Response:
    """The store is within reach, the bundle is whole, and the service was not told to stop."""
    content = await run_in_threadpool(_ready, services(request))
    return Response(orjson.dumps(content), 503 if content["reasons"] else 200, media_type="application/json")


@routes.get("/healthz", response_model=Ready, responses={503: {"model": Ready}}, summary="The same as /readyz")
async def healthz(request: Request) -> Response:
    """The older name of /readyz."""
    return await readyz(request)


@routes.get("/metrics", response_class=PlainTextResponse, responses=responses(), summary="Metrics for Prometheus")
async def get_metrics(caller: Reader) -> Response:
    """docs/http.md lists them."""
    caller.unbound()
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _ready(kept: Services) -> dict[str, Any]:
    view = kept.ecosystem.view
    check = view.engine.integrity
    reasons = ["the service was told to stop"] if kept.draining else []
    try:
        kept.database.ping()
    except MatchmakerError:
        reasons.append("the store is not to be reached")
    if kept.ecosystem.trouble is not None:
        reasons.append("the store cannot be followed")
    if check is not None and check.problems:
        reasons.append("the bundle in use has changed on disk")
    return {
        "status": "not ready" if reasons else "ready",
        "reasons": reasons,
        "model_version": view.version,
        "integrity": None if check is None else check.state,
        "change": view.change,
        "unplaced": len(kept.ecosystem.failed),
    }
