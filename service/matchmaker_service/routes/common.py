"""What routes share: parts of paths, routers with stable operation ids, checks of partners."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Request
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor

from matchmaker.errors import UnknownPartnerError
from matchmaker.fitted import Fitted
from matchmaker.store import partners
from matchmaker_service import overlay
from matchmaker_service.answers import Answer
from matchmaker_service.auth import Caller
from matchmaker_service.bodies import ID
from matchmaker_service.ecosystem import View
from matchmaker_service.problems import Refused, pointer
from matchmaker_service.reply import body, tag_of
from matchmaker_service.services import Services

PartnerId = Annotated[
    str,
    Path(min_length=1, max_length=200, pattern=ID, description="Id of a partner.", examples=["shipbob"]),
]
WrittenId = Annotated[
    str,
    Path(min_length=1, max_length=200, pattern=ID, description="Id of a partner.", examples=["returnly-example"]),
]
"""The same where a partner is written: who tries an example out shall not overwrite one of the sample."""


_SEVERAL = {"where", "hub"}
"""Query parameters that may be repeated."""


class _Plain(StringConvertor):
    """A part of a path without a colon, behind which an action stands."""

    regex = "[^/:]+"


register_url_convertor("plain", _Plain())


def router(tag: str) -> APIRouter:
    """A router below /v1."""
    return APIRouter(prefix="/v1", tags=[tag], generate_unique_id_function=operation_id, dependencies=[Depends(_once)])


async def _once(request: Request) -> None:
    """Raise Refused where a query parameter stands twice: which one is meant is not for us to say."""
    names = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({name for name in names if names.count(name) > 1} - _SEVERAL)
    if twice:
        wrong = [(pointer(("query", name[:100])), "stands more than once") for name in twice[:20]]
        raise Refused(
            "invalid_request", "A query parameter stands more than once; only `where` and `hub` may.", wrong=wrong
        )


def operation_id(route: APIRoute) -> str:
    """The name of the function, which is the name of the operation in every client."""
    return route.name


def check_stands(kept: Services, view: View, *ids: str) -> View:
    """A generation in which these partners stand, a newer one than `view` if need be. Raises UnknownPartnerError."""
    if all(one in view.engine.fitted.rows for one in ids):
        return view
    with kept.database.reading() as connection:
        stands = overlay.standing(connection, kept.ecosystem.built, ids)
    if missing := [one for one in ids if one not in stands]:
        raise unknown(view.engine.fitted, missing[0])
    view = kept.ecosystem.caught_up()
    for one in ids:
        if one not in view.engine.fitted.rows:
            why = kept.ecosystem.failed.get(one, "it was changed this moment")
            raise Refused("not_ready", f"The partner {one!r} is stored, and cannot be recommended yet: {why}.")
    return view


def check_two(a: str, b: str, where: str) -> None:
    """Raise Refused, pointing at `where`, where a pair is of one partner."""
    if a == b:
        raise Refused(
            "invalid_request", "A pair is of two different partners.", wrong=[(where, "the same as the first")]
        )


def check_pair(kept: Services, ends: dict[str, str]) -> View:
    """A generation in which both ends stand. ends: pointer to id. Raises Refused that points at the one that does not."""
    try:
        return check_stands(kept, kept.ecosystem.view, *ends.values())
    except UnknownPartnerError as error:
        where = next(where for where, one in ends.items() if one == error.partner)
        near = f" Did you mean: {', '.join(error.suggestions)}?" if error.suggestions else ""
        told = f"No partner has the id given as {where.rpartition('/')[2]}.{near}"
        raise Refused("unknown_partner", told, wrong=[(where, "no partner has this id")]) from None


def any_stored(kept: Services, ids: Collection[str]) -> bool:
    """Whether the store has one of these partners."""
    with kept.database.reading() as connection:
        return bool(partners.get(connection, sorted(ids)))


def check_ends(kept: Services, connection: sa.Connection, ends: Sequence[tuple[str, str]]) -> None:
    """Raise Refused, with a pointer to each, where partners do not stand. ends: pairs of a pointer and an id."""
    stands = overlay.standing(connection, kept.ecosystem.built, {one for _, one in ends})
    wrong = [(where, "no partner has this id") for where, one in ends if one not in stands]
    if wrong:
        told = f"{len(wrong)} of the partners named are not known; GET /v1/search finds partners. Nothing was written."
        raise Refused("unknown_partner", told, wrong=wrong[:100])


def unknown(fitted: Fitted, partner: str) -> UnknownPartnerError:
    """The error of an id that no partner has, with near ones."""
    try:
        row = fitted.row(partner)
    except UnknownPartnerError as error:  # of one that was just deleted, itself may still be near
        return UnknownPartnerError(
            partner, tuple(one for one in error.suggestions if not one.startswith(f"{partner} ("))
        )
    return UnknownPartnerError(partner, (f"{fitted.space.ids[row]} ({fitted.profiles.names[row]})",))


def at_hand(view: View, caller: Caller, question: str, make: Callable[[], tuple[dict[str, Any], list[str]]]) -> Answer:
    """The answer that this generation gave to a question before, or a new one of data and warnings, which is kept; a bound key's is
    another one.
    """
    asked = f"{question} {'open' if caller.partner is None else 'bound'}"
    known = view.answers.get(asked)
    if known is None:
        data, warnings = make()
        known = Answer(body(data, view, warnings=warnings), tag_of(view.version, view.change, asked))
        view.answers.put(asked, known)
    return known
