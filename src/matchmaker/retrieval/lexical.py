"""Terms: TF-IDF over words and word pairs, in flat arrays; rare wording tells more than common wording.

weight(t, d) = idf(t) ** 1.5 if t is in d, rows of length 1; idf = 1 + ln((1 + N) / (1 + df)) as in scikit-learn. The power above 1
favours the wording that few share, and saying a thing twice does not count twice: both rank better on public catalogues
(docs/quality.md).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.retrieval.exact import Found, Mask, top

IDF_POWER = 1.5
MAX_TERMS = 60_000
FOLLOWED = 20_000
"""Entries that one search looks at."""
_WORD = re.compile(r"[^\W_]+")

Terms = tuple[NDArray[np.integer], NDArray[np.float32]]


@dataclass(frozen=True)
class LexicalIndex:
    """Rows as CSR: row r owns terms indices[offsets[r] : offsets[r + 1]] with `values`; idf: (t,) float32."""

    vocabulary: Sequence[str]
    idf: NDArray[np.float32]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    offsets: NDArray[np.int64]

    @classmethod
    def fit(cls, texts: Sequence[str], *, fit_mask: Mask | None = None) -> LexicalIndex:
        """Index texts. Terms count when at least two of the rows in `fit_mask` (all, if None) have them; the 60,000
        most frequent are kept, ties in alphabetical order.
        """
        counted = np.ones(len(texts), dtype=bool) if fit_mask is None else fit_mask
        said = [set(terms(text)) for text in texts]
        frequency: Counter[str] = Counter()
        for found, counts in zip(said, counted, strict=True):
            if counts:
                frequency.update(found)
        known = [term for term, df in frequency.items() if df >= 2]
        vocabulary = sorted(sorted(known, key=lambda term: (-frequency[term], term))[:MAX_TERMS])
        df = np.array([frequency[term] for term in vocabulary], dtype=np.float64)
        idf = (1.0 + np.log((1.0 + counted.sum()) / (1.0 + df))).astype(np.float32)
        empty = cls(vocabulary, idf, np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(1, np.int64))
        rows = [empty._weighed(found) for found in said]
        offsets = np.concatenate(([0], np.cumsum([len(row[0]) for row in rows]))).astype(np.int64)
        indices = np.concatenate([row[0] for row in rows]) if rows else np.zeros(0)
        values = np.concatenate([row[1] for row in rows]) if rows else np.zeros(0)
        return cls(vocabulary, idf, indices.astype(np.int32), values.astype(np.float32), offsets)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], vocabulary: Sequence[str]) -> LexicalIndex:
        """From what `arrays` gave."""
        return cls(vocabulary, **arrays)  # type: ignore[arg-type]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All arrays by field name, for a bundle."""
        return {"idf": self.idf, "indices": self.indices, "values": self.values, "offsets": self.offsets}

    def vector(self, text: str) -> Terms:
        """Terms of any text: ascending indices (t,) int32 and weights (t,) float32 of length 1."""
        return self._weighed(set(terms(text)))

    def _weighed(self, found: set[str]) -> Terms:
        place = self._place
        known = {place[term] for term in found if term in place}
        if not known:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        indices = np.array(sorted(known), dtype=np.int32)
        weights = self.idf[indices].astype(np.float64) ** IDF_POWER
        return indices, (weights / np.linalg.norm(weights)).astype(np.float32)

    def row(self, row: int) -> Terms:
        """Terms of one row."""
        low, high = self.offsets[row], self.offsets[row + 1]
        return self.indices[low:high], self.values[low:high]

    def said(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of terms of each of `rows`, (k,) int64."""
        return np.asarray(self.offsets[rows + 1] - self.offsets[rows])

    def pairs(self, query: Terms, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cosine of the query with each of `rows`: (k,) in [0, 1], summed in float64 so that both sides get the same."""
        asked = np.zeros(len(self.idf), dtype=np.float64)
        asked[query[0]] = query[1]
        flat, lengths = _ranges(self.offsets[rows], self.offsets[rows + 1])
        first = np.cumsum(lengths) - lengths
        out = np.zeros(len(rows), dtype=np.float64)
        filled = lengths > 0
        if filled.any():
            out[filled] = np.add.reduceat(self.values[flat] * asked[self.indices[flat]], first[filled])
        return np.minimum(out, 1.0)

    def matrix(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cosine of each of `rows` with each of `others`, (k, m) in [0, 1]: `pairs` for a whole catalogue."""
        return np.asarray(np.minimum((self._sparse(rows) @ self._sparse(others).T).toarray(), 1.0))

    def _sparse(self, rows: NDArray[np.int64]) -> Any:  # noqa: ANN401 - a scipy matrix, imported only for whole catalogues
        from scipy.sparse import csr_array

        flat, lengths = _ranges(self.offsets[rows], self.offsets[rows + 1])
        ends = np.concatenate(([0], np.cumsum(lengths)))
        return csr_array(
            (self.values[flat].astype(np.float64), self.indices[flat], ends), shape=(len(rows), len(self.idf))
        )

    def search(self, query: Terms, k: int, allowed: Mask | None = None) -> Found:
        """The k rows nearest to the query among those that share a term: scores and ids, best first.

        Terms are followed from the most telling to the most common until they have led to `FOLLOWED` entries: in a
        catalogue too large for that, rows that share nothing but common wording are not found, and scores are lower bounds.
        """
        starts, rows, values = self._postings
        order = np.argsort(-query[1], kind="stable")
        lengths = (starts[query[0] + 1] - starts[query[0]])[order]
        order = order[: max(int(np.searchsorted(np.cumsum(lengths), FOLLOWED, side="right")), 1)]
        terms_, weights = query[0][order], query[1][order]
        flat, lengths = _ranges(starts[terms_], starts[terms_ + 1])
        total = np.bincount(rows[flat], values[flat] * np.repeat(weights, lengths), len(self.offsets) - 1)
        found = np.flatnonzero(total > 0.0 if allowed is None else (total > 0.0) & allowed)
        return top(total[found].astype(np.float32), found, k)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.vocabulary)}

    @cached_property
    def _postings(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """The rows of each term, ascending: the same entries by column."""
        order = np.argsort(self.indices, kind="stable")
        rows = np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))[order]
        starts = np.searchsorted(self.indices[order], np.arange(len(self.idf) + 1)).astype(np.int64)
        return starts, rows, self.values[order]


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The index ranges [start, end) one after another, and the length of each."""
    lengths = ends - starts
    stops = np.cumsum(lengths)
    total = int(stops[-1]) if len(stops) else 0
    return np.arange(total) - np.repeat(stops - lengths - starts, lengths), lengths


def terms(text: str) -> list[str]:
    """Words in lower case, and pairs of neighbouring words."""
    words = _WORD.findall(text.lower())
    return words + [f"{one} {other}" for one, other in itertools.pairwise(words)]
