"""Collision course: whom a partner is about to meet, as far as it was seen, or only stated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from matchmaker.moving import Collisions, PartnerOrbit
from matchmaker_service.answers import Answer
from matchmaker_service.auth import Reader
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, tagged
from matchmaker_service.routes.common import PartnerId, at_hand, check_stands, router
from matchmaker_service.services import services

if TYPE_CHECKING:
    from matchmaker import Matchmaker

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

    def of(engine: Matchmaker, accounts: bool) -> Collisions:
        return engine.collisions(partner, asked.k, years=asked.years, least=asked.least, accounts=accounts)

    return await _told(request, caller, partner, f"collisions {partner}?{asked.model_dump_json()}", of)


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

    def of(engine: Matchmaker, accounts: bool) -> PartnerOrbit:
        return engine.orbit(partner, asked.k, years=asked.years, facet=asked.facet, accounts=accounts)

    return await _told(request, caller, partner, f"orbit {partner}?{asked.model_dump_json()}", of)


async def _told(
    request: Request,
    caller: Reader,
    partner: str,
    question: str,
    of: Callable[[Matchmaker, bool], Collisions | PartnerOrbit],
) -> Response:
    """The answer at hand, or a new one; a bound key is not told what accounts say, which /v1/overlaps guards."""
    caller.speaks_for(partner)
    kept, accounts = services(request), caller.partner is None
    await kept.ecosystem.told(partner)

    def ask() -> Answer:
        view = check_stands(kept, kept.ecosystem.view, partner)

        def make() -> tuple[dict[str, Any], list[str]]:
            found = of(view.engine, accounts).to_dict()
            return found, found["notes"]

        return at_hand(view, caller, question, make)

    found = await kept.work.score(ask)
    return tagged(request, found.body, found.tag)
