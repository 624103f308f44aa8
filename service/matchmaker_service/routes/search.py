"""Finding partners, and seeing the ecosystem as a whole."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from matchmaker.profiles.schema import SIZE_BANDS
from matchmaker.retrieval.filters import Filter
from matchmaker_service.answers import Answer
from matchmaker_service.auth import Reader
from matchmaker_service.bodies import Words
from matchmaker_service.ecosystem import View
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, body, tag_of, tagged
from matchmaker_service.routes.common import router
from matchmaker_service.services import services

routes = router("search")
_FACETS = ("categories", "partner_types", "regions", "industries", "company_sizes")


class SearchQuery(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        Words, Field(min_length=1, pattern=r"\S", description="A name, a domain, or words.", examples=["returns"])
    ]
    by: Literal["name", "domain", "meaning"] = Field("name", description="What `q` is.")
    k: int = Field(10, ge=1, le=100, description="How many.")
    where: list[Words] = Field([], max_length=20, description="Filters, as for matches.")


class MapQuery(BaseModel):
    """How much of a map."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(2000, ge=10, le=2000, description="Most partners that are drawn.")


class Hit(BaseModel):
    """A partner that was found. score in [0, 1]; how: exact, prefix, words, fuzzy, domain or meaning."""

    rank: int
    partner: str
    name: str
    categories: list[str]
    domain: str | None
    size_band: str | None
    score: float
    how: str
    matched: str | None


class Overview(BaseModel):
    """The ecosystem in numbers; the values of each facet with how many partners have them, the most frequent ones first."""

    partners: int
    relations: int
    facets: dict[str, list[dict[str, Any]]]
    size_bands: list[str]
    model: dict[str, Any]


@routes.get("/search", response_model=Envelope[list[Hit]], responses=responses(304), summary="Search partners")
async def search_partners(request: Request, caller: Reader, asked: Annotated[SearchQuery, Query()]) -> Response:
    """Partners by name (misspelt ones too), by domain, URL or mail address, or by what they do in words."""
    caller.unbound()
    kept = services(request)
    ask = kept.work.encode if asked.by == "meaning" else kept.work.score

    def look() -> tuple[bytes, str]:
        view = kept.ecosystem.view
        filters = Filter.from_arguments(asked.where).conditions
        found = view.engine.search(asked.q, asked.k, by=asked.by, filters=filters)
        return body(found.rows, view), tag_of(view.version, view.change, asked.model_dump_json())

    return tagged(request, *await ask(look))


@routes.get("/ecosystem", response_model=Envelope[Overview], responses=responses(304), summary="Get the ecosystem")
async def get_ecosystem(request: Request, caller: Reader) -> Response:
    """How many partners and relations there are, what can be filtered by, and which model answers."""
    caller.unbound()
    kept = services(request)
    content, tag = await kept.work.score(lambda: _overview(kept.ecosystem.view))
    return tagged(request, content, tag)


@routes.get("/map", response_model=Envelope[dict[str, Any]], responses=responses(304), summary="Get the ecosystem map")
async def get_map(request: Request, caller: Reader, asked: Annotated[MapQuery, Query()]) -> Response:
    """Partners in two dimensions: near each other where they say alike things of themselves; and the relations between them."""
    caller.unbound()
    kept = services(request)

    def draw() -> tuple[bytes, str]:
        view = kept.ecosystem.view
        return body(view.engine.map(limit=asked.limit), view), tag_of(view.version, view.change, "map", asked.limit)

    return tagged(request, *await kept.work.draw(draw))


def _overview(view: View) -> tuple[bytes, str]:
    question = "ecosystem"
    known = view.answers.get(question)
    if known is not None:
        return known.body, known.tag
    fitted = view.engine.fitted
    counted = {name: Counter[str]() for name in _FACETS}
    standing = fitted.standing.tolist()
    for name in _FACETS:
        for stands, labels in zip(standing, fitted.profiles.column(name), strict=True):
            if stands:
                counted[name].update(labels or ())
    data = {
        "partners": fitted.count,
        "relations": len(fitted.relations.facts),
        "facets": {
            name: [{"name": label, "partners": count} for label, count in found.most_common(200)]
            for name, found in counted.items()
        },
        "size_bands": list(SIZE_BANDS),
        "model": {"version": view.version, "encoder": fitted.encoder},
    }
    answer = Answer(body(data, view), tag_of(view.version, view.change, question))
    view.answers.put(question, answer)
    return answer.body, answer.tag
