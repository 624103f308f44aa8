"""Relations between partners: what is known, for both ends."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from matchmaker.profiles.schema import Relation
from matchmaker.store import relations
from matchmaker.store.relations import relation_id
from matchmaker_service import overlay
from matchmaker_service.auth import Caller, Reader, Writer
from matchmaker_service.bodies import Identity, RelationBody
from matchmaker_service.problems import Refused, responses
from matchmaker_service.reply import Envelope, PageQuery, Place, answered, paged
from matchmaker_service.routes.common import check_ends, router
from matchmaker_service.services import Services, services
from matchmaker_service.writes import Note, Reply, Writes

routes = router("relations")
MOST = 1000
_EXAMPLE = relation_id(Relation(a="shipbob", b="klaviyo", type="integration"))
RelationId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a relation.", examples=[_EXAMPLE])]
Found = overlay.Standing[relations.StoredRelation, Relation]


class RelationView(Relation):
    """A relation, its id, and how often it was written: 0 as it came with the bundle."""

    id: str
    revision: int


class RelationQuery(PageQuery):
    """Whose relations."""

    partner: Identity | None = Field(None, description="Only relations of this partner.")


class RelationsBody(BaseModel):
    """Relations to create or replace: all of them, or none."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"relations": [{"a": "shipbob", "b": "klaviyo", "type": "integration", "status": "active"}]}
        },
    )

    relations: Annotated[list[RelationBody], Field(min_length=1, max_length=MOST)] = Field(
        description="The relations, up to 1,000; one a pair and type."
    )


@routes.get(
    "/relations", response_model=Envelope[list[RelationView]], responses=responses(409), summary="List relations"
)
def list_relations(request: Request, caller: Reader, query: Annotated[RelationQuery, Query()]) -> Response:
    """All known relations, or those of one partner, in the order of their ids."""
    caller.speaks_for(*([query.partner] if query.partner else []))
    kept = services(request)
    with kept.database.reading() as connection:
        after = Place(request, query).after("")
        found = overlay.relation_page(connection, kept.ecosystem.built, after, query.limit + 1, query.partner)
    shown = found[: query.limit]
    return paged(request, query, found, shown[-1].id if shown else "", [_view(one) for one in shown])


@routes.get(
    "/relations/{relation}", response_model=Envelope[RelationView], responses=responses(404), summary="Get a relation"
)
def get_relation(request: Request, caller: Reader, relation: RelationId) -> Response:
    """One relation."""
    kept = services(request)
    with kept.database.reading() as connection:
        found = overlay.relation(connection, kept.ecosystem.built, relation)
    if found is None or caller.partner not in (None, found.model.a, found.model.b):
        raise _missing(relation)  # of others' too: that two are partners is their own affair
    return answered(request, _view(found))


@routes.post(
    "/relations", response_model=Envelope[list[RelationView]], responses=responses(404), summary="Upsert relations"
)
def put_relations(request: Request, caller: Writer, sent: RelationsBody, pen: Writes) -> Response:
    """Create or replace relations: one a pair and type. Both ends must stand; who has one already is not recommended again."""

    def do(note: Note) -> Reply:
        _check(note, caller, pen.services, sent.relations)
        written = relations.put(note.writing, [one.relation() for one in sent.relations])
        for stored in written:
            note.audit("relation.put", stored.id)
            note.touched.extend((stored.relation.a, stored.relation.b))
        return Reply([_view(overlay.Standing(one.id, one.relation, one)) for one in written])

    return pen.write(caller, do)


@routes.delete("/relations/{relation}", status_code=204, responses=responses(404), summary="Delete a relation")
def delete_relation(request: Request, caller: Writer, relation: RelationId, pen: Writes) -> Response:
    """A relation that is not known any more. One that ended is better kept: replace it with status `ended`."""

    def do(note: Note) -> Reply:
        note.writing.alone()
        found = overlay.relation(note.writing.sql, pen.services.ecosystem.built, relation)
        if found is None or caller.partner not in (None, found.model.a, found.model.b):
            raise _missing(relation)
        relations.delete(note.writing, relation, known=pen.services.ecosystem.built.relation(relation))
        note.audit("relation.delete", relation)
        note.touched.extend((found.model.a, found.model.b))
        return Reply(None, 204)

    return pen.write(caller, do)


def _check(note: Note, caller: Caller, kept: Services, sent: list[RelationBody]) -> None:
    """Raise Refused or UnknownPartnerError unless all ends stand, differ, and are the caller's to write."""
    seen: set[str] = set()
    for index, one in enumerate(sent):
        caller.speaks_for(one.a, one.b)
        key = relation_id(one.relation())
        if one.a == one.b or key in seen:
            what = "a relation of a partner with itself" if one.a == one.b else "stands twice in this request"
            raise Refused(
                "invalid_request", "The relations cannot be written as they are.", wrong=[(f"/relations/{index}", what)]
            )
        seen.add(key)
    ends = [(f"/relations/{index}/{end}", getattr(one, end)) for index, one in enumerate(sent) for end in "ab"]
    check_ends(kept, note.writing.sql, ends)


def _view(one: Found) -> dict[str, Any]:
    return {"id": one.id, **one.model.model_dump(mode="json"), "revision": one.revision}


def _missing(relation: str) -> Refused:
    return Refused("unknown_relation", f"No relation has the id {relation}; GET /v1/relations lists them.")
