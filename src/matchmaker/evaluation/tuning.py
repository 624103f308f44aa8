"""Choosing a setting on an inner task, the same way for a baseline and for what it is compared with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

from matchmaker.errors import SettingsError
from matchmaker.evaluation.reads import METRICS, RankingTask, Scorer, evaluate

Setting = TypeVar("Setting")


def tuned(
    grid: Iterable[Setting],
    build: Callable[[Setting], Scorer],
    task: RankingTask,
    metric: str = "all.ndcg@10",
) -> Setting:
    """Setting of `grid` whose scorer has the highest mean of `metric`; of equal ones the first.

    Args:
        grid: settings to try; give every scorer of a comparison the same number of them.
        build: setting to scorer, from the training part of `task` alone.
        task: an inner task, split off the training data: the task that is reported must not choose.
        metric: one of `METRICS`.

    Raises:
        SettingsError: the metric is unknown, the grid is empty, or no query of the task has a true partner in the read.

    """
    if metric not in METRICS:
        raise SettingsError(f"There is no metric {metric!r}; known are {', '.join(METRICS)}.")
    figures = [(setting, evaluate(task, build(setting)).means()[metric]) for setting in grid]
    read = [(setting, figure) for setting, figure in figures if not math.isnan(figure)]
    if not read:
        why = "the grid is empty" if not figures else f"no query of the inner task has a true partner for {metric}"
        raise SettingsError(f"No setting can be chosen: {why}.")
    return max(read, key=lambda one: one[1])[0]
