"""The straight line along which each partner moves, with its uncertainty, by robust regression and empirical Bayes.

Each axis of each partner is y(t) = position + velocity t + wander + noise, t in years from the last date; the wander is a Brownian
motion, 0 now. Six noisy snapshots say little of a velocity, but all partners together say how large velocities are: what one
partner's own snapshots cannot tell from noise is shrunk towards standing still. On an axis that holds noise alone nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matchmaker.trajectories.distance import Closing, Sums, closing, sums
from matchmaker.trajectories.field import Floats, Ints, Singles

FEWEST = 4
"""Snapshots from which a line says more than a direction."""
_ROUNDS = 3
_CALM = 0.99
"""A snapshot farther off than this share of ordinary ones counts less."""
_DEGREES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 25.0, 60.0, 1e4)
_SAMPLE, _ENOUGH = 5_000, 8
_WANDERS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_MIXING, _SETTLED = 50, 0.995
_LEAST = 1e-4
"""Of the noise of all: nobody is known better than that."""


@dataclass(frozen=True)
class Lines:
    """Posterior of position and velocity at the last date, normal and apart for each axis.

    position, velocity: (n, k) float32 means, units and units a year; var_position, covariance, var_velocity: (n, k) float32;
    noise: (n, k) float32 variance of one snapshot; seen: (n,) number of snapshots; wander: (n,) float32 variance that a year
    ahead adds, in units of the noise. A partner without any snapshot stands at the centre with the spread of the whole field.
    """

    position: Singles
    velocity: Singles
    var_position: Singles
    covariance: Singles
    var_velocity: Singles
    noise: Singles
    seen: Ints
    wander: Singles

    def at(self, years: float) -> tuple[Singles, Singles]:
        """Mean and variance (n, k) of where everybody stands `years` after the last date; negative for the past."""
        step = np.float32(years)
        mean = self.position + step * self.velocity
        variance = self.var_position + 2 * step * self.covariance + step * step * self.var_velocity
        return mean, variance + np.float32(max(years, 0.0)) * self.wander[:, None] * self.noise


def fit_lines(tracks: Singles, years: Floats) -> Lines:
    """Fit all partners at once, by generalised least squares on each axis.

    Wander: how fast each of them strays, by the likelihood of its residuals (below). Outliers: Huber weights on how far a snapshot
    lies from what the others say, over all axes and held against all partners, so that one bad reading of a homepage is no motion.
    Noise: a partner's own residual variance, moderated towards that of all. Prior: the variances of position and velocity over
    partners less what noise explains, for each axis.
    Sources: Huber, Robust Statistics, 1981; Smyth, SAGMB 2004 (moderated variance); Efron & Morris, JASA 1975 (empirical Bayes).

    Args:
        tracks: (n, T, k) float32 from `Field.tracks`, NaN where a partner was not there.
        years: (T,) times in years, 0 the last.

    """
    there = ~np.isnan(tracks[:, :, 0])
    y = np.nan_to_num(tracks)
    time = years.astype(np.float64)
    wander = _wander(y, there, time)
    trust = there.astype(np.float64)
    for _ in range(_ROUNDS):
        weights = _weights(trust, wander, time)
        totals = _Sums.of(y, trust, weights, time)
        errors, squares = _errors(y, weights, totals, time)
        trust = _huber(errors, weights, trust, there, _axis_noise(squares, totals))
    weights = _weights(trust, wander, time)
    totals = _Sums.of(y, trust, weights, time)
    _, squares = _errors(y, weights, totals, time)
    noise = _noise(squares, totals, _axis_noise(squares, totals))
    return _posterior(totals, noise, there.sum(axis=1), wander)


def at_horizon(lines: Lines, left: Ints, right: Ints, years: float) -> Sums:
    """What `distance` asks for, of the distances of pairs (m,) some years after the last date."""
    mean, variance = lines.at(years)
    return sums(mean[left] - mean[right], variance[left] + variance[right])


def closing_of(lines: Lines, left: Ints, right: Ints) -> Closing:
    """`distance.closing` of pairs (m,) at the last date."""
    return closing(
        lines.position[left] - lines.position[right],
        lines.velocity[left] - lines.velocity[right],
        lines.var_position[left] + lines.var_position[right],
        lines.covariance[left] + lines.covariance[right],
        lines.var_velocity[left] + lines.var_velocity[right],
    )


def meeting_point(lines: Lines, a: int, b: int, years: float) -> Floats:
    """(k,) middle between where two will stand."""
    both = lines.position[[a, b]].astype(np.float64) + years * lines.velocity[[a, b]]
    return np.asarray(both.mean(axis=0))


@dataclass(frozen=True)
class _Sums:
    """Sums of the regression with weights W: s0, s1, s2 (n,) of 1'W1, 1'Wt, t'Wt; y0, y1 (n, k) of 1'Wy, t'Wy; count: (n,) of
    snapshots, each as far as it is trusted.
    """

    s0: Floats
    s1: Floats
    s2: Floats
    y0: Floats
    y1: Floats
    count: Floats

    @classmethod
    def of(cls, y: Singles, trust: Floats, weights: Floats, time: Floats) -> _Sums:
        one, timed = weights.sum(axis=2), weights @ time
        y0, y1 = ((part[:, None, :] @ y)[:, 0, :] for part in (one, timed))
        return cls(one.sum(axis=1), one @ time, timed @ time, y0, y1, trust.sum(axis=1))

    @property
    def spread(self) -> Floats:
        """(n,) determinant s0 s2 - s1², 0 where fewer than two dates were seen."""
        return np.maximum(self.s0 * self.s2 - self.s1**2, 0.0)

    @property
    def sloped(self) -> NDArray[np.bool_]:
        """(n,) whether the dates of a partner give a slope at all."""
        return self.spread > 1e-9 * np.maximum(self.s0 * self.s2, 1e-300)

    def least_squares(self) -> tuple[Floats, Floats]:
        """(n, k) intercept and slope, the slope 0 where there is none."""
        slope = np.zeros_like(self.y0)
        ok = self.sloped
        slope[ok] = (self.s0[ok, None] * self.y1[ok] - self.s1[ok, None] * self.y0[ok]) / self.spread[ok, None]
        intercept = (self.y0 - slope * self.s1[:, None]) / np.maximum(self.s0, 1e-12)[:, None]
        return intercept, slope

    @property
    def freedom(self) -> Floats:
        """(n,) degrees of freedom of an axis, at least 0."""
        return np.maximum(self.count - 1.0 - self.sloped, 0.0)


def _weights(trust: Floats, wander: Floats, time: Floats) -> Floats:
    """(n, T, T) inverse covariance of a partner's snapshots in units of the noise: 1 / trust of each, and wander (n,) times the
    years that two have in common from the last date back; 0 where a partner is not there.
    """
    found = np.asarray(trust[:, :, None] * np.eye(len(time)))
    strays = np.flatnonzero(wander > 0)
    if not len(strays):
        return found
    patterns, kind = np.unique(np.column_stack([trust[strays], wander[strays]]), axis=0, return_inverse=True)
    seen = patterns[:, :-1] > 0
    both = seen[:, :, None] & seen[:, None, :]
    covariance = patterns[:, -1, None, None] * np.minimum.outer(-time, -time) * both
    place = np.arange(len(time))
    covariance[:, place, place] += 1.0 / np.where(seen, patterns[:, :-1], 1.0)
    found[strays] = (np.linalg.inv(covariance) * both)[kind.ravel()]
    return found


def _errors(y: Singles, weights: Floats, totals: _Sums, time: Floats) -> tuple[Singles, Singles]:
    """(n, T, k) weighted residuals W r, and (n, k) their squared size r'W r."""
    intercept, slope = (part.astype(np.float32) for part in totals.least_squares())
    rest = y - intercept[:, None, :]
    rest -= slope[:, None, :] * time.astype(np.float32)[None, :, None]
    weighted = weights.astype(np.float32) @ rest
    return weighted, np.asarray((rest * weighted).sum(axis=1), dtype=np.float32)


def _axis_noise(squares: Singles, totals: _Sums) -> Floats:
    """(k,) noise variance of each axis over all partners."""
    total = squares.sum(axis=0, dtype=np.float64)
    return np.asarray(np.maximum(total / max(totals.freedom.sum(), 1e-12), 1e-12))


def _huber(errors: Singles, weights: Floats, trust: Floats, there: NDArray[np.bool_], scale: Floats) -> Floats:
    """(n, T) trust in [0, 1]: 1 within the 99 % quantile of a chi-square with as many degrees as there are axes.

    (W r)_t / W_tt is the error of snapshot t as the others foretell it, and 1 / W_tt its variance.
    """
    from scipy.stats import chi2

    own = np.maximum(np.diagonal(weights, axis1=1, axis2=2), 1e-12)
    variance = 1.0 / own - 1.0 / np.maximum(trust, 1e-12) + 1.0
    length = (np.square(errors) @ (1.0 / scale).astype(np.float32)) / (own**2 * np.maximum(variance, 1e-12))
    # Who is unquiet at all dates is an outlier at none: its own median counts where that is larger than usual.
    rank = np.maximum(there.sum(axis=1) - 1, 0) // 2
    middle = np.sort(np.where(there, length, np.inf), axis=1)[np.arange(len(length)), rank]
    usual = float(chi2.ppf(0.5, len(scale)))
    length /= np.where(np.isfinite(middle), np.maximum(middle / usual, 1.0), 1.0)[:, None]
    bound = float(chi2.ppf(_CALM, len(scale)))
    return np.asarray(there * np.minimum(1.0, np.sqrt(bound / np.maximum(length, 1e-12))), dtype=np.float64)


def _wander(y: Singles, there: NDArray[np.bool_], time: Floats) -> Floats:
    """(n,) variance that a year of straying adds, in units of the noise of a snapshot, the same on all axes.

    A homepage that is written anew jumps and stays, a course that bends is no line: what a straight line leaves over hangs together
    from date to date then, and the way ahead is less sure than noise would have it. Each partner's is the likeliest of a grid by
    restricted likelihood, its noise profiled out, times how common each value is, which is learned from all (a mixture, by
    expectation and maximisation). Sources: Harville, JASA 1977; Laird, JASA 1978.
    """
    grid = np.array(_WANDERS) / max(float(np.median(np.diff(time))) if len(time) > 1 else 1.0, 1e-9)
    told = np.flatnonzero(there.sum(axis=1) >= FEWEST)
    found = np.zeros(len(there))
    if len(told) < _ENOUGH:
        return found
    drawn = told[:: max(1, len(told) // _SAMPLE)]
    likely, moves = _likelihoods(y[drawn], there[drawn], time, grid)
    if moves.sum() < _ENOUGH:
        return found
    common = np.full(len(grid), 1.0 / len(grid))
    for _ in range(_MIXING):
        common = _shares(likely[moves], common).mean(axis=0)
    found[:] = grid[common.argmax()]
    if common.max() < _SETTLED:
        likely, moves = _likelihoods(y[told], there[told], time, grid)
        found[told] = np.where(moves, grid[_shares(likely, common).argmax(axis=1)], 0.0)
    return found


def _likelihoods(y: Singles, there: NDArray[np.bool_], time: Floats, grid: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(m, g) restricted log-likelihood of each wander, and (m,) bool who leaves anything over a straight line at all."""
    trust = there.astype(np.float64)
    found = np.empty((len(y), len(grid)))
    moves = np.ones(len(y), dtype=bool)
    scale = np.ones(y.shape[2])
    for place, wander in enumerate(grid):
        weights = _weights(trust, np.full(len(y), wander), time)
        totals = _Sums.of(y, trust, weights, time)
        _, squares = _errors(y, weights, totals, time)
        if not place:
            scale = _axis_noise(squares, totals)
        freedom = np.maximum(totals.freedom, 1.0) * len(scale)
        own = squares.astype(np.float64) @ (1.0 / scale) / freedom
        if not place:
            moves = own > _LEAST
        _, size = np.linalg.slogdet(weights + np.eye(len(time)) * ~there[:, None, :])
        free = len(scale) * (size - np.log(np.maximum(totals.spread, 1e-300)))
        found[:, place] = (free - freedom * np.log(np.maximum(own, 1e-300))) / 2
    return found, moves


def _shares(likely: Floats, common: Floats) -> Floats:
    """(m, g) posterior of each value where `common` (g,) is how often it is."""
    weighed = likely + np.log(np.maximum(common, 1e-300))
    found = np.exp(weighed - weighed.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _noise(squares: Singles, totals: _Sums, scale: Floats) -> Floats:
    """(n, k) noise variance of one snapshot: each axis's own, times how noisy the partner is, moderated towards all of them."""
    axes = len(scale)
    own = squares.astype(np.float64) @ (1.0 / scale)
    freedom = totals.freedom * axes
    told = freedom > 0.5 * axes
    prior, usual = _scatter(own[told] / freedom[told], freedom[told])
    ratio = (own + prior * usual) / (freedom + prior)
    return np.asarray(np.maximum(ratio, _LEAST)[:, None] * scale[None, :])


def _scatter(ratio: Floats, freedom: Floats) -> tuple[float, float]:
    """How unlike partners are: degrees of freedom d and usual value u such that the ratios / u are F(freedom, d) distributed,
    by maximum likelihood over a grid. Many degrees: they differ by chance alone. Few: most are calm and some are not.
    """
    from scipy.special import betaln

    if len(ratio) < _ENOUGH:
        return _DEGREES[-1], 1.0
    step = max(1, len(ratio) // _SAMPLE)
    r, f = np.maximum(ratio[::step], _LEAST)[:, None], freedom[::step][:, None]
    u = np.geomspace(1e-3, 4.0, 48)[None, :]
    best = (-np.inf, _DEGREES[-1], 1.0)
    for d in _DEGREES:
        x = r / u
        likely = (
            f / 2 * np.log(f / d) + (f / 2 - 1) * np.log(x) - (f + d) / 2 * np.log1p(f * x / d) - betaln(f / 2, d / 2)
        )
        total = (likely - np.log(u)).sum(axis=0)
        place = int(total.argmax())
        best = max(best, (float(total[place]), d, float(u[0, place])))
    return best[1], 1.0 if best[1] == _DEGREES[-1] else best[2]


def _posterior(sums: _Sums, noise: Floats, seen: Ints, wander: Floats) -> Lines:
    """Normal posterior of each axis: prior covariance by moments, then precision added to precision.

    Most businesses stand still and some run, so the prior variance of a partner's velocities is that of all times a factor of
    its own (a Student prior), found by expectation and maximisation. Source: Lange, Little & Taylor, JASA 1989.
    """
    prior = _prior(sums, noise, seen)
    told = sums.sloped & (seen >= FEWEST)
    factor = np.ones(len(seen))
    weight, degrees, usual = _liveliness(sums, noise, told, prior[:, 1])
    found = _given(sums, noise, prior, factor)
    for _ in range(_ROUNDS if degrees < _DEGREES[-1] else 0):
        square = found.velocity[told].astype(np.float64) ** 2 + found.var_velocity[told]
        factor[told] = (degrees * usual + square @ (weight / prior[:, 1])) / (degrees + weight.sum())
        found = _given(sums, noise, prior, factor)
    return replace(found, seen=seen.astype(np.int64), wander=wander.astype(np.float32))


def _liveliness(sums: _Sums, noise: Floats, told: NDArray[np.bool_], variance: Floats) -> tuple[Floats, float, float]:
    """(k,) how much each axis says of who moves, in [0, 1]; and the `_scatter` of the partners' squared velocities."""
    error = sums.s0[told, None] / np.maximum(sums.spread[told, None], 1e-300) * noise[told]
    if not len(error):
        return np.ones(len(variance)), _DEGREES[-1], 1.0
    weight = variance / (variance + error.mean(axis=0))
    square = sums.least_squares()[1][told] ** 2 / (variance + error)
    freedom = weight.sum() ** 2 / (weight**2).sum()
    return weight, *_scatter(square @ weight / weight.sum(), np.full(len(square), freedom))


def _given(sums: _Sums, noise: Floats, prior: Floats, factor: Floats) -> Lines:
    """Posterior where the prior variance of partner i's velocities is `factor[i]` times that of all."""
    a = 1.0 / prior[:, 0] + sums.s0[:, None] / noise
    b = sums.s1[:, None] / noise
    c = 1.0 / (prior[:, 1] * factor[:, None]) + sums.s2[:, None] / noise
    determinant = a * c - b * b
    var_position, covariance, var_velocity = c / determinant, -b / determinant, a / determinant
    u, w = sums.y0 / noise, sums.y1 / noise
    found = (
        var_position * u + covariance * w,
        covariance * u + var_velocity * w,
        var_position,
        covariance,
        var_velocity,
    )
    p_, v_, s_, c_, u_, noise_ = (np.asarray(part, dtype=np.float32) for part in (*found, noise))
    none = np.zeros(len(noise), dtype=np.int64)
    return Lines(p_, v_, s_, c_, u_, noise_, none, none.astype(np.float32))


def _prior(sums: _Sums, noise: Floats, seen: Ints) -> Floats:
    """(k, 2) prior variance of position and velocity on each axis: over partners, what noise adds taken off, above zero.

    The two are held to be independent: where a handful moves, their covariance would be that of this handful.
    """
    told = sums.sloped & (seen >= min(FEWEST, int(seen.max(initial=0))))
    if told.sum() < 2:
        height = (sums.y0 / np.maximum(sums.s0, 1e-12)[:, None]).var(axis=0)
        return np.asarray(np.maximum(np.stack([height, np.zeros_like(height)], axis=1), 1e-9))
    intercept, slope = (part[told] for part in sums.least_squares())
    # The centre is the centre of mass and the drift is gone, so means are zero by construction.
    raw = np.stack([np.square(intercept).mean(axis=0), np.square(slope).mean(axis=0)], axis=1)
    inverse = 1.0 / sums.spread[told, None]
    error = np.stack([(noise[told] * one[told, None] * inverse).mean(axis=0) for one in (sums.s2, sums.s0)], axis=1)
    return np.asarray(np.maximum(raw - error, np.maximum(_LEAST * error, 1e-12)))
