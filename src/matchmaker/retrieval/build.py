"""Which index a set of vectors gets: exact while that is fast, approximate with measured recall beyond."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from matchmaker.retrieval.approximate import ApproximateIndex, measured_recall, train
from matchmaker.retrieval.exact import ExactIndex, Found, Mask, normalised

if TYPE_CHECKING:
    from matchmaker.progress import Progress

QUERIES, RECALL_AT, PROBES = 200, 50, (4, 8, 16, 32, 64, 128, 256)


_BLOCK = 16_384


class Index(Protocol):
    """What every index answers. recall: measured share of the exact top 50 that it finds, 1 for an exact one."""

    recall: float

    @property
    def kind(self) -> str:
        """What it is, for reports."""
        ...

    @property
    def size(self) -> int:
        """Number of rows."""
        ...

    def search(
        self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None, rough: bool = False
    ) -> Found:
        """The k nearest rows of each query: scores (q, k) float32 descending, ids (q, k) int64, -1 as padding.

        rough: an approximate index may order by what it has instead of by exact cosines.
        """
        ...

    def open(self) -> None:
        """Read now what would be read on the first search."""
        ...

    def save(self, path: Path) -> None:
        """Write what cannot be had from the vectors alone at once."""
        ...


def build_index(
    vectors: NDArray[np.float32],
    *,
    exact_below: int = 20_000,
    target_recall: float = 0.98,
    rng: int | np.random.Generator = 0,
    progress: Progress | None = None,
) -> Index:
    """An index over rows (n, d). Below `exact_below` rows it is exact; else the fewest probes that reach the target.

    Recall@50 is measured on held-out queries: rows of the set, each pushed a little aside. Where no number of probes reaches
    the target the index is exact after all.
    """
    if len(vectors) < exact_below:
        return ExactIndex(vectors)
    rng = np.random.default_rng(rng)
    exact = ExactIndex(vectors)
    queries = held_out(exact.vectors, rng)
    if progress:
        progress.start("Building an approximate index", 1)
    inner = train(exact.vectors, rng)
    k = min(RECALL_AT, exact.size)
    edges = kth_best(exact.vectors, queries, k)
    chosen: Index = exact
    for probes in PROBES:
        if probes > inner.nlist:
            break
        index = ApproximateIndex(exact.vectors, inner, probes, 0.0)
        index.recall = measured_recall(index, queries, k, edges)
        if index.recall >= target_recall:
            chosen = index
            break
    if progress:
        progress.done()
    return chosen


def load_index(path: Path, vectors: NDArray[np.float32], facts: dict[str, Any]) -> Index:
    """The index of unit rows (n, d) that `facts` (probes, recall) describe; an exact one where there is no file."""
    if not path.is_file():
        return ExactIndex(vectors, checked=True)
    return ApproximateIndex(vectors, path, int(facts["probes"]), float(facts["recall"]))


def kth_best(vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """The k-th largest cosine of each query, (q,) float32, by brute force over blocks of rows."""
    best = np.zeros((len(queries), 0), dtype=np.float32)
    for low in range(0, len(vectors), _BLOCK):
        best = np.concatenate((best, queries @ vectors[low : low + _BLOCK].T), axis=1)
        best = -np.partition(-best, min(k, best.shape[1]) - 1, axis=1)[:, :k]
    return np.asarray(best[:, -1])


def held_out(vectors: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Up to 200 queries that are like the rows and are none of them."""
    rows = vectors[np.sort(rng.permutation(len(vectors))[:QUERIES])]
    aside = rng.normal(scale=0.3 / np.sqrt(vectors.shape[1]), size=rows.shape)
    return normalised((rows + aside).astype(np.float32))
