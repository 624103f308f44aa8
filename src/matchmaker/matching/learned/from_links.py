"""Learning from links: some are hidden, the features are made of the rest, and the hidden ones are to be found.

Two kinds of hiding, half of the links at random and all links of a fifth of the partners, so that the ranker learns what to make of
partners without any. Pairs that are not linked count as negatives though some of them are links nobody has seen (positive and
unlabelled data): scores rank, and are probabilities only of being observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.matching.learned import dial, graph, texts
from matchmaker.matching.learned.dial import SMALL, strata
from matchmaker.matching.learned.graph import Graph
from matchmaker.matching.learned.history import Floats, Ints, Links
from matchmaker.matching.learned.linear import Linear
from matchmaker.matching.learned.texts import Facts

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.matching.space import Space

FEATURES = (*texts.FEATURES, *graph.FEATURES)
FEWEST = 150
"""Links below which nothing is learned: a couple of hundred pairs fit noise."""
_HALVINGS, _FOLDS, _NEGATIVES, _ASKERS = 2, 5, 60, 2000
_SMALL_REGULARISATION = 0.003
PRIOR_SHARE = 0.15
"""Log-odds a nat of the prior: chosen with `OFFSETS`."""


@dataclass(frozen=True)
class LinkModel:
    """A ranking learned from links. stratum: (n,) of dial.py; main: log-odds of everybody, small: of the small ones, which `shift`
    brings to the level that main gives them. Rows are those of the partners it was learned from, then of newcomers.
    """

    graph: Graph
    facts: Facts
    stratum: Ints
    main: Linear
    small: Linear
    shift: float

    names = FEATURES
    told = staticmethod(texts.without_links)
    """The part of a space that `said` is of."""

    @property
    def mean_said(self) -> Floats:
        """(len(texts.FEATURES),) mean of `said` over the pairs it was learned from."""
        return self.main.mean[: len(texts.FEATURES)]

    def features(self, said: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]; said: (p, len(texts.FEATURES)) of these."""
        return np.concatenate((said, self.graph.features(asks, others)), axis=1)

    def turned(self, features: Floats, asks: Ints) -> Floats:
        """The features of the same pairs the other way round."""
        own = len(texts.FEATURES)
        return np.concatenate((features[:, :own], self.graph.turned(features[:, own:], asks)), axis=1)

    def odds(self, features: Floats, others: Ints) -> Floats:
        """(p,) log-odds of a link, of pairs as they were weighed in training: they rank, and are no probability yet."""
        small = self.small.odds(features) + self.shift
        return np.where(self.stratum[others] == SMALL, small, self.main.odds(features))

    def parts(self, features: Floats, others: Ints) -> tuple[Floats, Floats]:
        """(p, len(FEATURES)) log-odds of each feature, and (p,) of what all pairs begin with; they add up to `odds` exactly."""
        small = self.stratum[others] == SMALL
        parts = np.where(small[:, None], self.small.parts(features), self.main.parts(features))
        return parts, np.where(small, self.small.level + self.shift, self.main.level)

    def order(self, odds: Floats, said: Floats, others: Ints, popularity_weight: float = 0.5) -> Floats:
        """(p,) whose order is the list: log-odds, what the stratum gains, and a little of the prior, which knows the best texts."""
        return np.asarray(odds + dial.offsets(popularity_weight)[self.stratum[others]] + PRIOR_SHARE * said[:, 0])

    def followed_by(self, vectors: Floats, facts: Floats) -> LinkModel:
        """The same ranking with newcomers, who have no link: (m, d) profile vectors and (m, e) facts."""
        stratum = np.concatenate((self.stratum, np.full(len(vectors), SMALL)))
        return replace(self, graph=self.graph.followed_by(vectors, facts), stratum=stratum)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` makes the same model of, beside the space."""
        return {
            **self.graph.arrays(),
            "facts": np.stack((self.facts.mean, self.facts.spread)),
            "stratum": self.stratum.astype(np.int8),
            "main": self.main.array(),
            "small": self.small.array(),
            "shift": np.array([self.shift]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], space: Space) -> LinkModel:
        """The model of these arrays, learned from the partners of this space."""
        facts = Facts(*np.array(arrays["facts"]))
        return cls(
            graph=Graph.from_arrays(arrays, texts.profile_vectors(space), facts.of_space(space)),
            facts=facts,
            stratum=np.asarray(arrays["stratum"], dtype=np.int64),
            main=Linear.from_array(arrays["main"]),
            small=Linear.from_array(arrays["small"]),
            shift=float(arrays["shift"][0]),
        )


def learn(space: Space, config: Config, links: Links, *, rivals: Ints | None = None, seed: int = 0) -> LinkModel:
    """Learn from `links` among the partners of `space`; rivals: (r, 2) rows of competitors, which are no links unless they are.

    Raises SettingsError where there are too few.
    """
    if len(links.ends) < FEWEST:
        raise SettingsError(f"{len(links.ends)} links are too few to learn from: at least {FEWEST} are needed.")
    rng = np.random.default_rng(seed)
    space = texts.without_links(space)
    about = Facts.fit(space)
    vectors, facts = texts.profile_vectors(space), about.of_space(space)
    linked = np.flatnonzero(links.degree() > 0)
    inner = Links(np.searchsorted(linked, links.ends), len(linked), links.strength)
    pairs = _Pairs.draw(inner, _among(linked, rivals), rng)
    said = texts.of_pairs(space, config, linked[pairs.asks], linked[pairs.others])
    parts = [
        _Part.of(pairs, said, hidden, asks, Graph.fit(inner.without(hidden), vectors[linked], facts[linked]), inner)
        for hidden, asks in _hidings(inner, rng)
    ]
    found, labels, small = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "labels", "small")
    )
    from matchmaker.matching.learned.ranker import PairRanker  # and scikit-learn, which answering has no use for

    main = PairRanker().fit(found, labels, balanced(labels))
    little = PairRanker(_SMALL_REGULARISATION).fit(found[small], labels[small], balanced(labels[small]))
    shift = float(np.mean(main.decision_function(found[small]) - little.decision_function(found[small])))
    return LinkModel(Graph.fit(links, vectors, facts), about, _strata(links, linked), main.linear, little.linear, shift)


def _among(linked: Ints, pairs: Ints | None) -> Ints:
    """The pairs whose ends both are linked, as numbers among these."""
    if pairs is None:
        return np.zeros((0, 2), dtype=np.int64)
    return np.searchsorted(linked, pairs[np.isin(pairs, linked).all(axis=1)])


def balanced(labels: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """(p,) weights that give both classes half of the sum; weights: (p,) of the positives among one another."""
    own = np.where(labels, 1.0 if weights is None else weights, 1.0)
    total = len(labels) / 2.0
    return np.where(labels, own * total / max(own[labels].sum(), 1e-9), total / max(int((~labels).sum()), 1))


def _strata(links: Links, linked: Ints) -> Ints:
    """Cut among the linked; who has no link is small."""
    found = np.full(links.n, SMALL, dtype=np.int64)
    found[linked] = strata(links.degree()[linked])
    return found


@dataclass(frozen=True)
class _Pairs:
    """Ordered pairs (p,) to learn from, sorted by who asks: every link both ways, known rivals, and some that are drawn. link: its
    number, -1 where there is none.
    """

    asks: Ints
    others: Ints
    link: Ints

    @classmethod
    def draw(cls, links: Links, rivals: Ints, rng: np.random.Generator) -> _Pairs:
        askers = np.arange(links.n)
        if links.n > _ASKERS:
            askers = np.sort(rng.choice(links.n, _ASKERS, replace=False))
        both = np.concatenate((links.ends, links.ends[:, ::-1]))
        numbers = np.tile(np.arange(len(links.ends)), 2)
        kept = np.isin(both[:, 0], askers)
        near = np.concatenate((rivals, rivals[:, ::-1]))
        near = near[np.isin(near[:, 0], askers)]
        asks = np.concatenate((both[kept, 0], near[:, 0], np.repeat(askers, min(_NEGATIVES, links.n))))
        drawn = rng.integers(0, links.n, len(asks) - int(kept.sum()) - len(near))
        others = np.concatenate((both[kept, 1], near[:, 1], drawn))
        number = np.concatenate((numbers[kept], np.full(len(asks) - int(kept.sum()), -1)))
        order = np.lexsort((-number, others, asks))
        asks, others, number = asks[order], others[order], number[order]
        again = np.zeros(len(asks), dtype=bool)  # a drawn pair that is a link, or was drawn already
        again[1:] = (asks[1:] == asks[:-1]) & (others[1:] == others[:-1])
        kept = ~again & (asks != others)
        return cls(asks[kept], others[kept], number[kept])


@dataclass(frozen=True)
class _Part:
    """What one hiding teaches. features: (p, len(FEATURES)); labels: (p,) bool; small: (p,) bool, the other is a small one."""

    features: Floats
    labels: NDArray[np.bool_]
    small: NDArray[np.bool_]

    @classmethod
    def of(
        cls, pairs: _Pairs, said: Floats, hidden: NDArray[np.bool_], asks: NDArray[np.bool_], seen: Graph, links: Links
    ) -> _Part:
        is_link = pairs.link >= 0
        counts = asks[pairs.asks] & (~is_link | hidden[pairs.link])
        one, other = pairs.asks[counts], pairs.others[counts]
        features = np.concatenate((said[counts], seen.features(one, other)), axis=1)
        small = strata(links.without(hidden).degree())[other] == SMALL
        return cls(features, is_link[counts], small)


def _hidings(links: Links, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Which links (m,) are hidden, and which partners (n,) ask."""
    everybody = np.ones(links.n, dtype=bool)
    for _ in range(_HALVINGS):
        half = rng.random(len(links.ends)) < 0.5
        yield half, everybody
        yield ~half, everybody
    fold = rng.integers(0, _FOLDS, links.n)
    for number in range(_FOLDS):
        cold = fold == number
        yield cold[links.ends].any(axis=1), cold
