"""The approximate index: inverted lists with 8-bit scalar quantisation find candidates, exact cosines order them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import BundleCorruptError, StorageError
from matchmaker.retrieval.exact import DIGITS, Found, Mask, check_self_similarity, normalised, top

BRUTE_FORCE_BELOW = 20_000
"""A filter that leaves fewer rows is answered exactly."""
_SPARE = 50
"""Candidates fetched beyond those returned: room for the quantisation to be wrong before exact cosines decide."""
_FEW = 96
"""So many forbidden rows are cheaper to fetch and drop than to test every row for."""
_SHARE = 20
"""One forbidden row of so many, and so few are among the nearest that as many spare ones are tried first."""


class ApproximateIndex:
    """FAISS IVF + SQ8 over unit rows, re-ranked exactly. `probes` inverted lists are read for each query."""

    def __init__(self, vectors: NDArray[np.float32], inner: Any, probes: int, recall: float) -> None:  # noqa: ANN401
        """Index unit rows by `inner`, a FAISS index or the file of one that was saved here and is read on the first search."""
        self.probes, self.recall, self._source = probes, recall, inner
        if isinstance(inner, Path):
            self._vectors = vectors
        else:
            self._vectors = normalised(vectors)
            check_self_similarity(self)

    def open(self) -> None:
        """Read the file now. Raises BundleCorruptError."""
        _ = self._inner

    @cached_property
    def _inner(self) -> Any:  # noqa: ANN401 - faiss is untyped
        if not isinstance(self._source, Path):
            return self._source
        try:
            return _faiss().read_index(str(self._source))
        except RuntimeError as error:
            raise BundleCorruptError(f"{self._source} cannot be read as an index. Build the bundle again.") from error

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

    def search(
        self, queries: NDArray[np.float32], k: int, *, allowed: Mask | None = None, rough: bool = False
    ) -> Found:
        """As `ExactIndex.search`; exact when a filter leaves few rows, else with the measured recall.

        rough: in the order of the quantised cosines, and with them as scores: for candidates that are scored anyway.
        """
        queries = normalised(np.atleast_2d(queries))
        forbidden = 0 if allowed is None else self.size - int(np.count_nonzero(allowed))
        few = allowed is not None and self.size - forbidden <= BRUTE_FORCE_BELOW
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        near = [] if few else self._near(queries, k if rough else k + _SPARE, allowed, forbidden)
        eligible = np.flatnonzero(allowed) if allowed is not None and few else None
        for place, query in enumerate(queries):
            if rough and not few:
                found, at = (part[:k] for part in near[place])
            else:
                rows = near[place][1] if eligible is None else eligible
                found, at = top(self._vectors.take(rows, axis=0) @ query, rows, k)
            scores[place, : len(found)], ids[place, : len(at)] = found, at
        return scores, ids

    def search_each(
        self, queries: NDArray[np.float32], k: int, allowed: Mask, barred: Sequence[NDArray[np.int64]]
    ) -> list[Found | None]:
        """The rough `search` of each query, with rows barred to it alone: at most k scores and ids, best first.

        allowed: (size,) bool, changed meanwhile and given back as it was; barred: for each query allowed rows that it must not
        find. None where `search` would go another way: exactly among few, or testing every row.
        """
        queries, out = normalised(queries), list[Found | None]([None] * len(queries))
        forbidden = self.size - int(np.count_nonzero(allowed)) + np.array([len(rows) for rows in barred])
        counts = k + np.minimum(forbidden, _FEW)
        counts[(self.size - forbidden <= BRUTE_FORCE_BELOW) | (forbidden > max(_FEW, self.size // _SHARE))] = 0
        parameters = _faiss().SearchParametersIVF(nprobe=self.probes)
        for count in np.unique(counts[counts > 0]).tolist():
            places = np.flatnonzero(counts == count)
            scores, ids = self._inner.search(queries[places], min(self.size, count), params=parameters)
            for place, score, row in zip(places.tolist(), scores, ids, strict=True):
                allowed[barred[place]] = False
                kept = np.flatnonzero((row >= 0) & allowed[row])
                allowed[barred[place]] = True
                if forbidden[place] <= _FEW or len(kept) >= k:
                    out[place] = score[kept[:k]], row[kept[:k]]
        return out

    def save(self, path: Path) -> None:
        """Write the FAISS file. Raises StorageError."""
        import faiss

        try:
            faiss.write_index(self._inner, str(path))
        except RuntimeError as error:
            raise StorageError(
                f"Could not write {path}: the disk refused. What was there before is untouched."
            ) from error

    def _near(self, queries: NDArray[np.float32], wanted: int, allowed: Mask | None, forbidden: int) -> list[Found]:
        """For each query, quantised cosines and ids of at least `wanted` allowed rows, if so many are found."""
        if allowed is None:
            return self._fetched(queries, wanted, None, None)
        if forbidden <= max(_FEW, self.size // _SHARE):
            found = self._fetched(queries, wanted + min(forbidden, _FEW), allowed, None)
            if forbidden <= _FEW or all(len(rows) >= wanted for _, rows in found):
                return found
        selector = _faiss().IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        return self._fetched(queries, wanted, allowed, selector)

    def _fetched(self, queries: NDArray[np.float32], count: int, allowed: Mask | None, selector: Any) -> list[Found]:  # noqa: ANN401
        """The allowed ones of the `count` nearest rows of each query; a selector has only allowed ones looked at."""
        if selector is None:
            parameters = _faiss().SearchParametersIVF(nprobe=self.probes)
        else:
            parameters = _faiss().SearchParametersIVF(nprobe=min(2 * self.probes, self._inner.nlist), sel=selector)
        scores, ids = self._inner.search(queries, min(self.size, count), params=parameters)
        keep = ids >= 0 if allowed is None else (ids >= 0) & allowed[ids]
        return [(score[kept], row[kept]) for score, row, kept in zip(scores, ids, keep, strict=True)]


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
