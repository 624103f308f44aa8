"""Directed gain: what another partner's capabilities do for one's goals beyond one's own capabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import Items, segment_max, segment_sum

UNRELATED = 0.3
"""Cosine that short phrases of one field reach without meaning the same; what lies below it meets no goal."""


def own_best(goals: Items, capabilities: Items) -> NDArray[np.float32]:
    """For every goal, the best cosine with its own partner's capabilities, at least `UNRELATED`: (g,) float32 in [0.3, 1]."""
    best = np.full(len(goals.vectors), UNRELATED, dtype=np.float32)
    for row in range(len(goals)):
        low, high = goals.offsets[row], goals.offsets[row + 1]
        mine = capabilities.of(row)
        if high > low and len(mine):
            best[low:high] = np.maximum((goals.vectors[low:high] @ mine.T).max(axis=1), UNRELATED)
    return best


def directed_gain(goals: Items, own: NDArray[np.float32], capabilities: Items) -> NDArray[np.float32]:
    """Gain of each goal owner from each capability owner.

    gain(i <- j) = mean over goals g of i of max(0, max over c of j of cos(g, c) - own[g])
    own[g]       = max(0.3, max over c of i of cos(g, c))

    goals: Items of a partners; own: (g,) float32, best own cosine of each goal; capabilities: Items of b partners.
    Returns (a, b) float32 in [0, 1]; NaN in the rows of partners without goals and the columns without capabilities.
    Source: MaxSim after Khattab and Zaharia 2020 (ColBERT, arXiv 2004.12832), here relative to what one already has.
    """
    if not len(goals.vectors) or not len(capabilities.vectors):
        return np.full((len(goals), len(capabilities)), np.nan, dtype=np.float32)
    cosines = goals.vectors @ capabilities.vectors.T
    best = segment_max(cosines.T, capabilities.offsets, empty=np.nan).T
    lacking = np.maximum(best - own[:, None], 0.0)
    counts = goals.counts()
    total = segment_sum(np.nan_to_num(lacking), goals.offsets)
    gain = np.where(counts[:, None] > 0, total / np.maximum(counts, 1)[:, None], np.nan)
    gain[:, capabilities.counts() == 0] = np.nan
    return np.round(gain, 6).astype(np.float32)
