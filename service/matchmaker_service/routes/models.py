"""Models: the versions of the bundle, which one answers, and changing to another one without a pause."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response
from pydantic import BaseModel

from matchmaker.errors import BundleError
from matchmaker.registry.bundle import open_bundle, versions
from matchmaker.store import audit
from matchmaker_service.auth import Admin, Reader
from matchmaker_service.problems import Refused, responses
from matchmaker_service.reply import Envelope, answered
from matchmaker_service.routes.common import router
from matchmaker_service.services import Services, services
from matchmaker_service.writes import Note, Reply, Writes

routes = router("models")
Version = Annotated[
    str, Path(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name of a version.")
]
_ON, _OFF = "model.activate", "model.retire"


class Model(BaseModel):
    """A version of the bundle. state: `in use`, `at hand`, or `unusable`; integrity: of the one in use, how far its background
    check is; encoder: its name and the fingerprint of its weights; problem: why it is unusable.
    """

    version: str
    state: str
    partners: int | None
    encoder: dict[str, str] | None
    built_at: str | None
    integrity: str | None
    problem: str | None


class Activated(BaseModel):
    """Which version answers now, and which one did before."""

    version: str
    before: str


@routes.get("/models", response_model=Envelope[list[Model]], responses=responses(), summary="List models")
def list_models(request: Request, caller: Reader) -> Response:
    """The versions in the bundle folder, oldest first."""
    kept = services(request)
    return answered(request, [_model(kept, name) for name in versions(kept.settings.model)])


@routes.get("/models/{version:plain}", response_model=Envelope[Model], responses=responses(404), summary="Get a model")
def get_model(request: Request, caller: Reader, version: Version) -> Response:
    """One version."""
    kept = services(request)
    _check(kept, version)
    return answered(request, _model(kept, version))


@routes.post(
    "/models/{version:plain}:activate",
    response_model=Envelope[Activated],
    responses=responses(404, 409),
    summary="Activate a model",
)
def activate_model(request: Request, caller: Admin, version: Version, pen: Writes) -> Response:
    """Answer from this version from now on, in every process: it is loaded and asked its golden queries beside the one in use, and
    takes its place in one step. Where it does not pass, nothing changes.
    """
    caller.unbound()
    _check(pen.services, version)
    return pen.known(caller) or _activated(caller, pen, version)


@routes.post("/models:rollback", response_model=Envelope[Activated], responses=responses(409), summary="Roll back")
def roll_back(request: Request, caller: Admin, pen: Writes) -> Response:
    """Back to the version that answered before the one in use, whether that was activated here or by a build."""
    caller.unbound()
    if (known := pen.known(caller)) is not None:  # a retry must not roll back once more
        return known
    with pen.services.database.reading() as connection:
        retired = audit.page(connection, None, 1, action=_OFF)
    former = pen.services.ecosystem.former or (retired[0].target if retired else None)
    if former not in versions(pen.services.settings.model):
        raise Refused(
            "nothing_to_roll_back", "No version was retired that is still at hand. GET /v1/models lists what is."
        )
    return _activated(caller, pen, str(former))


def _activated(caller: Admin, pen: Writes, version: str) -> Response:
    before = pen.services.ecosystem.activate(version)

    def do(note: Note) -> Reply:
        if before != version:
            note.audit(_OFF, before)
            note.audit(_ON, version)
        return Reply({"version": version, "before": before})

    return pen.write(caller, do)


def _check(kept: Services, version: str) -> None:
    if version not in versions(kept.settings.model):
        raise Refused("unknown_model", "No such version is in the bundle folder. GET /v1/models lists them.")


def _model(kept: Services, version: str) -> dict[str, Any]:
    view, folder = kept.ecosystem.view, kept.settings.model
    here = (
        folder
        if folder.name == version and version not in {path.name for path in folder.iterdir()}
        else folder / version
    )
    check = view.engine.integrity
    told: dict[str, Any] = dict.fromkeys(Model.model_fields)
    told |= {"version": version, "state": "at hand"}
    try:
        facts = open_bundle(here).manifest
        told |= {"partners": facts.get("partners"), "encoder": facts.get("encoder"), "built_at": facts.get("created")}
    except BundleError as error:
        told |= {"state": "unusable", "problem": str(error)}
    if version == view.version:
        told |= {"state": "in use", "integrity": None if check is None else check.state}
    return told
