"""Links between partners as training data: cleaned, counted, and bounded in what any one partner may teach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Links:
    """Undirected links of n partners. ends: (m, 2) int64 rows, the smaller first, each pair once; n: number of partners;
    strength: (m,) ln(1 + how often it was seen) / ln 2, so that one sighting is 1 and a million no more than 20.
    """

    ends: Ints
    n: int
    strength: Floats

    @classmethod
    def clean(
        cls, pairs: NDArray[np.integer], n: int, weights: NDArray[np.floating] | None = None
    ) -> tuple[Links, dict[str, int]]:
        """Links of `pairs` (m, 2) rows seen `weights` (m,) times, once unless told; and how many were left out, by reason: self,
        unknown, repeated (these count as seen again).
        """
        ends = np.sort(np.asarray(pairs, dtype=np.int64).reshape(-1, 2), axis=1)
        known = (ends[:, 0] >= 0) & (ends[:, 1] < n)
        own = known & (ends[:, 0] == ends[:, 1])
        seen = np.ones(len(ends)) if weights is None else np.maximum(np.asarray(weights, dtype=np.float64), 0.0)
        kept, number = np.unique(ends[known & ~own], axis=0, return_inverse=True)
        strength = np.log2(1.0 + np.bincount(number.ravel(), weights=seen[known & ~own], minlength=len(kept)))
        left_out = {
            "unknown": int((~known).sum()),
            "self": int(own.sum()),
            "repeated": int((known & ~own).sum() - len(kept)),
        }
        return cls(kept, n, strength), left_out

    def without(self, hidden: NDArray[np.bool_]) -> Links:
        """These links but the `hidden` (m,) ones."""
        return Links(self.ends[~hidden], self.n, self.strength[~hidden])

    def adjacency(self, *, weighed: bool = False) -> csr_array:
        """(n, n) symmetric, ones or the links' strengths."""
        from scipy.sparse import csr_array

        a, b = self.ends.T
        both = np.concatenate((a, b)), np.concatenate((b, a))
        values = np.tile(self.strength if weighed else np.ones(len(a)), 2)
        return csr_array((values, both), shape=(self.n, self.n))

    def degree(self) -> Ints:
        """(n,) number of links."""
        return np.bincount(self.ends.ravel(), minlength=self.n)
