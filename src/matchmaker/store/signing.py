"""The key that signs cursors and recommendation ids: made once a store, the same for every worker."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from matchmaker.store.database import Database
from matchmaker.store.rows import insert
from matchmaker.store.tables import signing_keys as table

_NAME = "hmac"


def signing_key(database: Database) -> bytes:
    """32 bytes, by chance, for HMAC; never to be logged or shown. Raises StoreError."""
    query = sa.select(table.c.value).where(table.c.name == _NAME)
    with database.reading() as connection:
        found = connection.scalar(query)
    if found is None:
        with database.writing() as writing:
            row = {"name": _NAME, "value": secrets.token_bytes(32)}
            writing.sql.execute(insert(writing.sql, table).on_conflict_do_nothing(), [row])
            found = writing.sql.scalar(query)
    return bytes(found or b"")
