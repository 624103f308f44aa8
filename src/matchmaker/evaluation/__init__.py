"""Reading a ranking honestly: splits, full-ranking metrics in three reads, baselines, paired intervals, reports."""

from __future__ import annotations

from matchmaker.evaluation.bootstrap import (
    Interval,
    PairFigures,
    mean_interval,
    pair_figures,
    paired_difference,
    two_way_difference,
)
from matchmaker.evaluation.reads import METRICS, RankingTask, Reading, Scorer, Sets, evaluate, pool
from matchmaker.evaluation.report import Difference, Report, compare
from matchmaker.evaluation.splits import LinkSplit, hide_accounts, hide_links, hide_partners, links_after

__all__ = [
    "METRICS",
    "Difference",
    "Interval",
    "LinkSplit",
    "PairFigures",
    "RankingTask",
    "Reading",
    "Report",
    "Scorer",
    "Sets",
    "compare",
    "evaluate",
    "hide_accounts",
    "hide_links",
    "hide_partners",
    "links_after",
    "mean_interval",
    "pair_figures",
    "paired_difference",
    "pool",
    "two_way_difference",
]
