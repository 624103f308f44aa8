"""Learning from shared accounts: half of the accounts is hidden, and the overlap in it is to be found from the other half.

A pair counts as found where the hidden half surely shares more than chance: three accounts, and the 5 % quantile of lift above 2.
`small_weight` b weighs a positive pair by 1 / n^b, n accounts of the other: with 0 the famous decide, with 1 all count alike. The
largest b is taken whose ranking of everybody, in halves that it was not fitted to, is at most 3 % worse than the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import MINIMUM
from matchmaker.errors import SettingsError
from matchmaker.matching.learned import overlap, texts
from matchmaker.matching.learned.from_links import balanced
from matchmaker.matching.learned.history import Floats, Ints
from matchmaker.matching.learned.overlap import Overlap
from matchmaker.matching.learned.ranker import PairRanker

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from matchmaker.config import Config
    from matchmaker.matching.space import Side, Space

FEATURES = (*texts.FEATURES, *overlap.FEATURES)
WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)
FEWEST = MINIMUM // 2
"""Accounts below which a partner neither asks nor is a candidate in training: half of them is left to each half."""
_HALVINGS, _PARTNERS, _NEGATIVES, _TOLERANCE, _K = 2, 1500, 100, 0.03, 10
_PAIRS = 50
_LEVEL, _LEAST, _LIFT = 0.05, 3, 2.0


@dataclass(frozen=True)
class AccountModel:
    """A ranking learned from shared accounts. small_weight: b of the module's text."""

    overlap: Overlap
    ranker: PairRanker
    small_weight: float

    def features(self, space: Space, config: Config, side: Side, rows: Ints) -> Floats:
        """(k, len(FEATURES)) of a stored side with the partners at `rows`. Raises SettingsError for one that is not."""
        said = texts.of_side(space, config, side, rows)
        asks = np.full(len(rows), texts.stored(side), dtype=np.int64)
        return np.concatenate((said, self.overlap.features(asks, rows, said[:, 0])), axis=1)

    def scores(self, space: Space, config: Config, side: Side, rows: Ints) -> Floats:
        """(k,) log-odds of overlap beyond chance."""
        return self.ranker.decision_function(self.features(space, config, side, rows))


def learn(space: Space, config: Config, held: csr_array, *, seed: int = 0) -> AccountModel:
    """Learn from `held` (n, accounts), zeros and ones. Raises SettingsError where too little is shared."""
    rng = np.random.default_rng(seed)
    own = np.asarray(held.sum(axis=1)).ravel()
    rows = np.flatnonzero(own >= FEWEST)
    if len(rows) > _PARTNERS:
        rows = np.sort(rng.choice(rows, _PARTNERS, replace=False))
    halves: list[_Half] = []
    for _ in range(_HALVINGS if len(rows) > 1 else 0):
        one = rng.random(held.shape[1]) < 0.5
        halves += [_Half.of(space, config, held[rows], rows, part, rng) for part in (one, ~one)]
    if min((int(half.labels.sum()) for half in halves), default=0) < _PAIRS:
        raise SettingsError("Too few pairs of partners share accounts beyond chance to learn from them.")
    chosen = _small_weight(halves)
    return AccountModel(Overlap.fit(held), _fitted(halves, chosen), chosen)


@dataclass(frozen=True)
class _Half:
    """Features from one half of the accounts, labels from the other. asks: (p,) the number of who asks; size: (p,) accounts of the
    other; drawn: (p,) bool, taken for fitting.
    """

    features: Floats
    labels: NDArray[np.bool_]
    asks: Ints
    size: Floats
    drawn: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        space: Space,
        config: Config,
        held: csr_array,
        rows: Ints,
        seen: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> _Half:
        count = len(rows)
        visible = Overlap.fit(held[:, np.flatnonzero(seen)])
        true = _beyond_chance(held[:, np.flatnonzero(~seen)])
        asks, others = (grid.ravel() for grid in np.indices((count, count)))
        apart = asks != others
        asks, others = asks[apart], others[apart]
        labels = true[asks, others]
        drawn = labels | (rng.random(len(labels)) < min(_NEGATIVES / count, 1.0))
        kept = drawn | (asks % max(count // 300, 1) == 0)  # whole lists of some, to validate
        asks, others, labels, drawn = asks[kept], others[kept], labels[kept], drawn[kept]
        said = texts.of_pairs(space, config, rows[asks], rows[others])
        features = np.concatenate((said, visible.features(asks, others, said[:, 0])), axis=1)
        return cls(features, labels, asks, visible.own[others], drawn)


def _beyond_chance(held: csr_array) -> NDArray[np.bool_]:
    """(n, n) bool, pairs that share `_LEAST` accounts and have a lift whose 5 % quantile (overlap.py) is above `_LIFT`."""
    from scipy.special import gammaincinv

    shared = (held @ held.T).toarray()
    own = np.diag(shared).copy()
    a, b = np.nonzero(shared >= _LEAST)
    bound = gammaincinv(shared[a, b] + 1.0, _LEVEL) / (own[a] * own[b] / held.shape[1] + 1.0)
    found = np.zeros(shared.shape, dtype=bool)
    found[a, b] = bound > _LIFT
    np.fill_diagonal(found, False)
    return found


def _fitted(halves: list[_Half], small_weight: float) -> PairRanker:
    features, labels, size = (
        np.concatenate([getattr(half, name)[half.drawn] for half in halves]) for name in ("features", "labels", "size")
    )
    return PairRanker().fit(features, labels, balanced(labels, 1.0 / np.maximum(size, 1.0) ** small_weight))


def _small_weight(halves: list[_Half]) -> float:
    quality = {}
    for weight in WEIGHTS:
        ranker = _fitted(halves[:2], weight)
        quality[weight] = float(np.mean([_ndcg(half, ranker.decision_function(half.features)) for half in halves[2:]]))
    best = max(quality.values())
    return next(weight for weight in WEIGHTS if quality[weight] >= (1.0 - _TOLERANCE) * best)


def _ndcg(half: _Half, scores: Floats) -> float:
    """Mean nDCG@10 of those whose whole lists are kept and hold a true pair."""
    sizes = np.bincount(half.asks)
    whole = np.flatnonzero(sizes == sizes.max())
    discount = 1.0 / np.log2(np.arange(2, _K + 2))
    found = []
    for asker in whole:
        mine = half.asks == asker
        truth = half.labels[mine]
        if truth.any():
            order = np.argsort(-scores[mine], kind="stable")[:_K]
            found.append((truth[order] * discount).sum() / discount[: min(int(truth.sum()), _K)].sum())
    return float(np.mean(found)) if found else 0.0
