"""Partners by their items: several vectors a partner, a partner's score being that of its best item (MaxSim)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.retrieval.build import Index
from matchmaker.retrieval.exact import Found, Mask
from matchmaker.retrieval.lexical import spans

_FEW = 8
"""One forbidden partner of so many is faster to strike out by itself than by a look at every item."""
FAN = 2
"""Items fetched for each partner wanted, at first."""


@dataclass(frozen=True)
class ItemIndex:
    """An index over items. offsets: (n + 1,) int64, partner r owns items offsets[r] to offsets[r + 1]."""

    index: Index
    offsets: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of items."""
        return self.index.size

    def search_items(
        self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None, rough: bool = False
    ) -> Found:
        """The k best partners of each query: scores (q, k) float32 of their best item, ids (q, k) int64, -1 as padding.

        rough: as in the index's search.
        """
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        items = None if allowed is None else self._items(allowed)
        wanted, asked = FAN * k, np.arange(len(queries))
        while len(asked) and self.size:
            found = self.index.search(queries[asked], min(wanted, self.size), allowed=items, rough=rough)
            lacking = []
            for place, item_scores, items_found in zip(asked, *found, strict=True):
                best, partners, complete = self._partners(item_scores, items_found, k)
                if complete:
                    scores[place, : len(best)], ids[place, : len(partners)] = best, partners
                else:
                    lacking.append(place)
            asked, wanted = np.array(lacking, dtype=np.int64), 4 * wanted
        return scores, ids

    def _items(self, allowed: Mask) -> Mask:
        """(items,) bool, the items of the allowed partners."""
        barred = np.flatnonzero(~allowed)
        if len(barred) * _FEW > len(allowed):
            return np.repeat(allowed, np.diff(self.offsets))
        mask = np.ones(int(self.offsets[-1]), dtype=bool)
        mask[spans(self.offsets[barred], self.offsets[barred + 1])[0]] = False
        return mask

    def _partners(
        self, scores: NDArray[np.float32], items: NDArray[np.int64], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], bool]:
        """The best k partners behind the items found for one query, and whether no further item can change them."""
        known = items >= 0
        partners = np.searchsorted(self.offsets, items[known], side="right") - 1
        # Items come best first: a partner's first is its best.
        first = np.sort(np.unique(partners, return_index=True)[1])
        best = first[np.lexsort((partners[first], -np.round(scores[first], 6)))][:k]
        complete = len(first) >= k or not known.all() or len(items) == self.size
        return scores[best], partners[best].astype(np.int64), complete
