"""What stands in the lists: hits, mutual hits, and whom the lists show at all.

A list is a row of candidate positions, best first, -1 where a slot is empty (`listed`). Quality alone can be had by
showing everybody the same few; exposure, coverage, tail share and diversity say whether that happened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation import metrics
from matchmaker.evaluation.bootstrap import DRAWS, Interval, mean_interval
from matchmaker.evaluation.metrics import BoolArray, FloatArray, IntArray
from matchmaker.evaluation.reads import K, RankingTask, Scorer, scored, tail, tie_order

Values = npt.NDArray[np.float64]


def listed(task: RankingTask, scorer: Scorer, k: int = K, *, block: int = 256) -> IntArray:
    """(q, min(k, n)) lists of every query over all candidates, with the masks and the tie order of `evaluate`."""
    order = tie_order(task)
    return np.concatenate(
        [metrics.top_k(asked.scores, k, tie_order=order) for asked in scored(task, scorer, block=block)]
    )


def hit(lists: IntArray, truth: BoolArray) -> Values:
    """hit@k: (q,) 1 where a list (q, k) holds any true partner of `truth` (q, n), else 0; NaN without a true one."""
    found = metrics.hits(lists, truth).any(axis=1)
    return np.where(truth.any(axis=1), found.astype(np.float64), np.nan)


def reciprocal_rank(lists: IntArray, truth: BoolArray) -> Values:
    """(q,) 1 / rank of the first true partner, 0 where the list holds none, NaN without a true one.

    Its mean is MRR@k; lists of all n candidates give MRR without a cut-off. Source: Voorhees, TREC-8 1999.
    """
    found = metrics.hits(lists, truth)
    rank = found.argmax(axis=1) + 1
    return np.where(truth.any(axis=1), np.where(found.any(axis=1), 1.0 / rank, 0.0), np.nan)


def mutual_hit(lists: IntArray, queries: IntArray, pairs: IntArray) -> Values:
    """Mutual hit@k: (m,) 1 where each end of a hidden pair stands in the other's list, else 0.

    A list that only one side would like leads to no partnership, so both must show it.

    Args:
        lists: (q, k).
        queries: (q,) who asks for each list, everybody at most once.
        pairs: (m, 2) hidden pairs.

    Returns:
        (m,) float64; NaN where one end asks for no list.

    Raises:
        SettingsError: somebody asks twice.

    """
    size = int(max(queries.max(initial=-1), pairs.max(initial=-1))) + 1
    row = np.full(size, -1, dtype=np.int64)
    row[queries] = np.arange(len(queries))
    if len(np.unique(queries)) < len(queries):
        raise SettingsError("A partner asks for two lists; read each split on its own, then pool.")
    left, right = row[pairs[:, 0]], row[pairs[:, 1]]
    both = (lists[left] == pairs[:, 1, None]).any(axis=1) & (lists[right] == pairs[:, 0, None]).any(axis=1)
    return np.where((left >= 0) & (right >= 0), both.astype(np.float64), np.nan)


def hidden_pairs(task: RankingTask) -> IntArray:
    """(m, 2) the true pairs of a task, each once, smaller position first, of which both ends ask."""
    asker = np.repeat(task.queries, np.diff(task.truth.starts))
    ends = np.sort(np.stack([asker, task.truth.members], axis=1), axis=1)
    return np.unique(ends[np.isin(ends, task.queries).all(axis=1)], axis=0)


def exposure(lists: IntArray, n: int) -> IntArray:
    """(n,) number of lists that each candidate stands in; empty slots count for nobody."""
    return np.bincount(lists[lists >= 0], minlength=n).astype(np.int64)


def exposure_gini(lists: IntArray, n: int) -> float:
    """Gini coefficient of exposure: 0 all candidates are shown alike, towards 1 a few are shown to everybody.

    With x sorted upwards, sum (2 i - n - 1) x_i / (n sum x), i from 1; candidates that no list shows count as well.
    NaN where no slot is filled. Source: Gini 1912 in the form of Sen 1973.
    """
    shown = np.sort(exposure(lists, n))
    total = shown.sum()
    weight = 2 * np.arange(1, n + 1) - n - 1
    return float((weight * shown).sum() / (n * total)) if total else float("nan")


def coverage(lists: IntArray, n: int) -> float:
    """Catalogue coverage: share of the n candidates that at least one list shows. Source: Ge et al., RecSys 2010."""
    return float((exposure(lists, n) > 0).mean())


def tail_share(lists: IntArray, degree: FloatArray) -> float:
    """Share of filled slots given to candidates of the tail (training degree at most max(5, median)); NaN if none."""
    shown = lists[lists >= 0]
    return float(tail(degree)[shown].mean()) if shown.size else float("nan")


def diversity(lists: IntArray, vectors: FloatArray) -> Values:
    """(q,) mean of 1 - cosine over the pairs inside a list, NaN with fewer than two filled slots.

    With unit vectors u the sum over ordered pairs is |sum u|^2 - sum |u|^2, so no pair is formed. A zero vector has
    cosine 0 with everybody. Source: Ziegler et al., WWW 2005.

    Args:
        lists: (q, k).
        vectors: (n, d) of the candidates.

    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros(vectors.shape), where=length > 0)
    total, own = np.zeros((len(lists), vectors.shape[1])), np.zeros(len(lists))
    for slot in lists.T:
        part = np.where((slot >= 0)[:, None], unit[np.maximum(slot, 0)], 0.0)
        total += part
        own += (part * part).sum(axis=1)
    filled = (lists >= 0).sum(axis=1)
    pairs = np.where(filled > 1, filled * (filled - 1.0), np.nan)
    return np.asarray(1.0 - ((total * total).sum(axis=1) - own) / pairs)


@dataclass(frozen=True)
class ListFigures:
    """Figures of one scorer's lists on one task; of `mutual_hit` the pair's smaller position is the cluster.

    Attributes:
        hit: mean hit@k.
        reciprocal_rank: MRR@k.
        mutual_hit: mean over hidden pairs of which both ends ask.
        exposure_gini: in [0, 1).
        coverage: in [0, 1].
        tail_share: in [0, 1].
        diversity: mean over lists, or None without vectors.

    """

    hit: Interval
    reciprocal_rank: Interval
    mutual_hit: Interval
    exposure_gini: float
    coverage: float
    tail_share: float
    diversity: Interval | None

    def to_dict(self) -> dict[str, object]:
        """Plain mapping for JSON; NaN becomes None."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}


def list_figures(
    task: RankingTask,
    scorer: Scorer,
    *,
    k: int = K,
    vectors: FloatArray | None = None,
    draws: int = DRAWS,
    rng: int = 0,
) -> ListFigures:
    """Make every list of a task once and read it in all the ways of this module.

    Args:
        task: who asks, everybody at most once.
        scorer: as for `evaluate`.
        k: length of the lists.
        vectors: (n, d) for the diversity inside lists, or None.
        draws: bootstrap draws, at least 1,000.
        rng: seed of the draws.

    """
    n, q = len(task.degree), len(task.queries)
    lists, truth, pairs = listed(task, scorer, k), task.truth.mask(0, q, n), hidden_pairs(task)

    def interval(values: Values, clusters: IntArray) -> Interval:
        return mean_interval(values, clusters, draws=draws, rng=rng)

    return ListFigures(
        interval(hit(lists, truth), task.queries),
        interval(reciprocal_rank(lists, truth), task.queries),
        interval(mutual_hit(lists, task.queries, pairs), pairs[:, 0]),
        exposure_gini(lists, n),
        coverage(lists, n),
        tail_share(lists, task.degree),
        None if vectors is None else interval(diversity(lists, vectors), task.queries),
    )


def _plain(value: Interval | float | None) -> dict[str, float | int | None] | float | None:
    if isinstance(value, Interval):
        return value.to_dict()
    return value if value is not None and np.isfinite(value) else None
