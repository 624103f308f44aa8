"""Whether a shown probability is one: calibration and skill over the base rate.

The labels are observed partnerships. A pair without one may still suit, so what is calibrated here is the chance that
a partnership is observed, and a number that passes may be called no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation.bootstrap import DRAWS, Interval, two_way_ratio
from matchmaker.evaluation.lists import listed
from matchmaker.evaluation.metrics import BoolArray, FloatArray, IntArray
from matchmaker.evaluation.reads import RankingTask, Scorer, scored

BINS = 10
SHOWN = 20


@dataclass(frozen=True)
class Reliability:
    """Equal-mass bins of scored pairs, lowest scores first.

    Attributes:
        count: (b,) pairs in each bin; they differ by one at most.
        predicted: (b,) mean score.
        observed: (b,) share that came true.

    """

    count: IntArray
    predicted: npt.NDArray[np.float64]
    observed: npt.NDArray[np.float64]

    @property
    def ece(self) -> float:
        """Expected calibration error, sum of count / m * |predicted - observed|; NaN without a pair."""
        if not self.count.size:
            return float("nan")
        return float((self.count * np.abs(self.predicted - self.observed)).sum() / self.count.sum())

    def to_dict(self) -> dict[str, list[float]]:
        """Plain mapping for JSON."""
        return {
            "count": self.count.tolist(),
            "predicted": self.predicted.tolist(),
            "observed": self.observed.tolist(),
        }


def reliability(scores: FloatArray, labels: BoolArray, bins: int = BINS) -> Reliability:
    """Sort pairs by score and cut them into bins of equal size (fewer bins where there are fewer pairs).

    Pairs of equal score that a border divides share their successes evenly, so the order of the rows changes nothing.
    Source: equal-mass bins, Nguyen & O'Connor, EMNLP 2015.

    Args:
        scores: (m,) in [0, 1].
        labels: (m,) which pairs came true.
        bins: at least 1.

    Raises:
        SettingsError: shapes disagree, a score lies outside [0, 1] or is NaN, or `bins` is below 1.

    """
    values, came_true = _checked(scores, labels)
    if bins < 1:
        raise SettingsError(f"bins must be at least 1, it is {bins}.")
    if not len(values):
        return Reliability(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    _, tied = np.unique(values, return_inverse=True)
    even = (np.bincount(tied, weights=came_true) / np.bincount(tied))[tied]
    order = np.argsort(values, kind="stable")
    starts = np.unique(np.linspace(0, len(values), min(bins, len(values)), endpoint=False).round().astype(np.int64))
    count = np.diff(np.append(starts, len(values)))
    return Reliability(
        count, np.add.reduceat(values[order], starts) / count, np.add.reduceat(even[order], starts) / count
    )


def ece(scores: FloatArray, labels: BoolArray, bins: int = BINS) -> float:
    """Expected calibration error over equal-mass bins, in [0, 1], 0 is best.

    It is never negative, so few pairs look worse than they are: with m pairs and b bins even a perfect probability p
    shows about sqrt(2 / pi * p (1 - p) * b / m). Source: Naeini et al., AAAI 2015, with bins of equal mass.
    """
    return reliability(scores, labels, bins).ece


def brier(scores: FloatArray, labels: BoolArray) -> float:
    """Mean squared error of (m,) probabilities, in [0, 1], 0 is best. Source: Brier, Monthly Weather Review 1950."""
    values, came_true = _checked(scores, labels)
    return float(((values - came_true) ** 2).mean()) if len(values) else float("nan")


def brier_skill(
    scores: FloatArray,
    labels: BoolArray,
    queries: IntArray,
    partners: IntArray | None = None,
    *,
    base_rate: float | None = None,
    draws: int = DRAWS,
    rng: int = 0,
) -> Interval:
    """1 - Brier(scores) / Brier(base rate), 1 is perfect, 0 is no better than one number for all pairs.

    Without `base_rate` the reference is the rate of the very pairs read (of each draw), the best constant there is.
    Source: Murphy, Monthly Weather Review 1988.

    Args:
        scores: (m,) in [0, 1].
        labels: (m,) which pairs came true.
        queries: (m,) asking partner of each pair, the cluster.
        partners: (m,) candidate of each pair; given, both ends are resampled, which is wider and to be preferred.
        base_rate: a rate known at training time, in [0, 1].
        draws: at least 1,000.
        rng: seed.

    Returns:
        Interval; NaN where the reference is never wrong (all pairs came true, or none).

    """
    values, came_true = _checked(scores, labels)
    if not len(values):
        return Interval(float("nan"), float("nan"), float("nan"), 0)

    def skill(pairs: FloatArray, true: FloatArray, error: FloatArray) -> FloatArray:
        rate = true / pairs if base_rate is None else np.full(len(pairs), base_rate)
        reference = true * (1 - rate) ** 2 + (pairs - true) * rate**2
        return np.asarray(1 - np.divide(error, reference, out=np.full(len(pairs), np.nan), where=reference > 0))

    parts = (np.ones(len(values)), came_true, (values - came_true) ** 2)
    # A single candidate label is drawn once in every draw, so only the asking partners are resampled.
    ends = (queries, np.zeros_like(queries) if partners is None else partners)
    return two_way_ratio(parts, ends, skill, draws=draws, rng=rng)


@dataclass(frozen=True)
class ScoredPairs:
    """Pairs with their probability and what came of them, flat.

    Attributes:
        queries: (m,) asking partner.
        partners: (m,) candidate.
        scores: (m,) probability in [0, 1].
        labels: (m,) bool, whether the pair came true.
        shown: (m,) bool, whether the candidate stands in the asking partner's list.

    """

    queries: IntArray
    partners: IntArray
    scores: npt.NDArray[np.float64]
    labels: BoolArray
    shown: BoolArray


def scored_pairs(
    task: RankingTask, probability: Scorer, order: Scorer | None = None, *, k: int = SHOWN, block: int = 256
) -> ScoredPairs:
    """All pairs of a task that may be shown; the `k` best by `order` (default the probability itself) are shown."""
    lists = listed(task, probability if order is None else order, k, block=block)
    parts, start = [], 0
    for asked in scored(task, probability, block=block):
        stop = start + len(asked.rows)
        slots = lists[start:stop]
        shown = np.zeros(asked.truth.shape, dtype=bool)
        row, slot = np.nonzero(slots >= 0)
        shown[row, slots[row, slot]] = True
        query, partner = np.nonzero(np.isfinite(asked.scores))
        parts.append((asked.rows[query], partner, *(a[query, partner] for a in (asked.scores, asked.truth, shown))))
        start = stop
    return ScoredPairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass(frozen=True)
class ProbabilityFigures:
    """What the gate wants to know of a shown probability.

    Attributes:
        skill: Brier skill over the base rate with its interval.
        ece: expected calibration error over the shown pairs, equal-mass bins.
        brier: Brier score of all pairs read.
        base_rate: the rate that skill is measured against.
        pairs: how many pairs were read.
        shown: how many of them stand in the shown lists.
        bins: reliability of the shown pairs.

    """

    skill: Interval
    ece: float
    brier: float
    base_rate: float
    pairs: int
    shown: int
    bins: Reliability

    def to_dict(self) -> dict[str, object]:
        """Plain mapping for JSON; NaN becomes None."""
        numbers = {name: getattr(self, name) for name in ("ece", "brier", "base_rate", "pairs", "shown")}
        plain = {name: value if np.isfinite(value) else None for name, value in numbers.items()}
        return {"skill": self.skill.to_dict(), **plain, "bins": self.bins.to_dict()}


def probability_figures(
    *pairs: ScoredPairs, bins: int = BINS, base_rate: float | None = None, draws: int = DRAWS, rng: int = 0
) -> ProbabilityFigures:
    """Read one or several pooled sets of pairs: skill over all of them, calibration over the shown ones.

    Args:
        pairs: of one split each, over the same candidates.
        bins: of the calibration.
        base_rate: known at training time; default the rate of the pairs read.
        draws: at least 1,000; both ends are resampled.
        rng: seed.

    """
    queries, partners, scores, labels, shown = (
        np.concatenate([getattr(part, name) for part in pairs]) for name in ScoredPairs.__dataclass_fields__
    )
    curve = reliability(scores[shown], labels[shown], bins)
    rate = base_rate if base_rate is not None else float(labels.mean()) if len(labels) else float("nan")
    skill = brier_skill(scores, labels, queries, partners, base_rate=base_rate, draws=draws, rng=rng)
    return ProbabilityFigures(skill, curve.ece, brier(scores, labels), rate, len(scores), int(shown.sum()), curve)


def _checked(scores: FloatArray, labels: BoolArray) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != np.shape(labels) or values.ndim != 1:
        raise SettingsError(f"scores are {values.shape} and labels {np.shape(labels)}; both must be flat and as long.")
    if not ((values >= 0) & (values <= 1)).all():
        raise SettingsError("A probability lies outside 0..1 or is NaN; calibrate scores before reading them as one.")
    return values, np.asarray(labels, dtype=np.float64)
