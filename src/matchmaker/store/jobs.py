"""Jobs: larger work that outlives its request and its process. A worker holds one by a lease, which it must renew."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matchmaker.store.database import Writing, now
from matchmaker.store.rows import new_id
from matchmaker.store.tables import jobs as table

STATUSES = ("queued", "running", "done", "failed", "cancelled")
_ENDED = ("done", "failed", "cancelled")
ATTEMPTS = 3
"""How often a job is begun: one that has killed that many workers fails."""


@dataclass(frozen=True)
class Job:
    """A job. request: JSON; key: id of the API key that asked; done, failed: items so far, failed ones among them or not as the
    worker counts; owner: the worker that holds it until lease_until; result: name of its file; format: of that file.
    """

    id: str
    kind: str
    key: str | None
    request: str
    status: str
    done: int
    total: int | None
    failed: int
    error: str | None
    attempts: int
    owner: str | None
    lease_until: dt.datetime | None
    result: str | None
    format: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    finished_at: dt.datetime | None


def create(
    writing: Writing,
    kind: str,
    request: str,
    *,
    total: int | None = None,
    key: str | None = None,
    format: str | None = None,
) -> Job:
    """A new job, queued."""
    at = now()
    row: dict[str, object] = dict.fromkeys(column.name for column in table.c)
    row |= {"id": new_id(), "kind": kind, "key": key, "request": request, "status": "queued", "format": format}
    row |= {"done": 0, "total": total, "failed": 0, "attempts": 0, "created_at": at, "updated_at": at}
    return _job(writing.sql.execute(sa.insert(table).values(row).returning(*table.c)).one())


def get(connection: sa.Connection, job: str) -> Job | None:
    """A job by id."""
    row = connection.execute(sa.select(table).where(table.c.id == job)).first()
    return None if row is None else _job(row)


def page(
    connection: sa.Connection,
    before: str | None,
    limit: int,
    *,
    key: str | None = None,
    status: str | None = None,
    kind: str | None = None,
) -> list[Job]:
    """Up to `limit` jobs, newest first, older than the job of the id `before` (None: from the newest on)."""
    wanted = {table.c.key: key, table.c.status: status, table.c.kind: kind}
    query = sa.select(table).where(*(column == value for column, value in wanted.items() if value is not None))
    if before is not None:
        query = query.where(table.c.id < before)
    return [_job(row) for row in connection.execute(query.order_by(table.c.id.desc()).limit(limit))]


def claim(writing: Writing, owner: str, lease: float) -> Job | None:
    """The oldest job that is queued, or whose worker let its lease run out; None without any. It is the owner's for `lease` s.

    `owner` must name one worker (host, process and thread, say): who has the same name renews the same lease. A job that was
    begun `ATTEMPTS` times fails instead. Its counts stand where the last worker left them: go on from there, or reset them by
    `beat`.
    """
    while True:
        at = now()
        free = (table.c.status == "queued") | ((table.c.status == "running") & (table.c.lease_until < at))
        query = sa.select(table).where(free).order_by(table.c.id).limit(1)
        row = writing.sql.execute(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        if row.attempts < ATTEMPTS:
            held = {"status": "running", "owner": owner, "lease_until": at + dt.timedelta(seconds=lease)}
            held |= {"attempts": row.attempts + 1, "updated_at": at}
            return _change(writing, table.c.id == row.id, held)
        error = f"Its worker stopped {row.attempts} times before the end."
        _change(writing, table.c.id == row.id, _end("failed", at) | {"error": error})


def beat(
    writing: Writing,
    job: str,
    owner: str,
    lease: float,
    *,
    done: int | None = None,
    total: int | None = None,
    failed: int | None = None,
) -> bool:
    """Renew the lease, `lease` s from now, and tell how far it is. False: it is no longer the owner's (cancelled, or taken over
    after its lease ran out), who must stop.
    """
    at = now()
    told = {"done": done, "total": total, "failed": failed}
    values: dict[str, object] = {name: value for name, value in told.items() if value is not None}
    values |= {"lease_until": at + dt.timedelta(seconds=lease), "updated_at": at}
    return _change(writing, _held(job, owner), values) is not None


def finish(writing: Writing, job: str, owner: str, result: str | None = None, format: str | None = None) -> bool:
    """It is done; False where it is no longer the owner's: then its result does not count."""
    values = _end("done", now()) | {"result": result} | ({} if format is None else {"format": format})
    return _change(writing, _held(job, owner), values) is not None


def fail(writing: Writing, job: str, owner: str, error: str) -> bool:
    """It failed, for a reason that its client may read; False where it is no longer the owner's."""
    return _change(writing, _held(job, owner), _end("failed", now()) | {"error": error}) is not None


def cancel(writing: Writing, job: str) -> Job | None:
    """Cancel a job that is queued or running (its worker learns of it by `beat`); None where there is none to cancel."""
    return _change(writing, (table.c.id == job) & table.c.status.not_in(_ENDED), _end("cancelled", now()))


def forget_before(writing: Writing, at: dt.datetime) -> list[Job]:
    """Forget the jobs that ended earlier; these jobs, so that their results can be removed."""
    query = sa.delete(table).where(table.c.status.in_(_ENDED), table.c.finished_at < at).returning(*table.c)
    return [_job(row) for row in writing.sql.execute(query)]


def _held(job: str, owner: str) -> sa.ColumnElement[bool]:
    return (table.c.id == job) & (table.c.status == "running") & (table.c.owner == owner)


def _end(status: str, at: dt.datetime) -> dict[str, object]:
    return {"status": status, "owner": None, "lease_until": None, "updated_at": at, "finished_at": at}


def _change(writing: Writing, which: sa.ColumnElement[bool], values: dict[str, object]) -> Job | None:
    row = writing.sql.execute(sa.update(table).where(which).values(values).returning(*table.c)).first()
    return None if row is None else _job(row)


def _job(row: sa.Row[Any]) -> Job:
    return Job(**row._mapping)
