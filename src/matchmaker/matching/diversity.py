"""From a ranking to a list: relevance, variety, a calibrated mix, and the dial from small-but-mighty to famous."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 0.5
"""No partner below this share of the best relevance enters a list for the sake of variety: a quota without it is tokenism."""
_SMOOTHING = 0.01
_DIAL = 3.0
"""Nats between the largest and the smallest partner at either end of the popularity dial."""


def with_popularity(nats: Floats, size: NDArray[np.floating], popularity_weight: float) -> Floats:
    """Relevance in nats, tilted by size: 0 favours small partners, 0.5 is neutral, 1 favours famous ones.

    size: (k,) percentile in [0, 1], NaN counts as the middle.
    """
    centred = np.nan_to_num(np.asarray(size, dtype=np.float64), nan=0.5) - 0.5
    return np.asarray(nats + (2.0 * popularity_weight - 1.0) * _DIAL * centred)


def diversified(
    relevance: Floats,
    similarity: NDArray[np.floating],
    groups: Sequence[NDArray[np.integer]],
    k: int,
    diversity: float,
    *,
    capped: NDArray[np.bool_] | None = None,
    limit: int = 0,
) -> list[int]:
    """Order in which k of the candidates enter the list.

    relevance: (m,) >= 0; similarity: (m, m) in [-1, 1]; groups: label codes (m,) of each kind (category, size band) whose mix the
    list should keep; diversity in [0, 1]: 0 gives the plain order. Greedy argmax of

        (1 - d) rel_j / max(rel) - d/2 max_(s in S) sim(j, s) - d/2 mean over kinds of KL(p || q~(S + j))

    MMR: Carbonell and Goldstein 1998 (SIGIR). Calibration: Steck 2018 (RecSys), p being the relevance-weighted mix of the
    candidates, q~ = .99 q + .01 p. Only candidates above `FLOOR` of the best relevance compete while there are k of them.
    The best leads the list whatever its mix. At most `limit` of the `capped` (m,) candidates enter while others are left, and
    none of them leads.
    """
    order = np.argsort(-relevance, kind="stable")
    if diversity <= 0 or len(order) <= 1:
        return [int(j) for j in order[:k]]
    best = float(relevance[order[0]]) or 1.0
    scaled = relevance / best
    free = np.ones(len(relevance), dtype=bool) if capped is None else ~capped
    above = int(np.sum(scaled >= FLOOR))
    enough = int(np.searchsorted(np.cumsum(free[order]), min(k, int(free.sum())))) + 1
    pool = order[: max(above, enough, min(k, len(order)))]
    mixes = [_Mix(group[pool], np.maximum(scaled[pool], 0.0)) for group in groups]
    nearest = np.full(len(pool), -1.0)
    open_ = np.ones(len(pool), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(k, len(pool)):
        variety = np.maximum(nearest, 0.0)
        skew = np.mean([mix.divergence_with_each(len(chosen)) for mix in mixes], axis=0) if mixes else 0.0
        score = (
            (1.0 - diversity) * scaled[pool] - 0.5 * diversity * variety - 0.5 * diversity * skew
            if chosen
            else scaled[pool]
        )
        full = len(chosen) - int(np.sum(free[chosen])) >= (limit if chosen else 0) and bool(np.any(open_ & free[pool]))
        pick = int(np.argmax(np.where(open_ & free[pool] if full else open_, score, -np.inf)))
        open_[pick] = False
        chosen.append(int(pool[pick]))
        nearest = np.maximum(nearest, similarity[pool[pick], pool])
        for mix in mixes:
            mix.add(pick)
    return chosen


class _Mix:
    """The share of each label in the list so far, against the target mix of the pool."""

    def __init__(self, codes: NDArray[np.integer], weights: Floats) -> None:
        _, self._codes = np.unique(codes, return_inverse=True)
        mass = np.bincount(self._codes, weights=weights + 1e-9)
        self._target = mass / mass.sum()
        self._counts = np.zeros(len(mass))

    def add(self, position: int) -> None:
        """Count the candidate at `position` of the pool as chosen."""
        self._counts[self._codes[position]] += 1.0

    def divergence_with_each(self, chosen: int) -> Floats:
        """KL(p || q~) of the list were each candidate added next, nats: (m,)."""
        now = (1.0 - _SMOOTHING) * self._counts / (chosen + 1) + _SMOOTHING * self._target
        more = now + (1.0 - _SMOOTHING) / (chosen + 1)
        without = float(np.sum(self._target * np.log(self._target / now)))
        return np.asarray((without - self._target * np.log(more / now))[self._codes])
