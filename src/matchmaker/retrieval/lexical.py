"""Terms: TF-IDF over words and word pairs, in flat arrays; rare wording tells more than common wording.

weight(t, d) = idf(t) ** 1.5 if t is in d, rows of length 1; idf = 1 + ln((1 + N) / (1 + df)) as in scikit-learn. The power above 1
favours the wording that few share, and saying a thing twice does not count twice: both rank better on public catalogues
(docs/quality.md).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.joined import joined
from matchmaker.retrieval.exact import Found, Mask, top

IDF_POWER = 1.5
MAX_TERMS = 60_000
FOLLOWED = 10_000
"""Entries that one search looks at."""
_WORD = re.compile(r"[^\W_]+")

Terms = tuple[NDArray[np.integer], NDArray[np.float32]]


@dataclass(frozen=True)
class LexicalIndex:
    """Rows as CSR: row r owns terms indices[offsets[r] : offsets[r + 1]] with `values`; idf: (t,) float32.

    The same entries by term: term t stands in rows posted_rows[posted_offsets[t] : posted_offsets[t + 1]], ascending, with
    posted_values. posted: so many rows, from the first, stand there; None for all of them.
    """

    vocabulary: Sequence[str]
    idf: NDArray[np.float32]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    offsets: NDArray[np.int64]
    posted_rows: NDArray[np.int32]
    posted_values: NDArray[np.float32]
    posted_offsets: NDArray[np.int64]
    posted: int | None = None

    @classmethod
    def fit(cls, texts: Sequence[str], *, fit_mask: Mask | None = None) -> LexicalIndex:
        """Index texts. Terms count when at least two of the rows in `fit_mask` (all, if None) have them; the 60,000
        most frequent are kept, ties in alphabetical order.
        """
        counted = np.ones(len(texts), dtype=bool) if fit_mask is None else fit_mask
        number: dict[str, int] = {}
        said = [[number.setdefault(term, len(number)) for term in set(terms(text))] for text in texts]
        lengths = np.array([len(row) for row in said], dtype=np.int64)
        flat = np.fromiter(itertools.chain.from_iterable(said), dtype=np.int64, count=int(lengths.sum()))
        owner = np.repeat(np.arange(len(said), dtype=np.int32), lengths)
        frequency = np.bincount(flat[counted[owner]], minlength=len(number))
        known = [(-df, term) for term, df in zip(number, frequency.tolist(), strict=True) if df >= 2]
        vocabulary = sorted(term for _, term in sorted(known)[:MAX_TERMS])
        kept = np.array([number[term] for term in vocabulary], dtype=np.int64)
        place = np.full(len(number), -1, dtype=np.int32)
        place[kept] = np.arange(len(vocabulary))
        idf = (1.0 + np.log((1.0 + counted.sum()) / (1.0 + frequency[kept]))).astype(np.float32)
        indices = place[flat]
        owner, indices = owner[indices >= 0], indices[indices >= 0]
        order = np.lexsort((indices, owner))
        indices = indices[order]  # the owners are in order already
        offsets = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(said)))))
        weights = idf[indices].astype(np.float64) ** IDF_POWER
        norms = np.sqrt(np.bincount(owner, weights * weights, len(said)))
        values = (weights / norms[owner]).astype(np.float32)
        by_term = np.argsort(indices, kind="stable")
        posted = np.concatenate(([0], np.cumsum(np.bincount(indices, minlength=len(vocabulary)))))
        return cls(vocabulary, idf, indices, values, offsets, owner[by_term], values[by_term], posted)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], vocabulary: Sequence[str]) -> LexicalIndex:
        """From what `arrays` gave."""
        return cls(vocabulary, **arrays)  # type: ignore[arg-type]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All arrays by field name, for a bundle."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("vocabulary", "posted")}

    def followed_by(self, more: Sequence[Terms]) -> LexicalIndex:
        """These rows, then rows of the terms that `vector` gave, which are searched one by one."""
        indices = np.concatenate((self.indices[:0], *(one[0] for one in more)))
        values = np.concatenate((self.values[:0], *(one[1] for one in more)))
        ends = self.offsets[-1] + np.cumsum([len(one[0]) for one in more], dtype=np.int64)
        found = replace(
            self,
            indices=joined(self.indices, indices),
            values=joined(self.values, values),
            offsets=np.concatenate((self.offsets, ends)),
            posted=len(self.offsets) - 1,
        )
        vars(found)["_place"] = self._place
        return found

    def vector(self, text: str) -> Terms:
        """Terms of any text: ascending indices (t,) int32 and weights (t,) float32 of length 1."""
        known = {self._place[term] for term in terms(text) if term in self._place}
        indices = np.array(sorted(known), dtype=np.int32)
        weights = self.idf[indices].astype(np.float64) ** IDF_POWER
        return indices, (weights / max(float(np.linalg.norm(weights)), 1e-300)).astype(np.float32)

    def row(self, row: int) -> Terms:
        """Terms of one row."""
        low, high = self.offsets[row], self.offsets[row + 1]
        return self.indices[low:high], self.values[low:high]

    def said(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of terms of each of `rows`, (k,) int64."""
        return np.asarray(self.offsets[rows + 1] - self.offsets[rows])

    def pairs(self, query: Terms, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cosine of the query with each of `rows`: (k,) in [0, 1], summed in float64 so that both sides get the same."""
        products, _, lengths = self._products(query, rows)
        first = np.cumsum(lengths) - lengths
        out = np.zeros(len(rows), dtype=np.float64)
        filled = lengths > 0
        if filled.any():
            out[filled] = np.add.reduceat(products, first[filled], dtype=np.float64)
        return np.minimum(out, 1.0)

    def shares(self, query: Terms, rows: NDArray[np.int64]) -> list[list[int]]:
        """The terms that the query shares with each of `rows`, by their share of the cosine, ties in alphabetical order."""
        products, indices, lengths = self._products(query, rows)
        shared = np.flatnonzero(products)
        owner = np.repeat(np.arange(len(rows)), lengths)[shared]
        order = np.lexsort((indices[shared], -products[shared], owner))
        terms_ = indices[shared][order].tolist()
        ends = np.searchsorted(owner, np.arange(len(rows) + 1)).tolist()
        return [terms_[low:high] for low, high in itertools.pairwise(ends)]

    def _products(
        self, query: Terms, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int64]]:
        """What each term of each of `rows` adds to its cosine with the query, the terms, and how many each row has."""
        asked = np.zeros(len(self.idf), dtype=np.float32)
        asked[query[0]] = query[1]
        flat, lengths = spans(self.offsets[rows], self.offsets[rows + 1])
        indices = self.indices.take(flat)
        return self.values.take(flat) * asked.take(indices), indices, lengths

    def matrix(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cosine of each of `rows` with each of `others`, (k, m) in [0, 1]: `pairs` for a whole catalogue."""
        return np.asarray(np.minimum((self._sparse(rows) @ self._sparse(others).T).toarray(), 1.0))

    def _sparse(self, rows: NDArray[np.int64]) -> Any:  # noqa: ANN401 - a scipy matrix, imported only for whole catalogues
        from scipy.sparse import csr_array

        flat, lengths = spans(self.offsets[rows], self.offsets[rows + 1])
        ends = np.concatenate(([0], np.cumsum(lengths)))
        return csr_array(
            (self.values[flat].astype(np.float64), self.indices[flat], ends), shape=(len(rows), len(self.idf))
        )

    def search(self, query: Terms, k: int, allowed: Mask | None = None) -> Found:
        """The k rows nearest to the query among those that share a term: scores and ids, best first.

        Terms are followed from the most telling to the most common until they have led to `FOLLOWED` entries: in a
        catalogue too large for that, rows that share nothing but common wording are not found, and scores are lower bounds.
        """
        count = len(self.offsets) - 1
        starts, rows, values = self.posted_offsets, self.posted_rows, self.posted_values
        order = np.argsort(-query[1], kind="stable")
        lengths = (starts[query[0] + 1] - starts[query[0]])[order]
        order = order[: max(int(np.searchsorted(np.cumsum(lengths), FOLLOWED, side="right")), 1)]
        terms_, weights = query[0][order], query[1][order]
        flat, lengths = spans(starts[terms_], starts[terms_ + 1])
        total = np.bincount(rows.take(flat), values.take(flat) * np.repeat(weights, lengths), count)
        if self.posted is not None:
            late = np.arange(self.posted, count)
            total[late] = self.pairs(query, late)
        found = np.flatnonzero(total > 0.0)
        found = found if allowed is None else found[allowed[found]]
        return top(total[found].astype(np.float32), found, k)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.vocabulary)}


def spans(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The index ranges [start, end) one after another, and the length of each."""
    lengths = ends - starts
    stops = np.cumsum(lengths)
    total = int(stops[-1]) if len(stops) else 0
    return np.arange(total) - np.repeat(stops - lengths - starts, lengths), lengths


def terms(text: str) -> list[str]:
    """Words in lower case, and pairs of neighbouring words."""
    words = _WORD.findall(text.lower())
    return words + [f"{one} {other}" for one, other in itertools.pairwise(words)]
