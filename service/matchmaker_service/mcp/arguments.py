"""What a client may hand to each tool: closed, bounded, every field described for the model that fills it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from matchmaker.errors import SettingsError

MOST, MOST_PAIRS, MOST_FILTERS, MOST_EXAMPLES, LONGEST, LONGEST_QUERY = 50, 200, 20, 20, 200, 1000


class Arguments(BaseModel):
    """Base: an unknown argument is refused, an argument that is null counts as not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _given(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the client sent
        return {name: one for name, one in data.items() if one is not None} if isinstance(data, Mapping) else data

    @classmethod
    def read(cls, sent: Mapping[str, Any]) -> Arguments:
        """Checked arguments. Raises SettingsError that names each wrong one."""
        try:
            return cls.model_validate(sent)
        except ValidationError as error:
            raise SettingsError(_told(error, cls)) from None


def _listed(value: object) -> object:
    """Models write a list of one as its item, or as JSON in a string: both are understood."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return [value]


Name = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Names = Annotated[list[Name], BeforeValidator(_listed), Field(max_length=MOST_EXAMPLES)]
Number = Annotated[int, Field(ge=1, le=MOST, description="How many to list, 1 to 50.")]


class Recommend(Arguments):
    """Arguments of find_partner_recommendations."""

    partner: Name = Field(description="Who asks: a partner's id, or its exact name in any case.")
    k: Number = 10
    fit_type: Literal["complement", "competitor", "expansion", "stretch"] | None = Field(
        None, description="Only pairs of this fit type."
    )
    motion: Literal["technology", "strategic", "integrate", "co-market", "co-sell", "refer"] | None = Field(
        None, description="Only pairs whose evidence supports this kind of partnership."
    )
    where: Annotated[list[Name], BeforeValidator(_listed), Field(max_length=MOST_FILTERS)] = Field(
        default_factory=list,
        description='Filters that must all hold, such as "category=returns,reviews", "region=europe", "size>=1000", '
        '"size_band=1k-10k", "extra.tier=gold". Values after one "=" are alternatives.',
    )
    popularity_weight: float = Field(
        0.5, ge=0, le=1, description="0 prefers small but mighty partners, 0.5 is neutral, 1 prefers famous ones."
    )
    diversity: float = Field(0.3, ge=0, le=1, description="0 is the plain ranking, 1 the most varied list.")
    include_existing: bool = Field(False, description="Also list partners that it already works with.")


class Pair(Arguments):
    """Arguments of explain_match."""

    a: Name = Field(description="One partner: an id, or an exact name in any case.")
    b: Name = Field(description="The other partner: an id, or an exact name in any case.")


class Search(Arguments):
    """Arguments of find_partners."""

    query: str = Field(min_length=1, max_length=LONGEST_QUERY, description="What to look for.")
    by: Literal["name", "domain", "meaning"] = Field(
        "name",
        description="name: ids and names, misspelt too. domain: a web address, e-mail address or host. "
        "meaning: a description in plain words of whom you look for; its first use loads the encoder, some seconds.",
    )
    k: Number = 10


class Context(Arguments):
    """Arguments of get_partner_context."""

    partner: Name = Field(description="A partner's id, or its exact name in any case.")


class Similar(Arguments):
    """Arguments of find_similar_partners."""

    like: Annotated[Names, Field(min_length=1)] = Field(description="Partners to be like, 1 to 20 ids or exact names.")
    unlike: Names = Field(default_factory=list, description="Partners to be unlike, up to 20 ids or exact names.")
    k: Number = 10


class Pairs(Arguments):
    """Arguments of score_pairs."""

    pairs: Annotated[
        list[Annotated[list[Name], Field(min_length=2, max_length=2)]],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=MOST_PAIRS),
    ] = Field(description='1 to 200 pairs of ids or exact names, such as [["shopify", "klaviyo"]].')


class Gaps(Arguments):
    """Arguments of find_integration_gaps."""

    partner: Name = Field(description="Who lacks them: a partner's id, or its exact name in any case.")
    other: Name | None = Field(
        None, description="Another partner: then only what stands between the two is told, and who has to build it."
    )
    k: Number = 10
    popularity_weight: float = Field(
        0.5, ge=0, le=1, description="0 prefers small but mighty partners, 0.5 is neutral, 1 prefers famous ones."
    )


class Overlaps(Arguments):
    """Arguments of find_account_overlaps."""

    partner: Name = Field(description="From whose side: a partner's id, or its exact name in any case.")
    other: Name | None = Field(None, description="The other partner; without it, those that share most are listed.")
    by: Literal["lift", "shared", "get", "give", "greenfield", "revenue"] = Field(
        "lift",
        description="What a list is ranked by. lift: shared beyond chance. get: their customers that are your prospects. "
        "give: the reverse. greenfield: their customers that you do not have. revenue: your open opportunities among shared.",
    )
    k: Number = 10


class Collisions(Arguments):
    """Arguments of find_collisions."""

    partner: Name = Field(description="Whose course: a partner's id, or its exact name in any case.")
    k: Number = 10
    years: float = Field(1.0, ge=0.1, le=10, description="How far ahead, in years from the last snapshot.")
    least: float = Field(0.05, ge=0.001, le=1, description="Smallest chance of meeting that is listed.")


def _told(error: ValidationError, arguments: type[Arguments]) -> str:
    """One sentence for each wrong argument; what was sent is not repeated."""
    told = []
    for one in error.errors(include_url=False, include_context=False, include_input=False)[:5]:
        where = ".".join(str(part) for part in one["loc"]) or "arguments"
        if one["type"] == "extra_forbidden":
            told.append(f"There is no argument {where[:LONGEST]!r}: use {', '.join(arguments.model_fields)}.")
        elif one["type"] == "missing":
            told.append(f"{where} is needed.")
        else:
            told.append(f"{where}: {one['msg']}.")
    return " ".join(told)
