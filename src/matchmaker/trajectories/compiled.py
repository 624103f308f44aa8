"""Loops over pairs of partners, compiled: who comes within reach of whom by the horizon, one row against all others.

Most pairs are settled by a bound that needs two sums: P(Q <= E Q - 2 sqrt(second x)) <= exp(-x) for a weighted sum of
non-central chi-squares (Birgé 2001, after Laurent & Massart, Annals of Statistics 2000). Only the others take the powers of
`distance.probability_within`. Compiled on first use and kept beside this file, or not where this folder cannot be written.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba
import numpy as np

from matchmaker.trajectories.distance import Z80
from matchmaker.trajectories.field import Floats, Singles

_P = ParamSpec("_P")
_R = TypeVar("_R")
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
_BLOCK = 512
_THERE = 0.5
"""A pair that stands within the radius today with this chance has met already."""


def compiled(function: Callable[_P, _R], *, loosely: bool = False) -> Callable[_P, _R]:
    """`function`, compiled, without the interpreter's lock; loosely: a sum may be taken in several lanes."""
    loose: bool | set[str] = {"reassoc", "nsz", "contract"} if loosely else False
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=loose)(function)
    except RuntimeError:  # no folder that a cache could stand in
        return numba.njit(nogil=True, error_model="numpy", fastmath=loose)(function)


def lanes(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same, where a sum may be taken in several lanes."""
    return compiled(function, loosely=True)


@lanes
def _two(mean: Singles, variance: Singles, row: int, other: int) -> tuple[float, float]:
    """First and second sum of a pair."""
    first, second = np.float32(0.0), np.float32(0.0)
    for axis in range(mean.shape[1]):
        m = mean[row, axis] - mean[other, axis]
        s = variance[row, axis] + variance[other, axis]
        first += s + m * m
        second += s * (s + np.float32(2.0) * m * m)
    return first, second  # type: ignore[return-value]


@lanes
def _third(mean: Singles, variance: Singles, row: int, other: int) -> float:
    third = np.float32(0.0)
    for axis in range(mean.shape[1]):
        m = mean[row, axis] - mean[other, axis]
        s = variance[row, axis] + variance[other, axis]
        third += s * s * (s + np.float32(3.0) * m * m)
    return third  # type: ignore[return-value]


@compiled
def _out_of_reach(first: float, second: float, radius: float, limit: float) -> bool:
    """Whether the probability surely is below exp(-limit / 4)."""
    beyond = first - radius * radius
    return beyond > 0.0 and beyond * beyond > limit * second


@compiled
def _within(first: float, second: float, third: float, radius: float) -> float:
    """`distance.probability_within` of one pair."""
    if second <= 1e-12 * first * first:
        return 1.0 if first < radius * radius else 0.0
    h = 1.0 - 2.0 * first * third / (3.0 * second * second)
    if abs(h) < 1e-3:
        h = 1e-3
    relative = second / (first * first)
    centre = 1.0 + relative * h * (h - 1.0)
    power = max(radius * radius / first, 1e-300) ** h
    z = (power - centre) / (math.sqrt(2.0 * relative) * abs(h))
    return 0.5 * math.erfc(-math.copysign(1.0, h) * z / math.sqrt(2.0))


@lanes
def _approach(p: Singles, v: Singles, s: Singles, c: Singles, u: Singles, row: int, other: int) -> tuple[float, float]:
    """Mean and variance of dp . dv, as `distance.closing`."""
    mean, variance = np.float32(0.0), np.float32(0.0)
    for axis in range(p.shape[1]):
        dp, dv = p[row, axis] - p[other, axis], v[row, axis] - v[other, axis]
        sp, sc, su = s[row, axis] + s[other, axis], c[row, axis] + c[other, axis], u[row, axis] + u[other, axis]
        mean += dp * dv + sc
        variance += dp * dp * su + dv * dv * sp + np.float32(2.0) * dp * dv * sc + sp * su + sc * sc
    return mean, variance  # type: ignore[return-value]


@lanes
def _all(means: Singles, variances: Singles, row: int, low: int, first: Singles, second: Singles) -> None:
    """First and second sums of a row with the others from `low` on, by axis: (k, n) arrays, as many others as `first` holds."""
    high = low + len(first)
    first[:] = 0
    second[:] = 0
    for axis in range(means.shape[0]):
        own, doubt = means[axis, row], variances[axis, row]
        # Slices, whose indexes cannot be negative, so that several are done at once.
        mean, variance = means[axis, low:high], variances[axis, low:high]
        for place in range(len(first)):
            m = own - mean[place]
            s = doubt + variance[place]
            square = m * m
            first[place] += s + square
            second[place] += s * (s + square + square)


@compiled
def meetings(
    now: tuple[Singles, Singles, Singles, Singles, Singles],
    means: Singles,
    variances: Singles,
    told: Bools,
    row: int,
    radius: float,
    least: float,
    out: Floats,
) -> None:
    """Fill out (n,) with the chance that `row` and each other partner stand within the radius at the horizon, of those that come
    closer and are not there yet; 0 for the others, and where the chance is below `least`.

    now: position, velocity, and the three parts of their covariance, each (n, k); means, variances: (k, n) at the horizon;
    told: (n,) who was seen often enough.
    """
    if not told[row]:
        return
    p, v, s, c, u = now
    limit = -4.0 * math.log(least)
    there = -4.0 * math.log(_THERE)
    firsts, seconds = np.empty(_BLOCK, dtype=np.float32), np.empty(_BLOCK, dtype=np.float32)
    for low in range(0, len(told), _BLOCK):
        size = min(_BLOCK, len(told) - low)
        _all(means, variances, row, low, firsts[:size], seconds[:size])
        for other in range(low, low + size):
            first, second = np.float64(firsts[other - low]), np.float64(seconds[other - low])
            if _out_of_reach(first, second, radius, limit) or not told[other] or other == row:
                continue
            growth, doubt = _approach(p, v, s, c, u, row, other)
            if growth + Z80 * math.sqrt(doubt) >= 0.0:
                continue
            chance = _within(first, second, _third(means.T, variances.T, row, other), radius)
            if chance < least:
                continue
            first, second = _two(p, s, row, other)  # type: ignore[assignment]
            near = not _out_of_reach(first, second, radius, there)
            if not near or _within(first, second, _third(p, s, row, other), radius) < _THERE:
                out[other] = chance
