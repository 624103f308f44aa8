"""Per-partner percentile scales: what a raw number means *to this partner*.

A scale is a quantile sketch of one partner's raw values against a fixed reference sample of the ecosystem.
It is made once, at build time, so that a query costs only its own candidates and the answer for a pair does not
depend on who else was asked. Above the 90 % knot a sketch of a few hundred values knows nothing, and the best hundred of
a large catalogue would tie there; the tail therefore follows a generalised Pareto law fitted by its mean excess
(peaks over threshold: Pickands 1975, Annals of Statistics 3, 119-131), which is strictly increasing without end.

The scale speaks in *surprise*: e = -ln(1 - p), in nats, where p is the percentile in [0, 1). 0.7 is the median, 2.3 the best
tenth, 4.6 the best hundredth. Sums of surprise keep the difference between the best tenth and the best thousandth,
which averages of percentiles flatten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.joined import joined

Floats = NDArray[np.float64]

KNOTS = 19
TOP = 0.9
SHAPE = 0.1
"""Pareto shape of the tail: 0 would be exponential and run out of float64 beyond 37 nats."""
LEVELS = np.linspace(0.0, TOP, KNOTS) + np.where(np.arange(KNOTS) == 0, 1e-3, 0.0)
TIE = 2.5e-6
"""Raw values nearer than this are one value that was summed in another order; two knots of it are a run of ties."""
_CONSTANT = 0.1
"""Tail width where all references have one value: nothing is known of the spread, so one of evidence in [0, 1] is taken."""
LAST, TOP_NATS = KNOTS - 1, float(-np.log1p(-TOP))
BLOCK = 16
"""Rows of a table that are read at a time: their knots and values stay in the processor's cache."""
MAX_REACH = 200.0
"""No raw value lies further than this many tail widths above the top knot, so that 1 - p stays above 1e-13."""


@dataclass(frozen=True)
class Scales:
    """Quantile sketches, one for each place of an array of any shape: partners, or partners by kind of evidence.

    knots: (..., KNOTS) float32, raw values at the percentiles `LEVELS`, ascending along the last axis.
    width: (...) float32 > 0, mean excess above the top knot, in raw units.
    """

    knots: NDArray[np.float32]
    width: NDArray[np.float32]

    @classmethod
    def fit(cls, values: NDArray[np.floating]) -> Scales:
        """Sketch `values` (n, m): row i holds partner i against m references; NaN (itself, no evidence) is left out.

        A row without any value gets the scale of a constant zero.
        """
        ordered = np.sort(np.asarray(values, dtype=np.float64), axis=1)  # NaN sorts last
        counts = np.sum(~np.isnan(ordered), axis=1)
        empty = counts == 0
        ordered[empty] = 0.0
        counts = np.where(empty, ordered.shape[1], counts)
        place = LEVELS[None, :] * (counts[:, None] - 1)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, counts[:, None] - 1)
        below, above = np.take_along_axis(ordered, low, 1), np.take_along_axis(ordered, high, 1)
        # Equal neighbours must give that very value: a tie run is recognised by exact equality when it is read.
        knots = np.where(below == above, below, below + (place - low) * (above - below)).astype(np.float32)
        return cls(knots, _widths(ordered, knots[:, -1:], counts))

    def take(self, rows: NDArray[np.integer] | slice | int | None) -> Scales:
        """The scales of some partners, in the order asked; None makes these the only row."""
        if isinstance(rows, np.ndarray):  # twice as fast as indexing
            return Scales(self.knots.take(rows, axis=0), self.width.take(rows, axis=0))
        return Scales(self.knots[rows], self.width[rows])

    def put(self, rows: NDArray[np.integer], place: int, scales: Scales) -> None:
        """Fill in the scales of some partners at one `place` of the second axis."""
        self.knots[rows, place], self.width[rows, place] = scales.knots, scales.width

    @classmethod
    def stack(cls, parts: Sequence[Scales]) -> Scales:
        """Several scales one after another, along the first axis."""
        return cls(np.concatenate([part.knots for part in parts]), np.concatenate([part.width for part in parts]))

    def followed_by(self, more: Sequence[Scales]) -> Scales:
        """The scales of these partners, then one partner's each of `more`."""
        knots = np.concatenate((self.knots[:0], *(one.knots[None] for one in more)))
        width = np.concatenate((self.width[:0], *(one.width[None] for one in more)))
        return Scales(joined(self.knots, knots), joined(self.width, width))

    def surprise(self, values: NDArray[np.floating]) -> Floats:
        """Nats >= 0 of raw `values`; NaN stays NaN.

        For n scales: (n,), value r is read on scale r; (n, k), row r of values on scale r; with a single scale, (k,) is read
        on that one.
        """
        x = np.asarray(values, dtype=np.float64)
        if x.ndim == 1:
            return read(x, self.knots.T, self.width)
        out = np.empty(x.shape)
        for low in range(0, len(x), BLOCK):
            part = slice(low, low + BLOCK)
            out[part] = read(x[part], self.knots[part].T[:, :, None], self.width[part, None])
        return out


def read(x: Floats, knots: NDArray[np.floating], width: NDArray[np.floating]) -> Floats:
    """Surprise of raw values, nats >= 0, each on a scale of its own; NaN stays NaN.

    x: (...); knots: (KNOTS, ...), ascending along the first axis, and width: (...), both of the shape of x or broadcast to it.
    All values are read in the same few passes, because a pass over a query's values costs little more than one over a single
    kind of them.
    """
    knots = np.ascontiguousarray(knots, dtype=np.float32)
    # The knots that equal x but for rounding; float32 halves what is read.
    low = _count(knots < (x - TIE).astype(np.float32))
    high = _count(knots <= (x + TIE).astype(np.float32))
    stride, flat = knots[0].size, knots.reshape(-1)
    first = np.arange(stride).reshape(knots.shape[1:])
    place = low + ((high > low) & (flat.take(np.minimum(low, LAST) * stride + first) < x))  # knots below x
    left, right = np.maximum(place - 1, 0), np.minimum(place, LAST)
    x_left, x_right = (flat.take(one * stride + first).astype(np.float64) for one in (left, right))
    gap, rise = x_right - x_left, LEVELS.take(right) - LEVELS.take(left)  # both 0 outside of the knots
    p = LEVELS.take(left) + (x - x_left) / np.where(gap > 0.0, gap, 1.0) * rise
    p = np.where(place == 0, LEVELS[0] / (1.0 + np.maximum(x_left - x, 0.0) / width), p)
    tied = high - low >= 2
    p = np.where(tied, 0.5 * (LEVELS.take(np.minimum(low, LAST)) + LEVELS.take(np.maximum(high - 1, 0))), p)
    beyond = (place == KNOTS) & ~tied
    excess = np.where(beyond, np.minimum((x - x_right) / width, MAX_REACH), 0.0)
    return np.asarray(np.where(beyond, TOP_NATS + np.log1p(SHAPE * excess) / SHAPE, -np.log1p(-p)))


def _count(below: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many are true along the first axis, at most 127."""
    return np.asarray(np.add.reduce(below.view(np.int8), axis=0, dtype=np.int8), dtype=np.int64)


def percentile(nats: NDArray[np.floating]) -> Floats:
    """Percentile p = 1 - exp(-e), in [0, 1); strictly increasing in e up to 36 nats."""
    return np.asarray(-np.expm1(-np.asarray(nats, dtype=np.float64)))


def _widths(ordered: Floats, top: NDArray[np.float32], counts: NDArray[np.integer]) -> NDArray[np.float32]:
    over = np.where(ordered > top + TIE, ordered - top, np.nan)
    number = np.sum(~np.isnan(over), axis=1)
    mean = np.nansum(over, axis=1) / np.maximum(number, 1)
    spread = np.take_along_axis(ordered, counts[:, None] - 1, 1)[:, 0] - ordered[:, 0]
    floor = np.where(spread > TIE, np.maximum(0.02 * spread, 1e-6), _CONSTANT)
    return np.asarray(np.maximum(mean, floor), dtype=np.float32)
