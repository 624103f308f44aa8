"""Learning from shared accounts: half of the accounts is hidden, and the overlap in it is to be found from the other half.

A pair counts as found where the hidden half surely shares more than chance: three accounts, and the 5 % quantile of lift above 2.
`small_weight` b weighs a positive pair by 1 / n^b, n accounts of the other: with 0 the famous decide, with 1 all count alike. The
largest b is taken whose ranking of everybody, in halves that it was not fitted to, is at most 3 % worse than the best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import MINIMUM
from matchmaker.errors import SettingsError
from matchmaker.matching.learned import dial, overlap, texts
from matchmaker.matching.learned.history import Floats, Ints
from matchmaker.matching.learned.linear import Linear
from matchmaker.matching.learned.overlap import Overlap
from matchmaker.matching.learned.texts import Facts

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from matchmaker.config import Config
    from matchmaker.matching.learned.ranker import PairRanker
    from matchmaker.matching.space import Space

FEATURES = (*texts.FEATURES, *overlap.FEATURES)
_ASKS, _OTHER = FEATURES.index("asks"), FEATURES.index("other")
_TURNED = [_OTHER if place == _ASKS else _ASKS if place == _OTHER else place for place in range(len(FEATURES))]
"""Where each feature of a pair stands when the pair is turned."""
_GAINED = np.array([-2.0, 0.0, 1.0])
"""Log-odds that giants, established and small partners gain at the small end of the dial, and lose at the other."""
WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)
FEWEST = MINIMUM // 2
"""Accounts below which a partner neither asks nor is a candidate in training: half of them is left to each half."""
_HALVINGS, _PARTNERS, _NEGATIVES, _TOLERANCE, _K = 2, 1500, 100, 0.03, 10
_PAIRS = 50
_LEVEL, _LEAST, _LIFT = 0.05, 3, 2.0


@dataclass(frozen=True)
class AccountModel:
    """A ranking learned from shared accounts. small_weight: b of the module's text; facts: as of a `LinkModel`, which newcomers are
    told by. Rows are those of the partners it was learned from, then of newcomers.
    """

    overlap: Overlap
    facts: Facts
    ranker: Linear
    small_weight: float

    names = FEATURES
    told = staticmethod(texts.without_accounts)
    """The part of a space that `said` is of."""

    @property
    def mean_said(self) -> Floats:
        """(len(texts.FEATURES),) mean of `said` over the pairs it was learned from."""
        return self.ranker.mean[: len(texts.FEATURES)]

    def features(self, said: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]; said: (p, len(texts.FEATURES)) of these."""
        return np.concatenate((said, self.overlap.features(asks, others, said[:, 0])), axis=1)

    def turned(self, features: Floats, asks: Ints) -> Floats:
        """The features of the same pairs the other way round."""
        del asks
        return features[:, _TURNED]

    def kind(self, asks: Ints, others: Ints) -> Ints:
        """(p,) the stratum of the other: all are ranked alike, but not observed as often."""
        del asks
        return self.stratum[others]

    def odds(self, features: Floats, asks: Ints, others: Ints) -> Floats:
        """(p,) log-odds of overlap beyond chance, of pairs as they were weighed in training, but for what all begin with."""
        return np.asarray(self.parts(features, asks, others).sum(axis=1))

    def parts(self, features: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) log-odds of each feature; they add up to `odds` exactly."""
        del asks, others
        return self.ranker.parts(features)

    def order(self, odds: Floats, asks: Ints, others: Ints, popularity_weight: float = 0.5) -> Floats:
        """(p,) relevance in nats, ln(1 + exp(s)) of log-odds s and of what the stratum by accounts gains: nothing at 0.5."""
        del asks
        gained = (1.0 - 2.0 * popularity_weight) * _GAINED[self.stratum[others]]
        return np.logaddexp(0.0, odds + self.ranker.level + gained)

    @cached_property
    def stratum(self) -> Ints:
        """(n,) of dial.py, by numbers of accounts; who has none is small."""
        found = np.full(len(self.overlap.own), dial.SMALL, dtype=np.int64)
        held = np.flatnonzero(self.overlap.own > 0)
        found[held] = dial.strata(self.overlap.own[held])
        return found

    def followed_by(self, vectors: Floats, facts: Floats) -> AccountModel:
        """The same ranking with newcomers, who have no account."""
        del facts
        return replace(self, overlap=self.overlap.followed_by(len(vectors)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` makes the same model of, beside the space and its accounts."""
        return {
            "axes": self.overlap.embedded[-1],
            "facts": np.stack((self.facts.mean, self.facts.spread)),
            "ranker": self.ranker.array(),
            "small_weight": np.array([self.small_weight]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], space: Space) -> AccountModel:
        """The model of these arrays, learned from the partners of this space."""
        return cls(
            overlap=Overlap.of(held_by(space), np.array(arrays["axes"])),
            facts=Facts(*np.array(arrays["facts"])),
            ranker=Linear.from_array(arrays["ranker"]),
            small_weight=float(arrays["small_weight"][0]),
        )


def balanced(labels: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """(p,) weights that give both classes half of the sum; weights: (p,) of the positives among one another."""
    own = np.where(labels, 1.0 if weights is None else weights, 1.0)
    total = len(labels) / 2.0
    return np.where(labels, own * total / max(own[labels].sum(), 1e-9), total / max(int((~labels).sum()), 1))


def held_by(space: Space) -> csr_array:
    """(n, accounts) zeros and ones, who has which account. Raises SettingsError where nobody has any."""
    from scipy.sparse import csr_array

    accounts = space.accounts
    if accounts is None:
        raise SettingsError("No accounts are known: build with --accounts to learn from them.")
    ones = np.ones(len(accounts.codes))
    return csr_array(
        (ones, np.array(accounts.codes), np.array(accounts.offsets)), shape=(len(space), accounts.universe)
    )


def learn(space: Space, config: Config, held: csr_array, *, seed: int = 0) -> AccountModel:
    """Learn from `held` (n, accounts), zeros and ones. Raises SettingsError where too little is shared."""
    space = texts.without_accounts(space)
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
    return AccountModel(Overlap.fit(held), Facts.fit(space), _fitted(halves, chosen).linear, chosen)


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
    from matchmaker.matching.learned.ranker import PairRanker  # and scikit-learn, which answering has no use for

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
