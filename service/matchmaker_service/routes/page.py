"""The page at `/`, its files, and /docs: all from this machine, under a policy that lets nothing else in."""

from __future__ import annotations

import importlib.util
import mimetypes
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from matchmaker_service.problems import Refused

routes = APIRouter(include_in_schema=False)
_UI = Path(__file__).parent.parent / "ui"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DOCS_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Swagger UI writes styles into its page; the page at `/` does not."""
_DOCS = ("swagger-ui-bundle.js", "swagger-ui.css")
Name = Annotated[str, PathParameter(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_./-]{0,200}$")]


@routes.get("/")
async def page() -> Response:
    """The page."""
    return _file(_UI / "index.html")


@routes.get("/ui/plotly.min.js")
async def plotly() -> Response:
    """The chart library, out of the installed Python package."""
    return _file(_package("plotly") / "package_data" / "plotly.min.js", keep=True)


@routes.get("/ui/{name:path}")
async def ui_file(name: Name) -> Response:
    """A file of the page."""
    path = (_UI / name).resolve()
    if not path.is_relative_to(_UI.resolve()) or not path.is_file():
        raise Refused("not_found", "The page has no such file.")
    return _file(path)


@routes.get("/docs")
async def docs() -> Response:
    """Every route, to be tried out; Swagger UI out of an installed Python package."""
    return _file(_UI / "docs" / "index.html", policy=_DOCS_POLICY)


@routes.get("/docs/{name}")
async def docs_file(name: Name) -> Response:
    """A file of Swagger UI."""
    if name not in _DOCS:
        raise Refused("not_found", "The documentation has no such file.")
    return _file(_package("fastapi_offline") / "static" / name, keep=True)


def _file(path: Path, *, keep: bool = False, policy: str = _POLICY) -> Response:
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kept = "public, max-age=86400" if keep else "no-cache"
    return FileResponse(path, media_type=media, headers={"content-security-policy": policy, "cache-control": kept})


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise Refused("missing_extra", f"The package {name} is not installed: pip install 'matchmaker[service]'.")
    return Path(found.origin).parent
