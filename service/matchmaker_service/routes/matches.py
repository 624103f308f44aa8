"""Matches: of a stored partner, and of any profile."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from matchmaker_service import matches, shapes
from matchmaker_service.auth import Reader
from matchmaker_service.matches import MatchQuery, Question
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, tagged
from matchmaker_service.routes.common import PartnerId, router
from matchmaker_service.services import services

routes = router("matches")
Matches = Envelope[list[shapes.Match]]  # type: ignore[valid-type]


@routes.get(
    "/partners/{partner}/matches",
    response_model=Matches,
    responses=responses(304, 404),
    summary="Recommend partners to a partner",
)
async def list_matches(
    request: Request, caller: Reader, partner: PartnerId, asked: Annotated[MatchQuery, Query()]
) -> Response:
    """The partners worth talking to, best first: value for both sides, balance, fit type, and the reasons of each side."""
    caller.speaks_for(partner)
    found = await matches.stored(services(request), partner, asked)
    return tagged(request, found.body, found.tag)


@routes.post(
    "/matches:query",
    response_model=Matches,
    responses=responses(404),
    summary="Recommend partners to a profile, or with examples and weights",
)
async def query_matches(request: Request, caller: Reader, asked: Question) -> Response:
    """The same list for a profile that is not stored, or for a stored partner with examples, weights of its own and filters."""
    caller.speaks_for(*([asked.partner] if asked.partner else []))
    found = await matches.asked_for(services(request), asked)
    return tagged(request, found.body, found.tag)
