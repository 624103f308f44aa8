"""RFC 9457 problems: every error that the service answers with, its code and its status."""

from __future__ import annotations

import http
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from matchmaker import errors
from matchmaker_service.allow import methods
from matchmaker_service.logs import request_id

MEDIA = "application/problem+json"
STATUS = {
    "malformed_request": 400,
    "key_missing": 401,
    "key_invalid": 401,
    "scope_missing": 403,
    "partner_bound_key": 403,
    "not_found": 404,
    "unknown_partner": 404,
    "unknown_relation": 404,
    "unknown_job": 404,
    "unknown_model": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "already_exists": 409,
    "cursor_expired": 409,
    "job_finished": 409,
    "job_not_finished": 409,
    "nothing_to_roll_back": 409,
    "gate_refused": 409,
    "bundle_unusable": 409,
    "bundle_missing": 409,
    "bundle_version": 409,
    "bundle_corrupt": 409,
    "revision_conflict": 412,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_request": 422,
    "invalid_input": 422,
    "invalid_filter": 422,
    "invalid_setting": 422,
    "invalid_cursor": 422,
    "invalid_recommendation_id": 422,
    "idempotency_key_reused": 422,
    "rate_limited": 429,
    "internal": 500,
    "overloaded": 503,
    "not_ready": 503,
    "not_fitted": 503,
    "encoder_unusable": 503,
    "missing_extra": 503,
    "storage_failed": 503,
    "store_unavailable": 503,
}
"""HTTP status of every code."""
_BY_STATUS = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
_HIDDEN = {
    "store_unavailable": "The store refused, or is not to be reached. Ask again in a moment.",
    "storage_failed": "The disk refused. Ask again once it is mended.",
}
"""Said in the place of messages that name addresses and folders, which the log has."""
_LONGEST = 500
"""Characters of a message of the engine, which may name what was asked for."""
_MOST = 100
"""Things that are wrong, told in one problem."""
_WORDS = {
    "extra_forbidden": "There is no such field here; /docs shows those there are",
    "tuple_type": "Should be a list",
    "list_type": "Should be a list",
    "dict_type": "Should be an object",
    "model_type": "Should be an object",
    "model_attributes_type": "Should be an object",
    "missing": "Is missing",
}
"""Said in the place of pydantic's words, which name Python's types."""
_RETRY = {408: "1", 503: "2"}


class Detail(BaseModel):
    """One thing that is wrong. pointer: JSON Pointer into the body, or `/query/NAME`, `/header/NAME`, `/path/NAME`."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """An RFC 9457 problem. type: urn:matchmaker:errors:CODE; instance: the request's id; never a value that was sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:matchmaker:errors:unknown_partner",
                "title": "Not Found",
                "status": 404,
                "detail": "No partner has this id. Did you mean: shipbob (ShipBob)?",
                "instance": "5f0c1b2a9d3e4f60",
                "code": "unknown_partner",
                "errors": [],
            }
        }
    )

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str
    code: str
    errors: list[Detail] = []


class Refused(Exception):
    """A request that is answered with a problem. code: one of `STATUS`."""

    def __init__(
        self, code: str, detail: str, *, wrong: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """wrong: pairs of a pointer and what is wrong there."""
        self.code, self.detail, self.wrong, self.headers = code, detail, wrong, dict(headers or {})
        super().__init__(detail)


def problem(
    code: str,
    detail: str,
    *,
    wrong: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response:
    """The answer to a refused request."""
    number = status or STATUS[code]
    body = {
        "type": f"urn:matchmaker:errors:{code}",
        "title": http.HTTPStatus(number).phrase,
        "status": number,
        "detail": detail,
        "instance": request_id(),
        "code": code,
        "errors": [{"pointer": pointer, "detail": what} for pointer, what in wrong],
    }
    sent = {"cache-control": "no-store", **(headers or {})}
    if number in _RETRY:
        sent.setdefault("retry-after", _RETRY[number])
    return Response(orjson.dumps(body), number, sent, MEDIA)


def responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What a route documents beside its success: the statuses that any route may have, and `codes`."""
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        code: {"description": http.HTTPStatus(code).phrase, "content": content}
        for code in sorted({400, 401, 403, 408, 422, 429, 500, 503, *codes})
    }


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(errors.MatchmakerError, _matchmaker)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def of_error(error: errors.MatchmakerError) -> Response:
    """The problem of an error of the engine or the store."""
    code = (
        error.code
        if error.code in STATUS
        else ("invalid_input" if isinstance(error, errors.InputError) else "internal")
    )
    if code == "internal":
        return problem(code, "A promise inside Matchmaker was broken; please report it with this request's id.")
    if isinstance(error, errors.UnknownPartnerError):
        near = (
            f"Did you mean: {', '.join(error.suggestions)}?" if error.suggestions else "GET /v1/search finds partners."
        )
        return problem(code, f"No partner has this id. {near}")
    return problem(code, _HIDDEN.get(code) or str(error)[:_LONGEST])


def wrong_of(error: RequestValidationError | ValidationError, sent: object) -> list[tuple[str, str]]:
    """Pointers and messages of a validation error of the body `sent`, without its values."""
    found: dict[tuple[str, str], None] = {}
    whole = isinstance(error, RequestValidationError)
    for one in error.errors():
        source, loc = (one["loc"][0], one["loc"][1:]) if whole else ("body", one["loc"])
        where = _inside(loc, sent, one["type"] == "missing") if source == "body" else [source, *loc]
        tags = one.get("ctx", {}).get("expected_tags")
        told = _plain(one["type"], one["msg"]) if tags is None else f"Input should name one of {tags}"
        found[pointer(where)[:_LONGEST], told] = None
    return list(found)[:_MOST]


def _inside(loc: Sequence[str | int], sent: object, missing: bool) -> list[str | int]:
    """A place in the body; pydantic's names for the branches of a union, which are no part of it, are left out."""
    found: list[str | int] = []
    for place, part in enumerate(loc, 1):
        listed = isinstance(sent, list | tuple) and isinstance(part, int) and part < len(sent)
        if listed or (isinstance(sent, dict) and part in sent):
            sent = sent[part]  # type: ignore[index]
            found.append(part)
        elif missing and place == len(loc):
            found.append(part)
    return found


def pointer(parts: Sequence[str | int]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return not int(request.headers.get("content-length") or 1) or kind == "application/json" or kind.endswith("+json")


def _plain(kind: str, message: str) -> str:
    return _WORDS.get(kind) or message.removeprefix("Value error, ")


async def _refused(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, Refused)  # noqa: S101 - as registered
    return problem(error.code, error.detail, wrong=error.wrong, headers=error.headers)


async def _matchmaker(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.MatchmakerError)  # noqa: S101 - as registered
    if isinstance(error, errors.StateError | errors.InternalError):
        request.app.state.log.warning("refused", code=error.code, error=type(error).__name__, detail=str(error))
    return of_error(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as registered
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem("malformed_request", "The body is not JSON. Send one JSON object, UTF-8.")
    if any(one["loc"] == ("body",) for one in error.errors()) and not _is_json(request):
        return problem("unsupported_media_type", "Send the body as application/json.")
    wrong = wrong_of(error, error.body)
    where = ", ".join(dict.fromkeys(pointer for pointer, _ in wrong)) or "/"
    return problem(
        "invalid_request", f"The request does not have the form that this route takes; look at {where}.", wrong=wrong
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    code = _BY_STATUS.get(error.status_code, "malformed_request")
    told = {
        "not_found": "Nothing is at this path; /docs lists every route.",
        "method_not_allowed": "This method is not possible here; the Allow header lists what is.",
        "malformed_request": "The body cannot be read. Send one JSON object, UTF-8.",
    }.get(code, error.detail)
    headers = dict(error.headers or {})
    if code == "method_not_allowed" and (allowed := methods(request.app, request.url.path)):
        headers["Allow"] = ", ".join(allowed)  # the framework names those of one route alone
    return problem(code, told, headers=headers, status=error.status_code)
