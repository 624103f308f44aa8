"""Bodies of partners and relations: the data contract with the limits that a public door needs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, cast

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    create_model,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from matchmaker.profiles.schema import Partner, Relation

NO_NUL = r"^[^\x00]*$"
ID = r"^[^\x00-\x1f\x7f/\\?#]*[^\x00-\x20\x7f/\\?#.][^\x00-\x1f\x7f/\\?#]*$"
"""Ids stand in paths: no slash, no control character, and not of dots and blanks alone."""
Identity = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=NO_NUL)]
Labels = Annotated[tuple[Label, ...], Field(max_length=200)]
Number = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)] | Annotated[StrictFloat, Field(allow_inf_nan=False)]
Extra = StrictBool | Number | Annotated[str, StringConstraints(max_length=2_000, pattern=NO_NUL)] | list[Label] | None
Reference = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
Words = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]


def _tellable(filters: dict[str, Any]) -> dict[str, Any]:
    """The filters, which come back with the answer. Raises ValueError on what is no JSON: huge numbers, half characters."""
    try:
        orjson.dumps(filters)
    except TypeError:
        raise ValueError(
            "numbers lie within 64 bits, texts are whole characters, and lists are few levels deep"
        ) from None
    return filters


Filters = Annotated[dict[Words, Any], Field(max_length=20), AfterValidator(_tellable)]
FitType = Literal["complement", "competitor", "expansion", "stretch"]
Motion = Literal["technology", "strategic", "integrate", "co-market", "co-sell", "refer"]
EXAMPLE: dict[str, JsonValue] = {
    "name": "Returnly Example",
    "domain": "returns.example",
    "description": "Returns portal for fashion shops, with exchanges, gift cards and instant refunds.",
    "audience": "fashion and footwear shops with 100 to 10,000 orders a month",
    "goals": ["warehouses that restock returned goods", "agencies that bring us fashion shops"],
    "capabilities": ["returns portal", "instant exchanges", "return labels"],
    "regions": ["united states", "europe"],
    "categories": ["returns"],
    "size": 1200,
}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Wishes(_Closed):
    """What a list of matches may be asked for, however it is asked."""

    k: int = Field(10, ge=1, le=100, description="How many matches.")
    fit_type: FitType | None = Field(None, description="Only matches of this type.")
    motion: Motion | None = Field(None, description="Only matches that a motion suits.")
    popularity_weight: float = Field(0.5, ge=0, le=1, description="0 small but mighty, 0.5 neutral, 1 famous.")
    diversity: float = Field(0.3, ge=0, le=1, description="0 the plain ranking, 1 as mixed as possible.")
    include_existing: bool = Field(False, description="Also list the partners it already has.")

    def asked(self) -> dict[str, Any]:
        """As `Matchmaker.recommend` takes them."""
        return {name: getattr(self, name) for name in Wishes.model_fields}


class _NoOthers:
    """Tells in the schema of a mapping what is checked anyway: no name but those that fit the pattern."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "additionalProperties": False}


class InterfaceBody(_Closed):
    """How a partner can be connected to."""

    auth: Labels = Field((), description="How it lets others in: oauth2, api key.")
    events: Labels = Field((), description="Events that it tells.")
    objects: Labels = Field((), description="Objects that it exchanges: order, customer.")
    operations: Labels = Field((), description="What can be done with them.")
    formats: Labels = Field((), description="Formats that it reads and writes: json, csv.")
    style: Label | None = Field(None, description="Kind of interface: rest, graphql.")


class ProfileBody(_Closed):
    """What a partner says of itself. size: customers or reach; size_band: the same as a band, each implying the other."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    name: Name = Field(description="Name of the company.")
    domain: Label | None = Field(None, description="Its web domain.")
    domains: Labels = Field((), description="Further domains.")
    description: Text = Field("", description="What it is and does, in sentences.")
    audience: Text = Field("", description="Whom it serves.")
    goals: Labels = Field((), description="What it wants of partners.")
    needs: Labels = Field((), description="What it lacks; counts as goals.")
    capabilities: Labels = Field((), description="What it offers.")
    industries: Labels = Field((), description="Industries of its customers.")
    regions: Labels = Field((), description="Where its customers are.")
    company_sizes: Labels = Field((), description="Sizes of its customers.")
    partner_types: Labels = Field((), description="What kinds of partner it is: technology, agency, logistics.")
    categories: Labels = Field((), description="Its categories.")
    integrations: Labels = Field((), description="Ids or names that it connects to today.")
    interface: InterfaceBody = Field(default_factory=InterfaceBody, description="How it can be connected to.")
    size: float | None = Field(None, gt=0, le=1e12, description="Customers or reach; implies the band.")
    size_band: Literal["1-100", "100-1k", "1k-10k", "10k-100k", "100k-1m", "1m+"] | None = Field(
        None, description="The same as a band; implies the size."
    )
    as_of: dt.date | None = Field(None, description="When all this was true.")
    extra: Annotated[dict[Label, Extra], Field(max_length=100), _NoOthers()] = Field(
        default_factory=dict, description="Fields of your own; filters find them as extra.NAME."
    )

    def partner(self, key: str) -> Partner:
        """The partner of this id."""
        return Partner.model_validate({"id": key, **self.model_dump(exclude_unset=True, exclude={"id"})})


class PartnerBody(ProfileBody):
    """A partner with its id."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": "returnly-example", **EXAMPLE}})

    id: Identity = Field(description="Id of the partner.")


class ReplacingBody(ProfileBody):
    """A partner; its id stands in the path, and may stand here too."""

    id: Identity | None = Field(None, description="The id of the path, or nothing.")


def _optional(name: str, model: type[BaseModel], **instead: Any) -> type[BaseModel]:  # noqa: ANN401 - field types
    """A model of changes: any field may be left out, and null removes one that is not required."""
    fields: dict[str, Any] = {}
    for key, field in model.model_fields.items():
        hint = instead.get(key, field.rebuild_annotation())
        left = Field(default_factory=lambda: None, description=field.description)
        fields[key] = (hint if field.is_required() else hint | None, left)
    made = create_model(
        name, __config__=ConfigDict(extra="forbid", allow_inf_nan=False), __doc__=f"{name}: null removes.", **fields
    )
    return cast(type[BaseModel], made)


InterfacePatch = _optional("InterfacePatch", InterfaceBody)
PartnerPatch = _optional("PartnerPatch", ProfileBody, interface=InterfacePatch)
PartnerPatch.model_config["json_schema_extra"] = {
    "example": {"goals": ["agencies that bring us grocers"], "size": None}
}


def merged(partner: Partner, patch: dict[str, Any]) -> dict[str, Any]:
    """A partner after a JSON merge patch (RFC 7396); of size and band, the one that is not named follows the other."""
    before = partner.model_dump(mode="json", exclude_defaults=True)
    for one, other in (("size", "size_band"), ("size_band", "size")):
        if one in patch and other not in patch:
            before.pop(other, None)
    after = _merge(before, patch)
    after.pop("id", None)
    return after


def _merge(before: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    after = dict(before)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            known = after.get(name)
            after[name] = _merge(known if isinstance(known, dict) else {}, value)
        else:
            after[name] = value
    return after


class RelationBody(_Closed):
    """A known relation between two partners, by id."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"a": "shipbob", "b": "klaviyo", "type": "integration", "status": "active", "source": "our CRM"}
        }
    )

    a: Identity = Field(description="Id of one partner.")
    b: Identity = Field(description="Id of the other one.")
    type: Literal["partnership", "integration", "competitor", "acquisition"] = Field(description="What it is.")
    status: Literal["announced", "active", "stalled", "ended", "declined"] | None = Field(
        None, description="How far it is; ended and declined ones are recommended again."
    )
    directed: bool = Field(False, description="Whether it leads from a to b alone.")
    announced_on: dt.date | None = Field(None, description="When it was announced.")
    started_on: dt.date | None = Field(None, description="When it began.")
    ended_on: dt.date | None = Field(None, description="When it ended.")
    observed_at: dt.date | None = Field(None, description="When somebody last saw it.")
    weight: float | None = Field(None, ge=0, description="How strong it is, on a scale of your own.")
    source: Label | None = Field(None, description="Where this is known from.")

    def relation(self) -> Relation:
        """The relation."""
        return Relation.model_validate(self.model_dump())
