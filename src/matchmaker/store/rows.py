"""What rows share: canonical JSON, the query for some by id, inserts that meet what is there, ids in the order of time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql, sqlite

from matchmaker.errors import ConflictError


class Revised(Protocol):
    """A record that knows how often it was written, and whether it was deleted."""

    @property
    def revision(self) -> int:
        """1 on creation, raised by every write."""
        ...

    @property
    def deleted(self) -> bool:
        """Whether it does not exist any more."""
        ...


def canonical(model: BaseModel) -> str:
    """The JSON of a record: sorted keys, defaults left out."""
    content = model.model_dump(mode="json", exclude_defaults=True)
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def among(table: sa.Table, ids: Sequence[str], *, deleted: bool) -> sa.Select[Any]:
    """The rows of `table` among `ids`; with `deleted` also what was deleted."""
    query = sa.select(table).where(table.c.id.in_(list(ids)))
    return query if deleted else query.where(~table.c.deleted)


def insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert into `table` that knows on_conflict_do_nothing and on_conflict_do_update."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def new_id() -> str:
    """32 hex digits: 12 of the time in milliseconds, 20 by chance. Later ids sort behind earlier ones."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def check_revision(what: str, id: str, expected: int | None, stored: Revised | None) -> None:
    """Raise ConflictError where `expected` is given and is not the revision of `stored`; 0 is that of what does not exist."""
    found = 0 if stored is None or stored.deleted else stored.revision
    if expected is not None and expected != found:
        raise ConflictError(what, id, expected, found)
