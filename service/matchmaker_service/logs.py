"""Structured logs: one JSON object a line, with the request's id; never a secret, never a payload."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import Any

import orjson
import structlog

_REQUEST: ContextVar[str] = ContextVar("matchmaker_request", default="-")


def request_id() -> str:
    """Id of the request that is being answered, `-` outside of one."""
    return _REQUEST.get()


def begin_request(identity: str) -> None:
    """Everything that is logged from here on in this context bears this id."""
    _REQUEST.set(identity)


def configure(form: str, level: str) -> None:
    """Log to standard error, in JSON or for people; uvicorn's and Matchmaker's own lines too."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = (
        structlog.processors.JSONRenderer(serializer=_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    logging.getLogger("alembic").setLevel(logging.WARNING)


def logger() -> Any:  # noqa: ANN401 - structlog's bound logger has no nameable type
    """The service's logger."""
    return structlog.get_logger("matchmaker")


def _json(event: object, **more: object) -> str:
    del more
    return orjson.dumps(event, default=repr).decode()


def _with_request(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - as structlog asks
    del logger, name
    if request_id() != "-":
        event["request_id"] = request_id()
    return event
