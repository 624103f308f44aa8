"""Which partner has which account, in which population: the one structure that every overlap is counted from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import UnknownPartnerError
from matchmaker.profiles.accounts import HASHED, POPULATIONS

if TYPE_CHECKING:
    from matchmaker.profiles.accounts import AccountTable

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Kinds = NDArray[np.uint8]
Hashes = NDArray[np.uint64]
_STRONGEST = np.array([0, 1, 2, 1, 4, 1, 4, 1], dtype=np.uint8)
"""Of several populations the strongest, by bits: customer, then opportunity, then prospect."""


@dataclass(frozen=True)
class Holders:
    """The same m entries by account: account c is held by places starts[c] to starts[c + 1], in the order of the partners.

    tags (m,): kinds * n + partner; place (m,): where each entry of the incidence stands here; values (m,): as of the incidence.
    """

    starts: Ints
    tags: NDArray[np.uint32]
    place: Codes
    values: NDArray[np.float64] | None


@dataclass(frozen=True)
class Incidence:
    """n partners, u distinct accounts, m entries, one for each account of a partner, whatever its populations.

    partner_ids: sorted; partner r owns entries offsets[r] to offsets[r + 1]. codes (m,): account, ascending within a partner.
    kinds (m,): bit p is set where the account is in POPULATIONS[p] of the partner. values (m,): worth of the partner's opportunity
    with that account in `currency`, 0 where none is stated; None where nothing can be added up. accounts (u, 2): the keyed hash of
    each account as two big-endian halves, ascending.
    """

    partner_ids: tuple[str, ...]
    offsets: Ints
    codes: Codes
    kinds: Kinds
    values: NDArray[np.float64] | None
    accounts: Hashes
    key_id: str = ""
    currency: str | None = None

    @classmethod
    def of_table(cls, table: AccountTable, partner_ids: Sequence[str]) -> Incidence:
        """The incidence of hashed accounts that are in memory; partners without any are there too. An AccountTable has no
        currency: its values are taken to be in one. Raises UnknownPartnerError.
        """
        ids = tuple(sorted(partner_ids))
        row = {partner: place for place, partner in enumerate(ids)}
        for partner in table.partner_ids:
            if partner not in row:
                raise UnknownPartnerError(partner)
        return cls.assembled(
            ids,
            np.array([row[partner] for partner in table.partner_ids], dtype=np.int32),
            digests(table.accounts),
            np.array([POPULATIONS.index(one) for one in table.populations], dtype=np.int8),
            None
            if all(value is None for value in table.values)
            else np.array([np.nan if value is None else value for value in table.values], dtype=np.float64),
            key_id=table.key_id,
        )

    @classmethod
    def assembled(
        cls,
        partner_ids: tuple[str, ...],
        rows: Codes,
        hashes: Hashes,
        populations: NDArray[np.int8],
        values: NDArray[np.float64] | None,
        *,
        key_id: str = "",
        currency: str | None = None,
    ) -> Incidence:
        """From rows in any order, k of them: partner (k,), account (k, 2), population (k,), value (k,), NaN where none is stated.
        A row that repeats another one's partner, account and population counts once, with the value of the first.
        """
        accounts, codes = distinct(hashes)
        return cls.coded(partner_ids, rows, codes, populations, values, accounts, key_id=key_id, currency=currency)

    @classmethod
    def coded(
        cls,
        partner_ids: tuple[str, ...],
        rows: Codes,
        codes: Codes,
        populations: NDArray[np.int8],
        values: NDArray[np.float64] | None,
        accounts: Hashes,
        *,
        key_id: str = "",
        currency: str | None = None,
    ) -> Incidence:
        """`assembled` from accounts that are coded already: codes (k,) are rows of `accounts` (u, 2), distinct and ascending."""
        width = len(POPULATIONS)
        key = (rows.astype(np.int64) * max(len(accounts), 1) + codes) * width + populations
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = np.ones(len(key), dtype=bool)
        first[1:] = key[1:] != key[:-1]
        key, order = key[first], order[first]
        place = key // width
        head = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))[: len(key)]
        bits = np.left_shift(np.uint8(1), (key % width).astype(np.uint8))
        kinds = np.bitwise_or.reduceat(bits, head) if len(head) else bits
        owners, owned = np.divmod(place[head], max(len(accounts), 1))
        worth = None
        if values is not None:
            open_ = np.where(key % width == POPULATIONS.index("opportunity"), np.nan_to_num(values[order]), 0.0)
            worth = np.add.reduceat(open_, head) if len(head) else open_
        offsets = np.searchsorted(owners, np.arange(len(partner_ids) + 1)).astype(np.int64)
        return cls(partner_ids, offsets, owned.astype(np.int32), kinds, worth, accounts, key_id, currency)

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.codes)

    @property
    def universe(self) -> int:
        """Number of distinct accounts."""
        return len(self.accounts)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of each partner id."""
        return {partner: row for row, partner in enumerate(self.partner_ids)}

    def row(self, partner: str) -> int:
        """Row of one partner. Raises UnknownPartnerError."""
        if partner not in self.row_of:
            raise UnknownPartnerError(partner)
        return self.row_of[partner]

    def span(self, row: int) -> slice:
        """The entries of one partner."""
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    @cached_property
    def sizes(self) -> Ints:
        """(n, 4) accounts of each partner in each of POPULATIONS, and in any."""
        owner = np.repeat(np.arange(len(self.partner_ids)), np.diff(self.offsets))
        found = [
            np.bincount(owner[(self.kinds >> bit & 1).astype(bool)], minlength=len(self.partner_ids))
            for bit in range(len(POPULATIONS))
        ]
        return np.stack([*found, np.diff(self.offsets)], axis=1).astype(np.int64)

    @cached_property
    def holders(self) -> Holders:
        """The entries by account, made on first use: 8 bytes an entry, 16 with values."""
        from matchmaker.audience.counting import by_account

        starts = np.zeros(self.universe + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.codes, minlength=self.universe), out=starts[1:])
        tags, place = by_account(self.offsets, self.codes, self.kinds, starts)
        values = None
        if self.values is not None:
            values = np.empty_like(self.values)
            values[place] = self.values
        return Holders(starts, tags, place, values)

    def only(self, rows: Sequence[int]) -> Incidence:
        """Some of the partners by themselves, in this order; their accounts numbered anew."""
        held = [self.span(row) for row in rows]
        known, codes = np.unique(np.concatenate([self.codes[one] for one in held]), return_inverse=True)
        values = None if self.values is None else np.concatenate([self.values[one] for one in held])
        return Incidence(
            tuple(self.partner_ids[row] for row in rows),
            np.cumsum([0, *(one.stop - one.start for one in held)], dtype=np.int64),
            codes.astype(np.int32),
            np.concatenate([self.kinds[one] for one in held]),
            values,
            self.accounts[known],
            self.key_id,
            self.currency,
        )

    @cached_property
    def strongest(self) -> Incidence:
        """The same with every account in one population of each partner, the strongest: customer, opportunity, prospect."""
        return Incidence(
            self.partner_ids, self.offsets, self.codes, _STRONGEST[self.kinds], self.values, self.accounts,
            self.key_id, self.currency,
        )  # fmt: skip


def digests(accounts: Sequence[str]) -> Hashes:
    """(k, 2) halves of hashed accounts, 32 hex digits each; of any other text, the halves of a digest of it."""
    raw = b"".join(
        bytes.fromhex(one) if HASHED.fullmatch(one) else hashlib.blake2b(one.encode(), digest_size=16).digest()
        for one in accounts
    )
    return halves(raw)


def halves(raw: bytes) -> Hashes:
    """(k, 2) from k hashes of 16 bytes, one after another: numbers in the order of the bytes."""
    return np.frombuffer(raw, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def distinct(hashes: Hashes) -> tuple[Hashes, Codes]:
    """The distinct rows of (k, 2), ascending, and which of them each is, (k,)."""
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    ascending = hashes[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ascending[1:] != ascending[:-1]).any(axis=1)
    codes = np.empty(len(order), dtype=np.int32)
    codes[order] = np.cumsum(new) - 1
    return ascending[new], codes
