"""Figures of overlaps that were disclosed: the ledger of audience/ledger.py for every process of a service.

It holds exact counts and is, like the account key, for the owner of all data alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from matchmaker.audience.ledger import Held
from matchmaker.store.database import Database
from matchmaker.store.rows import insert
from matchmaker.store.tables import disclosures as table

_PART = 500
"""Figures in one statement."""


class Disclosures:
    """A `Ledger` in the store. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, names: Iterable[str]) -> dict[str, Held]:
        """What is held of these names."""
        wanted = sorted({_digest(name) for name in names})
        query = sa.select(table.c.name, table.c.release, table.c.counts, table.c.shown)
        found: dict[str, Held] = {}
        with self._database.reading() as connection:
            for low in range(0, len(wanted), _PART):
                part = query.where(table.c.digest.in_(wanted[low : low + _PART]))
                for name, release, counts, shown in connection.execute(part):
                    found[name] = Held(release, tuple(json.loads(counts)), tuple(json.loads(shown)))
        return found

    def put(self, found: Mapping[str, Held]) -> None:
        """Hold these, but for names that are held of the same or a later release."""
        # In one order, so that two writers never wait for each other.
        rows = [
            {
                "digest": digest,
                "name": name,
                "release": one.release,
                "counts": json.dumps(one.counts),
                "shown": json.dumps(one.shown),
            }
            for digest, name, one in sorted(
                ((_digest(name), name, one) for name, one in found.items()), key=lambda row: row[0]
            )
        ]
        if not rows:
            return
        with self._database.writing() as writing:
            fresh = insert(writing.sql, table)
            later = {name: fresh.excluded[name] for name in ("release", "counts", "shown")}
            put = fresh.on_conflict_do_update(
                index_elements=["digest"], set_=later, where=fresh.excluded.release > table.c.release
            )
            writing.sql.execute(put, rows)


def _digest(name: str) -> bytes:
    """16 bytes that stand for a name, which may be too long for an index."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
