"""The data contract: partners, relations, accounts, demand, activity, feedback and snapshots, as closed pydantic models."""

from __future__ import annotations

import datetime as dt
import math
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

RELATION_TYPES = ("partnership", "integration", "competitor", "acquisition")
RELATION_STATUSES = ("announced", "active", "stalled", "ended", "declined")
SIZE_BANDS = ("1-100", "100-1k", "1k-10k", "10k-100k", "100k-1m", "1m+")
_EDGES = (1e0, 1e2, 1e3, 1e4, 1e5, 1e6)
Extra = str | int | float | bool | None | list[str]
Labels = tuple[str, ...]
End = TypeVar("End", int, str)


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Interface(_Closed):
    """How a partner can be connected to. style: rest, graphql, soap, edi, app, file, or any other word."""

    auth: Labels = ()
    events: Labels = ()
    objects: Labels = ()
    operations: Labels = ()
    formats: Labels = ()
    style: str | None = None


class Partner(_Closed):
    """One partner. `size` is a number of customers or reach, > 0; `size_band` one of `SIZE_BANDS`, each implying the other."""

    id: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=500)
    domain: str | None = None
    domains: Labels = ()
    description: str = ""
    audience: str = ""
    goals: Labels = ()
    needs: Labels = ()
    capabilities: Labels = ()
    industries: Labels = ()
    regions: Labels = ()
    company_sizes: Labels = ()
    partner_types: Labels = ()
    categories: Labels = ()
    integrations: Labels = ()
    interface: Interface = Field(default_factory=Interface)
    size: float | None = Field(None, gt=0)
    size_band: str | None = None
    as_of: dt.date | None = None
    extra: dict[str, Extra] = Field(default_factory=dict)

    @field_validator("size_band")
    @classmethod
    def _known_band(cls, band: str | None) -> str | None:
        if band is not None and band not in SIZE_BANDS:
            raise ValueError(f"must be one of {', '.join(SIZE_BANDS)}")
        return band

    @model_validator(mode="after")
    def _size_and_band(self) -> Self:
        if self.size is None and self.size_band is not None:
            object.__setattr__(self, "size", middle_of(self.size_band))
        elif self.size is not None and self.size_band is None:
            object.__setattr__(self, "size_band", band_of(self.size))
        return self


class Relation(_Closed):
    """A known relation between two partners, by id."""

    a: str
    b: str
    type: Literal["partnership", "integration", "competitor", "acquisition"]
    status: Literal["announced", "active", "stalled", "ended", "declined"] | None = None
    directed: bool = False
    announced_on: dt.date | None = None
    started_on: dt.date | None = None
    ended_on: dt.date | None = None
    observed_at: dt.date | None = None
    weight: float | None = Field(None, ge=0)
    source: str | None = None


class Demand(_Closed):
    """Counted demand for a link or a capability."""

    a: str
    b: str | None = None
    capability: str | None = None
    count: float = Field(ge=0)
    date: dt.date | None = None
    source: str | None = None


class Activity(_Closed):
    """Something that happened between two partners. Columns `from` and `to`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: str = Field(alias="from")
    to: str
    date: dt.date
    kind: (
        Literal["referral", "intro", "co-marketing", "joint-win", "integration-use", "support", "announcement"] | None
    ) = None
    value: float | None = None
    currency: str | None = None
    note: str | None = None


class Feedback(_Closed):
    """What came of a shown recommendation."""

    recommendation_id: str
    partner: str | None = None
    shown_at: dt.datetime | None = None
    outcome: Literal["accepted", "declined", "activated"] | None = None
    at: dt.datetime | None = None


class Snapshot(Partner):
    """A partner as it was on a date."""

    as_of: dt.date


def relation_key(a: End, b: End, kind: str, *, directed: bool) -> tuple[End, End, str, bool]:
    """What makes a relation one: both ends, by row or id, its type and its direction; undirected it is the same from both ends."""
    return (a, b, kind, directed) if directed or a <= b else (b, a, kind, directed)


def band_of(size: float) -> str:
    """Band of a number of customers."""
    place = sum(size >= edge for edge in _EDGES) - 1
    return SIZE_BANDS[max(place, 0)]


def middle_of(band: str) -> float:
    """Geometric middle of a band; the open last one reaches to ten million."""
    place = SIZE_BANDS.index(band)
    upper = _EDGES[place + 1] if place + 1 < len(_EDGES) else 1e7
    return math.sqrt(_EDGES[place] * upper)
