"""Partners as rows: read, page, write, delete. Every write has a change number and raises the partner's revision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from matchmaker.profiles.identity import registrable_domain
from matchmaker.profiles.schema import Partner
from matchmaker.store.database import Writing, now
from matchmaker.store.rows import among, canonical, check_revision
from matchmaker.store.tables import partners as table

KIND = "partner"


@dataclass(frozen=True)
class Stored:
    """A partner as it stands in the store. revision: 1 on creation, raised by every write; change: number of the last one."""

    partner: Partner
    revision: int
    change: int
    deleted: bool
    created_at: dt.datetime
    updated_at: dt.datetime


def get(connection: sa.Connection, ids: Sequence[str], *, deleted: bool = False) -> dict[str, Stored]:
    """The stored partners among `ids`, by id; with `deleted` also what was deleted."""
    return {row.id: _stored(row) for row in connection.execute(among(table, ids, deleted=deleted))}


def page(connection: sa.Connection, after: str, limit: int, *, deleted: bool = False) -> list[Stored]:
    """Up to `limit` partners with ids behind `after`, in the order of ids; with `deleted` also what was deleted."""
    query = sa.select(table).where(table.c.id > after)
    query = query if deleted else query.where(~table.c.deleted)
    return [_stored(row) for row in connection.execute(query.order_by(table.c.id).limit(limit))]


def count(connection: sa.Connection) -> int:
    """Number of partners."""
    return int(connection.scalar(sa.select(sa.func.count()).where(~table.c.deleted)) or 0)


def put(writing: Writing, partners: Sequence[Partner], *, expected: Mapping[str, int] | None = None) -> list[Stored]:
    """Create or replace partners, each id once; in their order.

    `expected` holds revisions by id that must still stand, 0 for a partner that must not: else ConflictError, before anything
    is written. Ids that it does not name are not compared.
    """
    at, ids = now(), [partner.id for partner in partners]
    if len(set(ids)) < len(ids):
        raise ValueError("an id stands twice in one write")
    writing.alone()
    before = get(writing.sql, ids, deleted=True)
    for key in ids:
        check_revision(KIND, key, (expected or {}).get(key), before.get(key))
    numbers = writing.numbers(KIND, ids, at)
    after = [
        _after(before.get(partner.id), partner, number, at) for partner, number in zip(partners, numbers, strict=True)
    ]
    fresh = [_row(one) for one in after if one.partner.id not in before]
    if fresh:
        writing.sql.execute(sa.insert(table), fresh)
    for one in after:
        if one.partner.id in before:
            writing.sql.execute(sa.update(table).where(table.c.id == one.partner.id).values(_row(one)))
    return after


def delete(
    writing: Writing, partner: str, *, known: Partner | None = None, expected: int | None = None
) -> Stored | None:
    """Delete a partner; None where there is none. Its row stays, so that every replica learns of it.

    `known` is the partner as a bundle has it: where the store has no row of it, one is made for it, deleted. `expected` is the
    revision that must still stand, 0 for no partner in the store. Raises ConflictError.
    """
    if known is not None and known.id != partner:
        raise ValueError("the known partner is another one")
    writing.alone()
    at, found = now(), get(writing.sql, [partner], deleted=True).get(partner)
    check_revision(KIND, partner, expected, found)
    before = Stored(known, 0, 0, False, at, at) if found is None and known is not None else found
    if before is None or before.deleted:
        return None
    (number,) = writing.numbers(KIND, [partner], at)
    after = Stored(before.partner, before.revision + 1, number, True, before.created_at, at)
    change = sa.insert(table) if found is None else sa.update(table).where(table.c.id == partner)
    writing.sql.execute(change.values(_row(after)))
    return after


def _after(before: Stored | None, partner: Partner, number: int, at: dt.datetime) -> Stored:
    if before is None:
        return Stored(partner, 1, number, False, at, at)
    created = at if before.deleted else before.created_at
    return Stored(partner, before.revision + 1, number, False, created, at)


def _row(stored: Stored) -> dict[str, object]:
    partner = stored.partner
    return {
        "id": partner.id,
        "name_key": partner.name.casefold(),
        "domain": registrable_domain(partner.domain) if partner.domain else None,
        "content": canonical(partner),
        "revision": stored.revision,
        "change": stored.change,
        "deleted": stored.deleted,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    }


def _stored(row: sa.Row[tuple[object, ...]]) -> Stored:
    return Stored(
        Partner.model_validate(orjson.loads(row.content)),
        row.revision,
        row.change,
        row.deleted,
        row.created_at,
        row.updated_at,
    )
