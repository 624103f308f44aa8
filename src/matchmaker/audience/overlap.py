"""Account overlap as evidence: how much more two partners share than chance would give, with a cautious lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.joined import joined
from matchmaker.matching.ragged import Ints, behind, offsets_of, ranges, segment_sum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matchmaker.profiles.accounts import AccountTable

MINIMUM = 20
"""Partners with fewer accounts have no overlap evidence: null and a reason, not zero."""
_PRIOR = 1.0
"""Pseudo-count of the Gamma prior: one shared account expected and one seen, lift 1."""
_Z = 1.645


@dataclass(frozen=True)
class AccountSets:
    """Distinct hashed accounts a partner, all populations together: row r owns codes[offsets[r] : offsets[r + 1]]."""

    codes: NDArray[np.int32]
    offsets: Ints
    universe: int

    @classmethod
    def fit(cls, table: AccountTable, rows: Mapping[str, int]) -> AccountSets:
        """Index the table's accounts by partner row; `rows` maps partner id to row."""
        keys, account_codes = np.unique(np.asarray(table.accounts, dtype=str), return_inverse=True)
        partner_rows = np.array([rows[partner] for partner in table.partner_ids], dtype=np.int64)
        pairs = np.unique(np.stack((partner_rows, account_codes.astype(np.int64)), axis=1), axis=0)
        offsets = np.searchsorted(pairs[:, 0], np.arange(len(rows) + 1)).astype(np.int64)
        return cls(pairs[:, 1].astype(np.int32), offsets, len(keys))

    def followed_by(self, rows: Sequence[int | None]) -> AccountSets:
        """These partners, then further ones, each with the accounts of one of these rows, or without any (None)."""
        more = [
            self.codes[:0] if row is None else self.codes[self.offsets[row] : self.offsets[row + 1]] for row in rows
        ]
        codes = joined(self.codes, np.concatenate((self.codes[:0], *more)))
        return AccountSets(codes, behind(self.offsets, offsets_of(more)), self.universe)

    def count(self, row: int) -> int:
        """Number of accounts of one partner."""
        return int(self.offsets[row + 1] - self.offsets[row])

    def shared(self, row: int, rows: Ints) -> NDArray[np.int64]:
        """Accounts in common with each of `rows`: (k,) int64."""
        mine = np.zeros(self.universe, dtype=bool)
        mine[self.codes[self.offsets[row] : self.offsets[row + 1]]] = True
        flat, offsets = ranges(self.offsets[rows], self.offsets[rows + 1])
        return np.rint(segment_sum(mine[self.codes[flat]].astype(np.float64), offsets)).astype(np.int64)

    def lift(self, row: int, rows: Ints) -> NDArray[np.float64]:
        """Ln of the 5 % lower bound of lift, (k,); NaN where either side has fewer than `MINIMUM` accounts.

        lift = |A n B| U / (|A| |B|), shrunk by a Gamma-Poisson model: (k + a) / (E + a), E = |A| |B| / U. The 5 % quantile of
        the Gamma(k + a) posterior by Wilson and Hilferty's cube (1931, PNAS 17, 684-688).
        """
        mine = self.count(row)
        theirs = self.offsets[rows + 1] - self.offsets[rows]
        if mine < MINIMUM or self.universe == 0:
            return np.full(len(rows), np.nan)
        return lift(self.shared(row, rows), np.int64(mine), theirs, self.universe)


def lift(
    common: NDArray[np.int64], one: NDArray[np.int64] | np.int64, other: NDArray[np.int64], universe: int
) -> NDArray[np.float64]:
    """`AccountSets.lift` (k,) from the accounts in common and each side's own number."""
    expected = one.astype(np.float64) * other / universe
    shape = common + _PRIOR
    low = shape * np.maximum(1.0 - 1.0 / (9.0 * shape) - _Z / (3.0 * np.sqrt(shape)), 1e-3) ** 3
    return np.where((one >= MINIMUM) & (other >= MINIMUM), np.log(low / (expected + _PRIOR)), np.nan)
