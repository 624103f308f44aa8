"""The cold-start prior: evidence weighed on each partner's own scale, without any history.

For partner i and candidate j, with e_c the surprise of evidence c on i's scale (scales.py) and w_c the declared weights:

    E(i <- j) = sum_c w_c e_c / sum of the w_c that are known        evidence total, nats
    v(i <- j) = percentile of E(i <- j) on i's scale of totals       value, [0, 1)
    mutual    = harmonic(v(i <- j), v(j <- i))                       reciprocity.py

`distinct` counts 1 - percentile of the redundancy, at most 1. Lexical evidence counts by how much both sides say (evidence.py).
Unknown evidence (NaN) is left out with its weight, so that sparse profiles are not punished for silence. The contributions
w_c e_c / sum(w) add up to E exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.evidence import KINDS
from matchmaker.matching.scales import BLOCK, Scales, percentile, read

if TYPE_CHECKING:
    from matchmaker.config import Config

Floats = NDArray[np.float64]

DISTINCT = "distinct"
WEIGHED = (*KINDS[:-1], DISTINCT)
"""What is weighed: every kind of evidence in its order, what redundancy leaves of one in the place of redundancy."""
LEXICAL = KINDS.index("lexical")
TOTAL = len(KINDS)
"""Place of the totals' scale behind those of the kinds."""


@dataclass(frozen=True)
class Directed:
    """One direction of k pairs.

    contributions: (len(WEIGHED), k) nats, 0 where the evidence is unknown; total: (k,) their sum; value: (k,) in [0, 1), nats:
    (k,) its surprise; percentiles: (len(KINDS), k) in [0, 1), NaN where unknown.
    """

    contributions: Floats
    percentiles: Floats
    total: Floats
    value: Floats
    nats: Floats


def weights_for(config: Config, has_goals: NDArray[np.bool_]) -> Floats:
    """Weight of each kind for rows that have goals or not: (len(WEIGHED), ...) for has_goals (...)."""
    with_goals, without = config.weights, config.goalless_weights
    table = np.array([(getattr(without, kind), getattr(with_goals, kind)) for kind in WEIGHED])
    return np.asarray(table[:, has_goals.astype(np.int64)])


def weigh(nats: Floats, weights: Floats, strength: Floats) -> tuple[Floats, Floats]:
    """Contributions (len(WEIGHED), ...), nats, and their sum (...).

    nats: (len(WEIGHED), ...), NaN where the evidence is unknown; weights: broadcast to it; strength: (...) in [0, 1], times the
    weight of lexical evidence.
    """
    unknown = np.isnan(nats)
    shares = np.where(unknown, 0.0, weights)
    shares[LEXICAL] *= strength
    shares /= np.maximum(shares.sum(axis=0), 1e-12)
    contributions = shares * np.where(unknown, 0.0, nats)
    return contributions, contributions.sum(axis=0)


def totals(raw: Floats, scales: Scales, weights: Floats, strength: Floats) -> Floats:
    """Evidence totals of a whole table, nats (n, m).

    raw: (len(KINDS), n, m), row r being read on the scales of partner r, `scales` (n, len(KINDS)); weights: (len(KINDS), n);
    strength: (n, m).
    """
    found = np.empty(raw.shape[1:])
    for low in range(0, len(found), BLOCK):
        rows = slice(low, low + BLOCK)
        nats = raw[:, rows].copy()
        known = _known(nats)
        knots, width = scales.knots[rows, known].T[..., None], scales.width[rows, known].T[..., None]
        nats[known] = read(nats[known], knots, width)
        nats[-1] = np.exp(-nats[-1])
        found[rows] = weigh(nats, weights[:, rows, None], strength[rows])[1]
    return found


def both_ways(
    raw: Floats, mine: Scales, theirs: Scales, weights: Floats, strength: Floats
) -> tuple[Directed, Directed, Floats]:
    """Score k pairs in both directions: what the candidates are worth to the side, the reverse, and the mean percentiles.

    raw: (len(KINDS), 2, k), the side's view first; mine: the side's scales (TOTAL + 1,); theirs: the candidates' (k, TOTAL + 1);
    weights: (len(WEIGHED), 2, k); strength: (k,), that of the lexical evidence. Mean percentiles: (len(KINDS), k).
    """
    nats, known = raw.copy(), _known(raw)
    nats[known] = read(raw[known], *_opposite(mine, theirs, known))
    percentiles = percentile(nats)
    nats[-1] = 1.0 - percentiles[-1]
    contributions, total = weigh(nats, weights, strength)
    standing = read(total[None], *_opposite(mine, theirs, np.array([TOTAL])))[0]
    value = percentile(standing)
    out, back = (
        Directed(contributions[:, way], percentiles[:, way], total[way], value[way], standing[way]) for way in (0, 1)
    )
    return out, back, 0.5 * (percentiles[:, 0] + percentiles[:, 1])


def _known(raw: Floats) -> NDArray[np.int64]:
    """The kinds of which anything is known: many catalogues state no goals, or no accounts."""
    return np.flatnonzero(~np.isnan(raw).all(axis=tuple(range(1, raw.ndim))))


def _opposite(mine: Scales, theirs: Scales, kinds: NDArray[np.int64]) -> tuple[NDArray[np.float32], Floats]:
    """The side's scales of some kinds beside those of k candidates, as `read` takes them: (KNOTS, kinds, 2, k), (kinds, 2, k)."""
    shape = (len(kinds), 2, len(theirs.width))
    knots, width = np.empty((mine.knots.shape[1], *shape), dtype=np.float32), np.empty(shape)
    knots[:, :, 0], width[:, 0] = mine.knots[kinds].T[:, :, None], mine.width[kinds, None]
    knots[:, :, 1], width[:, 1] = theirs.knots[:, kinds].T, theirs.width[:, kinds].T
    return knots, width
