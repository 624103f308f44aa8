"""Counted demand for a link, source by source: each in its own unit, with a lower bound, and null where nobody has counted.

| source                                   | unit      | counts                                                                    |
|------------------------------------------|-----------|---------------------------------------------------------------------------|
| `requests`, or none named                | requests  | who asked for the link                                                    |
| `co-use`, `workflows`                    | workflows | workflows that use both                                                   |
| `lost deals`                             | deals     | deals that were lost for want of it                                       |
| any other                                | its name  | what it says                                                              |
| a `capability` in the place of a partner | as above  | `SOURCE: capability`, shared out equally among the partners that offer it |
| shared accounts                          | accounts  | accounts that both have                                                   |

Counts are Poisson. The lower bound is the 5 % quantile of the rate under a flat prior, Gamma(count + 1, 1), in the same unit (as
for lift in audience/overlap.py): 0 gives 0.05, 1 gives 0.36, 2 gives 0.82, 5 gives 2.6, 100 gives 84. It is shown from one on.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import MINIMUM
from matchmaker.matching.ragged import Ints

if TYPE_CHECKING:
    import datetime as dt

    from scipy.sparse import csr_array

    from matchmaker.audience.overlap import AccountSets
    from matchmaker.profiles.schema import Demand, Partner

Floats = NDArray[np.float64]
Offering = Callable[[str], Iterable[int]]
"""Rows of the partners that offer a capability."""

LEVEL = 0.05
ENOUGH = 2.0
"""Fewest counted requests, workflows, deals that speak for a link: one may be anybody's whim."""
ABSENT = 3.0
"""None seen speaks against a link where chance alone lets expect so many: P(0 | 3) = 5 %."""
DEMAND, AUDIENCE = "demand", "audience"
REQUESTS, ACCOUNTS, CAPABILITY = "requests", "accounts", "capability"
_UNITS = {"requests": REQUESTS, "co-use": "workflows", "workflows": "workflows", "lost deals": "deals"}


def bound(count: NDArray[np.floating], level: float = LEVEL) -> Floats:
    """(k,) quantile of Gamma(count + 1, 1), in the unit of the counts (k,); NaN stays NaN."""
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(np.asarray(count, dtype=np.float64) + 1.0, level))


@dataclass(frozen=True)
class Counted:
    """What one source counted of k pairs of one asking partner. source, unit: above; kind: demand or audience.

    count: (k,) in `unit`, NaN where the source knows nothing of one of the two; by_chance: (k,) in `unit`, expected by chance;
    last: date of the latest row, by position among the k, where one is dated; unknown: why a count is NaN.
    """

    source: str
    unit: str
    kind: str
    count: Floats
    by_chance: Floats
    last: Mapping[int, dt.date] = field(default_factory=dict)
    unknown: str = "this source has counted nothing at all of one of the two"

    @property
    def lower(self) -> Floats:
        """(k,) lower bound in `unit`; NaN where nothing was counted."""
        return np.where(self.count > 0, bound(self.count), np.nan)

    @property
    def shift(self) -> Floats:
        """(k,) nats that the bound lies above what is typical for this partner; 0 where unknown.

        Typical is the mean of their logarithms and of that of nothing counted, so that the only one counted does not stand beside
        itself alone.
        """
        nats = np.log(bound(self.count))
        known = ~np.isnan(nats)
        typical = float(np.mean(np.append(nats[known], math.log(bound(np.zeros(1))[0]))))
        return np.where(known, nats - typical, 0.0)

    @property
    def speaks(self) -> Floats:
        """(k,) 1 for the link, -1 against it, 0 neither, NaN where unknown.

        Requests, workflows and deals speak for it from `ENOUGH` on, and against it where none was seen though chance lets expect
        `ABSENT`. Accounts are shared by chance, so they speak for it where the lower bound of lift, Gamma(count + 1, expected + 1),
        lies above 1, and against it where the upper bound lies below.
        """
        if self.kind == AUDIENCE:
            expected = self.by_chance + 1.0
            more, less = bound(self.count) / expected > 1.0, bound(self.count, 1.0 - LEVEL) / expected < 1.0
        else:
            more, less = self.count >= ENOUGH, (self.count == 0) & (self.by_chance >= ABSENT)
        return np.where(np.isnan(self.count), np.nan, more.astype(np.float64) - less.astype(np.float64))


@dataclass(frozen=True)
class DemandSource:
    """Counts of one source among n partners. pairs: (n, n) symmetric; heard: (n,) all that it counted of each partner; last: date
    of the latest row, by both rows, the smaller first.
    """

    name: str
    unit: str
    pairs: csr_array
    heard: Floats
    last: Mapping[tuple[int, int], dt.date]

    def of(self, row: int, rows: Ints) -> Counted:
        """Of one asking partner with those at `rows` (k,)."""
        count = self.pairs[[row]].toarray().ravel()[rows]
        known = (self.heard[row] > 0) & (self.heard[rows] > 0)
        last = {
            place: self.last[ends]
            for place, other in enumerate(rows.tolist())
            if (ends := (min(row, other), max(row, other))) in self.last
        }
        by_chance = self.heard[row] * self.heard[rows] / max(float(self.heard.sum()), 1e-300)
        return Counted(self.name, self.unit, DEMAND, np.where(known, count, np.nan), by_chance, last)


@dataclass(frozen=True)
class DemandTable:
    """All sources, by name. left_out: rows that could not be counted, by reason; unmet: what was asked for and nobody offers,
    capability to count by unit.
    """

    sources: tuple[DemandSource, ...]
    left_out: Mapping[str, int]
    unmet: Mapping[str, Mapping[str, float]]

    @classmethod
    def fit(cls, demand: Iterable[Demand], rows: Mapping[str, int], offering: Offering | None = None) -> DemandTable:
        """Count the rows. rows: row of each partner id; offering: who offers a capability (`offering_of`), nobody unless told.

        A row that names a partner counts for the pair, whichever of the two it stands under; one that names a capability alone
        counts for its partner with everybody who offers it, in equal parts.
        """
        counts: dict[str, dict[tuple[int, int], float]] = defaultdict(lambda: defaultdict(float))
        last: dict[str, dict[tuple[int, int], dt.date]] = defaultdict(dict)
        unmet: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        left_out: Counter[str] = Counter()
        for one in demand:
            source = (one.source or REQUESTS).strip().lower()
            row = rows.get(one.a)
            if row is None:
                left_out["unknown partner"] += 1
                continue
            others, reason = _others(one, rows, offering)
            others = [other for other in others if other != row]
            if not others:
                left_out[reason] += 1
                if one.b is None and one.capability:
                    unmet[one.capability][unit_of(source)] += one.count
                continue
            name = source if one.b is not None else f"{source}: {CAPABILITY}"
            for other in others:
                ends = min(row, other), max(row, other)
                counts[name][ends] += one.count / len(others)
                if one.date is not None:
                    last[name][ends] = max(one.date, last[name].get(ends, one.date))
        n = max(rows.values(), default=-1) + 1  # rows that no longer stand lie between
        found = tuple(_source(name, counts[name], last[name], n) for name in sorted(counts))
        return cls(found, dict(left_out), {asked: dict(units) for asked, units in unmet.items()})

    def of(self, row: int, rows: Ints) -> tuple[Counted, ...]:
        """What each source counted of one partner with those at `rows` (k,)."""
        return tuple(source.of(row, rows) for source in self.sources)


def _others(one: Demand, rows: Mapping[str, int], offering: Offering | None) -> tuple[list[int], str]:
    """Rows that a row of demand is for, and why there are none."""
    if one.b is not None:
        found = rows.get(one.b)
        return ([], "unknown partner") if found is None else ([found], "a partner with itself")
    if not one.capability:
        return [], "names neither a partner nor a capability"
    return sorted(set(offering(one.capability))) if offering else [], "a capability that nobody else offers"


def _source(
    name: str, counts: Mapping[tuple[int, int], float], last: Mapping[tuple[int, int], dt.date], n: int
) -> DemandSource:
    from scipy.sparse import csr_array

    ends = np.array(list(counts), dtype=np.int64).reshape(-1, 2)
    values = np.array(list(counts.values()), dtype=np.float64)
    both = np.concatenate((ends, ends[:, ::-1]))
    pairs = csr_array((np.tile(values, 2), both.T), shape=(n, n))
    return DemandSource(name, unit_of(name.split(":")[0]), pairs, np.asarray(pairs.sum(axis=1)).ravel(), last)


def unit_of(source: str) -> str:
    """What a source counts."""
    return _UNITS.get(source, source)


def shared_accounts(accounts: AccountSets, row: int, rows: Ints) -> Counted:
    """Accounts in common with each of `rows` (k,); NaN where either side has fewer than `MINIMUM`."""
    own, theirs = accounts.count(row), accounts.offsets[rows + 1] - accounts.offsets[rows]
    known = (own >= MINIMUM) & (theirs >= MINIMUM)
    count = np.where(known, accounts.shared(row, rows).astype(np.float64), np.nan)
    by_chance = own * theirs / max(accounts.universe, 1)
    return Counted(ACCOUNTS, ACCOUNTS, AUDIENCE, count, by_chance, unknown=f"fewer than {MINIMUM} accounts on one side")


def offering_of(partners: Sequence[Partner]) -> Offering:
    """Who offers a capability: partners of which a capability or a category has all its words, whatever their case."""
    carriers: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for row, partner in enumerate(partners):
        for number, offer in enumerate((*partner.capabilities, *partner.categories)):
            for word in _words(offer):
                carriers[word].add((row, number))

    def offering(capability: str) -> set[int]:
        words = _words(capability)
        found = set.intersection(*(carriers.get(word, set()) for word in words)) if words else set()
        return {row for row, _ in found}

    return offering


def _words(text: str) -> set[str]:
    return set("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())


def plain(value: float) -> float | None:
    """A number for JSON: None in the place of NaN."""
    return None if math.isnan(value) else round(float(value), 6)


def disclosed(accounts: float) -> float | None:
    """A number of accounts as it may be told: none below `MINIMUM`, else its first two digits, rounded down."""
    if not accounts >= MINIMUM:
        return None
    step = 10 ** (len(str(int(accounts))) - 2)
    return float(int(accounts) // step * step)
