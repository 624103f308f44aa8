"""Ranking and pair metrics, vectorised over queries.

Every ranking metric is computed on the full candidate list: metrics on sampled candidates do not even keep the order
of two scorers (Krichene & Rendle, KDD 2020).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def top_k(scores: FloatArray, k: int, *, tie_order: IntArray | None = None) -> IntArray:
    """Best `k` columns of each row, best first; equal scores in the order of `tie_order`.

    Args:
        scores: (q, n); -inf marks a column that may not be shown. NaN is refused.
        k: length of the lists, at least 1.
        tie_order: (n,) permutation of the columns, default 0..n-1. A fixed random one keeps constant scorers honest:
            index order often correlates with fame.

    Returns:
        (q, min(k, n)) int64 column numbers, -1 where fewer columns may be shown.

    Raises:
        SettingsError: `k` is below 1 or a score is NaN.

    """
    if k < 1:
        raise SettingsError(f"k must be at least 1, it is {k}.")
    if np.isnan(scores).any():
        raise SettingsError("A scorer returned NaN; every candidate needs a number (use -inf to leave one out).")
    rows, columns = scores.shape
    k = min(k, columns)
    order = np.arange(columns) if tie_order is None else tie_order
    shuffled = scores[:, order]
    threshold = np.partition(shuffled, columns - k, axis=1)[:, columns - k, None]
    above = shuffled > threshold
    # argpartition breaks ties at the border as it likes; the first equal ones in tie order are taken instead.
    level = shuffled == threshold
    wanted = k - above.sum(axis=1, keepdims=True)
    chosen = above | (level & (np.cumsum(level, axis=1) <= wanted))
    found = np.nonzero(chosen)[1].reshape(rows, k)
    values = np.take_along_axis(shuffled, found, axis=1)
    rank = np.argsort(-values, axis=1, kind="stable")
    best = order[np.take_along_axis(found, rank, axis=1)].astype(np.int64)
    best[np.take_along_axis(values, rank, axis=1) == -np.inf] = -1
    return best


def hits(lists: IntArray, truth: BoolArray) -> BoolArray:
    """(q, k) bool: which list slots hold a true partner; `truth` is (q, n), slots of -1 never count."""
    return np.asarray(np.take_along_axis(truth, np.maximum(lists, 0), axis=1) & (lists >= 0))


def discounts(k: int) -> npt.NDArray[np.float64]:
    """(k,) weights 1 / log2(rank + 1), rank from 1."""
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)), dtype=np.float64)


def ndcg_credit(hit: BoolArray, relevant: IntArray, k: int) -> npt.NDArray[np.float64]:
    """Share of the ideal DCG earned in each slot; the sum over a row is its nDCG@k.

    Binary gains; the ideal list holds min(relevant, k) hits. Source: Järvelin & Kekäläinen, TOIS 2002.

    Args:
        hit: (q, <= k) from `hits`.
        relevant: (q,) number of true partners of each query in this read.
        k: the cut-off.

    Returns:
        (q, slots) float64 in [0, 1]; NaN rows where a query has no true partner.

    """
    weights = discounts(k)
    ideal = np.concatenate([[np.nan], np.cumsum(weights)])[np.minimum(relevant, k)]
    return np.asarray(hit * weights[: hit.shape[1]] / ideal[:, None])


def recall_credit(hit: BoolArray, relevant: IntArray) -> npt.NDArray[np.float64]:
    """Share of a query's true partners found in each slot; the row sum is recall@k, NaN without true partners.

    The denominator is all true partners of the read, not min(that, k), so a query with more than k partners cannot
    reach 1.
    """
    count = np.where(relevant > 0, relevant, np.nan)
    return np.asarray(hit / count[:, None], dtype=np.float64)


def matched_credit(scores: FloatArray, truth: BoolArray, degree: FloatArray) -> npt.NDArray[np.float64]:
    """Share of equally famous other candidates that each true partner outscores, ties one half.

    The negatives of a true partner are the other candidates of its degree bin, floor(4 log2(1 + degree)): degrees 0
    to 5 have a bin each, above that bins widen by a fifth. Fame alone is worth about one half here.

    Args:
        scores: (q, n), -inf for what may not be shown.
        truth: (q, n) true partners.
        degree: (n,) training degree.

    Returns:
        (q, n) float64: on true pairs the share in [0, 1], NaN elsewhere and where the bin holds no negative.

    """
    credit = np.full(scores.shape, np.nan)
    bins = np.floor(4 * np.log2(1 + degree)).astype(np.int64)
    for number in np.unique(bins):
        columns = np.flatnonzero(bins == number)
        part, true = scores[:, columns], truth[:, columns]
        row, column = np.nonzero(true & np.isfinite(part))
        negative = np.where(true, -np.inf, part)[row]
        own = part[row, column][:, None]
        counted = np.isfinite(negative)
        won = ((own > negative) & counted).sum(axis=1) + 0.5 * ((own == negative) & counted).sum(axis=1)
        total = counted.sum(axis=1)
        credit[row, columns[column]] = np.divide(won, total, out=np.full(len(row), np.nan), where=total > 0)
    return credit


def pair_metrics(
    scores: FloatArray, labels: BoolArray, weights: FloatArray | None = None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """AUC and average precision of scored pairs, for many weightings at once.

    AUC counts ties as one half. AP is the step sum over distinct score values, sum (R_t - R_t-1) P_t, so that ties
    neither help nor hurt by their order.

    Args:
        scores: (m,) higher means more likely.
        labels: (m,) which pairs came true.
        weights: (draws, m) non-negative, such as bootstrap multiplicities; default one row of ones.

    Returns:
        (auc, ap), each (draws,); NaN where a draw holds no true or no false pair.

    """
    multiplicity = np.ones((1, len(scores))) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(scores[order]) != 0]))
    weighted = multiplicity[:, order]
    came_true = labels[order]
    positive = np.add.reduceat(weighted * came_true, starts, axis=1)
    negative = np.add.reduceat(weighted * ~came_true, starts, axis=1)
    true_seen = np.cumsum(positive, axis=1)
    false_seen = np.cumsum(negative, axis=1)
    true_all, false_all = true_seen[:, -1], false_seen[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        below = false_all[:, None] - false_seen + 0.5 * negative
        auc = (positive * below).sum(axis=1) / (true_all * false_all)
        seen = true_seen + false_seen
        precision = np.divide(true_seen, seen, out=np.zeros_like(seen, dtype=np.float64), where=seen > 0)
        ap = (positive * precision).sum(axis=1) / true_all
    ap[false_all == 0] = np.nan
    return np.asarray(auc), np.asarray(ap)
