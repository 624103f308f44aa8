"""What all rows share that are tracked: their canonical JSON, and the query for some of them by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import BaseModel


def canonical(model: BaseModel) -> str:
    """The JSON of a record: sorted keys, defaults left out."""
    content = model.model_dump(mode="json", exclude_defaults=True)
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def among(table: sa.Table, ids: Sequence[str], *, deleted: bool) -> sa.Select[Any]:
    """The rows of `table` among `ids`; with `deleted` also what was deleted."""
    query = sa.select(table).where(table.c.id.in_(list(ids)))
    return query if deleted else query.where(~table.c.deleted)
