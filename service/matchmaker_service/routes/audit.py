"""The audit: who wrote what, when, in which request."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from matchmaker.store import audit
from matchmaker_service.auth import Admin
from matchmaker_service.bodies import Words
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, PageQuery, Place, paged
from matchmaker_service.routes.common import router
from matchmaker_service.services import services

routes = router("audit")


class NotedView(BaseModel):
    """One write. owner: id of the API key, `open` without one; action: such as partner.put; target: what was written."""

    number: int
    at: dt.datetime
    owner: str
    action: str
    target: str
    request_id: str


class AuditQuery(PageQuery):
    """Which writes."""

    owner: Words | None = Field(None, description="Only those of this API key, by id.")
    action: Words | None = Field(None, description="Only this action, such as partner.put.")
    target: Words | None = Field(None, description="Only what was done to this.")


@routes.get("/audit", response_model=Envelope[list[NotedView]], responses=responses(409), summary="List writes")
def list_writes(request: Request, caller: Admin, query: Annotated[AuditQuery, Query()]) -> Response:
    """Every write, the newest first."""
    caller.unbound()
    with services(request).database.reading() as connection:
        before: int = Place(request, query).after(0)
        found = audit.page(
            connection, before or None, query.limit + 1, owner=query.owner, action=query.action, target=query.target
        )
    shown = found[: query.limit]
    return paged(request, query, found, shown[-1].number if shown else 0, [vars(one) for one in shown])
