"""Models: the versions of the bundle, which one answers, and changing to another one without a pause."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from matchmaker.errors import BundleError, BundleMissingError
from matchmaker.registry.bundle import open_bundle, versions
from matchmaker_service.auth import Admin, Reader
from matchmaker_service.bodies import Words
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
    check is; encoder: its name and the fingerprint of its weights; basis: `prior`, or `learned` from history; gate: what the
    release gate said of one that learned, `passed` and its `checks`; problem: why it is unusable.
    """

    version: str
    state: str
    partners: int | None
    encoder: dict[str, str] | None
    built_at: str | None
    integrity: str | None
    basis: str | None
    gate: dict[str, Any] | None
    problem: str | None


class ActivationBody(BaseModel):
    """How to activate a version; nothing of it is needed for one that learned nothing or passed the gate."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"force": False, "reason": "Better for small partners."}},
    )

    force: StrictBool = Field(False, description="Also if the release gate refused it; needs a reason.")
    reason: Words | None = Field(None, description="Why, as it is to be recorded beside the versions.")


_PLAINLY = ActivationBody()


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
def activate_model(
    request: Request, caller: Admin, version: Version, pen: Writes, sent: Annotated[ActivationBody, Body()] = _PLAINLY
) -> Response:
    """Answer from this version from now on, in every process: it is loaded and asked its golden queries beside the one in use, and
    takes its place in one step. One that learned from history must have passed the release gate, unless it is forced with a reason.
    Where it does not pass, nothing changes.
    """
    caller.unbound()
    _check(pen.services, version)
    if (known := pen.known(caller)) is not None:
        return known
    before = pen.services.ecosystem.activate(version, force=sent.force, reason=sent.reason, by=caller.owner)
    return _activated(caller, pen, version, before)


@routes.post("/models:rollback", response_model=Envelope[Activated], responses=responses(409), summary="Roll back")
def roll_back(request: Request, caller: Admin, pen: Writes) -> Response:
    """Back to the version that answered before the one in use, whether that was activated here or by a build."""
    caller.unbound()
    if (known := pen.known(caller)) is not None:  # a retry must not roll back once more
        return known
    try:
        version, before = pen.services.ecosystem.roll_back(by=caller.owner)
    except BundleMissingError as error:
        raise Refused(
            "nothing_to_roll_back", "No version to go back to is at hand. GET /v1/models lists those there are."
        ) from error
    return _activated(caller, pen, version, before)


def _activated(caller: Admin, pen: Writes, version: str, before: str) -> Response:
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
        told |= {name: facts.get(name) for name in ("partners", "encoder", "basis")}
        told |= {"built_at": facts.get("created"), "gate": (facts.get("learned") or {}).get("gate")}
    except BundleError as error:
        told |= {"state": "unusable", "problem": str(error)}
    if version == view.version:
        told |= {"state": "in use", "integrity": None if check is None else check.state}
    return told
