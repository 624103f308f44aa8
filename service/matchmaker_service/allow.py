"""Which methods a path takes, over all routes: the framework tells those of the first route that fits alone."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI

_PARAMETER = re.compile(r"\{[^}]*\}")


def methods(app: FastAPI, path: str) -> list[str]:
    """The methods that the document tells of a path; none where it tells of no such path."""
    known: dict[str, dict[str, Any]] = app.openapi()["paths"]
    fitting = [one for one in known if re.fullmatch(_pattern(one), path)]
    if not fitting:
        return []
    nearest = max(fitting, key=lambda one: len(_PARAMETER.sub("", one)))
    return [method.upper() for method in known[nearest]]


def _pattern(template: str) -> str:
    return "[^/]+".join(re.escape(part) for part in _PARAMETER.split(template))
