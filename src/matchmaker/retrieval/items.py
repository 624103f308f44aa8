"""Partners by their items: several vectors a partner, a partner's score being that of its best item (MaxSim)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.retrieval.build import Index
from matchmaker.retrieval.exact import Found, Mask

_FEW = 256
"""So many forbidden partners are faster to strike out one by one than by a look at every item."""
_FAN = 4
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

    def search_items(self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None) -> Found:
        """The k best partners of each query: scores (q, k) float32 of their best item, ids (q, k) int64, -1 as padding."""
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        items = None if allowed is None else self._items(allowed)
        for place, query in enumerate(queries):
            found, at = self._one(query, k, items)
            scores[place, : len(found)], ids[place, : len(at)] = found, at
        return scores, ids

    def _items(self, allowed: Mask) -> Mask:
        """(items,) bool, the items of the allowed partners."""
        barred = np.flatnonzero(~allowed)
        if len(barred) > _FEW:
            return np.repeat(allowed, np.diff(self.offsets))
        mask = np.ones(int(self.offsets[-1]), dtype=bool)
        for row in barred:
            mask[self.offsets[row] : self.offsets[row + 1]] = False
        return mask

    def _one(self, query: NDArray[np.float32], k: int, items: Mask | None) -> Found:
        wanted = _FAN * k
        while True:
            scores, ids = (part[0] for part in self.index.search(query[None, :], min(wanted, self.size), allowed=items))
            scores, ids = scores[ids >= 0], ids[ids >= 0]
            partners = np.searchsorted(self.offsets, ids, side="right") - 1
            _, first = np.unique(partners, return_index=True)  # items come best first: a partner's first is its best
            first = np.sort(first)
            if len(first) >= k or len(ids) < wanted:
                best = first[np.lexsort((partners[first], -np.round(scores[first], 6)))][:k]
                return scores[best], partners[best].astype(np.int64)
            wanted *= 4
