"""Activity between partners: results shown, not announced."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from matchmaker.profiles.schema import Activity
from matchmaker.store import activity
from matchmaker_service.auth import Reader, Writer
from matchmaker_service.bodies import Identity
from matchmaker_service.problems import Refused, responses
from matchmaker_service.reply import Envelope, PageQuery, Place, paged
from matchmaker_service.routes.common import check_ends, router
from matchmaker_service.services import services
from matchmaker_service.writes import Note, Reply, Writes

routes = router("activity")
MOST = 1000
Kind = Literal["referral", "intro", "co-marketing", "joint-win", "integration-use", "support", "announcement"]


class ActivityBody(BaseModel):
    """Something that happened. id: of your own, makes a retry harmless; value: of the deal, in `currency`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)

    id: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="An id of your own, which makes a retry harmless."
    )
    from_: Annotated[Identity, Field(alias="from", description="Id of the partner that did it.")]
    to: Identity = Field(description="Id of the partner it was done to or with.")
    date: dt.date = Field(description="When.")
    kind: Kind | None = Field(None, description="What it was.")
    value: float | None = Field(None, description="Worth of it, in `currency`.")
    currency: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="Such as EUR."
    )
    note: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="In words."
    )


class ActivitiesBody(BaseModel):
    """What happened: all of it is kept, or nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "activities": [
                    {"id": "crm-77", "from": "shipbob", "to": "klaviyo", "date": "2026-05-01", "kind": "referral"}
                ]
            }
        },
    )

    activities: Annotated[list[ActivityBody], Field(min_length=1, max_length=MOST)] = Field(
        description="What happened, up to 1,000."
    )


class ActivityView(BaseModel):
    """An activity as it is kept. number: its place in the order of writing; repeated: on adding, that its id was there already."""

    number: int
    id: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    date: dt.date
    kind: str | None
    value: float | None
    currency: str | None
    note: str | None
    at: dt.datetime
    repeated: bool


class ActivityQuery(PageQuery):
    """Whose activity."""

    partner: Identity | None = Field(None, description="Only what this partner took part in.")


@routes.get("/activity", response_model=Envelope[list[ActivityView]], responses=responses(409), summary="List activity")
def list_activity(request: Request, caller: Reader, query: Annotated[ActivityQuery, Query()]) -> Response:
    """What happened between partners, in the order in which it was told."""
    caller.speaks_for(*([query.partner] if query.partner else []))
    with services(request).database.reading() as connection:
        after = Place(request, query).after(0)
        found = activity.page(connection, after, query.limit + 1, partner=query.partner)
    shown = found[: query.limit]
    return paged(request, query, found, shown[-1].number if shown else 0, [_view(one) for one in shown])


@routes.post("/activity", response_model=Envelope[list[ActivityView]], responses=responses(404), summary="Add activity")
def add_activity(request: Request, caller: Writer, sent: ActivitiesBody, pen: Writes) -> Response:
    """Tell what happened. It is only ever added; an id that is there already is answered with what stands under it."""

    def do(note: Note) -> Reply:
        for index, one in enumerate(sent.activities):
            caller.speaks_for(one.from_, one.to)
            if one.from_ == one.to:
                wrong = [(f"/activities/{index}/to", "the same as from")]
                raise Refused("invalid_request", "Something happens between two different partners.", wrong=wrong)
        ends = [
            (f"/activities/{index}/{end.rstrip('_')}", getattr(one, end))
            for index, one in enumerate(sent.activities)
            for end in ("from_", "to")
        ]
        check_ends(pen.services, note.writing.sql, ends)
        rows = [Activity.model_validate(one.model_dump(exclude={"id"})) for one in sent.activities]
        added = activity.add(note.writing, rows, [one.id for one in sent.activities])
        for stored in added:
            caller.speaks_for(stored.activity.from_, stored.activity.to)  # an id may be of others' activity
            if not stored.repeated:
                note.audit("activity.add", stored.id)
        return Reply([_view(one) for one in added])

    return pen.write(caller, do)


def _view(one: activity.StoredActivity) -> dict[str, Any]:
    told = one.activity.model_dump(mode="json", by_alias=True)
    return {"number": one.number, "id": one.id, **told, "at": one.at, "repeated": one.repeated}
