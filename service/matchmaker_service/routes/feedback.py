"""Impressions and outcomes: what was shown, and what came of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from matchmaker.store import feedback
from matchmaker.store.database import now
from matchmaker_service.auth import Caller, Reader, Writer
from matchmaker_service.bodies import Identity
from matchmaker_service.problems import Refused, responses
from matchmaker_service.reply import Envelope, PageQuery, Place, paged
from matchmaker_service.routes.common import router
from matchmaker_service.services import services
from matchmaker_service.tokens import Recommended, Signer
from matchmaker_service.writes import Note, Reply, Writes

routes = router("feedback")
MOST = 1000
Token = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class ImpressionBody(BaseModel):
    """A recommendation that somebody saw. shown_at: now, if it is left out."""

    model_config = ConfigDict(extra="forbid")

    recommendation_id: Token = Field(description="Of a match, as it was answered.")
    shown_at: AwareDatetime | None = Field(None, description="When it was seen, with an offset; now, if left out.")


class ImpressionsBody(BaseModel):
    """What was shown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"impressions": [{"recommendation_id": "of a match, as it was answered"}]}},
    )

    impressions: Annotated[list[ImpressionBody], Field(min_length=1, max_length=MOST)] = Field(
        description="What was shown, up to 1,000."
    )


class OutcomeBody(BaseModel):
    """What came of a recommendation. activated: the partnership shows results. at: now, if it is left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"recommendation_id": "of a match, as it was answered", "outcome": "accepted"}},
    )

    recommendation_id: Token = Field(description="Of a match, as it was answered.")
    outcome: Literal["accepted", "declined", "activated"] = Field(description="What came of it.")
    at: AwareDatetime | None = Field(None, description="When, with an offset; now, if left out.")
    note: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="In words."
    )


class Counted(BaseModel):
    """How many were new; the others were known already."""

    added: int
    known: int


class ObservedView(BaseModel):
    """A recommendation that was shown, and its last outcome, null while there is none."""

    number: int
    recommendation_id: str
    partner: str
    shown: str
    rank: int
    model_version: str
    shown_at: dt.datetime
    outcome: str | None
    outcome_at: dt.datetime | None
    note: str | None


class ObservedQuery(PageQuery):
    """Whose recommendations."""

    partner: Identity | None = Field(None, description="Only what was shown to this partner.")


@routes.post("/impressions", response_model=Envelope[Counted], responses=responses(), summary="Record impressions")
def add_impressions(request: Request, caller: Writer, sent: ImpressionsBody, pen: Writes) -> Response:
    """Tell which recommendations were shown; asking for matches records nothing by itself."""
    signer = pen.services.signer
    shown = []
    for index, one in enumerate(sent.impressions):
        told = _read(signer, caller, one.recommendation_id, f"/impressions/{index}/recommendation_id")
        at = one.shown_at or now()
        shown.append(
            feedback.Impression(one.recommendation_id, told.partner, told.shown, told.rank, told.model_version, at)
        )

    def do(note: Note) -> Reply:
        added = feedback.add_impressions(note.writing, shown)
        note.audit("impressions.add", str(len(added)))
        return Reply({"added": sum(added), "known": len(added) - sum(added)})

    return pen.write(caller, do)


@routes.post("/feedback", response_model=Envelope[Counted], responses=responses(), summary="Record an outcome")
def add_feedback(request: Request, caller: Writer, sent: OutcomeBody, pen: Writes) -> Response:
    """Tell what came of a recommendation. Later models learn from it. One that nobody told was shown counts as shown by then."""
    told = _read(pen.services.signer, caller, sent.recommendation_id, "/recommendation_id")
    outcome = feedback.Outcome(sent.recommendation_id, sent.outcome, sent.at or now(), sent.note)
    seen = feedback.Impression(
        outcome.recommendation_id, told.partner, told.shown, told.rank, told.model_version, outcome.at
    )

    def do(note: Note) -> Reply:
        feedback.add_impressions(note.writing, [seen])
        added = feedback.add_outcomes(note.writing, [outcome])
        note.audit("feedback.add", f"{told.partner} {told.shown} {sent.outcome}")
        return Reply({"added": sum(added), "known": len(added) - sum(added)})

    return pen.write(caller, do)


@routes.get("/feedback", response_model=Envelope[list[ObservedView]], responses=responses(409), summary="List feedback")
def list_feedback(request: Request, caller: Reader, query: Annotated[ObservedQuery, Query()]) -> Response:
    """What was shown, in the order in which it was told, each with its last outcome."""
    caller.speaks_for(*([query.partner] if query.partner else []))
    with services(request).database.reading() as connection:
        after = Place(request, query).after(0)
        found = feedback.observed(connection, after, query.limit + 1, partner=query.partner)
    shown = found[: query.limit]
    return paged(request, query, found, shown[-1].number if shown else 0, [_view(one) for one in shown])


def _view(one: feedback.Observed) -> dict[str, Any]:
    outcome = one.outcome
    return {
        "number": one.number,
        **vars(one.impression),
        "outcome": None if outcome is None else outcome.outcome,
        "outcome_at": None if outcome is None else outcome.at,
        "note": None if outcome is None else outcome.note,
    }


def _read(signer: Signer, caller: Caller, token: str, where: str) -> Recommended:
    found = signer.recommended(token)
    if found is None:
        told = "This is not an id of a recommendation that this service gave. Send the recommendation_id of a match."
        raise Refused("invalid_recommendation_id", told, wrong=[(where, "not given by this service")])
    caller.speaks_for(found.partner)
    return found
