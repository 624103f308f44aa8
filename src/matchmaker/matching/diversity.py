"""From a ranking to a list: relevance, variety, a calibrated mix, and the dial from small-but-mighty to famous."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Greedy = Callable[
    [Floats, NDArray[np.floating], Ints, Ints, NDArray[np.bool_], int, float, int],
    tuple[Ints, Floats],
]
"""How a list is filled: `greedy`, or its compiled twin."""

FLOOR = 0.5
"""No partner below this share of the best relevance enters a list for the sake of variety: a quota without it is tokenism."""
SMOOTHING = 0.01
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
    steps: list[float] | None = None,
    fill: Greedy | None = None,
) -> list[int]:
    """Order in which k of the candidates enter the list.

    relevance: (m,) >= 0; similarity: (m, m) in [-1, 1]; groups: label codes (m,) of each kind (category, size band) whose mix the
    list should keep; diversity in [0, 1]: 0 gives the plain order. Greedy argmax of

        (1 - d) rel_j / max(rel) - d/2 max_(s in S) sim(j, s) - d/2 mean over kinds of KL(p || q~(S + j))

    MMR: Carbonell and Goldstein 1998 (SIGIR). Calibration: Steck 2018 (RecSys), p being the relevance-weighted mix of the
    candidates, q~ = .99 q + .01 p. Only candidates above `FLOOR` of the best relevance compete while there are k of them.
    The best leads the list whatever its mix. At most `limit` of the `capped` (m,) candidates enter while others are left, and
    none of them leads. `steps` is filled with the score that each won its place by; the first one's is its share of the best.
    fill: `greedy` by default.
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
    codes = np.array(groups, dtype=np.int64).reshape(len(groups), len(relevance)).take(pool, axis=1)
    chosen, won = (fill or greedy)(scaled[pool], similarity, pool, codes, free[pool], k, diversity, limit)
    if steps is not None:
        steps.extend(won.tolist())
    return [int(one) for one in pool[chosen]]


def greedy(
    relevant: Floats,
    similarity: NDArray[np.floating],
    pool: Ints,
    codes: Ints,
    free: NDArray[np.bool_],
    k: int,
    diversity: float,
    limit: int,
) -> tuple[Ints, Floats]:
    """Places in the pool of those that enter the list, and the score that each won by, (min(k, m),) each.

    relevant: (m,) share of the best relevance; similarity: of all candidates, pool: (m,) their places in it; codes: (kinds, m)
    label codes; free: (m,) who is not capped.
    """
    similar, barred = similarity[np.ix_(pool, pool)], np.flatnonzero(~free)
    mix = _Mix(codes, np.maximum(relevant, 0.0))
    open_, nearest = (1.0 - diversity) * relevant, np.zeros(len(pool))
    left, spent = len(pool) - len(barred), 0  # free candidates that are left, and places that the capped ones took
    chosen: list[int] = []
    won: list[float] = []
    while len(chosen) < min(k, len(pool)):
        score = (
            open_ - 0.5 * diversity * (nearest + mix.divergence_with_each(len(chosen))) if chosen else relevant.copy()
        )
        if left and spent >= (limit if chosen else 0):
            score[barred] = -np.inf
        pick = int(score.argmax())
        chosen.append(pick)
        won.append(float(score[pick]))
        open_[pick] = -np.inf
        mix.add(pick)
        np.maximum(nearest, similar[pick], out=nearest)
        if free[pick]:
            left -= 1
        else:
            spent += 1
    return np.array(chosen, dtype=np.int64), np.array(won)


class _Mix:
    """The share of each label in the list so far, against the target mix of the pool, for every kind of label at once."""

    def __init__(self, groups: Ints, weights: Floats) -> None:
        self._codes, masses, known = np.empty_like(groups), [np.zeros(0)], 0
        for codes, group in zip(self._codes, groups, strict=True):
            labels, codes[:] = np.unique(group, return_inverse=True)
            mass = np.bincount(codes, weights=weights + 1e-9)
            codes += known
            known += len(labels)
            masses.append(mass / mass.sum())
        self._target = np.concatenate(masses)
        self._counts = np.zeros(len(self._target))

    def add(self, position: int) -> None:
        """Count the candidate at `position` of the pool as chosen."""
        self._counts[self._codes[:, position]] += 1.0

    def divergence_with_each(self, chosen: int) -> Floats:
        """KL(p || q~) of the list were each candidate added next, nats, mean over kinds: (m,)."""
        one = (1.0 - SMOOTHING) / (chosen + 1)
        now = one * self._counts + SMOOTHING * self._target
        without = float(np.sum(self._target * np.log(self._target / now)))
        gained = self._target * np.log1p(one / now)
        return np.asarray((without - gained.take(self._codes).sum(axis=0)) / max(len(self._codes), 1))
