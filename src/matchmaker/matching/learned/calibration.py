"""From log-odds that rank to the share of such pairs that were observed: by side, then for the pair.

Platt (1999) scaling: the chance is 1 / (1 + exp(-(a x + b))), fitted on pairs that the ranking had not learned from, with his
targets (n+ + 1) / (n+ + 2) and 1 / (n- + 2) in the place of 1 and 0. First for one side's log-odds, by kind of pair where there are
enough observed ones; then for the mean of both sides' calibrated log-odds, whose curve may bend once, at the median of the observed
pairs: what is shown lies above it, and one slope for all pairs is that of the many which are not. What is calibrated is the share
of pairs that turned out to be linked among those that the history, with part of it kept back, did not show as linked: no
probability of success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.learned.dial import STRATA
from matchmaker.matching.learned.history import Floats, Ints

KINDS = 2 * STRATA
"""Kinds of pairs: by the stratum of the other, first for partners that ask with a history, then for those without."""
_ENOUGH = 100
"""Observed pairs of a kind that get a curve of their own."""
_STEPS, _STEEPEST, _TINY = 100, 50.0, 1e-9


@dataclass(frozen=True)
class Ways:
    """p pairs from both sides: log-odds and kind of each one way, and back; all (p,)."""

    odds: Floats
    kind: Ints
    back: Floats
    back_kind: Ints

    @property
    def new(self) -> NDArray[np.bool_]:
        """(p,) bool, pairs of which at least one side has no history."""
        return np.asarray((self.kind >= STRATA) | (self.back_kind >= STRATA))

    def take(self, kept: NDArray[np.bool_]) -> Ways:
        """Some of the pairs."""
        return Ways(self.odds[kept], self.kind[kept], self.back[kept], self.back_kind[kept])

    @classmethod
    def joined(cls, several: list[Ways]) -> Ways:
        """The pairs of several, one after another."""
        names = ("odds", "kind", "back", "back_kind")
        return cls(*(np.concatenate([getattr(one, name) for one in several]) for name in names))


@dataclass(frozen=True)
class Calibration:
    """side: (KINDS, 2) slope and level of each kind's curve; pair: (2, 4) slope, level, where the curve bends, and what the slope
    gains there, of pairs with a history, and of those where one side has none.
    """

    side: Floats
    pair: Floats

    @classmethod
    def fit(cls, ways: Ways, observed: NDArray[np.bool_]) -> Calibration:
        """Fit to p pairs, `observed` (p,) or not."""
        odds, kinds, came = np.append(ways.odds, ways.back), np.append(ways.kind, ways.back_kind), np.tile(observed, 2)
        whole = platt(odds, came)
        side = np.stack([
            platt(odds[kinds == one], came[kinds == one]) if came[kinds == one].sum() >= _ENOUGH else whole
            for one in range(KINDS)
        ])  # fmt: skip
        mean, new = cls(side, np.zeros((2, 4)))._mean(ways), ways.new
        every = bent(mean, observed)
        pair = [bent(mean[some], observed[some]) if observed[some].sum() >= _ENOUGH else every for some in (~new, new)]
        return cls(side, np.stack(pair))

    def yours(self, ways: Ways) -> Floats:
        """(p,) in (0, 1), from the log-odds of one side alone."""
        return chance(self._level(ways.odds, ways.kind))

    def theirs(self, ways: Ways) -> Floats:
        """(p,) in (0, 1), from those of the other."""
        return chance(self._level(ways.back, ways.back_kind))

    def together(self, ways: Ways) -> Floats:
        """(p,) in (0, 1), of the pair; the same whichever way it is asked."""
        mean, new = self._mean(ways), ways.new
        return chance(np.where(new, curve(self.pair[1], mean), curve(self.pair[0], mean)))

    def _level(self, odds: Floats, kind: Ints) -> Floats:
        slope, level = self.side[kind].T
        return np.asarray(slope * odds + level)

    def _mean(self, ways: Ways) -> Floats:
        return 0.5 * (self._level(ways.odds, ways.kind) + self._level(ways.back, ways.back_kind))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` makes the same calibration of."""
        return {"calibration": np.append(self.side, self.pair)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Calibration:
        """The calibration of these arrays."""
        flat = np.array(arrays["calibration"])
        return cls(flat[: 2 * KINDS].reshape(KINDS, 2), flat[2 * KINDS :].reshape(2, 4))


def chance(level: Floats) -> Floats:
    """1 / (1 + exp(-level)), without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -level)))


def curve(bent: Floats, x: Floats) -> Floats:
    """Level of x (p,) on a curve (4,) as `bent` gives."""
    slope, level, bend, gained = bent
    return np.asarray(slope * x + level + gained * np.maximum(x - bend, 0.0))


def platt(x: Floats, observed: NDArray[np.bool_]) -> Floats:
    """(2,) slope >= 0 and level that fit x (p,) best; where nothing or everything was observed, or x says nothing, slope 0."""
    target, level = _targets(observed)
    flat = np.array([0.0, level])
    spread = float(x.std()) if len(x) else 0.0
    if observed.all() or not observed.any() or spread < _TINY:
        return flat
    centre = float(x.mean())
    own, found = _fitted(((x - centre) / spread)[:, None], target, level)
    slope = min(float(own[0]) / spread, _STEEPEST)
    return flat if slope <= 0.0 else np.array([slope, found - own[0] * centre / spread])


def bent(x: Floats, observed: NDArray[np.bool_]) -> Floats:
    """(4,) as of `Calibration.pair`; without a bend where a curve with one would fall, or has too few pairs."""
    straight = platt(x, observed)
    found = np.append(straight, (0.0, 0.0))
    if straight[0] <= 0.0 or observed.sum() < 2 * _ENOUGH:
        return found
    bend, centre, spread = float(np.median(x[observed])), float(x.mean()), float(x.std())
    high = np.maximum(x - bend, 0.0)
    if float(high.std()) < _TINY:
        return found
    target, level = _targets(observed)
    table = np.stack(((x - centre) / spread, high / high.std()), axis=1)
    (low, more), level = _fitted(table, target, level)
    slope, gained = float(low) / spread, float(more) / float(high.std())
    if slope <= 0.0 or slope + gained <= 0.0 or max(slope, slope + gained) > _STEEPEST:
        return found
    return np.array([slope, level - slope * centre, bend, gained])


def _targets(observed: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Platt's targets (p,), and the level of their mean."""
    positive = float(observed.sum())
    negative = len(observed) - positive
    target = np.where(observed, (positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0))
    rate = float(target.mean()) if len(observed) else 0.5
    return target, float(np.log(rate / (1.0 - rate)))


def _fitted(table: Floats, target: Floats, level: float) -> tuple[Floats, float]:
    """Logistic regression of targets (p,) in (0, 1) on a table (p, d): weights (d,) and level, begun at none and `level`.

    Newton's method, with halved steps where one goes too far (Lin, Lin and Weng 2007).
    """
    whole = np.concatenate((table, np.ones((len(table), 1))), axis=1)
    found = np.append(np.zeros(table.shape[1]), level)

    def loss(at: Floats) -> float:
        raw = whole @ at
        return float((np.logaddexp(0.0, raw) - target * raw).sum())

    now = loss(found)
    for _ in range(_STEPS):
        p = chance(whole @ found)
        slope = whole.T @ (p - target)
        curvature = (whole * (p * (1.0 - p) + 1e-12)[:, None]).T @ whole + _TINY * np.eye(len(found))
        step, share = np.linalg.solve(curvature, slope), 1.0
        while share > 1e-6 and (then := loss(found - share * step)) > now - 1e-4 * share * float(slope @ step):
            share *= 0.5
        if share <= 1e-6 or now - then < _TINY * max(now, 1.0):
            break
        found, now = found - share * step, then
    return found[:-1], float(found[-1])
