"""What is said of overlaps, from counts alone: every formula in one place, for one pair or for millions (docs/overlap.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import MINIMUM, lift
from matchmaker.profiles.accounts import POPULATIONS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ANY = len(POPULATIONS)
"""Place of "in any population" in every table of counts."""
CUSTOMER, PROSPECT = POPULATIONS.index("customer"), POPULATIONS.index("prospect")


@dataclass(frozen=True)
class Counts:
    """Accounts of k pairs. table (4, 4, k): shared, by the population on the first side and on the second, ANY as the fourth;
    one, other (4, k): accounts of either side by population; worth (2, k): value of either side's opportunities with shared
    accounts, None where unknown; universe: distinct accounts of everybody.
    """

    table: Ints
    one: Ints
    other: Ints
    worth: Floats | None
    universe: int

    @property
    def shared(self) -> Ints:
        """(k,) accounts in common, in whatever population."""
        return _long(self.table[ANY, ANY])

    @property
    def share_of_one(self) -> Floats:
        """(k,) share of the first side's accounts that the second has: |A n B| / |A|, in [0, 1]; NaN without accounts."""
        return _ratio(self.shared, self.one[ANY])

    @property
    def share_of_other(self) -> Floats:
        """(k,) share of the second side's accounts that the first has: |A n B| / |B|."""
        return _ratio(self.shared, self.other[ANY])

    @property
    def jaccard(self) -> Floats:
        """(k,) |A n B| / |A u B|, in [0, 1]; NaN where both have none."""
        return _ratio(self.shared, self.one[ANY] + self.other[ANY] - self.shared)

    @property
    def lift(self) -> Floats:
        """(k,) |A n B| U / (|A| |B|): 1 is what chance gives; NaN where either side has fewer than MINIMUM accounts."""
        expected = self.one[ANY].astype(np.float64) * self.other[ANY] / max(self.universe, 1)
        return np.where(self._enough, _ratio(self.shared, expected), np.nan)

    @property
    def lift_low(self) -> Floats:
        """(k,) 5 % lower bound of the lift (overlap.lift); NaN as there."""
        return np.exp(lift(self.shared, self.one[ANY], self.other[ANY], max(self.universe, 1)))

    @property
    def p_value(self) -> Floats:
        """(k,) P(at least as many in common by chance), hypergeometric (counting.tail); NaN where either side has none."""
        from matchmaker.audience.counting import tail

        found = np.empty(len(self.shared))
        tail(self.shared, _long(self.one[ANY]), _long(self.other[ANY]), self.universe, found)
        return np.where((self.one[ANY] > 0) & (self.other[ANY] > 0), found, np.nan)

    @property
    def greenfield_of_one(self) -> Ints:
        """(k,) customers of the second side that the first has in no population: theirs, not yours."""
        return _long(self.other[CUSTOMER] - self.table[ANY, CUSTOMER])

    @property
    def greenfield_of_other(self) -> Ints:
        """(k,) customers of the first side that the second has in no population."""
        return _long(self.one[CUSTOMER] - self.table[CUSTOMER, ANY])

    @property
    def give(self) -> Ints:
        """(k,) customers of the first side that are prospects of the second: what the first can give."""
        return _long(self.table[CUSTOMER, PROSPECT])

    @property
    def get(self) -> Ints:
        """(k,) prospects of the first side that are customers of the second: what the first can get."""
        return _long(self.table[PROSPECT, CUSTOMER])

    @property
    def reciprocity(self) -> Floats:
        """(k,) min / max of give and get, in [0, 1]: 1 is an even exchange; NaN where there is nothing either way."""
        return _ratio(np.minimum(self.give, self.get), np.maximum(self.give, self.get))

    @property
    def _enough(self) -> NDArray[np.bool_]:
        enough: NDArray[np.bool_] = np.minimum(self.one[ANY], self.other[ANY]) >= MINIMUM
        return enough


def _ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> Floats:
    """Quotient, NaN where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _long(values: Ints) -> Ints:
    """The same, as compiled loops want it."""
    return np.ascontiguousarray(values, dtype=np.int64)
