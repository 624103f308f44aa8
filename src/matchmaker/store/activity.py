"""What happened between partners: rows that are only ever added, each id once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from matchmaker.profiles.schema import Activity
from matchmaker.store.database import Writing, now
from matchmaker.store.rows import canonical, insert, new_id
from matchmaker.store.tables import activity as table


@dataclass(frozen=True)
class StoredActivity:
    """An activity in the store. number: its place in the order of writing; repeated: on adding, that its id was there already."""

    number: int
    id: str
    activity: Activity
    at: dt.datetime
    repeated: bool = False


def add(
    writing: Writing, activities: Sequence[Activity], ids: Sequence[str | None] | None = None
) -> list[StoredActivity]:
    """Add activities, in their order; `ids` (up to 64 characters each, None: a new one) make a retry harmless.

    An id that is there already is not written again: the answer is the activity that stands under it, marked `repeated`.
    """
    writing.alone()
    at = now()
    given = [one or new_id() for one in ids or [None] * len(activities)]
    rows: dict[str, dict[str, object]] = {}
    for key, activity in zip(given, activities, strict=True):
        rows.setdefault(key, _row(key, activity, at))
    before = _known(writing.sql, list(rows))
    fresh = [row for key, row in rows.items() if key not in before]
    if fresh:
        writing.sql.execute(insert(writing.sql, table), fresh)
    after = _known(writing.sql, list(rows))
    out: list[StoredActivity] = []
    seen = set(before)
    for key in given:
        out.append(replace(after[key], repeated=key in seen))
        seen.add(key)
    return out


def page(connection: sa.Connection, after: int, limit: int, *, partner: str | None = None) -> list[StoredActivity]:
    """Up to `limit` activities of higher numbers than `after`, in order; of one partner at either end, if it is named."""
    query = sa.select(table).where(table.c.number > after)
    if partner is not None:
        query = query.where((table.c.source == partner) | (table.c.target == partner))
    return [_stored(row) for row in connection.execute(query.order_by(table.c.number).limit(limit))]


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, StoredActivity]:
    return {row.id: _stored(row) for row in connection.execute(sa.select(table).where(table.c.id.in_(list(ids))))}


def _row(key: str, activity: Activity, at: dt.datetime) -> dict[str, object]:
    return {
        "id": key,
        "source": activity.from_,
        "target": activity.to,
        "date": activity.date,
        "content": canonical(activity),
        "at": at,
    }


def _stored(row: sa.Row[Any]) -> StoredActivity:
    return StoredActivity(row.number, row.id, Activity.model_validate(orjson.loads(row.content)), row.at)
