"""Accounts of partners: names come in, keyed hashes are kept."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from matchmaker.profiles.accounts import check_key, hash_account, is_free_mail, key_id
from matchmaker.store import accounts
from matchmaker_service import overlay
from matchmaker_service.auth import Reader, Writer
from matchmaker_service.bodies import Identity, Label, Reference
from matchmaker_service.problems import responses
from matchmaker_service.reply import Envelope, PageQuery, Place, answered, paged
from matchmaker_service.routes.common import router, unknown
from matchmaker_service.services import Services, services
from matchmaker_service.writes import Note, Reply, Writes

routes = router("accounts")
MOST = 10_000
Population = Literal["customer", "prospect", "opportunity"]


class AccountBody(BaseModel):
    """One account: its domain, URL, a mail address of it, or any key of yours; it is hashed before it is kept."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    account: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")] = (
        Field(description="Domain, URL, mail address, or a key of yours.")
    )
    population: Population = Field("customer", description="What the account is to the partner.")
    segment: Label | None = Field(None, description="A segment of yours.")
    value: float | None = Field(None, description="Worth, in `currency`.")
    currency: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="Such as EUR."
    )
    date: dt.date | None = Field(None, description="Since when it is one.")
    client_reference_id: Reference | None = Field(None, description="Comes back with what was left out.")


class AccountsBody(BaseModel):
    """Accounts of one partner, created or replaced."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"partner": "shipbob", "accounts": [{"account": "shop.example", "population": "customer"}]}
        },
    )

    partner: Identity = Field(description="Id of the partner whose accounts they are.")
    accounts: Annotated[list[AccountBody], Field(min_length=1, max_length=MOST)] = Field(description="The accounts.")


class AccountView(BaseModel):
    """One account as it is kept. account: 32 hex digits of a keyed hash; key_id: names the key."""

    partner: str
    account: str
    population: str
    segment: str | None
    value: float | None
    currency: str | None
    date: dt.date | None
    key_id: str


class AccountsKept(BaseModel):
    """How many accounts were kept; those of free-mail domains name no company and are left out, by index."""

    kept: int
    left_out: list[dict[str, Any]]


class Forgotten(BaseModel):
    """How many accounts were deleted."""

    deleted: int


class AccountQuery(PageQuery):
    """Whose accounts."""

    partner: Identity = Field(description="Id of a partner.", examples=["shipbob"])
    population: Population | None = Field(None, description="Only this population.")


class CountQuery(BaseModel, extra="forbid"):
    """Whose accounts."""

    partner: Identity = Field(description="Id of a partner.", examples=["shipbob"])


class OwnQuery(CountQuery):
    """Which accounts."""

    population: Population | None = Field(None, description="Only this population.")


@routes.get(
    "/accounts", response_model=Envelope[list[AccountView]], responses=responses(404, 409), summary="List accounts"
)
def list_accounts(request: Request, caller: Reader, query: Annotated[AccountQuery, Query()]) -> Response:
    """The accounts of one partner, hashed."""
    caller.speaks_for(query.partner)
    kept = services(request)
    with kept.database.reading() as connection:
        _stands(kept, connection, query.partner)
        start: Any = Place(request, query).after(list(accounts.START))
        found = accounts.page(
            connection, tuple(start), query.limit + 1, partner=query.partner, population=query.population
        )
    shown = found[: query.limit]
    last = list(shown[-1].place) if shown else None
    return paged(request, query, found, last, [vars(one) for one in shown])


@routes.get(
    "/accounts/counts", response_model=Envelope[dict[str, int]], responses=responses(404), summary="Count accounts"
)
def count_accounts(request: Request, caller: Reader, query: Annotated[CountQuery, Query()]) -> Response:
    """How many accounts one partner has, by population."""
    caller.speaks_for(query.partner)
    kept = services(request)
    with kept.database.reading() as connection:
        _stands(kept, connection, query.partner)
        counted = accounts.counts(connection, query.partner)
    return answered(request, counted.get(query.partner, {}))


@routes.post("/accounts", response_model=Envelope[AccountsKept], responses=responses(404), summary="Upsert accounts")
def put_accounts(request: Request, caller: Writer, sent: AccountsBody, pen: Writes) -> Response:
    """Accounts of one partner; names are hashed with MATCHMAKER_ACCOUNT_KEY and never kept. Two partners' overlap is counted on
    hashes alone.
    """
    caller.speaks_for(sent.partner)
    secret = pen.services.settings.account_key
    key = check_key(secret.get_secret_value().encode() if secret is not None else None)
    free = {index for index, one in enumerate(sent.accounts) if is_free_mail(one.account)}

    def do(note: Note) -> Reply:
        _stands(pen.services, note.writing.sql, sent.partner)
        rows = [
            accounts.Account(
                partner=sent.partner,
                account=hash_account(one.account, key),
                key_id=key_id(key),
                **one.model_dump(exclude={"account", "client_reference_id"}),
            )
            for index, one in enumerate(sent.accounts)
            if index not in free
        ]
        accounts.put(note.writing, rows)
        note.audit("accounts.put", sent.partner)
        left = [
            {"index": index, "client_reference_id": sent.accounts[index].client_reference_id} for index in sorted(free)
        ]
        return Reply({"kept": len(rows), "left_out": left})

    return pen.write(caller, do)


@routes.delete("/accounts", response_model=Envelope[Forgotten], responses=responses(404), summary="Delete accounts")
def delete_accounts(request: Request, caller: Writer, query: Annotated[OwnQuery, Query()], pen: Writes) -> Response:
    """All accounts of one partner, or of one population of it."""
    caller.speaks_for(query.partner)

    def do(note: Note) -> Reply:
        _stands(pen.services, note.writing.sql, query.partner)
        count = accounts.delete(note.writing, query.partner, population=query.population)
        note.audit("accounts.delete", query.partner)
        return Reply({"deleted": count})

    return pen.write(caller, do)


def _stands(kept: Services, connection: sa.Connection, partner: str) -> None:
    if not overlay.standing(connection, kept.ecosystem.built, [partner]):
        raise unknown(kept.ecosystem.view.engine.fitted, partner)
