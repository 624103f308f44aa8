"""Who wrote what: one row a write, in the transaction of that write; no payloads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from matchmaker.store.database import Writing, now
from matchmaker.store.tables import audit as table


@dataclass(frozen=True)
class Noted:
    """One write. owner: id of the API key; action: such as partner.put; target: what was written."""

    number: int
    at: dt.datetime
    owner: str
    action: str
    target: str
    request_id: str


def note(writing: Writing, owner: str, action: str, target: str, request_id: str) -> None:
    """Note a write; up to 16, 60, any number of and 64 characters."""
    row = {"at": now(), "owner": owner, "action": action, "target": target, "request_id": request_id}
    writing.sql.execute(sa.insert(table).values(row))


def page(
    connection: sa.Connection,
    before: int | None,
    limit: int,
    *,
    owner: str | None = None,
    action: str | None = None,
    target: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> list[Noted]:
    """Up to `limit` notes, newest first, of lower numbers than `before` (None: from the newest on); since <= at < until."""
    wanted = {table.c.owner: owner, table.c.action: action, table.c.target: target}
    query = sa.select(table).where(*(column == value for column, value in wanted.items() if value is not None))
    if before is not None:
        query = query.where(table.c.number < before)
    if since is not None:
        query = query.where(table.c.at >= since)
    if until is not None:
        query = query.where(table.c.at < until)
    rows = connection.execute(query.order_by(table.c.number.desc()).limit(limit))
    return [Noted(row.number, row.at, row.owner, row.action, row.target, row.request_id) for row in rows]
