"""Accounts of partners, hashed before they come here: raw names are never stored. A row each partner, account, population."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matchmaker.errors import SettingsError
from matchmaker.profiles.accounts import HASHED, POPULATIONS
from matchmaker.store import tables
from matchmaker.store.database import Writing, now
from matchmaker.store.rows import insert
from matchmaker.store.tables import accounts as table

KIND = "account"
Place = tuple[str, str, str]
"""Partner, account, population: what makes a row one, and the cursor of pages."""
START: Place = ("", "", "")
_OWN = ("partner", "account", "population")
_PART = 500
"""Accounts named in one statement."""


@dataclass(frozen=True)
class Account:
    """One account of a partner. account: 32 hex digits of profiles.accounts.hash_account; key_id: names the key of that hash;
    population: one of profiles.accounts.POPULATIONS.
    """

    partner: str
    account: str
    population: str
    key_id: str
    segment: str | None = None
    value: float | None = None
    currency: str | None = None
    date: dt.date | None = None

    @property
    def place(self) -> Place:
        """The cursor that stands on this account."""
        return self.partner, self.account, self.population


def put(writing: Writing, accounts: Sequence[Account]) -> dict[str, int]:
    """Create or replace accounts; the last of several that are one row stands. Number of the change of each partner, by id.

    Raises SettingsError on an unknown population, or an account that is not a hash.
    """
    for one in accounts:
        _check(one)
    at = now()
    partners = list(dict.fromkeys(one.partner for one in accounts))
    if not partners:
        return {}
    numbers = writing.numbers(KIND, partners, at)
    rows = [{**vars(one), "updated_at": at} for one in {one.place: one for one in accounts}.values()]
    fresh = insert(writing.sql, table)
    replaced = {column.name: fresh.excluded[column.name] for column in table.c if column.name not in _OWN}
    writing.sql.execute(fresh.on_conflict_do_update(index_elements=_OWN, set_=replaced), rows)
    return dict(zip(partners, numbers, strict=True))


def delete(
    writing: Writing, partner: str, accounts: Sequence[str] | None = None, *, population: str | None = None
) -> int:
    """Delete a partner's accounts, or those of these hashes, or of one population; how many. None: no change number."""
    own = table.c.partner == partner
    own = own if population is None else own & (table.c.population == population)
    writing.alone()
    if accounts is None:
        gone = writing.sql.execute(sa.delete(table).where(own)).rowcount
    else:
        parts = (list(accounts[low : low + _PART]) for low in range(0, len(accounts), _PART))
        gone = sum(
            writing.sql.execute(sa.delete(table).where(own, table.c.account.in_(part))).rowcount for part in parts
        )
    if gone:
        writing.numbers(KIND, [partner], now())
    return gone


def page(
    connection: sa.Connection,
    after: Place,
    limit: int,
    *,
    partner: str | None = None,
    population: str | None = None,
) -> list[Account]:
    """Up to `limit` accounts behind `after` (`START`: from the first on), in the order of their places."""
    own = sa.tuple_(table.c.partner, table.c.account, table.c.population)
    query = sa.select(table).where(own > sa.tuple_(*after))
    if partner is not None:
        query = query.where(table.c.partner == partner)
    if population is not None:
        query = query.where(table.c.population == population)
    ordered = query.order_by(table.c.partner, table.c.account, table.c.population)
    return [_account(row) for row in connection.execute(ordered.limit(limit))]


def newest(connection: sa.Connection) -> int:
    """Number of the newest change of accounts, 0 without any."""
    changes = tables.changes
    query = sa.select(sa.func.max(changes.c.number)).where(changes.c.kind == KIND)
    return int(connection.scalar(query) or 0)


def held(connection: sa.Connection, key_id: str, size: int) -> Iterator[list[sa.Row[Any]]]:
    """All accounts that were hashed with this key, `size` rows at a time: partner, account, population, value, currency."""
    own = sa.tuple_(table.c.partner, table.c.account, table.c.population)
    columns = (table.c.partner, table.c.account, table.c.population, table.c.value, table.c.currency, table.c.key_id)
    after: Place = START
    while True:
        query: sa.Select[Any] = sa.select(*columns).where(own > sa.tuple_(*after)).order_by(*own.clauses).limit(size)
        rows = connection.execute(query).all()
        if not rows:
            return
        yield [row for row in rows if row.key_id == key_id]
        after = (rows[-1].partner, rows[-1].account, rows[-1].population)


def counts(connection: sa.Connection, partner: str | None = None) -> dict[str, dict[str, int]]:
    """Number of accounts by partner and population; of one partner, if it is named."""
    query = sa.select(table.c.partner, table.c.population, sa.func.count())
    if partner is not None:
        query = query.where(table.c.partner == partner)
    found: dict[str, dict[str, int]] = {}
    for one, population, count in connection.execute(query.group_by(table.c.partner, table.c.population)):
        found.setdefault(one, {})[population] = count
    return found


def overlap_counts(
    connection: sa.Connection, partner: str, others: Sequence[str] | None = None
) -> dict[str, dict[tuple[str, str], int]]:
    """Number of accounts that a partner shares with each other one (all, or `others`) by the population that the account is in on
    either side: {other: {(own population, its population): count}}. An account in two populations counts in both cells.
    """
    mine, theirs = table.alias("mine"), table.alias("theirs")
    same = (mine.c.account == theirs.c.account) & (theirs.c.partner != partner)
    cells = (theirs.c.partner, mine.c.population, theirs.c.population)
    query = sa.select(*cells, sa.func.count()).join_from(mine, theirs, same).where(mine.c.partner == partner)
    if others is not None:
        query = query.where(theirs.c.partner.in_(list(others)))
    found: dict[str, dict[tuple[str, str], int]] = {}
    for other, own, its, count in connection.execute(query.group_by(*cells)):
        found.setdefault(other, {})[own, its] = count
    return found


def _check(one: Account) -> None:
    if one.population not in POPULATIONS:
        raise SettingsError(f"A population is one of {', '.join(POPULATIONS)}, not {one.population!r}.")
    if not HASHED.fullmatch(one.account):
        raise SettingsError("An account comes hashed, as 32 hex digits: profiles.accounts.hash_account makes them.")


def _account(row: sa.Row[Any]) -> Account:
    return Account(row.partner, row.account, row.population, row.key_id, row.segment, row.value, row.currency, row.date)
