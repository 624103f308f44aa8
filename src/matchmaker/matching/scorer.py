"""Scores of pairs: evidence, the prior in both directions, and what both sides make of it together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.evidence import KINDS, Evidence, pair_evidence
from matchmaker.matching.fit_type import fit_types
from matchmaker.matching.prior import TOTAL, Directed, both_ways, totals, weights_for
from matchmaker.matching.ragged import Ints
from matchmaker.matching.reciprocity import balance, harmonic, mutual_nats, one_way
from matchmaker.matching.scales import Scales
from matchmaker.matching.space import Side, Space

if TYPE_CHECKING:
    from matchmaker.config import Config

Floats = NDArray[np.float64]
_AUDIENCE, _TOPIC, _CATEGORY, _REDUNDANCY = (
    KINDS.index(kind) for kind in ("audience", "topic", "category", "redundancy")
)
TEXTS = [KINDS.index(kind) for kind in ("topic", "summary", "lexical")]


@dataclass(frozen=True)
class Scored:
    """k pairs of one side with the partners at `rows`, scored in both directions; every array is (k,).

    out: what the candidates are worth to the side; back: what the side is worth to them; mutual in [0, 1];
    nats: -ln(1 - mutual), the ranking key; audience, redundancy: mean percentile of both sides, NaN where unknown;
    whole profiles stand in for an unstated audience.
    """

    rows: Ints
    evidence: Evidence
    out: Directed
    back: Directed
    mutual: Floats
    nats: Floats
    balance: Floats
    one_way: NDArray[np.bool_]
    audience: Floats
    redundancy: Floats
    fit_type: NDArray[np.str_]


def score(
    space: Space, config: Config, side: Side, rows: Ints, rivals: NDArray[np.bool_], mine: Floats | None = None
) -> Scored:
    """Score `side` against `rows` (k,) int64; rivals: (k,) bool, pairs with an explicit competitor relation.

    mine: (len(WEIGHED),) weights of the side's own direction, which its scale of totals was made with (`reweighed`).
    """
    evidence = pair_evidence(space, side, rows)
    has_goals = np.empty((2, len(rows)), dtype=bool)
    has_goals[0], has_goals[1] = len(side.goals.vectors) > 0, space.goals.offsets[rows + 1] > space.goals.offsets[rows]
    weights = weights_for(config, has_goals)
    if mine is not None:
        weights[:, 0] = mine[:, None]
    out, back, standing = both_ways(evidence.raw, side.scales, space.scales.take(rows), weights, evidence.strength)
    audience = np.where(np.isnan(standing[_AUDIENCE]), standing[_TOPIC], standing[_AUDIENCE])
    redundancy = standing[_REDUNDANCY]
    return Scored(
        rows=rows,
        evidence=evidence,
        out=out,
        back=back,
        mutual=harmonic(out.value, back.value),
        nats=mutual_nats(out.nats, back.nats),
        balance=balance(out.value, back.value),
        one_way=one_way(out.value, back.value),
        audience=audience,
        redundancy=redundancy,
        fit_type=fit_types(
            audience,
            redundancy,
            standing[_CATEGORY],
            evidence.raw[_CATEGORY, 0],
            likeness(out.percentiles[TEXTS], back.percentiles[TEXTS]),
            rivals,
        ),
    )


def with_scales(space: Space, config: Config, side: Side, twins: NDArray[np.bool_]) -> Side:
    """A side outside the catalogue with its own percentile scales, fitted on the same reference sample as everybody's.

    twins: (m,) bool, the references of the same content, which are left out as they are for a stored partner.
    """
    evidence = pair_evidence(space, side, space.reference)
    scales = Scales.fit(np.where(twins, np.nan, evidence.raw[:, 0]))
    weights = weights_for(config, np.array(len(side.goals.vectors) > 0))
    return replace(side, scales=Scales.stack((scales, _total(evidence, scales, weights, twins))))


def reweighed(space: Space, side: Side, weights: Floats, twins: NDArray[np.bool_]) -> Side:
    """A side whose totals are weighed by `weights` (len(WEIGHED),), on a scale fitted to them; twins: as for `with_scales`."""
    kinds = side.scales.take(slice(None, TOTAL))
    evidence = pair_evidence(space, side, space.reference)
    return replace(side, scales=Scales.stack((kinds, _total(evidence, kinds, weights, twins))))


def _total(evidence: Evidence, kinds: Scales, weights: Floats, twins: NDArray[np.bool_]) -> Scales:
    """The scale of the totals of one side, from its evidence against the references."""
    total = totals(evidence.raw[:, :1], kinds.take(None), weights[:, None], evidence.strength[None, :])
    return Scales.fit(np.where(twins, np.nan, total))


def likeness(out: Floats, back: Floats) -> Floats:
    """Mean surprise of the texts' likeness from both sides, nats; texts that are not there say nothing."""
    parts = np.concatenate((out, back))
    return np.asarray(np.mean(-np.log1p(-np.where(np.isnan(parts), 0.0, parts)), axis=0))
