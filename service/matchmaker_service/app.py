"""The application: routes, layers and services put together."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# numpy's products here are too small to be worth sharing among threads; requests share the cores instead.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from matchmaker import __version__
from matchmaker_service import logs, problems
from matchmaker_service.front import Front
from matchmaker_service.openapi import described
from matchmaker_service.routes import (
    accounts,
    activity,
    audit,
    collisions,
    feedback,
    gaps,
    health,
    jobs,
    matches,
    models,
    overlaps,
    page,
    pairs,
    partners,
    relations,
    search,
)
from matchmaker_service.services import Services
from matchmaker_service.settings import Settings, read_settings

_THREADS = 12
"""Of routes that read and write the store; the pool of connections has three more."""
_RESOURCES = (
    search,
    partners,
    matches,
    pairs,
    gaps,
    collisions,
    jobs,
    relations,
    accounts,
    overlaps,
    activity,
    feedback,
    models,
    audit,
    health,
    page,
)


_SENT = "Authorization X-API-Key Content-Type If-Match If-None-Match Idempotency-Key X-Request-ID".split()
_SHOWN = "ETag Location Link Retry-After X-Request-ID Idempotency-Replayed".split()


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application of these settings, or of the environment's. Raises SettingsError; the rest is opened when it starts."""
    kept = settings or read_settings()
    logs.configure(kept.log_format, kept.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        sys.setswitchinterval(0.001)  # a long stretch of Python on one thread holds the others up less
        app.state.services = await anyio.to_thread.run_sync(Services.start, kept)
        gc.set_threshold(100_000, 50, 100)  # a look through everything takes a large ecosystem's service a second
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(app.state.services.close)

    app = FastAPI(
        title="Matchmaker",
        version=__version__,
        description="Partners worth talking to: both directions scored, every reason shown.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.log = logs.logger()
    problems.install(app)
    for module in _RESOURCES:
        app.include_router(module.routes)
    described(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    if kept.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(kept.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "X-API-Key",
                "Content-Type",
                "If-Match",
                "If-None-Match",
                "Idempotency-Key",
                "X-Request-ID",
            ],
            expose_headers=["ETag", "Location", "Link", "Retry-After", "X-Request-ID", "Idempotency-Replayed"],
        )
    app.add_middleware(Front, settings=kept)
    return app
