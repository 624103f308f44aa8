"""Rows of differing length in flat arrays, and the few operations the formulas need on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.joined import joined

Ints = NDArray[np.int64]
_F = TypeVar("_F", np.float32, np.float64)


def ranges(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Concatenate the index ranges [start, end) and say where each begins: (total,) int64, (k + 1,) int64."""
    lengths = ends - starts
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    flat = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - starts, lengths)
    return flat, offsets


def segment_sum(values: NDArray[np.floating], offsets: Ints) -> NDArray[np.float64]:
    """Sum of each segment of `values` (total, ...) along axis 0, in float64; empty segments give 0."""
    out = np.zeros((len(offsets) - 1, *values.shape[1:]))
    filled = offsets[1:] > offsets[:-1]
    if filled.any():
        out[filled] = np.add.reduceat(values, offsets[:-1][filled], axis=0, dtype=np.float64)
    return out


def segment_max(values: NDArray[_F], offsets: Ints, empty: float, *, axis: int = 0) -> NDArray[_F]:
    """Maximum of each segment of `values` along an axis of length `total`; empty segments give `empty`."""
    starts, filled = offsets[:-1], offsets[1:] > offsets[:-1]
    if filled.all() and len(filled):
        return np.asarray(np.maximum.reduceat(values, starts, axis=axis))
    shape = list(values.shape)
    shape[axis] = len(filled)
    out = np.full(shape, empty, dtype=values.dtype)
    if filled.any():
        place: list[Any] = [slice(None)] * values.ndim
        place[axis] = filled
        out[tuple(place)] = np.maximum.reduceat(values, starts[filled], axis=axis)
    return out


@dataclass(frozen=True)
class Items:
    """Several vectors a partner: `vectors` (m, d) float32 unit rows, partner r owns rows offsets[r] to offsets[r + 1]."""

    vectors: NDArray[np.float32]
    offsets: Ints

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.offsets) - 1

    def counts(self) -> Ints:
        """(n,) number of vectors of each partner."""
        return np.diff(self.offsets)

    def of(self, row: int) -> NDArray[np.float32]:
        """The vectors of one partner, (c, d)."""
        return self.vectors[self.offsets[row] : self.offsets[row + 1]]

    def one(self, row: int) -> Items:
        """The vectors of one partner, without a copy."""
        mine = self.of(row)
        return Items(mine, np.array([0, len(mine)], dtype=np.int64))

    def take(self, rows: Ints) -> Items:
        """The vectors of some partners, in the order asked."""
        flat, offsets = ranges(self.offsets[rows], self.offsets[rows + 1])
        return Items(self.vectors.take(flat, axis=0), offsets)

    def followed_by(self, more: Sequence[Items]) -> Items:
        """These partners, then those of `more`."""
        tail = stacked(more, self.vectors)
        return Items(joined(self.vectors, tail.vectors), behind(self.offsets, tail.offsets))

    def mean(self) -> NDArray[np.float32]:
        """(n, d) unit mean of each partner's vectors; a partner without any gets the zero vector."""
        pooled = np.zeros((len(self), self.vectors.shape[1]), dtype=np.float32)
        step = 4096  # bounds the float64 working copy of a large catalogue
        for low in range(0, len(self), step):
            part = self.take(np.arange(low, min(low + step, len(self))))
            pooled[low : low + len(part)] = unit(segment_sum(part.vectors, part.offsets))
        return pooled


@dataclass(frozen=True)
class LabelSets:
    """A set of labels a partner, as sorted codes in flat arrays, with a weight for every label.

    parts: the sets that these were put together from, one after another; what was derived of each is not derived again.
    """

    labels: tuple[str, ...]
    codes: NDArray[np.int32]
    offsets: Ints
    weights: NDArray[np.float32]
    parts: tuple[LabelSets, ...] = ()

    @classmethod
    def fit(cls, rows: Sequence[Iterable[str]], counted: NDArray[np.bool_] | None = None) -> LabelSets:
        """Code the label sets of n partners; a label's weight is ln(1 + N / its count) over the `counted` rows."""
        sets = [sorted({label.strip().lower() for label in row if label.strip()}) for row in rows]
        labels = tuple(sorted({label for row in sets for label in row}))
        code = {label: number for number, label in enumerate(labels)}
        offsets = offsets_of(sets)
        codes = np.fromiter((code[label] for row in sets for label in row), dtype=np.int32, count=int(offsets[-1]))
        counted = np.ones(len(sets), dtype=bool) if counted is None else counted
        seen = np.bincount(codes[np.repeat(counted, np.diff(offsets))], minlength=len(labels))
        weights = np.log1p(max(int(counted.sum()), 1) / np.maximum(seen, 1)).astype(np.float32)
        return cls(labels, codes, offsets, weights)

    def encode(self, row: Iterable[str]) -> NDArray[np.int32]:
        """Codes of the known labels of a profile that is not in the catalogue."""
        known = {self._code[low] for label in row if (low := label.strip().lower()) in self._code}
        return np.array(sorted(known), dtype=np.int32)

    def followed_by(self, more: Sequence[NDArray[np.int32]]) -> LabelSets:
        """These rows, then rows of the codes that `encode` gave."""
        offsets = offsets_of(more)
        tail = LabelSets(self.labels, np.concatenate((self.codes[:0], *more)), offsets, self.weights)
        codes = np.concatenate((self.codes, tail.codes))
        return LabelSets(self.labels, codes, behind(self.offsets, offsets), self.weights, (self, tail))

    @cached_property
    def _code(self) -> dict[str, int]:
        return self.parts[0]._code if self.parts else {label: number for number, label in enumerate(self.labels)}

    def of(self, row: int) -> NDArray[np.int32]:
        """Codes of one partner."""
        return self.codes[self.offsets[row] : self.offsets[row + 1]]

    @cached_property
    def leading(self) -> NDArray[np.int64]:
        """(n,) code of each row's rarest label, -1 without any: what stands for the row in a mix."""
        if self.parts:
            return np.concatenate([part.leading for part in self.parts])
        owner = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        order = np.lexsort((self.codes, -self.weights[self.codes], owner))
        owners, first = np.unique(owner[order], return_index=True)
        found = np.full(len(self.offsets) - 1, -1, dtype=np.int64)
        found[owners] = self.codes[order][first]
        return found

    def names(self, codes: Iterable[int]) -> list[str]:
        """Labels of some codes."""
        return [self.labels[code] for code in codes]

    @cached_property
    def own(self) -> NDArray[np.float64]:
        """(n,) summed weight of each row's labels."""
        if self.parts:
            return np.concatenate([part.own for part in self.parts])
        return segment_sum(self.weights[self.codes], self.offsets)

    @cached_property
    def _carriers(self) -> tuple[Ints, Ints]:
        """The rows that carry each label, by label: (rows, offsets)."""
        order = np.argsort(self.codes, kind="stable")
        rows = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))[order]
        return rows, np.searchsorted(self.codes[order], np.arange(len(self.labels) + 1)).astype(np.int64)

    def sharing(self, query: NDArray[np.int32]) -> tuple[Ints, NDArray[np.float64]]:
        """The rows that share a label with the query, ascending, and the summed weight of what they share."""
        if self.parts:
            starts = np.cumsum([0, *(len(part.offsets) - 1 for part in self.parts)])
            found = [part.sharing(query) for part in self.parts]
            rows = np.concatenate([one[0] + start for one, start in zip(found, starts, strict=False)])
            return rows, np.concatenate([one[1] for one in found])
        carriers, offsets = self._carriers
        flat, ends = ranges(offsets[query], offsets[query + 1])
        rows, place = np.unique(carriers[flat], return_inverse=True)
        weights = np.repeat(self.weights[query], np.diff(ends))
        return rows, np.bincount(place, weights, len(rows)).astype(np.float64)

    def shared(self, query: NDArray[np.int32], rows: Ints) -> NDArray[np.float64]:
        """Summed weight of the labels that each of `rows` shares with the query, (k,)."""
        flat, offsets = ranges(self.offsets[rows], self.offsets[rows + 1])
        asked = np.zeros(len(self.labels), dtype=np.float32)
        asked[query] = self.weights[query]
        return segment_sum(asked.take(self.codes.take(flat)), offsets)

    def shared_matrix(
        self, rows: Ints, others: Ints
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Weight that each of `rows` shares with each of `others` (k, m), and their own weights (k, 1) and (1, m)."""
        one, other = self._sparse(rows), self._sparse(others)
        weights = self.weights.astype(np.float64)
        return (
            (one.multiply(weights[None, :]).tocsr() @ other.T).toarray(),
            self.own[rows, None],
            self.own[None, others],
        )

    def jaccard(self, query: NDArray[np.int32], rows: Ints) -> NDArray[np.float64]:
        """Weighted Jaccard similarity in [0, 1]; NaN where either side has no label (nothing is known)."""
        if not len(query):
            return np.full(len(rows), np.nan)
        return jaccard(self.shared(query, rows), np.float64(self.weights[query].sum()), self.own[rows])

    def _sparse(self, rows: Ints) -> Any:  # noqa: ANN401 - a scipy matrix, imported only for whole catalogues
        from scipy.sparse import csr_array

        flat, offsets = ranges(self.offsets[rows], self.offsets[rows + 1])
        return csr_array((np.ones(len(flat)), self.codes[flat], offsets), shape=(len(rows), len(self.labels)))


def jaccard(
    common: NDArray[np.float64], one: NDArray[np.float64] | np.float64, other: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted Jaccard similarity from the shared weight and each side's own; rounded to 6 digits so that both sides read
    the same; NaN where either has none.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((one > 0) & (other > 0), np.round(common / (one + other - common), 6), np.nan)


def offsets_of(parts: Iterable[Sized]) -> Ints:
    """(n + 1,) where each of n segments begins, and where the last one ends."""
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)


def behind(offsets: Ints, more: Ints) -> Ints:
    """The offsets of some segments and of `more` behind them: (n + 1,) and (m + 1,) give (n + m + 1,)."""
    return np.concatenate((offsets, offsets[-1] + more[1:]))


def stacked(items: Sequence[Items], like: NDArray[np.float32]) -> Items:
    """Several Items one after another, in the width and dtype of the rows `like`."""
    offsets = np.zeros(1, dtype=np.int64)
    for one in items:
        offsets = behind(offsets, one.offsets)
    return Items(np.concatenate((np.asarray(like[:0]), *(one.vectors for one in items))), offsets)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows scaled to length 1; zero rows stay zero."""
    rows = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1.0), dtype=np.float32)
