"""What is hidden of the public workflows, and what demand the rest shows.

| case  | hidden                                            | demand that is left                                               |
|-------|---------------------------------------------------|-------------------------------------------------------------------|
| warm  | half of the links                                 | flow: workflows that use both and do not wire them; co-use: none  |
| cold  | all links of a fifth of the products              | the same among the others: of a cold product nothing is known     |
| later | flow links first seen in the latest 30 % of dates | the same, in earlier workflows                                    |

A workflow counts as demand for a pair only where it does not wire the pair, so nothing that is hidden is counted. Co-use itself is
the link of the co-use cases and counts for nothing there. Development splits have other seeds, and dates that end where those of
the report begin; thresholds are chosen on them alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.quality.products import Products, products
from benchmarks.quality.saas import FOLDS, WARM_SHARE
from matchmaker.evaluation import LinkSplit, hide_links, hide_partners
from matchmaker.profiles.schema import Demand

Pairs = Counter[tuple[int, int]]


@dataclass(frozen=True)
class Seeds:
    """Of a set of splits. warm: one split each; cold: of the folds; later: shares of the dated workflows between which lies what is
    to be found.
    """

    warm: tuple[int, ...]
    cold: int
    later: tuple[float, float]


REPORTED = Seeds((0, 1, 2), 0, (0.7, 1.0))
DEVELOPMENT = Seeds((20, 21), 20, (0.5, 0.7))


@dataclass(frozen=True)
class Hidden:
    """One split. rows: (n,) candidates, as rows of the frame; split: in candidate positions; weights: (a,) how often each training
    link was seen; demand: counted in the training part; seed: of what is drawn beside.
    """

    rows: np.ndarray
    split: LinkSplit
    weights: np.ndarray
    demand: Sequence[Demand]
    seed: int


@dataclass(frozen=True)
class Workflows:
    """Pairs of products in each workflow, as rows of the frame: used together, wired; date: (w,) share that came before, or NaN."""

    used: list[set[tuple[int, int]]]
    wired: list[set[tuple[int, int]]]
    date: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Workflows:
        """Those of the folder of the saas data."""
        import pandas as pd

        frame = pd.read_parquet(folder / "workflows.parquet")
        row_of = {key: row for row, key in enumerate(products(folder).frame["id"])}

        def pairs(ends: Iterator[tuple[str, str]]) -> set[tuple[int, int]]:
            known = ((row_of[a], row_of[b]) for a, b in ends if a in row_of and b in row_of and a != b)
            return {(min(pair), max(pair)) for pair in known}

        date = frame["date_order"].to_numpy(dtype=np.float64)
        rank = np.full(len(date), np.nan)
        dated = np.flatnonzero(~np.isnan(date))
        rank[dated[np.argsort(date[dated], kind="stable")]] = np.arange(len(dated)) / len(dated)
        return cls(
            [pairs(combinations(apps, 2)) for apps in frame["apps"]],
            [pairs((a, b) for a, b in edges) for edges in frame["edges"]],
            rank,
        )

    def unwired(self, kept: np.ndarray) -> Pairs:
        """How many of the `kept` (w,) workflows use both of a pair without wiring them."""
        found: Pairs = Counter()
        for number in np.flatnonzero(kept):
            found.update(self.used[number] - self.wired[number])
        return found

    def links(self, kept: np.ndarray) -> Pairs:
        """How many of the `kept` (w,) workflows wire each pair."""
        found: Pairs = Counter()
        for number in np.flatnonzero(kept):
            found.update(self.wired[number])
        return found


def cases(folder: Path, seeds: Seeds) -> Iterator[tuple[str, list[Hidden]]]:
    """Name and splits of each case."""
    data, workflows = products(folder), Workflows.read(folder)
    everything = np.ones(len(workflows.used), dtype=bool)
    for label, demand in (("flow", workflows.unwired(everything)), ("co-use", Counter[tuple[int, int]]())):
        yield f"{label}, warm", list(_warm(data, label, demand, seeds))
        yield f"{label}, cold", list(_cold(data, label, demand, seeds))
    yield "flow, later", [_later(data, workflows, seeds)]


def _warm(data: Products, label: str, demand: Pairs, seeds: Seeds) -> Iterator[Hidden]:
    links, counts = data.links[label]
    rows = np.unique(links)
    for seed in seeds.warm:
        split = hide_links(np.searchsorted(rows, links), len(rows), WARM_SHARE, seed)
        yield Hidden(rows, split, _weights(rows[split.train], links, counts), _told(data, demand), seed)


def _cold(data: Products, label: str, demand: Pairs, seeds: Seeds) -> Iterator[Hidden]:
    links, counts = data.links[label]
    rows = np.unique(links)
    for number, split in enumerate(hide_partners(np.searchsorted(rows, links), len(rows), FOLDS, seeds.cold)):
        cold = set(rows[split.asks].tolist())
        left = Counter({pair: count for pair, count in demand.items() if cold.isdisjoint(pair)})
        yield Hidden(rows, split, _weights(rows[split.train], links, counts), _told(data, left), number)


def _later(data: Products, workflows: Workflows, seeds: Seeds) -> Hidden:
    begin, end = seeds.later
    before = ~(workflows.date >= begin)  # undated ones cannot be placed, and train
    seen, then = workflows.links(before), workflows.links((workflows.date >= begin) & (workflows.date < end))
    rows = np.unique(data.links["flow"][0])

    def positions(pairs: set[tuple[int, int]]) -> np.ndarray:
        return np.searchsorted(rows, np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2))

    every = {(a, b) for a, b in data.links["flow"][0].tolist()}
    split = LinkSplit(
        positions(set(seen)),
        positions(set(then) - set(seen)),
        np.ones(len(rows), dtype=bool),
        positions(every - set(then) - set(seen)),
    )
    weights = np.array([seen[pair] for pair in sorted(seen)], dtype=np.float64)
    return Hidden(rows, split, weights, _told(data, workflows.unwired(before)), 0)


def _weights(train: np.ndarray, links: np.ndarray, counts: np.ndarray) -> np.ndarray:
    count_of = {(a, b): count for (a, b), count in zip(links.tolist(), counts.tolist(), strict=True)}
    return np.array([count_of[a, b] for a, b in train.tolist()])


def _told(data: Products, pairs: Pairs) -> list[Demand]:
    ids = data.frame["id"].tolist()
    return [Demand(a=ids[a], b=ids[b], count=count, source="co-use") for (a, b), count in sorted(pairs.items())]
