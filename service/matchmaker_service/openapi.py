"""The OpenAPI document: what FastAPI cannot know of our problems, headers and resources."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from matchmaker_service.problems import Problem, responses

TAGS = {
    "search": "Find partners, and see the ecosystem as a whole.",
    "partners": "The partners themselves. What is written is recommendable within two seconds.",
    "matches": "The partners worth talking to, for a stored partner or for any profile.",
    "pairs": "Two partners at a time: explained from both sides, or scored by the thousand.",
    "gaps": "What is missing: which integrations, between two partners, in the ecosystem as a whole; and which to build next.",
    "collisions": "Who moves toward whom, when and how surely.",
    "jobs": "Larger work: asked for now, fetched later as one file. A job survives a restart.",
    "relations": "Who already works with whom, or competes with whom.",
    "accounts": "Customers, prospects and opportunities of partners, kept as keyed hashes.",
    "activity": "What happened between partners.",
    "feedback": "Which recommendations were shown, and what came of them.",
    "models": "Versions of the bundle: which one answers, and changing to another one without a pause.",
    "audit": "Who wrote what, and when.",
    "health": "For machines that look after the service.",
}
"""What each tag is about; its order is that of the document."""
_METHODS = ("get", "post", "put", "patch", "delete")
_TEXT = {"type": "string"}
_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {"description": "Id of the request: yours, or a new one. It stands in the log.", "schema": _TEXT},
    "ETag": {"description": "Entity tag; send it back as If-None-Match or If-Match.", "schema": _TEXT},
    "Location": {"description": "Where it is from now on.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds until it is worth asking again.", "schema": _TEXT},
    "WWW-Authenticate": {"description": "How to name the API key.", "schema": _TEXT},
    "Idempotency-Replayed": {"description": "`true`: the answer is that of the first time.", "schema": _TEXT},
    "Link": {"description": 'The next page, rel="next".', "schema": _TEXT},
}


def described(app: FastAPI) -> None:
    """Let `app` describe itself with our problem model in the place of FastAPI's validation errors."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            _mend(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _mend(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(made.pop("$defs", {}))
    schemas["Problem"] = made
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["tags"] = [{"name": name, "description": told} for name, told in TAGS.items()]
    document["components"]["headers"] = _HEADERS
    for path in document["paths"].values():
        for method in _METHODS:
            if method in path:
                _mend_responses(path[method])


def _mend_responses(operation: dict[str, Any]) -> None:
    found = operation["responses"]
    if "application/json" in found.get("422", {}).get("content", {}):
        del found["422"]
    if "304" in found:
        found["304"] = {"description": "Not Modified"}
    if "requestBody" in operation:
        found |= {str(status): told for status, told in responses(413, 415).items() if status in (413, 415)}
    if "204" in found:
        found["204"].pop("content", None)
    sent = {one["name"] for one in operation.get("parameters", ())}
    for status, response in found.items():
        names = _headers(status, sent, "304" in found)
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers(status: str, sent: set[str], tagged: bool) -> list[str]:
    """Names of the headers of an answer; `sent`: parameters of the operation; `tagged`: whether it answers with an entity tag."""
    names = ["X-Request-ID"]
    good = status < "400"
    if good and (tagged or "If-Match" in sent) and status != "204":
        names.append("ETag")
    if good and "Idempotency-Key" in sent:
        names.append("Idempotency-Replayed")
    if good and "cursor" in sent:
        names.append("Link")
    names += {"201": ["Location"], "202": ["Location", "Retry-After"], "401": ["WWW-Authenticate"]}.get(status, [])
    if status in ("408", "429", "503"):
        names.append("Retry-After")
    return names
