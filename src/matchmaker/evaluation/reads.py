"""The three reads of one ranking: everybody, the savanna, the tail.

A popularity list finds nearly all famous partners and almost none of the rest, and one average hides it. So every
scorer is read three times, strata always cut on the degree known at training time:

- all: every candidate;
- savanna: the 5 % best-linked candidates are taken out of the lists and out of the truth;
- tail: recall, in the full list, of true partners whose training degree is at most max(5, median degree).

Beside them stands matched.auc: how often a true partner outscores a candidate as famous as itself (fame alone: .5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation import metrics
from matchmaker.evaluation.metrics import BoolArray, FloatArray, IntArray

Scorer = Callable[[IntArray], FloatArray]
"""Takes candidate positions (q,), returns scores (q, n), higher is better, finite or -inf."""

METRICS = ("all.ndcg@10", "all.recall@10", "savanna.ndcg@10", "savanna.recall@10", "tail.recall@10", "matched.auc")
HEAD_SHARE = 0.05
TAIL_FLOOR = 5
K = 10


@dataclass(frozen=True)
class Sets:
    """One set of candidates per query, as offsets: set r is `members[starts[r]:starts[r + 1]]`."""

    starts: IntArray
    members: IntArray

    @classmethod
    def from_mask(cls, mask: BoolArray) -> Sets:
        """Read (q, n) bool."""
        counts = mask.sum(axis=1)
        return cls(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.nonzero(mask)[1].astype(np.int64))

    def mask(self, start: int, stop: int, n: int) -> BoolArray:
        """(stop - start, n) bool of the sets start..stop-1."""
        dense = np.zeros((stop - start, n), dtype=bool)
        sizes = np.diff(self.starts[start : stop + 1])
        dense[np.repeat(np.arange(stop - start), sizes), self.members[self.starts[start] : self.starts[stop]]] = True
        return dense


@dataclass(frozen=True)
class RankingTask:
    """Who asks, who is true, what is known already.

    Attributes:
        queries: (q,) candidate positions that ask.
        truth: q sets of true partners, all hidden from scorers.
        known: q sets that are known already and so may not be shown (training links); the query itself never is.
        degree: (n,) training degree of every candidate: the only thing strata may be cut on.

    """

    queries: IntArray
    truth: Sets
    known: Sets
    degree: FloatArray

    @classmethod
    def from_masks(cls, queries: IntArray, truth: BoolArray, known: BoolArray, degree: npt.ArrayLike) -> RankingTask:
        """Build from dense (q, n) masks.

        Raises:
            SettingsError: shapes disagree, or a pair is both known and true.

        """
        links = np.asarray(degree, dtype=np.float64)
        shape = (len(queries), len(links))
        if truth.shape != shape or known.shape != shape:
            raise SettingsError(f"truth is {truth.shape} and known is {known.shape}; both must be {shape}.")
        if (truth & known).any():
            raise SettingsError("A pair is both known at training time and true: the hidden part leaks.")
        return cls(queries, Sets.from_mask(truth), Sets.from_mask(known), links)


@dataclass(frozen=True)
class Credit:
    """What a metric is made of, pair by pair: the two-way bootstrap re-weighs it at both ends.

    `earned` lies on hits, `mass` on all true pairs (1 / number of true partners of the query); summed per query,
    earned gives the metric and mass gives 1. Labels are candidate positions.
    """

    hit_query: IntArray
    hit_partner: IntArray
    earned: npt.NDArray[np.float64]
    true_query: IntArray
    true_partner: IntArray
    mass: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """One scorer on one task, or on several pooled.

    Attributes:
        values: metric name to (q,) float64, NaN where the query has no true partner in that read.
        credits: metric name to its pairwise make-up.
        queries: (q,) the partner that asks, the cluster of the bootstrap.
        n: number of candidates.

    """

    values: dict[str, npt.NDArray[np.float64]]
    credits: dict[str, Credit]
    queries: IntArray
    n: int

    def means(self) -> dict[str, float]:
        """Mean of each metric over the queries that have a true partner in its read (NaN when none has)."""
        return {name: float(np.nanmean(v)) if np.isfinite(v).any() else float("nan") for name, v in self.values.items()}


def head(degree: FloatArray) -> BoolArray:
    """(n,) bool: the 5 % best-linked candidates (rounded up), ties by position, never one without a link."""
    count = int(np.ceil(HEAD_SHARE * len(degree)))
    mask = np.zeros(len(degree), dtype=bool)
    mask[np.argsort(-degree, kind="stable")[:count]] = True
    return np.asarray(mask & (degree > 0))


def tail(degree: FloatArray) -> BoolArray:
    """(n,) bool: training degree at most max(5, median)."""
    return np.asarray(degree <= max(TAIL_FLOOR, float(np.median(degree))))


def evaluate(task: RankingTask, scorer: Scorer, *, k: int = K, block: int = 256, tie_seed: int = 123) -> Reading:
    """Rank all candidates for every query of `task` and read the lists three times.

    Args:
        task: the questions and the answer key.
        scorer: called with at most `block` queries at a time.
        k: cut-off; metric names say @10 whatever it is, so leave it but in tests.
        block: queries a call, which bounds memory at block * n.
        tie_seed: seeds the fixed random order among equal scores.

    Raises:
        SettingsError: the scorer returns a wrong shape or NaN.

    """
    order = tie_order(task, tie_seed)
    return pool(
        [
            _read_block(asked.rows, asked.scores, asked.truth, task.degree, order, k)
            for asked in scored(task, scorer, block=block)
        ]
    )


@dataclass(frozen=True)
class Block:
    """Some queries of a task with their scores: -inf stands at the query itself and at what is known already.

    Attributes:
        rows: (b,) candidate positions that ask.
        scores: (b, n) float64.
        truth: (b, n) bool.

    """

    rows: IntArray
    scores: npt.NDArray[np.float64]
    truth: BoolArray


def scored(task: RankingTask, scorer: Scorer, *, block: int = 256) -> Iterator[Block]:
    """Scores of every query over all candidates, at most `block` queries at a time.

    Raises:
        SettingsError: the scorer returns a wrong shape.

    """
    n = len(task.degree)
    for start in range(0, len(task.queries), block):
        stop = min(start + block, len(task.queries))
        rows = task.queries[start:stop]
        scores = np.array(scorer(rows), dtype=np.float64)
        if scores.shape != (len(rows), n):
            raise SettingsError(f"The scorer returned shape {scores.shape}; {(len(rows), n)} was asked for.")
        scores[task.known.mask(start, stop, n)] = -np.inf
        scores[np.arange(len(rows)), rows] = -np.inf
        yield Block(rows, scores, task.truth.mask(start, stop, n))


def tie_order(task: RankingTask, seed: int = 123) -> IntArray:
    """(n,) fixed random order of the candidates, in which equal scores are listed."""
    return np.random.default_rng(seed).permutation(len(task.degree)).astype(np.int64)


def pool(readings: Sequence[Reading]) -> Reading:
    """Join readings over the same candidates (blocks, seeds, folds): queries are concatenated, clusters kept."""
    first = readings[0]
    if any(reading.n != first.n for reading in readings):
        raise SettingsError("Readings over different candidate sets cannot be pooled.")
    fields = Credit.__dataclass_fields__
    return Reading(
        {name: np.concatenate([r.values[name] for r in readings]) for name in first.values},
        {
            name: Credit(*(np.concatenate([getattr(r.credits[name], field) for r in readings]) for field in fields))
            for name in first.credits
        },
        np.concatenate([r.queries for r in readings]),
        first.n,
    )


def _read_block(
    rows: IntArray, scores: FloatArray, truth: BoolArray, degree: FloatArray, order: IntArray, k: int
) -> Reading:
    famous = head(degree)
    everybody = metrics.top_k(scores, k, tie_order=order)
    savanna = metrics.top_k(np.where(famous, -np.inf, scores), k, tie_order=order)
    values: dict[str, npt.NDArray[np.float64]] = {}
    credits: dict[str, Credit] = {}
    for read, lists, counted in (
        ("all", everybody, truth),
        ("savanna", savanna, truth & ~famous),
        ("tail", everybody, truth & tail(degree)),
    ):
        hit = metrics.hits(lists, counted)
        relevant = counted.sum(axis=1)
        earned = {"recall@10": metrics.recall_credit(hit, relevant)}
        if read != "tail":
            earned["ndcg@10"] = metrics.ndcg_credit(hit, relevant, k)
        for metric, credit in earned.items():
            values[f"{read}.{metric}"] = credit.sum(axis=1)
            credits[f"{read}.{metric}"] = _credit(rows, lists, hit, credit, counted)
    _read_matched(rows, scores, truth, degree, values, credits)
    return Reading(values, credits, rows, scores.shape[1])


def _read_matched(
    rows: IntArray,
    scores: FloatArray,
    truth: BoolArray,
    degree: FloatArray,
    values: dict[str, npt.NDArray[np.float64]],
    credits: dict[str, Credit],
) -> None:
    share = metrics.matched_credit(scores, truth, degree)
    query, partner = np.nonzero(np.isfinite(share))
    count = np.bincount(query, minlength=len(rows)).astype(np.float64)
    mass = 1.0 / count[query]
    earned = share[query, partner] * mass
    total = np.bincount(query, weights=earned, minlength=len(rows))
    values["matched.auc"] = np.where(count > 0, total, np.nan)
    credits["matched.auc"] = Credit(rows[query], partner, earned, rows[query], partner, mass)


def _credit(
    rows: IntArray, lists: IntArray, hit: BoolArray, earned: npt.NDArray[np.float64], counted: BoolArray
) -> Credit:
    query, slot = np.nonzero(hit)
    true_query, true_partner = np.nonzero(counted)
    mass = 1.0 / counted.sum(axis=1)[true_query]
    return Credit(rows[query], lists[query, slot], earned[query, slot], rows[true_query], true_partner, mass)
