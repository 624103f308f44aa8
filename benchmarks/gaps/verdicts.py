"""How often "clear market: yes" is right on what is hidden, beside unknown and no: by stratum, and at matched popularity.

Matched: pairs are put into cells by the training degrees of both ends. Within a cell `yes` and `unknown` are equally famous; over
all cells their precisions are compared by Mantel and Haenszel's (1959) ratio, sum of y_yes n_unknown / n over the sum of y_unknown
n_yes / n, with y hidden links among n pairs. Intervals resample the partners that ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.gaps.ours import Judged
from benchmarks.gaps.splits import Hidden
from benchmarks.quality.table import PlainTable
from matchmaker.evaluation.bootstrap import cluster_draws
from matchmaker.evaluation.splits import adjacency
from matchmaker.gaps.market import NO, UNKNOWN, YES

EDGES = (1, 2, 3, 4, 6, 9, 15, 30, 60)
"""Training degrees at which a cell begins: 0, 1, 2, 3, 4 to 5, ..., 60 and more."""
VERDICTS = (YES, UNKNOWN, NO)
WORDS = {YES: "yes", UNKNOWN: "unknown", NO: "no"}
STRATA = ("giant", "established", "small")


@dataclass(frozen=True)
class Pairs:
    """All judged pairs of a case. (p,) each: asker, stratum and cells of the pair (by both ends, by the other alone), verdict, and
    whether the link is a hidden one.
    """

    asker: np.ndarray
    stratum: np.ndarray
    both: np.ndarray
    other: np.ndarray
    verdict: np.ndarray
    true: np.ndarray


def pairs_of(judged: Sequence[tuple[Hidden, Judged]], which: str = "verdict") -> Pairs:
    """The pairs of several splits, and the verdicts by that name; links that stand aside are left out."""
    parts = []
    for hidden, one in judged:
        n = len(hidden.rows)
        split = hidden.split
        degree = np.digitize(adjacency(split.train, n).sum(axis=1), EDGES)
        asked = one.asked & (adjacency(split.aside, n) == 0)
        asker, other = np.nonzero(asked)
        true = adjacency(split.hidden, n)[asker, other] > 0
        cells = degree[asker] * (len(EDGES) + 1) + degree[other]
        parts.append((asker, one.stratum[other], cells, degree[other], getattr(one, which)[asker, other], true))
    return Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def tables(name: str, pairs: Pairs, draws: int) -> Iterator[PlainTable]:
    """Precision and coverage by stratum, and the ratios among matched pairs."""
    found = float(pairs.true.sum())
    rows: list[list[str | float]] = []
    for number, stratum in (*enumerate(STRATA), (None, "all")):
        among = np.ones(len(pairs.true), dtype=bool) if number is None else pairs.stratum == number
        for verdict in VERDICTS:
            some = among & (pairs.verdict == verdict)
            hits = int(pairs.true[some].sum())
            precision = hits / max(int(some.sum()), 1)
            rows.append([stratum, WORDS[verdict], int(some.sum()), hits, precision, hits / found])
    head = ("stratum of the other", "clear market", "pairs", "hidden links", "precision", "share of all hidden links")
    yield PlainTable(f"saas, {name}: clear market on {int(found)} hidden links (both ways)", head, rows)
    ratios: list[list[str | float]] = []
    for what, cells in (("both ends", pairs.both), ("the other", pairs.other)):
        for verdict in (YES, NO):
            ratios.append([f"{WORDS[verdict]} / unknown", what, *matched_ratio(pairs, cells, verdict, draws)])
        for number, stratum in enumerate(STRATA):
            some = pairs.stratum == number
            ratios.append([f"yes / unknown, {stratum}", what, *matched_ratio(pairs, cells, YES, draws, some)])
    yield PlainTable(
        f"saas, {name}: precision among pairs of matched popularity",
        ("ratio", "matched by", "ratio of precisions", "low", "high"),
        ratios,
    )


def matched_ratio(
    pairs: Pairs, cells: np.ndarray, verdict: int, draws: int, among: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Mantel-Haenszel ratio of the precision of `verdict` to that of unknown, with its 95 % interval; NaN without any pairs."""
    kept = np.isin(pairs.verdict, (verdict, UNKNOWN)) & (True if among is None else among)
    if not kept.any():
        return (float("nan"),) * 3
    askers, asker = np.unique(pairs.asker[kept], return_inverse=True)
    names, cell = np.unique(cells[kept], return_inverse=True)
    said, true = pairs.verdict[kept] == verdict, pairs.true[kept]
    shape = (len(askers), len(names))
    counts = np.stack([
        np.bincount(asker * shape[1] + cell, weights=some.astype(np.float64), minlength=shape[0] * shape[1]).reshape(shape)
        for some in (said, ~said, said & true, ~said & true)
    ])  # fmt: skip
    drawn = cluster_draws(len(askers), draws, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        now = _ratio(counts.sum(axis=1)[:, None, :])
        then = _ratio(np.stack([drawn @ table for table in counts]))
    low, high = np.nanquantile(then, [0.025, 0.975]) if np.isfinite(then).any() else (np.nan, np.nan)
    return float(now[0]), float(low), float(high)


def _ratio(counts: np.ndarray) -> np.ndarray:
    """Of counts (4, draws, cells): pairs of the verdict, of unknown, and the hidden links among either."""
    said, unknown, hit, missed = counts
    n = np.maximum(said + unknown, 1.0)
    return np.asarray((hit * unknown / n).sum(axis=-1) / (missed * said / n).sum(axis=-1))
