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

from matchmaker.matching.scales import Scales, percentile

if TYPE_CHECKING:
    from matchmaker.config import Config, PriorWeights

Floats = NDArray[np.float64]

TOTAL = "total"
DISTINCT = "distinct"
LEXICAL = "lexical"
WEIGHED = ("gain", "audience", "overlap", "lexical", "topic", "summary", "category", "fit", DISTINCT)


@dataclass(frozen=True)
class Directed:
    """One direction of k pairs.

    contributions: kind -> (k,) nats, 0 where the evidence is unknown; total: (k,) their sum; value: (k,) in [0, 1);
    percentiles: kind -> (k,) in [0, 1), NaN where unknown.
    """

    contributions: dict[str, Floats]
    percentiles: dict[str, Floats]
    total: Floats
    value: Floats
    nats: Floats


def weights_for(config: Config, has_goals: NDArray[np.bool_]) -> dict[str, Floats]:
    """Weight of each kind for rows that have goals or not: kind -> (k,) float64."""
    with_goals, without = config.weights, config.goalless_weights
    return {
        kind: np.where(has_goals, _weight(with_goals, kind), _weight(without, kind)).astype(np.float64)
        for kind in WEIGHED
    }


def weigh(
    surprises: dict[str, Floats], weights: dict[str, Floats], strength: Floats
) -> tuple[dict[str, Floats], Floats]:
    """Contributions (each (..., ) nats) and their sum, from surprises with NaN for unknown evidence.

    weights: kind -> (k,), one a row; strength: the shape of the surprises, in [0, 1], times the weight of lexical evidence.
    """
    nats = np.stack([surprises[kind] for kind in WEIGHED])
    unknown = np.isnan(nats)
    shape = (len(WEIGHED), -1, *(1,) * (strength.ndim - 1))
    shares = np.where(unknown, 0.0, np.stack([weights[kind] for kind in WEIGHED]).reshape(shape))
    shares[WEIGHED.index(LEXICAL)] *= strength
    shares /= np.maximum(shares.sum(axis=0), 1e-12)
    contributions = shares * np.where(unknown, 0.0, nats)
    return dict(zip(WEIGHED, contributions, strict=True)), contributions.sum(axis=0)


def surprises(raw: dict[str, Floats], scales: dict[str, Scales]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Surprise of every weighed kind and percentile of every kind, read on `scales` (one row, or one a pair)."""
    nats = read_all(raw, scales)
    percentiles = dict(zip(nats, percentile(np.stack(list(nats.values()))), strict=True))
    nats[DISTINCT] = 1.0 - percentiles["redundancy"]
    return nats, percentiles


def totals(raw: dict[str, Floats], scales: dict[str, Scales], weights: dict[str, Floats], strength: Floats) -> Floats:
    """Evidence totals of whole matrices, nats: `direct` without what only answers need."""
    nats = read_all(raw, scales)
    nats[DISTINCT] = 1.0 - percentile(nats["redundancy"])
    return weigh(nats, weights, strength)[1]


def read_all(raw: dict[str, Floats], scales: dict[str, Scales]) -> dict[str, Floats]:
    """Surprise of every kind; a query's values are read in a single pass over all kinds, which is most of its work."""
    first = next(iter(raw.values()))
    if first.ndim > 1:
        return {kind: scales[kind].surprise(values) for kind, values in raw.items()}
    nats = {kind: np.full(len(values), np.nan) for kind, values in raw.items()}
    known = [kind for kind, values in raw.items() if not np.isnan(values).all()]
    if not known:
        return nats
    stacked = Scales(
        np.concatenate([scales[kind].knots for kind in known]), np.concatenate([scales[kind].width for kind in known])
    )
    values = np.stack([raw[kind] for kind in known])
    one_each = len(stacked.knots) == len(known)  # one scale a kind: a row a kind
    read = stacked.surprise(values) if one_each else stacked.surprise(values.ravel()).reshape(values.shape)
    return nats | dict(zip(known, read, strict=True))


def direct(raw: dict[str, Floats], scales: dict[str, Scales], weights: dict[str, Floats], strength: Floats) -> Directed:
    """Score k pairs in one direction from their raw evidence; strength: (k,), that of the lexical evidence."""
    nats, percentiles = surprises(raw, scales)
    contributions, total = weigh(nats, weights, strength)
    standing = scales[TOTAL].surprise(total)
    return Directed(contributions, percentiles, total, percentile(standing), standing)


def _weight(weights: PriorWeights, kind: str) -> float:
    return float(getattr(weights, kind))
