"""The exact index: cosine over all rows, ties by the lower id, top-k exact under any filter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Found = tuple[NDArray[np.float32], NDArray[np.int64]]
DIGITS = 6
"""Scores that agree to this many digits are ties: sums in another order differ below it."""


def normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; zero rows stay zero. Rows that are unit already are returned as they are, without a copy."""
    length = np.linalg.norm(vectors, axis=1)
    if np.all((np.abs(length - 1.0) < 1e-5) | (length == 0.0)):
        return np.asarray(vectors, dtype=np.float32)
    return np.asarray(vectors / np.where(length > 0, length, 1.0)[:, None], dtype=np.float32)


class ExactIndex:
    """Inner product over unit rows, so that a vector's similarity with itself is 1. A zero row scores 0 with everything."""

    kind = "exact"
    recall = 1.0

    def __init__(self, vectors: NDArray[np.float32], *, checked: bool = False) -> None:
        """Index unit rows; `checked`: they were when the index was built, and need not be again."""
        self._vectors = np.asarray(vectors, dtype=np.float32) if checked else normalised(vectors)
        if not checked:
            check_self_similarity(self)

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self._vectors)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The unit rows."""
        return self._vectors

    def search(
        self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None, rough: bool = False
    ) -> Found:
        """The k nearest rows of each query: scores (q, k) float32 descending, ids (q, k) int64, -1 where there are fewer.

        rough: no difference here.
        """
        del rough
        queries = normalised(np.atleast_2d(queries))
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        rows = np.arange(self.size) if allowed is None else np.flatnonzero(allowed)
        few = 2 * len(rows) < self.size  # then their rows are cheaper to gather than all rows are to read
        for place, query in enumerate(queries):
            near = self._vectors.take(rows, axis=0) @ query if few else (self._vectors @ query)[rows]
            found, at = top(near, rows, k)
            scores[place, : len(found)], ids[place, : len(at)] = found, at
        return scores, ids

    def open(self) -> None:
        """Nothing to read: the rows are the index."""

    def save(self, path: Path) -> None:
        """Nothing to save: the rows are the index."""


def top(scores: NDArray[np.float32], ids: NDArray[np.int64], k: int) -> Found:
    """The k best of some scored ids, ties by the lower id."""
    if 0 < 4 * k < len(ids):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        near = scores >= edge - 10.0**-DIGITS
        scores, ids = scores[near], ids[near]
    order = np.lexsort((ids, -np.round(scores, DIGITS)))[:k]
    return scores[order].astype(np.float32), ids[order].astype(np.int64)


def check_self_similarity(index: Any) -> None:  # noqa: ANN401 - any index with unit rows
    """Every metric claims that a thing is like itself; an index that does not is broken, and must not be built."""
    from matchmaker.errors import InternalError

    known = np.flatnonzero(np.any(index.vectors[:256] != 0.0, axis=1))[:3]
    for row in known:
        score = index.search(index.vectors[row : row + 1], 1)[0][0, 0]
        if abs(score - 1.0) > 1e-4:
            raise InternalError(
                f"The {index.kind} index gives row {row} a similarity of {score:.5f} with itself, not 1."
            )
