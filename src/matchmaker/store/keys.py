"""API keys: made once, shown once, kept as digests, compared in constant time."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matchmaker.errors import SettingsError
from matchmaker.store.database import Database, now
from matchmaker.store.tables import api_keys as table

IN_FORCE, REVOKED, EXPIRED = "in force", "revoked", "expired"
SCOPES = ("read", "write", "admin")
_PREFIX = "mm"
_NOBODY = bytes(32)
"""Compared with when no such key exists, so that the time of the answer does not tell."""


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret. scopes: of read, write, admin; partner: the only partner it may ask for and change; it opens
    nothing from expires_at on.
    """

    id: str
    label: str
    scopes: tuple[str, ...]
    partner: str | None
    created_at: dt.datetime
    revoked_at: dt.datetime | None
    expires_at: dt.datetime | None = None

    @property
    def state(self) -> str:
        """`IN_FORCE`, `REVOKED` or `EXPIRED`, by now."""
        if self.revoked_at is not None:
            return REVOKED
        return EXPIRED if self.expires_at is not None and self.expires_at <= now() else IN_FORCE


def create(
    database: Database,
    label: str,
    scopes: Collection[str],
    partner: str | None = None,
    *,
    expires: dt.datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key, and its secret, which is nowhere kept. Raises SettingsError on an unknown scope, or an end without a zone."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise SettingsError(f"Scopes are {', '.join(SCOPES)}, one or more of them, not {', '.join(unknown) or 'none'}.")
    if expires is not None and expires.tzinfo is None:
        raise SettingsError("A key ends at a time with a zone: give one, such as 2030-01-31T00:00:00Z.")
    ordered = tuple(one for one in SCOPES if one in scopes)
    key = ApiKey(secrets.token_hex(6), label, ordered, partner, now(), None, expires)
    secret = f"{_PREFIX}_{key.id}_{secrets.token_urlsafe(32)}"
    with database.writing() as writing:
        row = {
            "id": key.id,
            "label": label,
            "digest": _digest(secret),
            "scopes": " ".join(key.scopes),
            "partner": partner,
            "created_at": key.created_at,
            "expires_at": expires,
        }
        writing.sql.execute(sa.insert(table).values(row))
    return key, secret


def verify(database: Database, secret: str) -> ApiKey | None:
    """The key of this secret; None when it is unknown, revoked or expired."""
    found = None
    parts = secret.split("_", 2)
    if len(parts) == 3 and parts[0] == _PREFIX and len(parts[1]) <= 16:
        with database.reading() as connection:
            found = connection.execute(sa.select(table).where(table.c.id == parts[1])).first()
    same = hmac.compare_digest(_digest(secret), _NOBODY if found is None else found.digest)
    key = _key(found) if same and found is not None else None
    return key if key is not None and key.state == IN_FORCE else None


def ever(database: Database) -> bool:
    """Whether any key was ever made, revoked ones too."""
    with database.reading() as connection:
        return connection.execute(sa.select(table.c.id).limit(1)).first() is not None


def every(database: Database) -> list[ApiKey]:
    """All keys, revoked ones too, oldest first."""
    with database.reading() as connection:
        return [_key(row) for row in connection.execute(sa.select(table).order_by(table.c.created_at, table.c.id))]


def revoke(database: Database, key: str) -> bool:
    """Revoke a key by id; False where none is in force."""
    with database.writing() as writing:
        change = sa.update(table).where(table.c.id == key, table.c.revoked_at.is_(None)).values(revoked_at=now())
        return bool(writing.sql.execute(change).rowcount)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: sa.Row[Any]) -> ApiKey:
    scopes = tuple(row.scopes.split())
    return ApiKey(row.id, row.label, scopes, row.partner, row.created_at, row.revoked_at, row.expires_at)
