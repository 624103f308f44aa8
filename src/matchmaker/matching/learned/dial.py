"""What fame counts in a learned list: its places are shared out among giants, established and small partners.

A ranking by the likelihood of a link alone is a list of giants, whom everybody knows. So partners are ranked within their stratum,
and the strata take turns: of ten places one goes to a giant, five to established and four to small partners, the better ones first.
Strata are those that every figure is read by (evaluation/reads.py): the 5 % best linked, those with at most max(5, median) links,
and the rest between.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GIANT, ESTABLISHED, SMALL = 0, 1, 2
STRATA = 3
SHARES = np.array([0.1, 0.5, 0.4])
"""Of the places of a list that go to each stratum: chosen on splits of their own (docs/quality.md)."""
_DIAL = np.array([3.0, 0.0, -3.0])
_HEAD_SHARE, _TAIL_FLOOR = 0.05, 5
_LENGTH = 1000.0
"""Decides how fast relevance falls: with so many, the tenth place of a list has two thirds of the first's."""


def shares(popularity_weight: float) -> NDArray[np.float64]:
    """(3,) share of the places of each stratum: `SHARES` at 0.5, nearly all to the giants at 1 and to the small ones at 0."""
    raised = SHARES * np.exp((2.0 * popularity_weight - 1.0) * _DIAL)
    return np.asarray(raised / raised.sum())


def strata(degree: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.int64]:
    """(n,) stratum of each partner by its number of links (n,)."""
    found = np.full(len(degree), ESTABLISHED, dtype=np.int64)
    found[degree <= max(_TAIL_FLOOR, float(np.median(degree)))] = SMALL
    order = np.argsort(-degree, kind="stable")
    found[order[: int(np.ceil(_HEAD_SHARE * len(degree)))]] = GIANT
    return found


def in_turn(
    scores: NDArray[np.floating], asks: NDArray[np.integer], stratum: NDArray[np.integer], popularity_weight: float
) -> NDArray[np.float64]:
    """(p,) relevance in nats whose order gives each stratum its share of the places of every list.

    scores: (p,) rank within one stratum of one asking partner; asks: (p,) who asks; stratum: (p,) of the other. The r-th of a
    stratum with share s is due at place (r - 1/2) / s; relevance is ln(1 + 1000 / place).
    """
    order = np.lexsort((np.arange(len(scores)), -scores, stratum, asks))
    new = np.ones(len(scores), dtype=bool)
    new[1:] = (asks[order][1:] != asks[order][:-1]) | (stratum[order][1:] != stratum[order][:-1])
    first = np.maximum.accumulate(np.where(new, np.arange(len(scores)), 0))
    rank = np.empty(len(scores))
    rank[order] = np.arange(len(scores)) - first
    return np.asarray(np.log1p(_LENGTH * shares(popularity_weight)[stratum] / (rank + 0.5)))
