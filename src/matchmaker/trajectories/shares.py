"""Audience shares: what part of a partner's customers or reach is of each segment or region, as a facet that moves.

Shares sum to 1, and a straight line of shares would leave 0..1. Their square roots are points of a sphere, and the distance of two
of them is Hellinger's, in 0..sqrt(2). Source: Rao, Sankhya 1995.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.trajectories.field import Dates, Floats, Snapshots
from matchmaker.trajectories.gains import CUSTOMER

if TYPE_CHECKING:
    from matchmaker.profiles.accounts import AccountTable
    from matchmaker.trajectories.motion import FacetMotion

MOST_SEGMENTS, OTHERS = 50, "others"


def hellinger(amounts: NDArray[np.floating], dates: Sequence[object] | Dates, *, least: float = 0.0) -> Snapshots:
    """Snapshots of square roots of shares.

    Args:
        amounts: (n, T, r) customers, reach or any other amount of each of r segments, at least 0; NaN counts as 0.
        dates: (T,).
        least: a partner is absent at a date at which its amounts sum to no more than this.

    Raises:
        SettingsError: an amount is below 0, or there are fewer than two segments.

    """
    known = np.nan_to_num(np.asarray(amounts, dtype=np.float64))
    if known.ndim != 3 or known.shape[2] < 2 or (known < 0).any():
        raise SettingsError(
            f"Amounts must be (partners, dates, two segments or more), none below 0; these are {known.shape}."
        )
    total = known.sum(axis=2)
    there = total > least
    roots = np.sqrt(known / np.where(there, total, 1.0)[:, :, None])
    return Snapshots.from_array(roots, dates, there)


def shares_at(motion: FacetMotion, row: int, years: float) -> Floats:
    """(r,) shares that a partner is heading for: the line, clipped at the simplex."""
    mean, _ = motion.lines.at(years)
    roots = np.maximum(motion.centre + mean[row].astype(np.float64) @ motion.axes, 0.0)
    squares = roots**2
    return np.asarray(squares / max(squares.sum(), 1e-12))


def account_shares(
    accounts: AccountTable, ids: Sequence[str], dates: Sequence[dt.date]
) -> tuple[Snapshots, tuple[str, ...]] | None:
    """Shares of the segments among the customers that each partner had by each date, and the segments, of which the rarest are
    counted together where there are more than 50; None with fewer than two, or with none by the last date.

    Customers without a date or a segment are left out: they would stand at every date, or for nothing.
    """
    row_of = {name: row for row, name in enumerate(ids)}
    columns = (accounts.partner_ids, accounts.populations, accounts.segments, accounts.dates)
    kept = [
        (row_of[partner], segment, date)
        for partner, population, segment, date in zip(*columns, strict=True)
        if segment and date and population == CUSTOMER and partner in row_of
    ]
    named = [name for name, _ in Counter(segment for _, segment, _ in kept).most_common()]
    if len(named) < 2:
        return None
    named = sorted(named) if len(named) <= MOST_SEGMENTS else [*sorted(named[: MOST_SEGMENTS - 1]), OTHERS]
    code = {name: place for place, name in enumerate(named)}
    days = np.array(dates, dtype="datetime64[D]")
    gained = np.zeros((len(ids), len(days) + 1, len(named)))
    for row, segment, date in kept:
        gained[row, np.searchsorted(days, np.datetime64(date)), code.get(segment, len(named) - 1)] += 1
    amounts = gained[:, :-1].cumsum(axis=1)
    return (hellinger(amounts, days), tuple(named)) if amounts.any() else None
