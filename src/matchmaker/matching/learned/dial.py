"""What fame counts in a learned list: giants are taken back and the small brought forward, in log-odds.

A ranking by the likelihood of a link alone is a list of giants, whom everybody knows. Strata are those that every figure is read by
(evaluation/reads.py): the 5 % best linked, and those with at most max(5, median) links.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GIANT, ESTABLISHED, SMALL = 0, 1, 2
OFFSETS = np.array([-2.0, 0.0, 1.0])
"""Log-odds that each stratum gains: chosen on splits of their own (docs/quality.md)."""
_HEAD_SHARE, _TAIL_FLOOR = 0.05, 5


def offsets(popularity_weight: float) -> NDArray[np.float64]:
    """(3,) log-odds that each stratum gains: `OFFSETS` at 0.5, twice as much at 0, nothing at 1, where fame counts in full."""
    return np.asarray(OFFSETS * 2.0 * (1.0 - popularity_weight))


def strata(degree: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.int64]:
    """(n,) stratum of each partner by its number of links (n,)."""
    found = np.full(len(degree), ESTABLISHED, dtype=np.int64)
    found[degree <= max(_TAIL_FLOOR, float(np.median(degree)))] = SMALL
    order = np.argsort(-degree, kind="stable")
    found[order[: int(np.ceil(_HEAD_SHARE * len(degree)))]] = GIANT
    return found
