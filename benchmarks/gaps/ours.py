"""The product's own ranking and verdicts over all pairs of a split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.gaps.splits import Hidden
from matchmaker.gaps.demand import Counted, DemandTable
from matchmaker.gaps.market import Standing, market, peers_beyond_chance, standing_of, standing_of_prior
from matchmaker.gaps.missing import holding, listed, look_alikes, worth
from matchmaker.matching.learned import from_links, texts
from matchmaker.matching.learned.history import Links

if TYPE_CHECKING:
    from benchmarks.quality.ours import _World
    from matchmaker.gaps.bulk import Interfaces


@dataclass(frozen=True)
class Judged:
    """Tables over the n candidates of a split, row by asking partner; known pairs and the partner itself -inf, or False.

    ranking, undemanded, per_effort: (n, n) relevance, with counted demand, without, and with it over the effort of the interface
    verdict; verdict: (n, n) of market.py; unlearned, prior_verdict: with demand, where nothing was learned; asked: (n, n) bool, the
    pairs that were judged; stratum: (n,).
    """

    ranking: np.ndarray
    undemanded: np.ndarray
    per_effort: np.ndarray
    verdict: np.ndarray
    unlearned: np.ndarray
    prior_verdict: np.ndarray
    asked: np.ndarray
    stratum: np.ndarray


@dataclass(frozen=True)
class Asking:
    """One partner that asks: its position, those of its candidates, their standing learned and by the prior, what was counted."""

    position: int
    others: np.ndarray
    learned: Standing
    prior: Standing
    sources: tuple[Counted, ...]


def judge(world: _World, interfaces: Interfaces, hidden: Hidden) -> Judged:
    """Learn from the training part and judge every pair that it does not hold, as `missing_links` does for one partner.

    interfaces: of the frame's rows, told of no link.
    """
    n = len(hidden.rows)
    ranking, undemanded, per_effort, unlearned = (np.full((n, n), -np.inf) for _ in range(4))
    verdict, prior_verdict = (np.zeros((n, n), dtype=np.int8) for _ in range(2))
    asked, stratum = np.zeros((n, n), dtype=bool), np.zeros(n, dtype=np.int64)
    for one in asking(world, hidden):
        at = one.position, one.others
        ranking[at] = listed(worth(one.learned, one.sources), one.learned.stratum)
        undemanded[at] = listed(worth(one.learned), one.learned.stratum)
        ends = np.full(len(one.others), hidden.rows[one.position]), hidden.rows[one.others]
        effort = interfaces.verdicts(*ends).effort.astype(np.float64)
        per_effort[at] = listed(worth(one.learned, one.sources, effort), one.learned.stratum)
        unlearned[at] = listed(worth(one.prior, one.sources), one.prior.stratum)
        verdict[at] = market(one.learned, one.sources).verdict
        prior_verdict[at] = market(one.prior, one.sources).verdict
        asked[at], stratum[one.others] = True, one.learned.stratum
    return Judged(ranking, undemanded, per_effort, verdict, unlearned, prior_verdict, asked, stratum)


def asking(world: _World, hidden: Hidden) -> Iterator[Asking]:
    """Every partner that asks."""
    space = world.space
    place = world.place[hidden.rows]
    links, _ = Links.clean(place[hidden.split.train], len(space), hidden.weights)
    model = from_links.learn(space, world.config, links)
    tell = texts.teller(model.told(space), world.config)
    demand = DemandTable.fit(hidden.demand, {str(key): row for row, key in enumerate(space.ids)})
    linked, known = model.graph.linked, links.adjacency()
    for asker in np.flatnonzero(hidden.split.asks):
        row = int(place[asker])
        free = known[[row]].toarray().ravel()[place] == 0
        free[asker] = False
        others = np.flatnonzero(free)
        rows = place[others]
        asks, stratum = np.full(len(rows), row), model.stratum[rows]
        said = tell(asks, rows)
        features = model.features(said, asks, rows)
        parts = np.stack((model.parts(features, asks, rows), model.parts(model.turned(features, asks), rows, asks)))
        there, back = parts.sum(axis=2)
        unknown, has_links = np.full(len(rows), np.nan), bool(linked[row])
        learned = standing_of(rows, (there, back), parts, model.names, unknown, stratum, (has_links, linked[rows]))
        peers = holding(known, look_alikes(space.topic, space.labels["categories"], row), rows)
        prior = standing_of_prior(rows, said[:, 0], stratum, peers_beyond_chance(*peers), linked=has_links)
        yield Asking(int(asker), others, learned, prior, demand.of(row, rows))
