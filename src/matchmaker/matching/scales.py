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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KNOTS = 19
TOP = 0.9
SHAPE = 0.1
"""Pareto shape of the tail: 0 would be exponential and run out of float64 beyond 37 nats."""
LEVELS = np.linspace(0.0, TOP, KNOTS) + np.where(np.arange(KNOTS) == 0, 1e-3, 0.0)
_TIE = 2.5e-6
"""Raw values nearer than this are one value that was summed in another order; two knots of it are a run of ties."""
_CONSTANT = 0.1
"""Tail width where all references have one value: nothing is known of the spread, so one of evidence in [0, 1] is taken."""
_MAX_REACH = 200.0
"""No raw value lies further than this many tail widths above the top knot, so that 1 - p stays above 1e-13."""


@dataclass(frozen=True)
class Scales:
    """Quantile sketches of `n` partners for one kind of evidence.

    knots: (n, KNOTS) float32, raw values at the percentiles `LEVELS`, ascending in every row.
    width: (n,) float32 > 0, mean excess above the top knot, in raw units.
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

    def take(self, rows: NDArray[np.integer] | slice) -> Scales:
        """The scales of some partners, in the order asked."""
        return Scales(self.knots[rows], self.width[rows])

    def surprise(self, values: NDArray[np.floating]) -> Floats:
        """Nats >= 0 of raw `values`; NaN stays NaN.

        (n,): value r is read on row r; (n, k): row r of values on row r; with a single scale, (k,) is read on that one.
        """
        x = np.asarray(values, dtype=np.float64)
        if np.isnan(x).all():  # evidence that nobody has
            return x.copy()
        if x.ndim == 1:
            single = len(self.knots) == 1
            return self._read(x[None, :])[0] if single else self._read(x[:, None])[:, 0]
        return self._read(x)

    def _read(self, x: Floats) -> Floats:
        """Surprise of (n, k) values, row by row."""
        place, low, high = self._places(x)
        rows = np.arange(len(x))[:, None]
        last = KNOTS - 1
        left, right = np.maximum(place - 1, 0), np.minimum(place, last)
        x_left, x_right = self.knots[rows, left].astype(np.float64), self.knots[rows, right].astype(np.float64)
        step = np.where(x_right > x_left, x_right - x_left, 1.0)
        share = np.minimum(np.maximum((x - x_left) / step, 0.0), 1.0)
        between = LEVELS[left] + share * (LEVELS[right] - LEVELS[left])
        tied = 0.5 * (LEVELS[np.minimum(low, last)] + LEVELS[np.maximum(high - 1, 0)])
        width = self.width[:, None].astype(np.float64)
        foot = LEVELS[0] / (1.0 + np.maximum(self.knots[:, :1] - x, 0.0) / width)
        body = np.where(place == 0, foot, between)
        excess = np.minimum(np.maximum((x - self.knots[:, -1:]) / width, 0.0), _MAX_REACH)
        tail = -np.log1p(-TOP) + np.log1p(SHAPE * excess) / SHAPE
        nats = np.where(place == KNOTS, tail, -np.log1p(-np.minimum(np.maximum(body, 0.0), TOP)))
        nats = np.where(high - low >= 2, -np.log1p(-tied), nats)
        return np.where(np.isnan(x), np.nan, nats)

    def _places(self, x: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Knots below each value, and the knots that equal it but for rounding, as a range [low, high): three (n, k)."""
        if x.shape[1] == 1:  # many scales, one value each
            found = (self.knots < x, self.knots < x - _TIE, self.knots <= x + _TIE)
            place, low, high = (np.sum(below, axis=1)[:, None] for below in found)
            return place, low, high
        place, low, high = (np.empty(x.shape, dtype=np.int64) for _ in range(3))
        for row, (knots, values) in enumerate(zip(self.knots.astype(np.float64), x, strict=True)):
            place[row] = np.searchsorted(knots, values, "left")
            low[row] = np.searchsorted(knots, values - _TIE, "left")
            high[row] = np.searchsorted(knots, values + _TIE, "right")
        return place, low, high


def percentile(nats: NDArray[np.floating]) -> Floats:
    """Percentile p = 1 - exp(-e), in [0, 1); strictly increasing in e up to 36 nats."""
    return np.asarray(-np.expm1(-np.asarray(nats, dtype=np.float64)))


def _widths(ordered: Floats, top: NDArray[np.float32], counts: NDArray[np.integer]) -> NDArray[np.float32]:
    over = np.where(ordered > top + _TIE, ordered - top, np.nan)
    number = np.sum(~np.isnan(over), axis=1)
    mean = np.nansum(over, axis=1) / np.maximum(number, 1)
    spread = np.take_along_axis(ordered, counts[:, None] - 1, 1)[:, 0] - ordered[:, 0]
    floor = np.where(spread > _TIE, np.maximum(0.02 * spread, 1e-6), _CONSTANT)
    return np.asarray(np.maximum(mean, floor), dtype=np.float32)
