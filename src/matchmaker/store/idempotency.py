"""Idempotency keys: a write that is asked for twice is done once, and answered twice alike.

All in one transaction: `remembered` first, then the write, then `remember`. So no process can die between a write and its
answer: both are kept, or neither, and a retry finds the answer or writes anew. `remembered` inserts a placeholder; a second
request with the same key waits for the first one's transaction (PostgreSQL on the primary key, SQLite on its one writer) and
then finds its answer, or, where the first one failed, goes on in its place. So nobody ever sees a request in progress.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from matchmaker.store.database import Writing, now
from matchmaker.store.rows import insert
from matchmaker.store.tables import idempotency as table

_OPEN = 0
"""Status of a placeholder. A committed one is of a writer that kept no answer: the next one takes it over."""


@dataclass(frozen=True)
class New:
    """Nobody has asked for this: write, then `remember` in the same transaction."""


@dataclass(frozen=True)
class Replay:
    """The answer that was given: HTTP status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Different:
    """The key was used for another request: refuse."""


def remembered(writing: Writing, owner: str, key: str, request: bytes) -> New | Replay | Different:
    """What is known of a request. owner: up to 16 characters, whose keys these are; key: up to 200; request: 32 bytes, a digest of
    all that makes it this request (method, path, body). To be called first in its transaction.
    """
    row = {"owner": owner, "key": key, "request": request, "status": _OPEN, "headers": "{}", "body": b"", "at": now()}
    fresh = insert(writing.sql, table).values(row)
    claim = fresh.on_conflict_do_update(
        index_elements=[table.c.owner, table.c.key],
        set_={"request": fresh.excluded.request, "at": fresh.excluded.at},
        where=table.c.status == _OPEN,
    )
    if writing.sql.execute(claim.returning(table.c.key)).first() is not None:
        return New()
    found = writing.sql.execute(sa.select(table).where(table.c.owner == owner, table.c.key == key)).one()
    if bytes(found.request) != request:
        return Different()
    return Replay(found.status, orjson.loads(found.headers), bytes(found.body))


def remember(writing: Writing, owner: str, key: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Keep the answer of a request that is `New`, in the same transaction; status: 100 to 599."""
    answer = {"status": status, "headers": orjson.dumps(dict(headers)).decode(), "body": body, "at": now()}
    writing.sql.execute(sa.update(table).where(table.c.owner == owner, table.c.key == key).values(answer))


def forget_before(writing: Writing, at: dt.datetime) -> int:
    """Forget the answers that are older; how many."""
    return writing.sql.execute(sa.delete(table).where(table.c.at < at)).rowcount
