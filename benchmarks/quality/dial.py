"""SaaS: what `popularity_weight` trades in the learned list.

What a weight in [0, 1] does to the strata of fame is the product's own (`matching.learned.dial`): .5 is the default, towards 1 the
famous come forward, towards 0 the small ones. Odds are made once a split, and ordered anew at every weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.plan import Plan
from benchmarks.quality.products import LABELS, products, world
from benchmarks.quality.saas import FOLDS, WARM_SHARE
from matchmaker.evaluation import (
    DialPoint,
    Interval,
    LinkSplit,
    RankingTask,
    Reading,
    Scorer,
    baselines,
    evaluate,
    hide_links,
    hide_partners,
    listed,
    mean_interval,
    pool,
    trade_off,
)
from matchmaker.evaluation.lists import coverage, exposure_gini, tail_share
from matchmaker.evaluation.plots import told

if TYPE_CHECKING:
    from benchmarks.quality.ours import _World

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
READS = ("all.ndcg@10", "savanna.ndcg@10", "tail.recall@10", "matched.auc")
LISTS = ("exposure Gini", "coverage", "tail share")
BESIDE = ("ours: prior", "popularity")


@dataclass(frozen=True)
class Figures:
    """One list on all splits: reads by metric, and figures of the lists by the names of `LISTS`."""

    reading: Reading
    lists: Mapping[str, float]


@dataclass(frozen=True)
class DialCurve:
    """What each weight gives on one kind of split, and other scorers beside it.

    Attributes:
        name: data set, label and split.
        facts: counts for the heading.
        by_weight: `popularity_weight` to figures.
        beside: scorer to figures.
        draws: of the bootstrap, asking partners resampled.

    """

    name: str
    facts: Mapping[str, float]
    by_weight: Mapping[float, Figures]
    beside: Mapping[str, Figures]
    draws: int

    @property
    def title(self) -> str:
        """Heading of the table."""
        return f"{self.name}: what popularity_weight trades"

    @property
    def points(self) -> tuple[DialPoint, ...]:
        """For the plot of a page."""
        return trade_off({weight: figures.reading for weight, figures in self.by_weight.items()}, draws=self.draws)

    def rows(self) -> Iterator[tuple[str, dict[str, Interval], Mapping[str, float]]]:
        """Yield name, reads with intervals and figures of the lists."""
        named = {f"popularity_weight {weight:g}": figures for weight, figures in self.by_weight.items()}
        for name, figures in {**named, **self.beside}.items():
            reading = figures.reading
            reads = {m: mean_interval(reading.values[m], reading.queries, draws=self.draws) for m in READS}
            yield name, reads, figures.lists

    def to_dict(self) -> dict[str, object]:
        """Nested plain mapping, for JSON."""
        rows = [
            {"scorer": name, **{m: interval.to_dict() for m, interval in reads.items()}, **lists}
            for name, reads, lists in self.rows()
        ]
        return {"title": self.title, "facts": dict(self.facts), "rows": rows}

    def to_text(self) -> str:
        """Fixed-width table."""
        head = ["list", *READS, *LISTS]
        cells = [head]
        for name, reads, lists in self.rows():
            cells.append([name, *(told(reads[m]) for m in READS), *(f"{lists[kind]:.3f}" for kind in LISTS)])
        widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
        lines = ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        facts = ", ".join(f"{name} {value:g}" for name, value in self.facts.items())
        return "\n".join([self.title, f"  {facts}", *lines])


def tables(folder: Path, plan: Plan) -> Iterator[DialCurve]:
    """Yield the curves of flow and co-use, each warm and cold, on the splits of the rankings; none without the engine."""
    for label in LABELS if plan.ours else ():
        links, counts = products(folder).links[label]
        rows = np.unique(links)
        placed, n = np.searchsorted(rows, links), len(rows)
        warm = [[hide_links(placed, n, WARM_SHARE, seed)] for seed in range(plan.seeds)]
        cold = [list(hide_partners(placed, n, FOLDS, 0))]
        strength = dict(zip(map(tuple, placed.tolist()), counts.tolist(), strict=True))
        for name, sweeps in (("warm", warm), ("cold", cold)):
            found = [[Learned.of(world(folder), split, rows, strength) for split in sweep] for sweep in sweeps]
            facts = {
                "candidates": n,
                "links": len(links),
                "rankings": sum(len(x.task.queries) for s in found for x in s),
            }
            yield curve(f"saas, {label}, {name}", facts, found, plan.draws)


@dataclass(frozen=True)
class Learned:
    """What was learned on one split, asked of its task.

    Attributes:
        task: who asks for whom.
        by_weight: `popularity_weight` to (q, n), whose order is the list of each query of the task.
        prior: (q, n) of the prior alone, nats.

    """

    task: RankingTask
    by_weight: Mapping[float, np.ndarray]
    prior: np.ndarray

    @classmethod
    def of(
        cls, space: _World, split: LinkSplit, rows: np.ndarray, strength: Mapping[tuple[int, ...], float]
    ) -> Learned:
        """Learn from the training part of `split`, whose positions stand at `rows` (n,) of the catalogue."""
        from matchmaker.matching.learned import from_links, texts
        from matchmaker.matching.learned.history import Links

        weights = np.array([strength[tuple(link)] for link in split.train.tolist()])
        at = space.place[rows]
        links, _ = Links.clean(at[split.train], len(space.space), weights)
        model = from_links.learn(space.space, space.config, links)
        task = split.task()
        asks, others = np.repeat(at[task.queries], len(at)), np.tile(at, len(task.queries))
        said = texts.of_pairs(model.told(space.space), space.config, asks, others)
        odds = model.odds(model.features(said, asks, others), asks, others)
        odds[
            (asks == others) | (links.adjacency()[asks, others] > 0)
        ] = -np.inf  # who is known takes no place of a list
        shape = len(task.queries), len(rows)
        lists = {weight: model.order(odds, asks, others, weight).reshape(shape) for weight in WEIGHTS}
        return cls(task, lists, said[:, 0].reshape(shape))

    def at(self, weight: float) -> Scorer:
        """The list at a `popularity_weight`."""
        return self._over(self.by_weight[weight])

    def beside(self) -> dict[str, Scorer]:
        """The scorers of `BESIDE`."""
        return dict(zip(BESIDE, (self._over(self.prior), baselines.popularity(self.task.degree)), strict=True))

    def _over(self, scores: np.ndarray) -> Scorer:
        def score(queries: np.ndarray) -> np.ndarray:
            return scores[np.searchsorted(self.task.queries, queries)]

        return score


def curve(name: str, facts: Mapping[str, float], sweeps: Sequence[Sequence[Learned]], draws: int) -> DialCurve:
    """Read every weight; in a sweep everybody asks at most once, and its lists are read as one set."""
    by_weight = {weight: read([[(x, x.at(weight)) for x in sweep] for sweep in sweeps]) for weight in WEIGHTS}
    beside = {other: read([[(x, x.beside()[other]) for x in sweep] for sweep in sweeps]) for other in BESIDE}
    return DialCurve(name, facts, by_weight, beside, draws)


def read(sweeps: Sequence[Sequence[tuple[Learned, Scorer]]]) -> Figures:
    """Pool the reads of all splits; figures of the lists are means over the sweeps."""
    reading = pool([evaluate(learned.task, scorer) for sweep in sweeps for learned, scorer in sweep])
    shown = []
    for sweep in sweeps:
        lists = [listed(learned.task, scorer) for learned, scorer in sweep]
        together = np.concatenate(lists)
        share = [tail_share(part, learned.task.degree) for part, (learned, _) in zip(lists, sweep, strict=True)]
        filled = [int((part >= 0).sum()) for part in lists]
        figures = exposure_gini(together, reading.n), coverage(together, reading.n), np.average(share, weights=filled)
        shown.append(figures)
    return Figures(reading, dict(zip(LISTS, np.mean(shown, axis=0).tolist(), strict=True)))
