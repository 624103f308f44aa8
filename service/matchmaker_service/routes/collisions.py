"""Collision course: whom a partner is about to meet, as far as it was seen, or only stated."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from matchmaker.moving import Collisions, PartnerOrbit
from matchmaker_service.answers import Answer
from matchmaker_service.auth import Reader
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, tagged
from matchmaker_service.routes.common import PartnerId, at_hand, check_stands, router
from matchmaker_service.services import services

routes = router("collisions")


class CollisionsQuery(BaseModel):
    """How far ahead, and how sure."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    k: int = Field(10, ge=1, le=100, description="How many partners.")
    years: float = Field(1.0, ge=0.1, le=10, description="Horizon in years.")
    least: float = Field(0.05, ge=0.001, le=1, description="Smallest chance that is listed.")


class OrbitQuery(BaseModel):
    """Whose tracks, and how far ahead."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    k: int = Field(12, ge=1, le=50, description="How many others.")
    years: float = Field(1.0, ge=0.1, le=10, description="Horizon in years.")
    facet: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Facet in which they move, one of `facets`; by default that of the likeliest collision.",
    )


@routes.get(
    "/partners/{partner}/collisions",
    response_model=Envelope[Collisions],
    responses=responses(304, 404),
    summary="List the partners on a collision course with a partner",
)
async def list_collisions(
    request: Request, caller: Reader, partner: PartnerId, asked: Annotated[CollisionsQuery, Query()]
) -> Response:
    """Who moves toward whom, when they meet and how surely, and what kind of meeting it is; or that it cannot be known."""
    caller.speaks_for(partner)
    kept = services(request)
    await kept.ecosystem.told(partner)

    def ask() -> Answer:
        view = check_stands(kept, kept.ecosystem.view, partner)

        def make() -> tuple[dict[str, Any], list[str]]:
            found = view.engine.collisions(
                partner, asked.k, years=asked.years, least=asked.least, accounts=caller.partner is None
            ).to_dict()
            return found, found["notes"]

        return at_hand(view, _question("collisions", caller, partner, asked), make)

    found = await kept.work.score(ask)
    return tagged(request, found.body, found.tag)


def _question(name: str, caller: Reader, partner: str, asked: BaseModel) -> str:
    """What an answer is kept under; a bound key is not told what accounts say, which /v1/overlaps guards."""
    return f"{name} {partner}?{asked.model_dump_json()} {'open' if caller.partner is None else 'bound'}"


@routes.get(
    "/partners/{partner}/orbit",
    response_model=Envelope[PartnerOrbit],
    responses=responses(304, 404),
    summary="Draw the orbit of a partner",
)
async def get_orbit(
    request: Request, caller: Reader, partner: PartnerId, asked: Annotated[OrbitQuery, Query()]
) -> Response:
    """The tracks of a partner and of those around it in a plane, what lies ahead with its doubt, and where they meet."""
    caller.speaks_for(partner)
    kept = services(request)
    await kept.ecosystem.told(partner)

    def ask() -> Answer:
        view = check_stands(kept, kept.ecosystem.view, partner)

        def make() -> tuple[dict[str, Any], list[str]]:
            found = view.engine.orbit(
                partner, asked.k, years=asked.years, facet=asked.facet, accounts=caller.partner is None
            ).to_dict()
            return found, found["notes"]

        return at_hand(view, _question("orbit", caller, partner, asked), make)

    found = await kept.work.score(ask)
    return tagged(request, found.body, found.tag)
