"""Relations as rows, found by either end. One relation a pair and type; an undirected one is the same from both ends."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from matchmaker.profiles.schema import Relation, relation_key
from matchmaker.store.database import Writing, now
from matchmaker.store.rows import among, canonical, check_revision
from matchmaker.store.tables import relations as table

KIND = "relation"


@dataclass(frozen=True)
class StoredRelation:
    """A relation as it stands in the store. id: 32 hex digits of what makes it one relation."""

    id: str
    relation: Relation
    revision: int
    change: int
    deleted: bool
    updated_at: dt.datetime


def relation_id(relation: Relation) -> str:
    """32 hex digits of both ends and the type; the order of the ends counts only where the relation is directed."""
    key = relation_key(relation.a, relation.b, relation.type, directed=relation.directed)
    return hashlib.blake2b(orjson.dumps(key), digest_size=16).hexdigest()


def get(connection: sa.Connection, ids: Sequence[str], *, deleted: bool = False) -> dict[str, StoredRelation]:
    """The stored relations among `ids`, by id; with `deleted` also what was deleted."""
    return {row.id: _stored(row) for row in connection.execute(among(table, ids, deleted=deleted))}


def page(
    connection: sa.Connection, after: str, limit: int, *, partner: str | None = None, deleted: bool = False
) -> list[StoredRelation]:
    """Up to `limit` relations with ids behind `after`, in the order of ids; of one partner, if it is named; with `deleted` also
    what was deleted.
    """
    query = sa.select(table).where(table.c.id > after)
    query = query if deleted else query.where(~table.c.deleted)
    if partner is not None:
        query = query.where((table.c.a == partner) | (table.c.b == partner))
    return [_stored(row) for row in connection.execute(query.order_by(table.c.id).limit(limit))]


def put(
    writing: Writing, relations: Sequence[Relation], *, expected: Mapping[str, int] | None = None
) -> list[StoredRelation]:
    """Create or replace relations; the last of several that are one relation stands.

    `expected` holds revisions by relation id that must still stand, 0 for one that must not: else ConflictError.
    """
    at = now()
    wanted = {relation_id(relation): relation for relation in relations}
    writing.alone()
    before = get(writing.sql, list(wanted), deleted=True)
    for key in wanted:
        check_revision(KIND, key, (expected or {}).get(key), before.get(key))
    numbers = writing.numbers(KIND, list(wanted), at)
    after = {
        key: StoredRelation(key, relation, before[key].revision + 1 if key in before else 1, number, False, at)
        for (key, relation), number in zip(wanted.items(), numbers, strict=True)
    }
    fresh = [_row(one) for key, one in after.items() if key not in before]
    if fresh:
        writing.sql.execute(sa.insert(table), fresh)
    for key in before:
        writing.sql.execute(sa.update(table).where(table.c.id == key).values(_row(after[key])))
    return [after[relation_id(relation)] for relation in relations]


def delete(
    writing: Writing, relation: str, *, known: Relation | None = None, expected: int | None = None
) -> StoredRelation | None:
    """Delete a relation by id; None where there is none.

    `known` is the relation as a bundle has it: where the store has no row of it, one is made for it, deleted. `expected` is the
    revision that must still stand, 0 for no relation in the store. Raises ConflictError.
    """
    if known is not None and relation_id(known) != relation:
        raise ValueError("the known relation is another one")
    writing.alone()
    at, found = now(), get(writing.sql, [relation], deleted=True).get(relation)
    check_revision(KIND, relation, expected, found)
    before = StoredRelation(relation, known, 0, 0, False, at) if found is None and known is not None else found
    if before is None or before.deleted:
        return None
    (number,) = writing.numbers(KIND, [relation], at)
    after = StoredRelation(relation, before.relation, before.revision + 1, number, True, at)
    change = sa.insert(table) if found is None else sa.update(table).where(table.c.id == relation)
    writing.sql.execute(change.values(_row(after)))
    return after


def _row(stored: StoredRelation) -> dict[str, object]:
    return {
        "id": stored.id,
        "a": stored.relation.a,
        "b": stored.relation.b,
        "content": canonical(stored.relation),
        "revision": stored.revision,
        "change": stored.change,
        "deleted": stored.deleted,
        "updated_at": stored.updated_at,
    }


def _stored(row: sa.Row[Any]) -> StoredRelation:
    relation = Relation.model_validate(orjson.loads(row.content))
    return StoredRelation(row.id, relation, row.revision, row.change, row.deleted, row.updated_at)
