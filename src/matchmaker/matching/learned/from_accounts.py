"""Learning from shared accounts: some of the accounts are hidden, and the overlap in them is to be found from the others.

A pair counts as found where the hidden ones surely share more than chance: three accounts, and the 5 % quantile of lift above 2.
What ranks such pairs first is learned by the likelihood of the top of each partner's list (choice.py). Every partner counts alike,
and of those that are found for it each by 1 / n^b, n its accounts: few small partners have enough accounts to be found
from some and in others. The largest b is taken whose lists, of draws that it was not fitted to, are not surely worse than the best.
Two rankings are learned from the same pairs: one from all that is known, and one from the texts alone, for pairs of which one side
has no account.
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
    from matchmaker.matching.space import Space

FEATURES = (*texts.FEATURES, *overlap.FEATURES)
_ASKS, _OTHER = FEATURES.index("asks"), FEATURES.index("other")
_TURNED = [_OTHER if place == _ASKS else _ASKS if place == _OTHER else place for place in range(len(FEATURES))]
"""Where each feature of a pair stands when the pair is turned."""
_GAINED = np.array([-2.0, 0.0, 1.0])
"""Log-odds that giants, established and small partners gain at the small end of the dial, and lose at the other."""
WARM, COLD = 0, 1
"""Places of the rankers."""
PENALTY = 5.0
"""Of the squares of the weights, shared by all lists, so that it weighs less the more there are: chosen on splits of their own
(docs/quality.md)."""
FEWEST = MINIMUM // 2
"""Accounts below which a partner neither asks nor is a candidate in training."""
WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)
"""The b that are tried."""
_DRAWS, _KEPT, _PARTNERS, _NEGATIVES, _LISTS = 12, 4, 1500, 100, 150
_SEEN = 0.6
"""Share of the accounts that a draw leaves to be seen: chosen on splits of their own (docs/quality.md)."""
_DEVIATIONS, _K = 1.0, 10
_PAIRS = 20
_LEVEL, _LEAST, _LIFT = 0.05, 3, 2.0


@dataclass(frozen=True)
class AccountModel:
    """A ranking learned from shared accounts. facts: as of a `LinkModel`, which newcomers are told by; rankers: of pairs of which
    both sides have accounts (`WARM`), and of the others (`COLD`).

    Rows are those of the partners it was learned from, then of newcomers.
    """

    overlap: Overlap
    facts: Facts
    rankers: tuple[Linear, ...]

    names = FEATURES
    told = staticmethod(texts.without_accounts)
    """The part of a space that `said` is of."""

    @property
    def mean_said(self) -> Floats:
        """(len(texts.FEATURES),) mean of `said` over the pairs it was learned from."""
        return self.rankers[COLD].mean[: len(texts.FEATURES)]

    def features(self, said: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]; said: (p, len(texts.FEATURES)) of these."""
        return np.concatenate((said, self.overlap.features(asks, others, said[:, 0])), axis=1)

    def turned(self, features: Floats, asks: Ints) -> Floats:
        """The features of the same pairs the other way round."""
        del asks
        return features[:, _TURNED]

    def kind(self, asks: Ints, others: Ints) -> Ints:
        """(p,) the stratum of the other, apart for pairs with and without accounts: not all are observed as often."""
        return self._ranker_of(asks, others) * dial.STRATA + self.stratum[others]

    def odds(self, features: Floats, asks: Ints, others: Ints) -> Floats:
        """(p,) log-odds of overlap beyond chance, of pairs as they were weighed in training, but for what all begin with."""
        return np.asarray(self.parts(features, asks, others).sum(axis=1))

    def parts(self, features: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) log-odds of each feature; they add up to `odds` exactly."""
        return Linear.parts_of(self.rankers, self._ranker_of(asks, others), features)

    def order(self, odds: Floats, asks: Ints, others: Ints, popularity_weight: float = 0.5) -> Floats:
        """(p,) relevance in nats, ln(1 + exp(s)) of log-odds s and of what the stratum by accounts gains: nothing at 0.5."""
        gained = (1.0 - 2.0 * popularity_weight) * _GAINED[self.stratum[others]]
        level = np.array([ranker.level for ranker in self.rankers])[self._ranker_of(asks, others)]
        return np.asarray(np.logaddexp(0.0, odds + level + gained))

    def _ranker_of(self, asks: Ints, others: Ints) -> Ints:
        own = self.overlap.own
        return np.where((own[asks] > 0) & (own[others] > 0), WARM, COLD)

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
            "rankers": np.stack([one.array() for one in self.rankers]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], space: Space) -> AccountModel:
        """The model of these arrays, learned from the partners of this space."""
        return cls(
            overlap=Overlap.of(held_by(space), np.array(arrays["axes"])),
            facts=Facts(*np.array(arrays["facts"])),
            rankers=tuple(Linear.from_array(one) for one in arrays["rankers"]),
        )


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
    draws = [
        _Draw.of(space, config, held[rows], rows, rng, _LISTS if number >= _DRAWS - _KEPT else 0)
        for number in range(_DRAWS if len(rows) > 1 else 0)
    ]
    if min((int(draw.labels.sum()) for draw in draws), default=0) < _PAIRS:
        raise SettingsError("Too few pairs of partners share accounts beyond chance to learn from them.")
    return AccountModel(Overlap.fit(held), Facts.fit(space), _fitted(draws, _small_weight(draws, len(rows))))


@dataclass(frozen=True)
class _Draw:
    """Features (p, len(FEATURES)) from the accounts that are seen, labels (p,) from the others. asks: (p,) the number of who asks.

    counts: (p,) for how many candidates a pair stands: all that are true are there, of the others some; lists: who asks with whole
    lists, 1 for all of them.
    """

    features: Floats
    labels: NDArray[np.bool_]
    asks: Ints
    counts: Floats
    lists: Ints

    @classmethod
    def of(
        cls,
        space: Space,
        config: Config,
        held: csr_array,
        rows: Ints,
        rng: np.random.Generator,
        lists: int,
    ) -> _Draw:
        """rows: (n,) of the space, whose accounts are `held` (n, accounts); lists: how many ask with whole lists."""
        count, seen = len(rows), rng.random(held.shape[1]) < _SEEN
        visible = Overlap.fit(held[:, np.flatnonzero(seen)])
        true = _beyond_chance(held[:, np.flatnonzero(~seen)])
        share = min(_NEGATIVES / count, 1.0)
        drawn = true | (rng.random(true.shape) < share)
        finding = np.flatnonzero(true.any(axis=1))
        whole = rng.permutation(finding)[:lists]
        drawn[whole] = True
        np.fill_diagonal(drawn, False)
        asks, others = np.nonzero(drawn)
        said = texts.of_pairs(space, config, rows[asks], rows[others])
        features = np.concatenate((said, visible.features(asks, others, said[:, 0])), axis=1)
        return cls(features, true[asks, others], asks, np.where(np.isin(asks, whole), 1.0, 1.0 / share), whole)

    def ndcg(self, odds: Floats, count: int) -> Floats:
        """(count,) nDCG@10 of each partner's whole list, by (p,) log-odds; NaN where there is none."""
        discount = 1.0 / np.log2(np.arange(2, _K + 2))
        found = np.full(count, np.nan)
        for low, high in texts.runs(self.asks):
            if self.asks[low] in self.lists:
                truth = self.labels[low:high]
                best = truth[np.argsort(-odds[low:high], kind="stable")[:_K]]
                found[self.asks[low]] = discount[: len(best)] @ best / discount[: truth.sum()].sum()
        return found


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


def _small_weight(draws: list[_Draw], count: int) -> float:
    """The largest b whose nDCG is less than a standard error below that of the best, paired by who asks; count: of partners."""
    told, asked = draws[:-_KEPT], draws[-_KEPT:]
    rankers = [_fitted(told, weight)[WARM] for weight in WEIGHTS]
    found = np.stack([[draw.ndcg(one.odds(draw.features), count) for draw in asked] for one in rankers])
    quality = np.nanmean(found[:, :, np.isfinite(found).any(axis=(0, 1))], axis=1)
    if not quality.size:
        return WEIGHTS[0]
    worse = quality[np.argmax(quality.mean(axis=1))] - quality
    doubt = _DEVIATIONS * worse.std(axis=1, ddof=min(1, worse.shape[1] - 1)) / np.sqrt(worse.shape[1])
    return WEIGHTS[int(np.argmax(worse.mean(axis=1) <= doubt))]


def _fitted(draws: list[_Draw], small_weight: float) -> tuple[Linear, Linear]:
    from matchmaker.matching.learned.ranker import PairRanker  # and scikit-learn, which answering has no use for

    features, labels, counts = (
        np.concatenate([getattr(draw, name) for draw in draws]) for name in ("features", "labels", "counts")
    )
    lists = np.concatenate([draw.asks + number * _PARTNERS for number, draw in enumerate(draws)])
    weights = np.exp(-small_weight * features[:, _OTHER])
    said = np.arange(len(FEATURES)) < len(texts.FEATURES)
    penalty = PENALTY / len(np.unique(lists[labels]))
    warm, cold = (
        PairRanker(penalty).fit(known, labels, lists, counts, weights).linear
        for known in (features, np.where(said, features, 0.0))
    )
    return warm, cold
