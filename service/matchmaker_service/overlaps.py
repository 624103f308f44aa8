"""The accounts of the store and of the bundle in use as one incidence, and the door to what they have in common."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from matchmaker.audience.disclosure import Disclosure
from matchmaker.audience.incidence import Incidence, halves
from matchmaker.audience.pairs import Overlap, overlap_of_pair, overlaps_of
from matchmaker.errors import SettingsError
from matchmaker.profiles.accounts import KEY_VARIABLE, MINIMUM_KEY, POPULATIONS, key_id
from matchmaker.store import accounts
from matchmaker.store.database import Database
from matchmaker.store.disclosures import Disclosures
from matchmaker_service.ecosystem import View
from matchmaker_service.problems import Refused
from matchmaker_service.settings import Settings

_REST, _SHARE = 3.0, 4.0
"""Seconds for which accounts are not read again, and how many times as long as reading them took."""
_PART = 20_000
"""Rows of the store that are read at a time."""
_OPPORTUNITY = POPULATIONS.index("opportunity")
_Rows = tuple[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int8], NDArray[np.float64]]
"""Of k rows: partner (k,), account (k, 2), population (k,), value (k,), NaN where none is stated."""
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Known:
    """The accounts up to a change of the store, and of a version of the bundle. door: for bound keys, None without account key."""

    change: int
    version: str
    incidence: Incidence
    door: Disclosure | None
    notes: tuple[str, ...]

    def pair(self, bound: str | None, partner: str, other: str) -> Overlap:
        """What two partners share, as the owner (`bound` is None) or the partner a key is bound to may know it.

        Raises SettingsError, StoreError, Refused for a partner that is new since the accounts were read.
        """
        self._check(partner, other)
        if bound is None:
            return overlap_of_pair(self.incidence, partner, other)
        return self._guarded().pair(bound, partner, other)

    def others(self, bound: str | None, partner: str, by: str, k: int) -> list[Overlap]:
        """The k partners that share most with one. Raises as `pair` does."""
        self._check(partner)
        if bound is None:
            return overlaps_of(self.incidence, partner, by=by, limit=k)
        return self._guarded().others(bound, partner, by=by, limit=k)

    def _check(self, *partners: str) -> None:
        for one in partners:
            if one not in self.incidence.row_of:
                raise Refused("not_ready", f"The accounts of the new partner {one!r} are counted within a few seconds.")

    def _guarded(self) -> Disclosure:
        if self.door is None:
            raise SettingsError(
                f"What a key that is bound to a partner is told of overlaps is rounded with the account key: set {KEY_VARIABLE} "
                f"to a secret of at least {MINIMUM_KEY} characters."
            )
        return self.door


class Overlaps:
    """Reads the accounts when they are asked for and have changed. Any number of threads may use it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        secret = settings.account_key
        self._key = None if secret is None else secret.get_secret_value().encode()
        self._ledger = Disclosures(database)
        self._known: Known | None = None
        self._until = 0.0
        self._making = threading.Lock()

    def at_hand(self, view: View) -> Known | None:
        """The accounts as they are, or as they were a moment ago; None where they are to be read. Raises StoreError."""
        known = self._known
        if known is None:
            return None
        resting = time.monotonic() < self._until or self._making.locked()
        return known if resting or self._newest(known, view) else None

    def renewed(self, view: View) -> Known:
        """The accounts as they are. Takes seconds where there are millions. Raises StoreError."""
        with self._making:
            if (known := self._known) is not None and self._newest(known, view):
                return known  # somebody else has read them meanwhile
            begun = time.monotonic()
            self._known = known = self._made(view)
            self._until = time.monotonic() + max(_REST, _SHARE * (time.monotonic() - begun))
            return known

    def _newest(self, known: Known, view: View) -> bool:
        if known.version != view.version or known.incidence.row_of.keys() != view.engine.fitted.rows.keys():
            return False
        with self._database.reading() as connection:
            return accounts.newest(connection) == known.change

    def _made(self, view: View) -> Known:
        fitted = view.engine.fitted
        built = fitted.held
        ids = tuple(sorted(fitted.rows))
        row = {partner: place for place, partner in enumerate(ids)}
        named = key_id(self._key) if self._key else built.key_id if built is not None else ""
        with self._database.reading() as connection:
            change = accounts.newest(connection)
            parts, currencies = _stored(connection, named, row)
        notes = []
        if built is not None and built.key_id == named:
            parts.append(
                _built(built, row)
            )  # behind the stored ones: of a row that is in both, the stored value stands
            currencies |= {built.currency} - {None}
        elif built is not None:
            notes.append("The accounts of the bundle were hashed with another key, and are left out.")
        if not any(len(rows) for rows, *_ in parts):
            notes.append("No accounts are known: POST /v1/accounts, or build with --accounts.")
        rows, hashes, populations, values = map(_joined, zip(*parts, strict=True))
        incidence = Incidence.assembled(
            ids,
            rows,
            hashes,
            populations,
            values if len(currencies) < 2 and np.isfinite(values).any() else None,
            key_id=named,
            currency=next(iter(currencies)) if len(currencies) == 1 else None,
        )
        return Known(change, fitted.version, incidence, self._door(incidence), tuple(notes))

    def _door(self, incidence: Incidence) -> Disclosure | None:
        if self._key is None or len(self._key) < MINIMUM_KEY:
            return None
        return Disclosure(
            incidence,
            ledger=self._ledger,
            key=self._key,
            release=self._settings.accounts_release,
            minimum=self._settings.minimum_accounts,
        )


def _stored(connection: sa.Connection, named: str, row: dict[str, int]) -> tuple[list[_Rows], set[str | None]]:
    """The rows of the store whose partners stand, in parts, and the currencies of their opportunities' values."""
    parts: list[_Rows] = [_packed([], row)]
    currencies: set[str | None] = set()
    for rows in accounts.held(connection, named, _PART):
        kept = [one for one in rows if one.partner in row]
        parts.append(_packed(kept, row))
        currencies |= {
            one.currency.upper()
            for one in kept
            if one.currency and one.value is not None and one.population == POPULATIONS[_OPPORTUNITY]
        }
    return parts, currencies


def _packed(rows: Sequence[sa.Row[Any]], row: dict[str, int]) -> _Rows:
    return (
        np.array([row[one.partner] for one in rows], dtype=np.int32),
        halves(bytes.fromhex("".join(one.account for one in rows))),
        np.array([POPULATIONS.index(one.population) for one in rows], dtype=np.int8),
        np.array([np.nan if one.value is None else one.value for one in rows], dtype=np.float64),
    )


def _built(held: Incidence, row: dict[str, int]) -> _Rows:
    """The rows of the bundle whose partners stand."""
    place = np.array([row.get(partner, -1) for partner in held.partner_ids], dtype=np.int32)
    owner = np.repeat(place, np.diff(held.offsets))
    each = list(_by_population(held, owner))
    rows, codes, populations, values = map(_joined, zip(*each, strict=True))
    return rows, held.accounts[codes], populations, values


def _by_population(held: Incidence, owner: NDArray[np.int32]) -> Iterator[tuple[NDArray[Any], ...]]:
    for population in range(len(POPULATIONS)):
        here = np.flatnonzero((held.kinds >> population & 1).astype(bool) & (owner >= 0))
        values = np.full(len(here), np.nan)
        if population == _OPPORTUNITY and held.values is not None:
            values = np.asarray(held.values, dtype=np.float64)[here]
        yield owner[here], np.asarray(held.codes)[here], np.full(len(here), population, dtype=np.int8), values


def _joined(parts: Sequence[NDArray[T]]) -> NDArray[T]:
    return np.concatenate(parts)
