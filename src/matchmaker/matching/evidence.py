"""Raw evidence of pairs, before anything is weighed: one number a kind, NaN where nothing is known.

| kind       | direction | raw number                                                                                  |
|------------|-----------|---------------------------------------------------------------------------------------------|
| gain       | directed  | goals met by the other's capabilities beyond one's own, [0, 1] (gain.py)                      |
| audience   | both      | cosine of whitened vectors of stated audiences                                                  |
| overlap    | both      | ln of the lower bound of account-overlap lift (audience/overlap.py); NaN without accounts     |
| topic      | both      | cosine of whitened whole-profile vectors, [-1, 1]                                             |
| summary    | both      | cosine of name and description, not whitened, [-1, 1]                                         |
| lexical    | both      | cosine of the whole profiles' terms, [0, 1]; `strength` says how much both sides say           |
| category   | both      | weighted Jaccard of categories, [0, 1]                                                        |
| fit        | both      | geography, customer sizes, industries and stack, mean of what is known, [0, 1]                |
| redundancy | both      | cosine of pooled capability vectors, [-1, 1]: how far one could stand in for the other        |
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.gain import directed_gain, floor
from matchmaker.matching.ragged import Ints, Items, jaccard
from matchmaker.matching.space import GLOBAL, NEIGHBOURS, Side, Space

SYMMETRIC = ("audience", "overlap", "lexical", "topic", "summary", "category", "fit", "redundancy")
KINDS = ("gain", *SYMMETRIC)
"""All kinds, in the order of every array of evidence."""
FIT = ("company_sizes", "industries", NEIGHBOURS, "objects")
ENOUGH_TERMS = 100.0
"""Terms at which lexical evidence counts half of its weight."""
DIGITS = 6
"""Cosines are summed in float64 and rounded to this many digits: neither processor nor batch may move a tie."""


@dataclass(frozen=True)
class Evidence:
    """Raw evidence of one side against k candidates.

    raw: (len(KINDS), 2, k), at [:, 0] what the candidates are worth to the side and at [:, 1] the reverse, NaN where unknown;
    strength: (k,) in [0, 1), how far the lexical evidence can be relied on.
    """

    raw: NDArray[np.float64]
    strength: NDArray[np.float64]


def pair_evidence(space: Space, side: Side, rows: Ints) -> Evidence:
    """Raw evidence of `side` against the partners at `rows` (k,) int64."""
    raw = np.empty((len(KINDS), 2, len(rows)))
    for kind, values in symmetric_evidence(space, side, rows).items():
        raw[KINDS.index(kind)] = values
    raw[0, 0], raw[0, 1] = _gain_out(space, side, rows), _gain_in(space, side, rows)
    return Evidence(raw, lexical_strength(len(side.terms[0]), space.lexical.said(rows)))


def symmetric_evidence(space: Space, side: Side, rows: Ints) -> dict[str, NDArray[np.float64]]:
    """The kinds that are the same from both sides, (k,) float64 each."""
    return {
        "audience": _audience(space, side, rows),
        "topic": _cosine(space.topic, side.topic, rows),
        "summary": _cosine(space.summary, side.summary, rows),
        "redundancy": _cosine(space.pooled, side.pooled, rows),
        **sparse_evidence(space, side, rows),
    }


def sparse_evidence(space: Space, side: Side, rows: Ints) -> dict[str, NDArray[np.float64]]:
    """The symmetric kinds that are made of sets: terms, labels, accounts."""
    unknown = np.full(len(rows), np.nan)
    return {
        "overlap": space.accounts.lift(side.row, rows) if space.accounts and side.row is not None else unknown,
        "lexical": space.lexical.pairs(side.terms, rows),
        "category": space.labels["categories"].jaccard(side.labels["categories"], rows),
        "fit": _fit(space, side, rows),
    }


def dense_evidence(space: Space, rows: Ints, others: Ints) -> dict[str, NDArray[np.float64]]:
    """The symmetric kinds that are cosines, for every pair of `rows` and `others`: (k, m) each, the same numbers as one by one."""

    def cosines(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        one, other = vectors[rows], vectors[others]
        known = np.any(one != 0.0, axis=1)[:, None] & np.any(other != 0.0, axis=1)[None, :]
        return np.where(known, np.round(one.astype(np.float64) @ other.astype(np.float64).T, DIGITS), np.nan)

    stated = space.states_audience[rows][:, None] & space.states_audience[others][None, :]
    return {
        "audience": np.where(stated, cosines(space.audience), np.nan),
        "topic": cosines(space.topic),
        "summary": cosines(space.summary),
        "redundancy": cosines(space.pooled),
    }


def sparse_matrix(space: Space, rows: Ints, others: Ints) -> dict[str, NDArray[np.float64]]:
    """`sparse_evidence` for every pair of `rows` and `others`: (k, m) each."""
    overlap = np.full((len(rows), len(others)), np.nan)
    if space.accounts:
        overlap = np.stack([space.accounts.lift(int(other), rows) for other in others], axis=1)
    return {
        "overlap": overlap,
        "lexical": space.lexical.matrix(rows, others),
        "category": jaccard(*space.labels["categories"].shared_matrix(rows, others)),
        "fit": _fit_matrix(space, rows, others),
    }


def lexical_strength(mine: int | NDArray[np.integer], theirs: NDArray[np.integer]) -> NDArray[np.float64]:
    """Share n / (n + 100), n being the fewer terms of the two sides: terse profiles share few words by chance or not at all."""
    fewer = np.minimum(mine, theirs).astype(np.float64)
    return np.asarray(fewer / (fewer + ENOUGH_TERMS))


def gain_matrix(space: Space, rows: Ints, others: Items) -> NDArray[np.float64]:
    """gain(each of `rows` <- each owner of the capabilities `others`), (k, m): `pair_evidence` for a whole catalogue."""
    return directed_gain(space.goals.take(rows), floor(space.goal_marks(rows)), others).astype(np.float64)


def _gain_out(space: Space, side: Side, rows: Ints) -> NDArray[np.float32] | float:
    """What each candidate's capabilities do for the goals of the side, (k,)."""
    if not len(side.goals.vectors):
        return np.nan
    return np.asarray(directed_gain(side.goals, floor(side.marks), space.capabilities.take(rows))[0])


def _gain_in(space: Space, side: Side, rows: Ints) -> NDArray[np.float32] | float:
    """What the capabilities of the side do for each candidate's goals, (k,)."""
    if not len(side.capabilities.vectors):
        return np.nan
    gain = directed_gain(space.goals.take(rows), floor(space.goal_marks(rows)), side.capabilities)
    return np.asarray(gain[:, 0])


def _cosine(vectors: NDArray[np.float32], query: NDArray[np.float32], rows: Ints) -> NDArray[np.float64]:
    """Cosine with each row; NaN where either side has no text."""
    theirs = vectors.take(rows, axis=0)
    cosine = np.round(theirs.astype(np.float64) @ query.astype(np.float64), DIGITS)
    silent = np.flatnonzero(cosine == 0.0)  # a side without text has the zero vector
    if len(silent):
        known = np.any(theirs[silent] != 0.0, axis=1) & bool(np.any(query != 0.0))
        cosine[silent] = np.where(known, 0.0, np.nan)
    return np.asarray(cosine)


def _audience(space: Space, side: Side, rows: Ints) -> NDArray[np.float64]:
    """Cosine of stated audiences. One that was inferred says no more than the whole profile, which counts as `topic`."""
    stated = space.states_audience[rows] & side.states_audience
    return np.where(stated, _cosine(space.audience, side.audience, rows), np.nan)


def _fit(space: Space, side: Side, rows: Ints) -> NDArray[np.float64]:
    """Mean of the known parts: regions, customer sizes, industries, shared neighbours, interface objects."""
    parts = [space.labels[kind].jaccard(side.labels[kind], rows) for kind in FIT if len(side.labels[kind])]
    sets, mine = space.labels["regions"], side.labels["regions"]
    if len(mine):
        reach = space.everywhere[rows] | (GLOBAL in sets.names(mine))
        own = np.float64(sets.weights[mine].sum())
        parts.append(region_share(sets.shared(mine, rows), own, sets.own[rows], reach))
    return mean_known(parts) if parts else np.full(len(rows), np.nan)


def _fit_matrix(space: Space, rows: Ints, others: Ints) -> NDArray[np.float64]:
    parts = [jaccard(*space.labels[kind].shared_matrix(rows, others)) for kind in FIT]
    sets = space.labels["regions"]
    reach = space.everywhere[rows, None] | space.everywhere[None, others]
    return mean_known([region_share(*sets.shared_matrix(rows, others), reach), *parts])


def region_share(
    common: NDArray[np.float64],
    one: NDArray[np.float64] | np.float64,
    other: NDArray[np.float64],
    reach: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Share of the smaller side's regions that both serve; where either is `global` (reach), all of them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where((one > 0) & (other > 0), common / np.minimum(one, other), np.nan)
    return np.where(~np.isnan(share) & reach, 1.0, share)


def mean_known(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean of what is not NaN, place by place; NaN where nothing is known."""
    stacked = np.array(parts)
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, stacked, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
