"""Partners: list, get, create, replace, patch, delete, upsert in bulk."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Body, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matchmaker.profiles.schema import Partner
from matchmaker.store import partners, relations
from matchmaker_service import overlay
from matchmaker_service.auth import Reader, Writer
from matchmaker_service.bodies import PartnerBody, PartnerPatch, ProfileBody, ReplacingBody, merged
from matchmaker_service.problems import Refused, pointer, responses, wrong_of
from matchmaker_service.reply import Envelope, Page, Place, paged, same, tagged
from matchmaker_service.reply import body as envelope
from matchmaker_service.routes.common import PartnerId, WrittenId, check_stands, router, unknown
from matchmaker_service.services import Services, services
from matchmaker_service.writes import Note, Reply, Writes

routes = router("partners")
MOST = 1000
_ALL = 1_000_000
Found = overlay.Standing[partners.Stored, Partner]


class Record(BaseModel):
    """What the service knows of a partner beside what it says. revision: 0 as it came with the bundle, raised by every write."""

    revision: int
    change: int
    source: str
    created_at: str | None
    updated_at: str | None


class PartnerView(Partner):
    """A partner and its record."""

    record: Record


class Row(BaseModel):
    """What became of one row. status: created, replaced or failed; errors: pointers into the row."""

    index: int
    client_reference_id: str | None
    id: str | None
    status: str
    revision: int | None
    errors: list[dict[str, str]]


class Upserted(BaseModel):
    """What became of a batch."""

    created: int
    replaced: int
    failed: int
    rows: list[Row]


class Batch(BaseModel):
    """Partners to create or replace; each may bring a `client_reference_id`, which comes back with its row."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "partners": [
                    {
                        "client_reference_id": "crm-1",
                        "id": "returnly-example",
                        "name": "Returnly Example",
                        "description": "Returns portal for fashion shops.",
                    }
                ]
            }
        },
    )

    partners: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)] = Field(
        description="The partners, up to 1,000: each as for POST /v1/partners."
    )


class _Preconditions:
    """If-Match and If-None-Match of a write."""

    def __init__(
        self,
        match: Annotated[
            str | None,
            Header(alias="If-Match", max_length=500, description="Write only what still has this entity tag."),
        ] = None,
        none: Annotated[
            str | None, Header(alias="If-None-Match", max_length=500, description="`*`: create only, replace nothing.")
        ] = None,
    ) -> None:
        self._match, self._none = match, none

    def check(self, found: Found | None, version: str) -> None:
        """Raise Refused unless what stands is what the client has seen."""
        now = None if found is None else tag(found, version)
        changed = self._match is not None and (now is None or not same(self._match, now))
        taken = self._none is not None and now is not None and same(self._none, now)
        if changed or taken:
            raise Refused(
                "revision_conflict",
                "The partner is not the one that you have seen. Read it again, then write with its new ETag.",
                wrong=[("/header/If-Match" if changed else "/header/If-None-Match", "does not hold")],
            )


Preconditions = Annotated[_Preconditions, Depends()]


@routes.get("/partners", response_model=Envelope[list[PartnerView]], responses=responses(409), summary="List partners")
def list_partners(request: Request, caller: Reader, query: Page) -> Response:
    """All partners, in the order of their ids."""
    caller.unbound()
    kept = services(request)
    with kept.database.reading() as connection:
        after = Place(request, query).after("")
        found = overlay.partner_page(connection, kept.ecosystem.built, after, query.limit + 1)
    shown = found[: query.limit]
    return paged(request, query, found, shown[-1].id if shown else "", [view(one) for one in shown])


@routes.get(
    "/partners/{partner}", response_model=Envelope[PartnerView], responses=responses(304, 404), summary="Get a partner"
)
def get_partner(request: Request, caller: Reader, partner: PartnerId) -> Response:
    """One partner as it was written, whether it can be recommended already or not."""
    caller.speaks_for(partner)
    kept = services(request)
    with kept.database.reading() as connection:
        found = overlay.partner(connection, kept.ecosystem.built, partner)
    generation = kept.ecosystem.view
    if found is None:
        raise unknown(generation.engine.fitted, partner)
    return tagged(request, envelope(view(found), generation), tag(found, generation.version))


@routes.post(
    "/partners",
    status_code=201,
    response_model=Envelope[PartnerView],
    responses=responses(409),
    summary="Create a partner",
)
def create_partner(request: Request, caller: Writer, sent: PartnerBody, pen: Writes) -> Response:
    """A new partner; 409 where its id is taken."""
    caller.speaks_for(sent.id)

    def do(note: Note) -> Reply:
        if _standing(note, pen.services, sent.id) is not None:
            raise Refused(
                "already_exists", f"A partner {sent.id!r} stands already; replace it by PUT.", wrong=[("/id", "taken")]
            )
        return _put(note, pen.services, sent.partner(sent.id), 201)

    return pen.write(caller, do)


@routes.put(
    "/partners/{partner}",
    response_model=Envelope[PartnerView],
    responses={201: {"model": Envelope[PartnerView], "description": "Created"}, **responses(412)},
    summary="Create or replace a partner",
)
def put_partner(
    request: Request, caller: Writer, partner: WrittenId, sent: ReplacingBody, pen: Writes, wanted: Preconditions
) -> Response:
    """All of a partner; what the body leaves out is not known any more."""
    caller.speaks_for(partner)
    if sent.id not in (None, partner):
        raise Refused(
            "invalid_request", "The body is of another partner than the path.", wrong=[("/id", "not the path's")]
        )

    def do(note: Note) -> Reply:
        found = _standing(note, pen.services, partner)
        wanted.check(found, pen.services.ecosystem.view.version)
        return _put(note, pen.services, sent.partner(partner), 200 if found else 201)

    return pen.write(caller, do)


@routes.patch(
    "/partners/{partner}",
    response_model=Envelope[PartnerView],
    responses=responses(404, 412),
    summary="Change a partner",
)
def patch_partner(
    request: Request,
    caller: Writer,
    partner: WrittenId,
    sent: Annotated[PartnerPatch, Body()],  # type: ignore[valid-type]
    pen: Writes,
    wanted: Preconditions,
) -> Response:
    """Some fields of a partner (JSON merge patch, RFC 7396): null removes a field, a list replaces the whole list."""
    caller.speaks_for(partner)
    patch = sent.model_dump(mode="json", exclude_unset=True)  # type: ignore[attr-defined]

    def do(note: Note) -> Reply:
        found = _standing(note, pen.services, partner)
        if found is None:
            raise unknown(pen.services.ecosystem.view.engine.fitted, partner)
        wanted.check(found, pen.services.ecosystem.view.version)
        wished = merged(found.model, patch)
        try:
            after = ProfileBody.model_validate(wished)
        except ValidationError as error:
            raise Refused(
                "invalid_request", "The partner would not be valid any more.", wrong=wrong_of(error, wished)
            ) from None
        return _put(note, pen.services, after.partner(partner), 200)

    return pen.write(caller, do)


@routes.delete("/partners/{partner}", status_code=204, responses=responses(404, 412), summary="Delete a partner")
def delete_partner(
    request: Request, caller: Writer, partner: WrittenId, pen: Writes, wanted: Preconditions
) -> Response:
    """A partner that is deleted is recommended to nobody any more; its relations go with it."""
    caller.speaks_for(partner)

    def do(note: Note) -> Reply:
        found = _standing(note, pen.services, partner)
        if found is None:
            raise unknown(pen.services.ecosystem.view.engine.fitted, partner)
        wanted.check(found, pen.services.ecosystem.view.version)
        built = pen.services.ecosystem.built
        for one in overlay.relation_page(note.writing.sql, built, "", _ALL, partner):
            relations.delete(note.writing, one.id, known=built.relation(one.id))
            note.audit("relation.delete", one.id)
        partners.delete(note.writing, partner, known=built.partner(partner))
        note.audit("partner.delete", partner)
        note.touched.append(partner)
        return Reply(None, 204)

    return pen.write(caller, do)


@routes.post("/partners:batch", response_model=Envelope[Upserted], responses=responses(), summary="Upsert partners")
def upsert_partners(request: Request, caller: Writer, sent: Batch, pen: Writes) -> Response:
    """Up to 1,000 partners, created or replaced; a wrong row is told and harms no other. All good ones are kept, or none."""
    rows, good = _checked(sent.partners)
    caller.speaks_for(*good) if len(good) == 1 else caller.unbound()

    def do(note: Note) -> Reply:
        ids = list(good)
        before = partners.get(note.writing.sql, ids, deleted=True)
        built = pen.services.ecosystem.built
        written = partners.put(note.writing, [one for _, one in good.values()])
        for (index, one), stored in zip(good.values(), written, strict=True):
            stood = not before[one.id].deleted if one.id in before else built.partner(one.id) is not None
            rows[index] |= {"status": "replaced" if stood else "created", "revision": stored.revision}
            note.audit("partner.put", one.id)
            note.touched.append(one.id)
        counts = {status: sum(row["status"] == status for row in rows) for status in ("created", "replaced", "failed")}
        return Reply({**counts, "rows": rows})

    return pen.write(caller, do)


@routes.get(
    "/partners/{partner}/profile",
    responses=responses(404),
    response_model=Envelope[dict[str, Any]],
    summary="Get a profile",
)
def get_profile(request: Request, caller: Reader, partner: PartnerId) -> Response:
    """A partner as the engine reads it: audience, goals, capabilities, what of it was inferred, and its relations."""
    caller.speaks_for(partner)
    kept = services(request)
    generation = kept.ecosystem.caught_up() if kept.ecosystem.pending(partner) else kept.ecosystem.view
    generation = check_stands(kept, generation, partner)
    found = generation.engine.partner(partner)
    return tagged(request, envelope(found, generation), f'"profile-{generation.version}-{generation.change}"')


def view(one: Found) -> dict[str, Any]:
    """A partner and its record, ready for JSON."""
    stored = one.stored
    record = {
        "revision": one.revision,
        "change": 0 if stored is None else stored.change,
        "source": "bundle" if stored is None else "store",
        "created_at": None if stored is None else stored.created_at.isoformat(),
        "updated_at": None if stored is None else stored.updated_at.isoformat(),
    }
    return {**one.model.model_dump(mode="json"), "record": record}


def tag(one: Found, version: str) -> str:
    """The entity tag of a partner; as it was built, that of the bundle's version."""
    return f'"built-{version}"' if one.stored is None else f'"{one.stored.change}"'


def _standing(note: Note, kept: Services, partner: str) -> Found | None:
    note.writing.alone()
    return overlay.partner(note.writing.sql, kept.ecosystem.built, partner)


def _put(note: Note, kept: Services, partner: Partner, status: int) -> Reply:
    (stored,) = partners.put(note.writing, [partner])
    note.audit("partner.put", partner.id)
    note.touched.append(partner.id)
    found: Found = overlay.Standing(partner.id, stored.partner, stored)
    headers = {"etag": tag(found, kept.ecosystem.view.version)}
    if status == 201:
        headers["location"] = f"/v1/partners/{quote(partner.id, safe='')}"
    return Reply(view(found), status, headers)


def _checked(sent: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, tuple[int, Partner]]]:
    """A row of the answer for each that was sent, and the good partners by id with the number of their row."""
    rows: list[dict[str, Any]] = []
    good: dict[str, tuple[int, Partner]] = {}
    for index, one in enumerate(sent):
        reference, wrong = _reference(one), list[tuple[str, str]]()
        key = None
        try:
            body = PartnerBody.model_validate(
                {name: value for name, value in one.items() if name != "client_reference_id"}
            )
            key = body.id
            if key in good:
                wrong.append(("/id", "stands twice in this batch"))
            else:
                good[key] = index, body.partner(key)
        except ValidationError as error:
            wrong = wrong_of(error, one)
        rows.append(
            {
                "index": index,
                "client_reference_id": reference,
                "id": key,
                "status": "failed",
                "revision": None,
                "errors": [{"pointer": where or pointer(()), "detail": what} for where, what in wrong],
            }
        )
    return rows, good


def _reference(row: dict[str, Any]) -> str | None:
    found = row.get("client_reference_id")
    return found[:200].encode("utf-8", "replace").decode() if isinstance(found, str) else None
