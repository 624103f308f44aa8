"""Matches: of a stored partner, and of any profile."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.routing import APIRoute

from matchmaker_service import matches, shapes
from matchmaker_service.auth import Reader, reader_at_hand
from matchmaker_service.matches import DEFAULT, MatchQuery, Question
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, tagged
from matchmaker_service.routes.common import PartnerId, router
from matchmaker_service.services import services


class _Quick(APIRoute):
    """Answers the plain question from what is at hand before the request is taken apart, which takes longer than the answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler."""
        thorough = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if not request.scope["query_string"]:
                caller = reader_at_hand(request)
                partner = request.path_params["partner"]
                kept = services(request)
                if caller is not None and caller.partner in (None, partner) and not kept.ecosystem.pending(partner):
                    found = matches.at_hand(kept, partner, DEFAULT)
                    if found is not None:
                        return tagged(request, found.body, found.tag)
            return await thorough(request)

        return handler


routes = router("matches")
routes.route_class = _Quick
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


routes.route_class = APIRoute


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
