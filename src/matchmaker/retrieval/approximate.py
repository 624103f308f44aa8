"""The approximate index: inverted lists with 8-bit scalar quantisation find candidates, exact cosines order them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import StorageError
from matchmaker.retrieval.exact import DIGITS, Found, Mask, check_self_similarity, normalised, top

BRUTE_FORCE_BELOW = 20_000
"""A filter that leaves fewer rows is answered exactly."""
_OVERFETCH = 3
"""Candidates fetched for each one returned: room for the quantisation to be wrong before exact cosines decide."""
_FLOOR = 96


class ApproximateIndex:
    """FAISS IVF + SQ8 over unit rows, re-ranked exactly. `probes` inverted lists are read for each query."""

    def __init__(self, vectors: NDArray[np.float32], inner: Any, probes: int, recall: float) -> None:  # noqa: ANN401
        self._vectors, self._inner, self.probes, self.recall = normalised(vectors), inner, probes, recall
        check_self_similarity(self)

    @property
    def kind(self) -> str:
        """What this index is, for reports."""
        return f"IVF{self._inner.nlist},SQ8,nprobe={self.probes}"

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self._vectors)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The unit rows."""
        return self._vectors

    def search(self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None) -> Found:
        """As `ExactIndex.search`; exact when a filter leaves few rows, else with the measured recall."""
        queries = normalised(np.atleast_2d(queries))
        forbidden = 0 if allowed is None else self.size - int(np.count_nonzero(allowed))
        few = allowed is not None and self.size - forbidden <= BRUTE_FORCE_BELOW
        rows = np.flatnonzero(allowed) if allowed is not None and few else None
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        for place, query in enumerate(queries):
            near = self._near(query, k, allowed, forbidden) if rows is None else rows
            found, at = top(self._vectors[near] @ query, near, k)
            scores[place, : len(found)], ids[place, : len(at)] = found, at
        return scores, ids

    def save(self, path: Path) -> None:
        """Write the FAISS file. Raises StorageError."""
        import faiss

        try:
            faiss.write_index(self._inner, str(path))
        except RuntimeError as error:
            raise StorageError(
                f"Could not write {path}: the disk refused. What was there before is untouched."
            ) from error

    def _near(self, query: NDArray[np.float32], k: int, allowed: Mask | None, forbidden: int) -> NDArray[np.int64]:
        faiss = _faiss()

        wanted = min(self.size, max(_OVERFETCH * k, _FLOOR))
        if allowed is None or forbidden == 0:
            parameters = faiss.SearchParametersIVF(nprobe=self.probes)
        elif forbidden <= _FLOOR:  # cheaper to drop a few than to test every row
            wanted = min(self.size, wanted + forbidden)
            parameters = faiss.SearchParametersIVF(nprobe=self.probes)
        else:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            parameters = faiss.SearchParametersIVF(nprobe=min(2 * self.probes, self._inner.nlist), sel=selector)
        ids = np.asarray(self._inner.search(query[None, :], wanted, params=parameters)[1][0], dtype=np.int64)
        ids = ids[ids >= 0]
        return ids if allowed is None else np.asarray(ids[allowed[ids]])


def train(vectors: NDArray[np.float32], rng: np.random.Generator) -> Any:  # noqa: ANN401 - faiss is untyped
    """An IVF-SQ8 index of about 2 sqrt(n) lists, trained on at most 40 rows a list, all rows added."""
    faiss = _faiss()
    rows = normalised(vectors)
    lists = int(2 ** np.round(np.log2(2.0 * np.sqrt(len(rows)))))
    sample = rows[np.sort(rng.permutation(len(rows))[: 40 * lists])]
    quantizer = faiss.IndexFlatIP(rows.shape[1])
    inner = faiss.IndexIVFScalarQuantizer(
        quantizer, rows.shape[1], lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    quantizer.this.disown()
    inner.own_fields = True
    inner.cp.seed, inner.cp.niter = int(rng.integers(1 << 30)), 8
    inner.train(np.ascontiguousarray(sample))
    for low in range(0, len(rows), 65_536):
        inner.add(np.ascontiguousarray(rows[low : low + 65_536]))
    return inner


def measured_recall(index: Any, queries: NDArray[np.float32], k: int, edges: NDArray[np.float32]) -> float:  # noqa: ANN401
    """Share of the k places that the index fills with rows as near as the true k-th one.

    edges: (q,) float32, each query's k-th largest cosine. Rows of equal cosine are as good as one another: of a thousand
    partners that state the same goal any fifty are the nearest fifty.
    """
    scores, _ = index.search(queries, k)
    return float(np.mean(np.sum(scores >= edges[:, None] - 10.0**-DIGITS, axis=1) / k))


def _faiss() -> Any:  # noqa: ANN401 - its stubs do not know its own keyword arguments
    import faiss

    return faiss
