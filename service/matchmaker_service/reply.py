"""Answers in the one envelope: data, pagination, warnings, meta; entity tags and pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from matchmaker_service.ecosystem import View, settled
from matchmaker_service.services import services

T = TypeVar("T")
JSON = "application/json"


class Pagination(BaseModel):
    """limit: most rows of a page; next_cursor, next_href: where the next page is, null on the last one."""

    limit: int
    next_cursor: str | None
    next_href: str | None
    has_more: bool


class Meta(BaseModel, extra="allow"):
    """model_version: of the bundle; change: number of the newest change of the store in this answer; basis: prior, declared
    weights, nothing learned; else what the numbers were calibrated to."""

    model_version: str
    change: int
    basis: str


class Envelope(BaseModel, Generic[T]):
    """What every route answers with."""

    data: T
    pagination: Pagination | None = None
    warnings: list[str] = []
    meta: Meta


def body(
    data: object,
    view: View,
    *,
    pagination: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
    meta: Mapping[str, Any] | None = None,
) -> bytes:
    """The envelope as JSON."""
    return orjson.dumps(
        {
            "data": data,
            "pagination": pagination,
            "warnings": list(warnings),
            "meta": {**settled(view), **(meta or {})},
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def answered(
    request: Request,
    data: object,
    *,
    status: int = 200,
    pagination: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
    meta: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that is made for this request alone."""
    content = body(data, services(request).ecosystem.view, pagination=pagination, warnings=warnings, meta=meta)
    return Response(content, status, {"cache-control": "no-store", **(headers or {})}, JSON)


def tagged(request: Request, content: bytes, tag: str) -> Response:
    """An answer that clients may keep and ask for again: 304 where they have it."""
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if same(request.headers.get("if-none-match"), tag):
        return Response(None, 304, headers)
    return Response(content, 200, headers, JSON)


def tag_of(*parts: object) -> str:
    """An entity tag of everything that an answer depends on."""
    return f'"{hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()}"'


def same(header: str | None, tag: str) -> bool:
    """Whether an If-Match or If-None-Match header names `tag`, weak or strong."""
    if header is None:
        return False
    named = [one.strip().removeprefix("W/") for one in header.split(",")]
    return tag in named or "*" in named


class PageQuery(BaseModel, extra="forbid"):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=200, description="Most rows of a page.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=2000, description="`next_cursor` of the page before; nothing for the first one.")
    ] = None


Page = Annotated[PageQuery, Query()]


@dataclass(frozen=True)
class Place:
    """Where a page begins, and how the next one is named."""

    request: Request
    query: PageQuery

    def after(self, first: T) -> T:
        """The place behind which the page begins, `first` for the first one. Raises Refused on a bad cursor."""
        if self.query.cursor is None:
            return first
        found: T = services(self.request).signer.place(self.query.cursor, self._asked)  # type: ignore[assignment]
        return found

    def shown(self, rows: Sequence[object], last: object) -> dict[str, Any]:
        """The pagination behind `rows`, of which one more than the limit was looked for; `last`: place of the last one shown."""
        more = len(rows) > self.query.limit
        kept = services(self.request)
        cursor = kept.signer.cursor(last, self._asked, kept.settings.cursor_hours) if more else None
        href = None
        if cursor:
            pairs = [(name, value) for name, value in self.request.query_params.multi_items() if name != "cursor"]
            href = f"{self.request.url.path}?{urlencode([*pairs, ('cursor', cursor)])}"
        return {"limit": self.query.limit, "next_cursor": cursor, "next_href": href, "has_more": more}

    @property
    def _asked(self) -> str:
        """The list and its filters; a page's length may change on the way."""
        asked = self.query.model_dump(exclude={"cursor", "limit"}, mode="json")
        return f"{self.request.url.path}?{orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode()}"


def paged(
    request: Request,
    query: PageQuery,
    rows: Sequence[T],
    last: object,
    data: Sequence[object],
    **more: Any,  # noqa: ANN401
) -> Response:
    """A page: `rows` as they were looked for, one more than the limit; `data` what is shown of them."""
    pagination = Place(request, query).shown(rows, last)
    headers = {"link": f'<{pagination["next_href"]}>; rel="next"'} if pagination["next_href"] else {}
    return answered(request, list(data), pagination=pagination, headers=headers, **more)
