"""Reading a ranking honestly: splits, full-ranking metrics in three reads, baselines, paired intervals, reports, and
the gate that decides whether a learned part replaces the prior.
"""

from __future__ import annotations

from matchmaker.evaluation.bootstrap import (
    Interval,
    PairFigures,
    mean_interval,
    pair_figures,
    paired_difference,
    two_way_difference,
    two_way_mean,
)
from matchmaker.evaluation.gate import Check, Verdict, judge
from matchmaker.evaluation.lists import ListFigures, list_figures, listed
from matchmaker.evaluation.page import html_page
from matchmaker.evaluation.plots import Curves, DialPoint, trade_off
from matchmaker.evaluation.probability import (
    ProbabilityFigures,
    Reliability,
    ScoredPairs,
    brier,
    brier_skill,
    ece,
    probability_figures,
    reliability,
    scored_pairs,
)
from matchmaker.evaluation.reads import METRICS, RankingTask, Reading, Scorer, Sets, evaluate, pool
from matchmaker.evaluation.report import Difference, Report, compare
from matchmaker.evaluation.splits import (
    LinkSplit,
    hide_accounts,
    hide_both_ends,
    hide_links,
    hide_partners,
    links_after,
)
from matchmaker.evaluation.tuning import tuned

__all__ = [
    "METRICS",
    "Check",
    "Curves",
    "DialPoint",
    "Difference",
    "Interval",
    "LinkSplit",
    "ListFigures",
    "PairFigures",
    "ProbabilityFigures",
    "RankingTask",
    "Reading",
    "Reliability",
    "Report",
    "ScoredPairs",
    "Scorer",
    "Sets",
    "Verdict",
    "brier",
    "brier_skill",
    "compare",
    "ece",
    "evaluate",
    "hide_accounts",
    "hide_both_ends",
    "hide_links",
    "hide_partners",
    "html_page",
    "judge",
    "links_after",
    "list_figures",
    "listed",
    "mean_interval",
    "pair_figures",
    "paired_difference",
    "pool",
    "probability_figures",
    "reliability",
    "scored_pairs",
    "trade_off",
    "tuned",
    "two_way_difference",
    "two_way_mean",
]
