"""An index with a few rows behind it, which are compared one by one: what changed since the index was built is found at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import InternalError
from matchmaker.retrieval.build import Index
from matchmaker.retrieval.exact import DIGITS, Found, Mask, normalised, top


class FollowedIndex:
    """`base`, then the unit rows `tail` (m, d): row base.size + i is row i of the tail."""

    def __init__(self, base: Index, tail: NDArray[np.float32]) -> None:
        """The recall is that of the base: the tail is searched exactly."""
        self._base, self.recall = base, base.recall
        self._tail = np.ascontiguousarray(normalised(tail).T)  # as columns, a third faster to multiply

    @property
    def kind(self) -> str:
        """What the base is, for reports."""
        return self._base.kind

    @property
    def size(self) -> int:
        """Number of rows."""
        return self._base.size + int(self._tail.shape[1])

    def search(
        self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None, rough: bool = False
    ) -> Found:
        """As `Index.search`: the best of what both parts find."""
        queries, split = np.atleast_2d(queries), self._base.size
        scores, ids = self._base.search(queries, k, allowed=None if allowed is None else allowed[:split], rough=rough)
        late = normalised(queries) @ self._tail
        if allowed is not None:
            late[:, ~allowed[split:]] = -np.inf
        edges = scores[:, -1:] - 10.0**-DIGITS
        better = (late >= edges) & (late > -np.inf)
        for place in np.flatnonzero(better.any(axis=1)):
            known, rows = ids[place] >= 0, np.flatnonzero(better[place])
            one = np.concatenate((scores[place][known], late[place][rows]))
            best, found = top(one, np.concatenate((ids[place][known], rows + split)), k)
            scores[place, : len(best)], ids[place, : len(found)] = best, found
        return scores, ids

    def open(self) -> None:
        """Open the base."""
        self._base.open()

    def save(self, path: Path) -> None:
        """Refused: only what was built is saved. Raises InternalError."""
        raise InternalError(f"{path.name} would hold changes since the build: build again, then save.")
