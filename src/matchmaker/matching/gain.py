"""Directed gain: what another partner's capabilities do for one's goals beyond one's own capabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import Items, segment_max, segment_sum

UNRELATED = 0.3
"""Cosine that short phrases of one field reach without meaning the same; what lies below it meets no goal."""
OWN, USUAL, RARE, RARE_AUDIENCE = range(4)
"""Columns of the marks of a goal: how near one's own capabilities come to it, then what 85 % and 95 % of the reference
partners stay below with their best capability, and what 95 % stay below with their audience."""
USUAL_SHARE, RARE_SHARE = 0.85, 0.95
FEWEST = 20
"""Fewer reference partners than this say nothing about what is usual."""
_DIGITS = 6


def goal_marks(goals: Items, own: Items, others: Items, audiences: NDArray[np.floating]) -> NDArray[np.float32]:
    """What a capability has to come near to before it is news for a goal.

    goals, own: Items of the same partners, goals and capabilities; others, audiences: capabilities and (m, d) audience
    vectors of the reference partners; float64 ones are not copied. Returns (g, 4) float32, columns OWN (in [0, 1]), USUAL,
    RARE, RARE_AUDIENCE (0 with fewer than `FEWEST` references).
    """
    marks = np.zeros((len(goals.vectors), 4), dtype=np.float32)
    marks[:, OWN] = own_best(goals, own)
    if len(others) < FEWEST or not len(goals.vectors) or not len(others.vectors):
        return marks
    wanted = goals.vectors.astype(np.float64)
    best = segment_max(wanted @ others.vectors.astype(np.float64, copy=False).T, others.offsets, empty=0.0, axis=1)
    near = wanted @ audiences.astype(np.float64, copy=False).T
    places = [int(share * (len(others) - 1)) for share in (USUAL_SHARE, RARE_SHARE)]
    marks[:, [USUAL, RARE]] = np.partition(best, places, axis=1)[:, places]
    marks[:, RARE_AUDIENCE] = np.partition(near, places[1], axis=1)[:, places[1]]
    return np.round(marks, _DIGITS)


def floor(marks: NDArray[np.float32]) -> NDArray[np.float32]:
    """What counts as no gain for each goal, (g,): one's own, what is usual, and what is unrelated."""
    return np.maximum(np.maximum(marks[:, OWN], marks[:, USUAL]), np.float32(UNRELATED))


def own_best(goals: Items, capabilities: Items) -> NDArray[np.float32]:
    """For every goal, the best cosine with its own partner's capabilities: (g,) float32 in [0, 1], 0 without any."""
    best = np.zeros(len(goals.vectors), dtype=np.float32)
    for row in range(len(goals)):
        low, high = goals.offsets[row], goals.offsets[row + 1]
        mine = capabilities.of(row)
        if high > low and len(mine):
            best[low:high] = np.maximum(
                (goals.vectors[low:high].astype(np.float64) @ mine.astype(np.float64).T).max(axis=1), 0.0
            )
    return best


def directed_gain(goals: Items, bar: NDArray[np.float32], capabilities: Items) -> NDArray[np.float32]:
    """Gain of each goal owner from each capability owner.

    gain(i <- j) = mean over goals g of i of max(0, max over c of j of cos(g, c) - bar[g])
    bar[g]       = max(0.3, max over c of i of cos(g, c), what 85 % of the reference partners stay below)

    goals: Items of a partners; bar: (g,) float32, `floor` of the goals' marks; capabilities: Items of b partners.
    Returns (a, b) float32 in [0, 1]; NaN in the rows of partners without goals and the columns without capabilities.
    Source: MaxSim after Khattab and Zaharia 2020 (ColBERT, arXiv 2004.12832), here relative to
    what one already has and to what almost anybody could bring.
    """
    if not len(goals.vectors) or not len(capabilities.vectors):
        return np.full((len(goals), len(capabilities)), np.nan, dtype=np.float32)
    cosines = goals.vectors.astype(np.float64) @ capabilities.vectors.astype(np.float64).T
    best = segment_max(cosines, capabilities.offsets, empty=np.nan, axis=1)
    lacking = np.maximum(best - bar[:, None], 0.0)
    counts = goals.counts()
    total = segment_sum(np.where(np.isnan(lacking), 0.0, lacking), goals.offsets)
    gain = np.where(counts[:, None] > 0, total / np.maximum(counts, 1)[:, None], np.nan)
    gain[:, capabilities.counts() == 0] = np.nan
    return np.round(gain, 6).astype(np.float32)
