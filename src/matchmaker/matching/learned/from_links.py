"""Learning from links: some are hidden, the features are made of the rest, and the hidden ones are to be found.

Two kinds of hiding, half of the links at random and all links of a fifth of the partners, so that the ranker learns what to make of
partners without any. Pairs that are not linked count as negatives though some of them are links nobody has seen (positive and
unlabelled data): scores rank, and are probabilities only of being observed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.matching.learned import graph, texts
from matchmaker.matching.learned.dial import OFFSETS, SMALL, strata
from matchmaker.matching.learned.graph import Graph
from matchmaker.matching.learned.history import Floats, Ints, Links
from matchmaker.matching.learned.ranker import PairRanker

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.matching.space import Side, Space

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
    brings to the level that main gives them.
    """

    graph: Graph
    stratum: Ints
    main: PairRanker
    small: PairRanker
    shift: float

    def features(self, space: Space, config: Config, side: Side, rows: Ints) -> Floats:
        """(k, len(FEATURES)) of a stored side with the partners at `rows`. Raises SettingsError for one that is not."""
        asks = np.full(len(rows), texts.stored(side), dtype=np.int64)
        return np.concatenate((texts.of_side(space, config, side, rows), self.graph.features(asks, rows)), axis=1)

    def odds(self, features: Floats, rows: Ints) -> Floats:
        """(k,) log-odds of a link, of pairs as they were weighed in training: they rank, and are no probability yet."""
        small = self.small.decision_function(features) + self.shift
        return np.where(self.stratum[rows] == SMALL, small, self.main.decision_function(features))

    def scores(self, space: Space, config: Config, side: Side, rows: Ints) -> Floats:
        """(k,) whose order is the list: log-odds, what the stratum gains, and a little of the prior, which knows the best texts."""
        found = self.features(space, config, side, rows)
        return np.asarray(self.odds(found, rows) + OFFSETS[self.stratum[rows]] + PRIOR_SHARE * found[:, 0])


def learn(space: Space, config: Config, links: Links, *, seed: int = 0) -> LinkModel:
    """Learn from `links` among the partners of `space`. Raises SettingsError where there are too few."""
    if len(links.ends) < FEWEST:
        raise SettingsError(f"{len(links.ends)} links are too few to learn from: at least {FEWEST} are needed.")
    rng = np.random.default_rng(seed)
    vectors, facts = texts.profile_vectors(space), texts.profile_facts(space)
    linked = np.flatnonzero(links.degree() > 0)
    inner = Links(np.searchsorted(linked, links.ends), len(linked), links.strength)
    pairs = _Pairs.draw(inner, rng)
    said = texts.of_pairs(space, config, linked[pairs.asks], linked[pairs.others])
    parts = [
        _Part.of(pairs, said, hidden, asks, Graph.fit(inner.without(hidden), vectors[linked], facts[linked]), inner)
        for hidden, asks in _hidings(inner, rng)
    ]
    found, labels, small = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "labels", "small")
    )
    main = PairRanker().fit(found, labels, balanced(labels))
    little = PairRanker(_SMALL_REGULARISATION).fit(found[small], labels[small], balanced(labels[small]))
    shift = float(np.mean(main.decision_function(found[small]) - little.decision_function(found[small])))
    return LinkModel(Graph.fit(links, vectors, facts), _strata(links, linked), main, little, shift)


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
    """Ordered pairs (p,) to learn from, sorted by who asks: every link both ways, and some that are none. link: its number, -1."""

    asks: Ints
    others: Ints
    link: Ints

    @classmethod
    def draw(cls, links: Links, rng: np.random.Generator) -> _Pairs:
        askers = np.arange(links.n)
        if links.n > _ASKERS:
            askers = np.sort(rng.choice(links.n, _ASKERS, replace=False))
        both = np.concatenate((links.ends, links.ends[:, ::-1]))
        numbers = np.tile(np.arange(len(links.ends)), 2)
        kept = np.isin(both[:, 0], askers)
        asks = np.concatenate((both[kept, 0], np.repeat(askers, min(_NEGATIVES, links.n))))
        others = np.concatenate((both[kept, 1], rng.integers(0, links.n, len(asks) - int(kept.sum()))))
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
