"""Pairs: one explained from both sides, many scored at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from matchmaker.results import Explanation
from matchmaker_service import shapes
from matchmaker_service.auth import Reader
from matchmaker_service.jobs.kinds import JobPair, scored
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, answered, body, tag_of, tagged
from matchmaker_service.routes.common import PartnerId, any_stored, check_pair, check_two, router
from matchmaker_service.services import Services, services

routes = router("pairs")
MOST = 1000


class Pairs(BaseModel):
    """Pairs to score."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "pairs": [
                    {"a": "shipbob", "b": "loop-returns", "client_reference_id": "1"},
                    {"a": "shipbob", "b": "klaviyo"},
                ]
            }
        },
    )

    pairs: Annotated[list[JobPair], Field(min_length=1, max_length=MOST)] = Field(description="The pairs, up to 1,000.")


class Score(BaseModel):
    """Scores of one pair, null where status is not ok. value_to_a, value_to_b, mutual, balance in [0, 1]; chance in (0, 1) of being
    observed as partners, null where nothing was learned.
    """

    a: str
    b: str
    client_reference_id: str | None
    status: str
    mutual: float | None
    value_to_a: float | None
    value_to_b: float | None
    balance: float | None
    one_way_street: bool | None
    fit_type: str | None
    chance: float | None


@routes.get(
    "/pairs/{a}/{b}",
    response_model=Envelope[shapes.Explanation],  # type: ignore[valid-type]
    responses=responses(304, 404),
    summary="Explain a pair",
)
async def explain_pair(request: Request, caller: Reader, a: PartnerId, b: PartnerId) -> Response:
    """One pair from both sides: exact contributions, what meets what, what is shared, the weaker side named."""
    caller.speaks_for(a)
    kept = services(request)
    check_two(a, b, "/path/b")
    await kept.ecosystem.told(a, b)
    content, tag = await kept.work.score(lambda: _explained(kept, a, b))
    return tagged(request, content, tag)


@routes.post("/scores:batch", response_model=Envelope[list[Score]], responses=responses(), summary="Score pairs")
async def score_pairs(request: Request, caller: Reader, sent: Pairs) -> Response:
    """Up to 1,000 pairs, answered in the order asked; a pair that cannot be scored is told in its row. More: POST /v1/jobs."""
    for pair in sent.pairs if caller.partner else ():
        caller.speaks_for(pair.a, pair.b)
    rows = await services(request).work.score(lambda: _scored(services(request), sent.pairs))
    bad = sum(row["status"] != "ok" for row in rows)
    return answered(request, rows, warnings=[f"{bad} of {len(rows)} pairs could not be scored"] if bad else [])


def _explained(kept: Services, a: str, b: str) -> tuple[bytes, str]:
    view = check_pair(kept, {"/path/a": a, "/path/b": b})
    found: Explanation = view.engine.explain(a, b)
    return body(found, view, warnings=found.notes), tag_of(view.version, view.change, a, b)


def _scored(kept: Services, pairs: list[JobPair]) -> list[dict[str, Any]]:
    view = kept.ecosystem.view
    unknown = {one for pair in pairs for one in (pair.a, pair.b)} - view.engine.fitted.rows.keys()
    if unknown and any_stored(kept, unknown):
        view = kept.ecosystem.caught_up()
    return scored(pairs, view)
