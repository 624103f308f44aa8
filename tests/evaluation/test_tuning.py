from __future__ import annotations

import numpy as np
import pytest

from matchmaker.errors import SettingsError
from matchmaker.evaluation import RankingTask, tuned
from matchmaker.evaluation.baselines import from_matrix

TRUTH = np.eye(8, k=1, dtype=bool) | np.eye(8, k=-1, dtype=bool)
TASK = RankingTask.from_masks(np.arange(8), TRUTH, np.zeros_like(TRUTH), np.arange(8.0))


def test_the_setting_with_the_highest_figure_is_chosen():
    asked = []

    def build(sign):
        asked.append(sign)
        return from_matrix(sign * TRUTH.astype(float))

    assert tuned([-1.0, 1.0, 0.0], build, TASK) == 1.0
    assert asked == [-1.0, 1.0, 0.0]


def test_the_metric_decides():
    # Everybody's true partners are the three famous and, for each one, a small one of its own.
    n = 40
    famous = np.arange(n) < 3
    truth = np.tile(famous, (n, 1)) | np.eye(n, k=1, dtype=bool)
    np.fill_diagonal(truth, False)
    task = RankingTask.from_masks(np.arange(n), truth, np.zeros_like(truth), np.where(famous, 90.0, 2.0))
    settings = {"knows the famous": truth & famous, "knows the small": truth & ~famous}

    def build(name):
        return from_matrix(settings[name] + 0.0)

    assert tuned(settings, build, task) == "knows the famous"
    assert tuned(settings, build, task, "tail.recall@10") == "knows the small"


def test_of_equal_settings_the_first_is_chosen():
    assert tuned((3, 1, 2), lambda _: from_matrix(TRUTH + 0.0), TASK) == 3


def test_what_cannot_be_tuned_is_refused():
    with pytest.raises(SettingsError, match="no metric 'ndcg'"):
        tuned([1], lambda _: from_matrix(TRUTH + 0.0), TASK, "ndcg")
    with pytest.raises(SettingsError, match="grid is empty"):
        tuned([], lambda _: from_matrix(TRUTH + 0.0), TASK)
    nothing = RankingTask.from_masks(np.arange(8), np.zeros_like(TRUTH), np.zeros_like(TRUTH), np.ones(8))
    with pytest.raises(SettingsError, match="no query of the inner task"):
        tuned([1], lambda _: from_matrix(TRUTH + 0.0), nothing)
