"""The OpenAPI document: what FastAPI cannot know of our problems and routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from matchmaker_service.problems import Problem

_METHODS = ("get", "post", "put", "patch", "delete")


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
    for path in document["paths"].values():
        for method in _METHODS:
            operation = path.get(method)
            if operation is None:
                continue
            found = operation["responses"]
            if "application/json" in found.get("422", {}).get("content", {}):
                del found["422"]
            if "304" in found:
                found["304"] = {"description": "Not Modified"}
            if "204" in found:
                found["204"].pop("content", None)
