"""Overlaps: which accounts partners share, exactly for the owner of all data, guarded for a key that is bound to a partner."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from matchmaker.audience.pairs import Overlap
from matchmaker_service.auth import Reader
from matchmaker_service.bodies import Identity
from matchmaker_service.ecosystem import View
from matchmaker_service.overlaps import Known
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, body, tag_of, tagged
from matchmaker_service.routes.common import check_pair, check_two, router
from matchmaker_service.services import Services, services

routes = router("accounts")


class OverlapQuery(BaseModel):
    """Whose overlaps."""

    model_config = ConfigDict(extra="forbid")

    partner: Identity = Field(description="Id of the partner from whose side they are told.", examples=["shipbob"])
    other: Identity | None = Field(None, description="Id of the other partner; without it, those that share most.")
    by: Literal["lift", "shared", "get", "give", "greenfield", "revenue"] = Field(
        "lift", description="What a list is ranked by; docs/overlap.md."
    )
    k: int = Field(10, ge=1, le=100, description="How many a list has.")


@routes.get(
    "/overlaps", response_model=Envelope[list[Overlap]], responses=responses(304, 404), summary="List account overlaps"
)
async def list_overlaps(request: Request, caller: Reader, asked: Annotated[OverlapQuery, Query()]) -> Response:
    """The accounts that a partner shares with another one, or with those that it shares most with, by population. A key that is
    bound to a partner is told of its own alone, rounded, and of nothing that concerns fewer accounts than the minimum.
    """
    caller.speaks_for(asked.partner)
    ends = {"/query/partner": asked.partner}
    if asked.other is not None:
        check_two(asked.partner, asked.other, "/query/other")
        ends["/query/other"] = asked.other
    kept = services(request)
    await kept.ecosystem.told(*ends.values())
    view, known = await _known(kept, ends)

    def ask() -> bytes:
        if asked.other is not None:
            found = [known.pair(caller.partner, asked.partner, asked.other)]
        else:
            found = known.others(caller.partner, asked.partner, asked.by, asked.k)
        return body([one.to_dict() for one in found], view, warnings=known.notes)

    content = await kept.work.score(ask)
    return tagged(request, content, tag_of(content))


async def _known(kept: Services, ends: dict[str, str]) -> tuple[View, Known]:
    """A generation in which both ends stand, and the accounts. ends: pointer to id. Raises as check_pair does."""

    def look() -> tuple[View, Known | None]:
        view = check_pair(kept, ends)
        return view, kept.overlaps.at_hand(view)

    view, at_hand = await kept.work.score(look)
    if at_hand is not None:
        return view, at_hand
    return view, await kept.work.draw(lambda: kept.overlaps.renewed(view))
