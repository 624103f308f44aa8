"""What a job can do: score many pairs, or list the matches of many partners. Each is a row of parts, each part a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from matchmaker.retrieval.filters import Filter
from matchmaker_service.bodies import Identity, Reference, Wishes, Words
from matchmaker_service.ecosystem import View
from matchmaker_service.tokens import Recommended, Signer

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["parquet", "csv"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class JobPair(_Closed):
    """Two partners by id."""

    a: Identity = Field(description="Id of one partner.")
    b: Identity = Field(description="Id of the other one.")
    client_reference_id: Reference | None = Field(None, description="Comes back with the row.")


class ScoresJob(_Closed):
    """Score pairs; the rows of the result are in the order of the pairs."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "scores", "pairs": [{"a": "shipbob", "b": "klaviyo"}], "format": "csv"}}
    )

    kind: Literal["scores"] = Field(description="Score pairs.")
    pairs: Annotated[tuple[JobPair, ...], Field(min_length=1, max_length=100_000)] = Field(description="The pairs.")
    format: Format = Field("parquet", description="Format of the result.")


class MatchesJob(Wishes):
    """List the matches of many partners; of all of them, unless `partners` names some."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "matches", "partners": ["shipbob", "klaviyo"], "k": 5, "format": "csv"}}
    )

    kind: Literal["matches"] = Field(description="List matches.")
    partners: Annotated[tuple[Identity, ...], Field(min_length=1, max_length=100_000)] | None = Field(
        None, description="Ids of the partners whose matches are wanted; nothing for all."
    )
    where: Annotated[tuple[Words, ...], Field(max_length=20)] = Field((), description="Filters; docs/filters.md.")
    format: Format = Field("parquet", description="Format of the result.")


Job = Annotated[ScoresJob | MatchesJob, Field(discriminator="kind")]
_SCORES = {
    "a": "string", "b": "string", "client_reference_id": "string", "status": "string", "mutual": "double",
    "value_to_a": "double", "value_to_b": "double", "balance": "double", "one_way_street": "bool", "fit_type": "string",
    "chance": "double", "model_version": "string", "change": "int64",
}  # fmt: skip
_MATCHES = {
    "partner": "string", "status": "string", "rank": "int64", "match": "string", "name": "string", "mutual": "double",
    "value_to_you": "double", "value_to_them": "double", "balance": "double", "weaker_side": "string",
    "one_way_street": "bool", "fit_type": "string", "confidence": "string", "recommendation_id": "string",
    "model_version": "string", "change": "int64",
}  # fmt: skip
_PART = {"scores": 500, "matches": 25}
"""Pairs, or partners, of one part: about a second of work, after which the job's lease is renewed."""


def items_of(job: ScoresJob | MatchesJob, view: View) -> list[Any]:
    """What is to be done, in order: pairs, or ids of partners."""
    if isinstance(job, ScoresJob):
        return list(job.pairs)
    return list(job.partners) if job.partners is not None else sorted(view.engine.fitted.rows)


def part_size(job: ScoresJob | MatchesJob) -> int:
    """Items of one part."""
    return _PART[job.kind]


def done(job: ScoresJob | MatchesJob, items: Sequence[Any], view: View, signer: Signer) -> tuple[pa.Table, int]:
    """The table of some items, and how many of them failed. Raises FilterError."""
    import pyarrow as pa

    rows = scored(items, view) if isinstance(job, ScoresJob) else _matched(job, items, view, signer)
    stamp = {"model_version": view.version, "change": view.change}
    columns = _SCORES if isinstance(job, ScoresJob) else _MATCHES
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    table = pa.Table.from_pylist([{**row, **stamp} for row in rows], schema=schema)
    return table, sum(row["status"] != "ok" for row in rows)


def scored(pairs: Sequence[JobPair], view: View) -> list[dict[str, Any]]:
    """A row for each pair, in their order."""
    rows = view.engine.score_pairs((pair.a, pair.b) for pair in pairs).rows
    return [{**row, "client_reference_id": pair.client_reference_id} for row, pair in zip(rows, pairs, strict=True)]


def _matched(job: MatchesJob, partners: Sequence[str], view: View, signer: Signer) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    filters = Filter.from_arguments(job.where).conditions
    for partner in partners:
        if partner not in view.engine.fitted.rows:
            rows.append({"partner": partner, "status": f"unknown partner {partner}"})
            continue
        found = view.engine.recommend(partner, filters=filters, explain=False, **job.asked())
        for match in found.matches:
            told = {name: getattr(match, name) for name in _MATCHES if hasattr(match, name)}
            token = signer.recommendation(Recommended(partner, match.partner, match.rank, view.version, view.change))
            rows.append(
                {**told, "partner": partner, "match": match.partner, "status": "ok", "recommendation_id": token}
            )
    return rows
