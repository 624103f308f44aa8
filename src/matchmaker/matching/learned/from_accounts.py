"""Learning from shared accounts: half of the accounts is hidden, and the overlap in it is to be found from the other half.

A pair counts as found where the hidden half surely shares more than chance: three accounts, and the 5 % quantile of lift above 2.
What ranks such pairs first is learned by the likelihood of the top of each partner's list (choice.py); every partner counts alike.
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
PENALTY = 1e-3
"""Of the squares of the weights: chosen on splits of their own (docs/quality.md)."""
FEWEST = MINIMUM // 2
"""Accounts below which a partner neither asks nor is a candidate in training."""
_HALVINGS, _PARTNERS, _NEGATIVES = 6, 1500, 100
_PAIRS = 50
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
    halves: list[_Half] = []
    for _ in range(_HALVINGS if len(rows) > 1 else 0):
        one = rng.random(held.shape[1]) < 0.5
        halves += [_Half.of(space, config, held[rows], rows, part, rng) for part in (one, ~one)]
    if min((int(half.labels.sum()) for half in halves), default=0) < _PAIRS:
        raise SettingsError("Too few pairs of partners share accounts beyond chance to learn from them.")
    return AccountModel(Overlap.fit(held), Facts.fit(space), _fitted(halves))


@dataclass(frozen=True)
class _Half:
    """Features (p, len(FEATURES)) from one half of the accounts, labels (p,) from the other. asks: (p,) the number of who asks.

    counts: (p,) for how many candidates a pair stands: all that are true are there, of the others some.
    """

    features: Floats
    labels: NDArray[np.bool_]
    asks: Ints
    counts: Floats

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
        share = min(_NEGATIVES / count, 1.0)
        drawn = true | (rng.random(true.shape) < share)
        np.fill_diagonal(drawn, False)
        asks, others = np.nonzero(drawn)
        said = texts.of_pairs(space, config, rows[asks], rows[others])
        features = np.concatenate((said, visible.features(asks, others, said[:, 0])), axis=1)
        return cls(features, true[asks, others], asks, np.full(len(asks), 1.0 / share))


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


def _fitted(halves: list[_Half]) -> tuple[Linear, Linear]:
    from matchmaker.matching.learned.ranker import PairRanker  # and scikit-learn, which answering has no use for

    features, labels, counts = (
        np.concatenate([getattr(half, name) for half in halves]) for name in ("features", "labels", "counts")
    )
    lists = np.concatenate([half.asks + number * _PARTNERS for number, half in enumerate(halves)])
    said = np.arange(len(FEATURES)) < len(texts.FEATURES)
    warm, cold = (
        PairRanker(PENALTY).fit(known, labels, lists, counts).linear
        for known in (features, np.where(said, features, 0.0))
    )
    return warm, cold
