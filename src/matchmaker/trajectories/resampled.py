"""AUC and average precision of pairs whose partners are resampled, compiled: `pair_metrics` of every draw, without the table of
draws by pairs that it needs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchmaker.trajectories.compiled import compiled, lanes
from matchmaker.trajectories.field import Floats, Ints

Bools = NDArray[np.bool_]
Small = NDArray[np.int32]


def resampled_metrics(scores: Floats, labels: Bools, left: Ints, right: Ints, weights: Floats) -> Floats:
    """(2, draws) AUC and AP as in `pair_metrics`, a pair counting as often as its two partners together.

    scores, labels: (m,); left, right: (m,) partner numbers; weights: (draws, partners) how often each was drawn.
    NaN where a draw holds no true or no false pair.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, true = scores[order], labels[order]
    begins = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    holds = np.add.reduceat(true.astype(np.int64), begins) > 0
    # Scores without a true pair are read as one: nothing is asked between them.
    begins = begins[holds | np.concatenate([[True], holds[:-1]])]
    found = np.empty((2, len(weights)))
    drawn = np.ascontiguousarray(weights, dtype=np.float64)
    ranked_left, ranked_right = left[order].astype(np.int32), right[order].astype(np.int32)
    _metrics(np.append(begins, len(true)), np.flatnonzero(true), ranked_left, ranked_right, drawn, found)
    return found


@lanes
def _total(drawn: Floats, left: Small, right: Small, begin: int, end: int) -> float:
    total = 0.0
    for place in range(begin, end):
        total += drawn[left[place]] * drawn[right[place]]
    return total


@compiled
def _metrics(bounds: Ints, true: Ints, left: Small, right: Small, weights: Floats, out: Floats) -> None:
    """bounds: (s + 1,) where pairs of one score begin, best first; true: (t,) places of the true pairs, ascending."""
    for draw in range(len(weights)):
        drawn = weights[draw]
        hits = misses = area = precision = 0.0
        number = 0
        for segment in range(len(bounds) - 1):
            end = bounds[segment + 1]
            whole = _total(drawn, left, right, bounds[segment], end)
            won = 0.0
            while number < len(true) and true[number] < end:
                won += drawn[left[true[number]]] * drawn[right[true[number]]]
                number += 1
            if won > 0.0:
                hits += won
                area += won * (misses + 0.5 * (whole - won))
                precision += won * hits / (hits + misses + whole - won)
            misses += whole - won
        known = hits > 0.0 and misses > 0.0
        out[0, draw] = 1.0 - area / (hits * misses) if known else np.nan
        out[1, draw] = precision / hits if known else np.nan
