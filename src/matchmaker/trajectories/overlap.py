"""Whether two partners come to share more accounts, from the dates of the accounts.

An account is gained by either partner on a date; it is met where the other has it by then. Of partners that converge a growing
share of what they gain is met. Counting what is gained, not what is held, keeps the dates apart: a share of all accounts held
up to a date would hang on every earlier one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from matchmaker.trajectories.course import CONVERGING, DIVERGING, INSUFFICIENT, PARALLEL, STILL, Span
from matchmaker.trajectories.distance import Z80
from matchmaker.trajectories.field import YEAR
from matchmaker.trajectories.lines import FEWEST

K = TypeVar("K", str, int)
"""What an account is named by."""
FEWEST_ACCOUNTS = 12
"""Dated accounts that either gained, of both together, below which nothing is told of a trend."""


@dataclass(frozen=True)
class Gains:
    """A period: its last day, accounts gained by either, and how many of them the other had by then."""

    until: dt.date
    gained: int
    met: int


@dataclass(frozen=True)
class OverlapTrend:
    """verdict, reason as in `Course`; shared: accounts of both today; trend: change a year of the share of gains that are met."""

    verdict: str
    reason: str
    shared: int
    trend: Span | None
    periods: tuple[Gains, ...]


def overlap_trend(
    a: Mapping[K, dt.date], b: Mapping[K, dt.date], *, years: float = 1.0, periods: int = 6
) -> OverlapTrend:
    """Trend of two partners' accounts, each with the day since when it is one.

    The gains are cut into `periods` of equal length; the slope of the share that is met is that of the test for trend.
    Sources: Armitage, Biometrics 1955; clustered variance: Liang & Zeger, Biometrika 1986.
    years: horizon over which a change is judged as small.
    """
    shared = len(a.keys() & b.keys())
    days = sorted({*a.values(), *b.values()})
    count = len(a) + len(b)
    if len(days) < FEWEST or count < FEWEST_ACCOUNTS:
        reason = f"{count} dated accounts on {len(days)} days; at least {FEWEST_ACCOUNTS} on {FEWEST} days are needed"
        return OverlapTrend(INSUFFICIENT, reason, shared, None, ())
    rows = [
        (key, day, key in other and other[key] <= day) for mine, other in ((a, b), (b, a)) for key, day in mine.items()
    ]
    when = np.array([day.toordinal() for _, day, _ in rows])
    met = np.array([one for _, _, one in rows])
    edges = np.linspace(days[0].toordinal() - 1, days[-1].toordinal(), periods + 1)
    place = np.clip(np.searchsorted(edges, when, side="left") - 1, 0, periods - 1)
    gained, joined = np.bincount(place, minlength=periods), np.bincount(place, weights=met, minlength=periods)
    table = tuple(
        Gains(dt.date.fromordinal(int(edge)), int(all_), int(both))
        for edge, all_, both in zip(edges[1:], gained, joined, strict=True)
    )
    share = float(met.mean())
    time = ((edges[1:] + edges[:-1]) / 2 / YEAR)[place]
    time = time - time.mean()
    spread = float(time @ time)
    slope = float(met @ time) / spread
    # The first to gain a shared account is unmet and the second met: what an account adds belongs together.
    _, account = np.unique([key for key, _, _ in rows], return_inverse=True)
    added = np.bincount(account, weights=(met - share - slope * time) * time)
    error = Z80 * float(np.sqrt((added**2).sum())) / spread
    trend = Span(slope, slope - error, slope + error)
    return OverlapTrend(*_verdict(trend, share, years), shared, trend, table)


def _verdict(trend: Span, share: float, years: float) -> tuple[str, str]:
    low, high = trend.low or 0.0, trend.high or 0.0
    told = f"{low:+.2f} to {high:+.2f} a year in four cases of five, {share:.0%} in all"
    if max(abs(low), abs(high)) * years < STILL * share or low == high == 0.0:
        return PARALLEL, f"the share of gained accounts that both have hardly changes ({told})"
    if low > 0:
        return CONVERGING, f"the share of gained accounts that both have grows ({told})"
    if high < 0:
        return DIVERGING, f"the share of gained accounts that both have falls ({told})"
    return INSUFFICIENT, f"the share of gained accounts that both have may grow or fall ({told})"
