"""Since when each partner has which customers: what the trend of an overlap is counted from, as plain arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.trajectories.field import Ints
from matchmaker.trajectories.overlap import OverlapTrend, overlap_trend

if TYPE_CHECKING:
    from matchmaker.profiles.accounts import AccountTable

CUSTOMER = "customer"
_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class DatedAccounts:
    """Customers with a date of n partners. offsets: (n + 1,); codes: (m,) number of the account; days: (m,) since 1970-01-01."""

    offsets: Ints
    codes: Ints
    days: Ints

    @classmethod
    def of(cls, accounts: AccountTable, ids: Sequence[str]) -> DatedAccounts | None:
        """Of partners `ids`; None where no customer of theirs has a date."""
        row_of = {name: row for row, name in enumerate(ids)}
        found: list[dict[str, int]] = [{} for _ in ids]
        columns = (accounts.partner_ids, accounts.accounts, accounts.populations, accounts.dates)
        for partner, account, population, date in zip(*columns, strict=True):
            if date and population == CUSTOMER and partner in row_of:
                found[row_of[partner]][account] = dt.date.fromisoformat(date).toordinal() - _EPOCH
        named = sorted({account for one in found for account in one})
        if not named:
            return None
        code = {account: place for place, account in enumerate(named)}
        return cls(
            np.cumsum([0, *map(len, found)], dtype=np.int64),
            np.array([code[account] for one in found for account in one], dtype=np.int64),
            np.array([day for one in found for day in one.values()], dtype=np.int64),
        )

    def since(self, row: int) -> dict[int, dt.date]:
        """Day since when each account of a partner is one, by number of the account."""
        part = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        days = (dt.date.fromordinal(day + _EPOCH) for day in self.days[part].tolist())
        return dict(zip(self.codes[part].tolist(), days, strict=True))

    def trend(self, a: int, b: int, years: float) -> OverlapTrend | None:
        """Of the partners of two rows; None where either has no dated account."""
        mine, theirs = self.since(a), self.since(b)
        return overlap_trend(mine, theirs, years=years) if mine and theirs else None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as plain arrays, by name."""
        return {"offsets": self.offsets, "codes": self.codes, "days": self.days}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> DatedAccounts:
        """What `arrays` gave."""
        return cls(arrays["offsets"], arrays["codes"], arrays["days"])
