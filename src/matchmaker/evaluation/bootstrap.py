"""Intervals by resampling partners, not rows.

A partner's rows (its seeds and folds) stand or fall together, so whole partners are drawn. Where partners are also
the candidates, both ends repeat and the two-way ("pigeonhole") bootstrap of Owen (2007) draws queries and candidates
apart and multiplies their counts; it is conservative. Two scorers are always compared on the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation.metrics import BoolArray, FloatArray, IntArray, pair_metrics
from matchmaker.evaluation.reads import Credit, Reading

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Draws = npt.NDArray[np.float64]
DRAWS = 1000
_CELLS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % percentile interval; `n` counts the queries (or pairs) behind it."""

    estimate: float
    low: float
    high: float
    n: int

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0

    def to_dict(self) -> dict[str, float | int | None]:
        """Plain mapping for JSON; NaN, which JSON lacks, becomes None."""
        return {name: value if math.isfinite(value) else None for name, value in asdict(self).items()}


def cluster_draws(clusters: int, draws: int, rng: int | np.random.Generator) -> Draws:
    """(draws, clusters) multiplicities of drawing `clusters` clusters with replacement.

    Raises:
        SettingsError: fewer than 1,000 draws, or no cluster.

    """
    if draws < DRAWS:
        raise SettingsError(f"At least {DRAWS} bootstrap draws are needed for a 95 % interval, {draws} were asked for.")
    if clusters < 1:
        raise SettingsError("There is nothing to resample: no query has a true partner in this read.")
    return _seeded(clusters, draws, rng) if isinstance(rng, int) else _drawn(clusters, draws, rng)


@lru_cache(maxsize=4)
def _seeded(clusters: int, draws: int, seed: int) -> Draws:
    """The same table for every metric of a report: drawing it takes longer than using it."""
    found = _drawn(clusters, draws, np.random.default_rng(seed))
    found.flags.writeable = False
    return found


def _drawn(clusters: int, draws: int, rng: np.random.Generator) -> Draws:
    return rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws).astype(np.float64)


def mean_interval(values: FloatArray, clusters: IntArray, *, draws: int = DRAWS, rng: int = 0) -> Interval:
    """Mean of `values` (q,), NaN left out, with a cluster bootstrap interval; `clusters` (q,) are any labels.

    The mean of a draw is a ratio of weighted sums, so clusters of unequal size are handled.
    """
    kept = ~np.isnan(values)
    if not kept.any():
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    _, label = np.unique(clusters[kept], return_inverse=True)
    count = np.bincount(label).astype(np.float64)
    total = np.bincount(label, weights=values[kept])
    weights = cluster_draws(len(count), draws, rng)
    return _interval(float(values[kept].mean()), (weights @ total) / (weights @ count), int(kept.sum()))


def paired_difference(ours: Reading, other: Reading, metric: str, *, draws: int = DRAWS, rng: int = 0) -> Interval:
    """Mean of ours minus other by query partner, paired.

    Raises:
        SettingsError: the readings answer different queries.

    """
    _check_same(ours, other)
    difference = ours.values[metric] - other.values[metric]
    return mean_interval(difference, ours.queries, draws=draws, rng=rng)


def two_way_difference(ours: Reading, other: Reading, metric: str, *, draws: int = DRAWS, rng: int = 0) -> Interval:
    """Ours minus other with both ends resampled.

    A draw weighs query q by u_q and candidate p by v_p; the statistic is sum u_q v_p earned_qp / sum u_q v_p mass_qp,
    which is the plain mean of the metric when all weights are 1.
    """
    _check_same(ours, other)
    a, b = ours.credits[metric], other.credits[metric]
    difference = ours.values[metric] - other.values[metric]
    return _two_way(difference, ours, a, b, draws, rng)


def two_way_mean(reading: Reading, metric: str, *, draws: int = DRAWS, rng: int = 0) -> Interval:
    """Mean of a metric with both ends resampled, as in `two_way_difference` to a scorer that earns nothing."""
    return _two_way(reading.values[metric], reading, reading.credits[metric], None, draws, rng)


def two_way_ratio(
    parts: Sequence[FloatArray],
    ends: tuple[IntArray, IntArray],
    statistic: Callable[..., FloatArray],
    *,
    draws: int = DRAWS,
    rng: int = 0,
) -> Interval:
    """Interval of a statistic of sums over (asking partner, candidate) pairs, both ends resampled.

    A pair counts u_q * v_p times in a draw, u and v drawn apart; `statistic` is of the weighted sums.

    Args:
        parts: one or more (m,) arrays to be summed.
        ends: (m,) asking partners and (m,) candidates, any labels.
        statistic: takes as many arrays as there are parts, each (draws,) or (1,), returns one of that length.
        draws: at least 1,000.
        rng: seed.

    """
    askers, asker = np.unique(ends[0], return_inverse=True)
    partners, partner = np.unique(ends[1], return_inverse=True)
    generator = np.random.default_rng(rng)
    left = cluster_draws(len(askers), draws, generator)
    right = cluster_draws(len(partners), draws, generator)
    shape = (len(askers), len(partners))
    sums = [
        _bilinear(_sparse(asker, partner, np.asarray(part, dtype=np.float64), shape), left, right) for part in parts
    ]
    now = statistic(*(np.array([part.sum()], dtype=np.float64) for part in parts))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.asarray(statistic(*sums), dtype=np.float64)
    return _interval(float(now[0]), drawn, len(ends[0]))


@dataclass(frozen=True)
class PairFigures:
    """AUC and AP of scored pairs with what each draw gave, so that scorers read on the same draws can be compared."""

    auc: Interval
    ap: Interval
    drawn: tuple[Draws, Draws]

    def minus(self, other: PairFigures) -> tuple[Interval, Interval]:
        """Paired differences (AUC, AP) to figures of the same call of `pair_figures`."""
        n = self.auc.n
        auc = _interval(self.auc.estimate - other.auc.estimate, self.drawn[0] - other.drawn[0], n)
        ap = _interval(self.ap.estimate - other.ap.estimate, self.drawn[1] - other.drawn[1], n)
        return auc, ap


def pair_figures(
    scores: Mapping[str, FloatArray],
    labels: BoolArray,
    ends: tuple[IntArray, IntArray],
    *,
    draws: int = DRAWS,
    rng: int = 0,
) -> dict[str, PairFigures]:
    """AUC and AP of undirected scored pairs, partners resampled: a pair counts w_a * w_b times in a draw.

    Args:
        scores: scorer name to (m,).
        labels: (m,) which pairs came true.
        ends: two (m,) arrays of partner positions, the pair's ends.
        draws: at least 1,000.
        rng: seed; all scorers see the same draws.

    """
    partners = int(max(ends[0].max(), ends[1].max())) + 1
    weights = cluster_draws(partners, draws, rng)
    return {name: _pair_figures(values, labels, ends, weights) for name, values in scores.items()}


def _pair_figures(
    values: FloatArray, labels: BoolArray, ends: tuple[IntArray, IntArray], weights: Draws
) -> PairFigures:
    step = max(1, _CELLS // len(labels))
    blocks = [weights[start : start + step] for start in range(0, len(weights), step)]
    drawn = [pair_metrics(values, labels, some[:, ends[0]] * some[:, ends[1]]) for some in blocks]
    auc, ap = (np.concatenate(figures) for figures in zip(*drawn, strict=True))
    now = pair_metrics(values, labels)
    m = len(labels)
    return PairFigures(_interval(float(now[0][0]), auc, m), _interval(float(now[1][0]), ap, m), (auc, ap))


def _interval(estimate: float, drawn: npt.NDArray[np.float64], n: int) -> Interval:
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return Interval(estimate, float(low), float(high), n)


def _check_same(ours: Reading, other: Reading) -> None:
    if ours.n != other.n or not np.array_equal(ours.queries, other.queries):
        raise SettingsError("Paired comparison needs two readings of the same queries over the same candidates.")


def _two_way(values: FloatArray, reading: Reading, own: Credit, other: Credit | None, draws: int, rng: int) -> Interval:
    kept = ~np.isnan(values)
    if not kept.any():
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    generator = np.random.default_rng(rng)
    askers = np.unique(reading.queries[kept])
    left = cluster_draws(len(askers), draws, generator)
    right = cluster_draws(reading.n, draws, generator)
    weight = _matrix(own.true_query, own.true_partner, own.mass, askers, reading.n)
    gain = _matrix(own.hit_query, own.hit_partner, own.earned, askers, reading.n)
    if other is not None:
        gain = gain - _matrix(other.hit_query, other.hit_partner, other.earned, askers, reading.n)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = _bilinear(gain, left, right) / _bilinear(weight, left, right)
    return _interval(float(values[kept].mean()), drawn, int(kept.sum()))


def _matrix(query: IntArray, partner: IntArray, value: npt.NDArray[np.float64], askers: IntArray, n: int) -> csr_array:
    # Only one of two readings may have an answer for a query; then it belongs to neither side.
    asked = np.isin(query, askers)
    return _sparse(np.searchsorted(askers, query[asked]), partner[asked], value[asked], (len(askers), n))


def _sparse(row: IntArray, column: IntArray, value: npt.NDArray[np.float64], shape: tuple[int, int]) -> csr_array:
    from scipy.sparse import csr_array

    return csr_array((value, (row, column)), shape=shape)


def _bilinear(matrix: csr_array, left: Draws, right: Draws) -> npt.NDArray[np.float64]:
    return np.asarray(((matrix.T @ left.T).T * right).sum(axis=1), dtype=np.float64)
