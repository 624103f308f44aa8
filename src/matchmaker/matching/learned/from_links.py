"""Learning from links: some are hidden, the features are made of the rest, and the hidden ones are to be found.

Two kinds of hiding, and a ranking learned from each: half of the links at random, for partners that ask with links of their own,
and all links of a fifth of the partners, for those that ask without any. Within each, giants, established and small partners are
ranked by weights of their own (dial.py): what tells the small ones apart is lost among the famous. Pairs that are not linked count
as not chosen though some of them are links nobody has seen (positive and unlabelled data): scores rank, and are no probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.matching.learned import dial, graph, texts
from matchmaker.matching.learned.choice import choice
from matchmaker.matching.learned.dial import ESTABLISHED, GIANT, SMALL, STRATA, strata
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
WARM, COLD = 0, 1
"""Kinds of asking partners: with links, and without any."""
PENALTIES = ((0.1, 1.0, 3.0), (0.1, 0.1, 1.0))
"""Of each kind that asks and each stratum: chosen on splits of their own (docs/quality.md)."""
_HALVINGS, _FOLDS = 2, 5
_RIVAL = 5.0
"""Candidates for which a known rival stands: it looks like a partner, and is known to be none."""
_ASKERS, _PAIRS = 2000, 400_000
"""Partners that ask, and pairs, of one hiding, at most."""


@dataclass(frozen=True)
class LinkModel:
    """A ranking learned from links. stratum: (n,) of dial.py; rankers: one for each kind that asks and each stratum, kind by kind.

    Rows are those of the partners it was learned from, then of newcomers.
    """

    graph: Graph
    facts: Facts
    stratum: Ints
    rankers: tuple[Linear, ...]

    names = FEATURES
    told = staticmethod(texts.without_links)
    """The part of a space that `said` is of."""

    @cached_property
    def mean_said(self) -> Floats:
        """(len(texts.FEATURES),) mean of `said` over the pairs it was learned from."""
        return self.rankers[ESTABLISHED].mean[: len(texts.FEATURES)]

    def features(self, said: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]; said: (p, len(texts.FEATURES)) of these."""
        return np.concatenate((said, self.graph.features(asks, others)), axis=1)

    def turned(self, features: Floats, asks: Ints) -> Floats:
        """The features of the same pairs the other way round."""
        own = len(texts.FEATURES)
        return np.concatenate((features[:, :own], self.graph.turned(features[:, own:], asks)), axis=1)

    def kind(self, asks: Ints, others: Ints) -> Ints:
        """(p,) which of the rankers ranks a pair."""
        return np.where(self.graph.linked[asks], WARM, COLD) * STRATA + self.stratum[others]

    def odds(self, features: Floats, asks: Ints, others: Ints) -> Floats:
        """(p,) log-odds of being chosen, which rank pairs of one kind and are no probability yet."""
        return np.asarray(self.parts(features, asks, others).sum(axis=1))

    def parts(self, features: Floats, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) log-odds of each feature; they add up to `odds` exactly."""
        return Linear.parts_of(self.rankers, self.kind(asks, others), features)

    def order(self, odds: Floats, asks: Ints, others: Ints, popularity_weight: float = 0.5) -> Floats:
        """(p,) relevance in nats, whose order is the list: the strata in turn, the likeliest of each first."""
        return dial.in_turn(odds, asks, self.stratum[others], popularity_weight)

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
            "rankers": np.stack([one.array() for one in self.rankers]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], space: Space) -> LinkModel:
        """The model of these arrays, learned from the partners of this space."""
        facts = Facts(*np.array(arrays["facts"]))
        return cls(
            graph=Graph.from_arrays(arrays, texts.profile_vectors(space), facts.of_space(space)),
            facts=facts,
            stratum=np.asarray(arrays["stratum"], dtype=np.int64),
            rankers=tuple(Linear.from_array(one) for one in arrays["rankers"]),
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
    said = texts.of_pairs(space, config, linked[pairs.asks], linked[pairs.others]).astype(np.float32)
    lessons: tuple[list[_Part], list[_Part]] = ([], [])
    for kind, hidden, asks in _hidings(inner, rng):
        seen = Graph.fit(inner.without(hidden), vectors[linked], facts[linked])
        lessons[kind].append(_Part.of(pairs, said, hidden, asks, seen, inner))
    rankers = [ranker for kind in (WARM, COLD) for ranker in _ranked(lessons[kind], PENALTIES[kind])]
    return LinkModel(Graph.fit(links, vectors, facts), about, _strata(links, linked), tuple(rankers))


def _ranked(parts: list[_Part], penalties: tuple[float, float, float]) -> Iterator[Linear]:
    """A ranker for each stratum of those that are asked for. The established learn from the small ones too: they are alike."""
    features, chosen, asks, stratum, counts = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("features", "chosen", "asks", "stratum", "counts")
    )
    for wanted, penalty in zip(((GIANT,), (ESTABLISHED, SMALL), (SMALL,)), penalties, strict=True):
        among = np.isin(stratum, wanted)
        found = choice(features[among], chosen[among], asks[among], penalty, counts[among])
        found = found or choice(features, chosen, asks, penalty, counts)
        if found is None:
            raise SettingsError("Nothing can be learned from these links: whoever has one has one with everybody.")
        yield found


def _among(linked: Ints, pairs: Ints | None) -> Ints:
    """The pairs whose ends both are linked, as numbers among these."""
    if pairs is None:
        return np.zeros((0, 2), dtype=np.int64)
    return np.searchsorted(linked, pairs[np.isin(pairs, linked).all(axis=1)])


def _strata(links: Links, linked: Ints) -> Ints:
    """Cut among the linked; who has no link is small."""
    found = np.full(links.n, SMALL, dtype=np.int64)
    found[linked] = strata(links.degree()[linked])
    return found


@dataclass(frozen=True)
class _Pairs:
    """Ordered pairs (p,) to learn from, sorted by who asks: all there are or, where there are more than `_PAIRS`, every link both
    ways, known rivals, and some that are drawn. link: its number, -1 where there is none; rival: (p,) bool.
    """

    asks: Ints
    others: Ints
    link: Ints
    rival: NDArray[np.bool_]

    @classmethod
    def draw(cls, links: Links, rivals: Ints, rng: np.random.Generator) -> _Pairs:
        askers = np.arange(links.n)
        if links.n > _ASKERS:
            askers = np.sort(rng.choice(links.n, _ASKERS, replace=False))
        both = np.concatenate((links.ends, links.ends[:, ::-1]))
        numbers = np.tile(np.arange(len(links.ends)), 2)
        kept = np.isin(both[:, 0], askers)
        near = np.concatenate((rivals, rivals[:, ::-1]))
        if len(askers) * links.n <= _PAIRS:
            drawn = np.stack(np.meshgrid(askers, np.arange(links.n), indexing="ij"), axis=-1).reshape(-1, 2)
        else:
            each = max(_PAIRS // len(askers), 1)
            chance = np.stack((np.repeat(askers, each), rng.integers(0, links.n, len(askers) * each)), axis=1)
            drawn = np.concatenate((near[np.isin(near[:, 0], askers)], chance))
        ends = np.concatenate((both[kept], drawn))
        number = np.concatenate((numbers[kept], np.full(len(drawn), -1)))
        order = np.lexsort((-number, ends[:, 1], ends[:, 0]))
        asks, others, number = ends[order, 0], ends[order, 1], number[order]
        again = np.zeros(len(asks), dtype=bool)  # a drawn pair that is a link, or was drawn already
        again[1:] = (asks[1:] == asks[:-1]) & (others[1:] == others[:-1])
        kept = ~again & (asks != others)
        rival = np.isin(asks * links.n + others, near[:, 0] * links.n + near[:, 1])
        return cls(asks[kept], others[kept], number[kept], rival[kept])


@dataclass(frozen=True)
class _Part:
    """What one hiding teaches. features: (p, len(FEATURES)) float32; chosen: (p,) bool, the hidden links; asks: (p,) sorted, each
    number one list; stratum: (p,) of the other, by the links that are seen; counts: (p,) for how many candidates it stands.
    """

    features: NDArray[np.float32]
    chosen: NDArray[np.bool_]
    asks: Ints
    stratum: Ints
    counts: Floats

    @classmethod
    def of(
        cls,
        pairs: _Pairs,
        said: NDArray[np.float32],
        hidden: NDArray[np.bool_],
        asks: NDArray[np.bool_],
        seen: Graph,
        links: Links,
    ) -> _Part:
        is_link = pairs.link >= 0
        counts = asks[pairs.asks] & (~is_link | hidden[pairs.link])
        one, other = pairs.asks[counts], pairs.others[counts]
        features = np.concatenate((said[counts], seen.features(one, other).astype(np.float32)), axis=1)
        stratum = strata(links.without(hidden).degree())[other]
        return cls(features, is_link[counts], one, stratum, np.where(pairs.rival[counts], _RIVAL, 1.0))


def _hidings(links: Links, rng: np.random.Generator) -> Iterator[tuple[int, NDArray[np.bool_], NDArray[np.bool_]]]:
    """The kind of asking partners that a hiding teaches about, which links (m,) are hidden, and which partners (n,) ask."""
    everybody = np.ones(links.n, dtype=bool)
    for _ in range(_HALVINGS):
        half = rng.random(len(links.ends)) < 0.5
        yield WARM, half, everybody
        yield WARM, ~half, everybody
    fold = rng.integers(0, _FOLDS, links.n)
    for number in range(_FOLDS):
        cold = fold == number
        yield COLD, cold[links.ends].any(axis=1), cold
