"""Gaps: the integrations that a partner lacks, what stands between two partners, what the ecosystem lacks as a whole."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from matchmaker.gaps.demand import ACCOUNTS, AUDIENCE
from matchmaker.gaps.ecosystem import EcosystemGaps
from matchmaker.gaps.interface import Gap
from matchmaker.gaps.missing import MissingLink
from matchmaker.lacking import PairGaps
from matchmaker_service.answers import Answer
from matchmaker_service.auth import Caller, Reader
from matchmaker_service.bodies import Identity
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, tagged
from matchmaker_service.routes.common import PartnerId, at_hand, check_pair, check_stands, check_two, router
from matchmaker_service.services import services

routes = router("gaps")
_HELD_BACK = "shared accounts are told at /v1/overlaps"


class GapsQuery(BaseModel):
    """How to list the integrations that a partner lacks."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    k: int = Field(10, ge=1, le=100, description="How many integrations.")
    popularity_weight: float = Field(0.5, ge=0, le=1, description="0 small but mighty, 0.5 neutral, 1 famous.")


class EcosystemQuery(BaseModel):
    """Whose ecosystem."""

    model_config = ConfigDict(extra="forbid")

    hub: list[Identity] = Field(
        [], max_length=20, description="Partners around whom it is; without any, all partners are in it.",
        examples=[["shipbob"]],
    )  # fmt: skip
    k: int = Field(20, ge=1, le=100, description="How many gaps of each kind.")


class Readiness(BaseModel):
    """The interface verdict: ready, needs work, blocked or unknown, and the gaps of the better direction."""

    verdict: str
    reason: str
    gaps: list[Gap]


_FIELDS: dict[str, Any] = {name: (hint, ...) for name, hint in typing.get_type_hints(MissingLink).items()}
_FIELDS |= {"name": (str, ...), "interface": (Readiness, ...)}
MissingIntegration = create_model("MissingIntegration", __doc__=MissingLink.__doc__, **_FIELDS)


class PartnerGaps(BaseModel):
    """The integrations that a partner lacks, best first. considered: partners that it has no integration with."""

    partner: str
    name: str
    missing: list[MissingIntegration]
    considered: int
    basis: str
    notes: list[str]


@routes.get(
    "/partners/{partner}/gaps",
    response_model=Envelope[PartnerGaps],
    responses=responses(304, 404),
    summary="List the integrations that a partner lacks",
)
async def list_gaps(
    request: Request, caller: Reader, partner: PartnerId, asked: Annotated[GapsQuery, Query()]
) -> Response:
    """Which to build next: whether there is a clear market, counted demand, effort and who builds what, who has it already."""
    caller.speaks_for(partner)
    kept = services(request)
    await kept.ecosystem.told(partner)

    def ask() -> Answer:
        view = check_stands(kept, kept.ecosystem.view, partner)

        def make() -> tuple[dict[str, Any], list[str]]:
            found = view.engine.gaps(partner, k=asked.k, popularity_weight=asked.popularity_weight).to_dict()
            return _for(caller, found, found["missing"]), found["notes"]

        return at_hand(view, caller, f"gaps {partner}?{asked.model_dump_json()}", make)

    found = await kept.work.score(ask)
    return tagged(request, found.body, found.tag)


@routes.get(
    "/pairs/{a}/{b}/gaps",
    response_model=Envelope[PairGaps],
    responses=responses(304, 404),
    summary="Tell what stands between two partners",
)
async def get_pair_gaps(request: Request, caller: Reader, a: PartnerId, b: PartnerId) -> Response:
    """Whether what both publish can be integrated, what is missing, who has to build it; and the link as `a` lacks it."""
    caller.speaks_for(a)
    kept = services(request)
    check_two(a, b, "/path/b")
    await kept.ecosystem.told(a, b)

    def ask() -> Answer:
        view = check_pair(kept, {"/path/a": a, "/path/b": b})

        def make() -> tuple[dict[str, Any], list[str]]:
            found = view.engine.gaps(a, b).to_dict()
            return _for(caller, found, [found["link"]] if found["link"] else []), []

        return at_hand(view, caller, f"gaps {a} {b}", make)

    found = await kept.work.score(ask)
    return tagged(request, found.body, found.tag)


@routes.get(
    "/ecosystem/gaps",
    response_model=Envelope[EcosystemGaps],
    responses=responses(304, 404),
    summary="Tell what the ecosystem lacks",
)
async def get_ecosystem_gaps(request: Request, caller: Reader, asked: Annotated[EcosystemQuery, Query()]) -> Response:
    """Goals that no partner meets, capabilities with a single provider, audiences nobody serves, segments without a partner."""
    caller.unbound()
    kept = services(request)
    await kept.ecosystem.told(*asked.hub)

    def ask() -> Answer:
        view = check_stands(kept, kept.ecosystem.view, *asked.hub)
        question = f"ecosystem gaps?{asked.model_dump_json()}"
        return at_hand(view, caller, question, lambda: (view.engine.ecosystem_gaps(asked.hub, asked.k).to_dict(), []))

    found = await kept.work.draw(ask)
    return tagged(request, found.body, found.tag)


def _for(caller: Caller, data: dict[str, Any], links: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer as the caller may see it: numbers of accounts are told to bound keys by /v1/overlaps alone, which guards them."""
    for link in links if caller.partner is not None else ():
        link["unlocks"] |= {"shared_accounts": None, "new_accounts": None}
        for one in _of_accounts(link):
            one |= dict.fromkeys(one.keys() & {"count", "lower_bound", "by_chance", "served", "nats"})
            if "reason" in one:
                one["reason"] = _HELD_BACK
    return data


def _of_accounts(link: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is said of a link from accounts that are shared."""
    yield from (one for one in link["demand"] if one["source"] == ACCOUNTS)
    yield from (one for one in link["evidence"] if one["kind"] == AUDIENCE)
