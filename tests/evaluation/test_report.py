from __future__ import annotations

import json

import numpy as np
import pytest

from matchmaker.evaluation import METRICS, RankingTask, Report, compare, evaluate
from matchmaker.evaluation.baselines import from_matrix, random_order


@pytest.fixture(scope="module")
def report() -> Report:
    rng = np.random.default_rng(0)
    n = 60
    truth = rng.random((n, n)) < 0.1
    np.fill_diagonal(truth, False)
    task = RankingTask.from_masks(np.arange(n), truth, np.zeros_like(truth), rng.integers(1, 30, n).astype(float))
    readings = {
        "random": evaluate(task, random_order(n, 1)),
        "ours: prior": evaluate(task, from_matrix(truth + 0.1 * rng.random((n, n)))),
    }
    return compare(
        "a title", readings, ours=("ours: prior", "absent"), against=("random", "absent"), facts={"extra": 7}
    )


def test_every_metric_has_an_interval(report):
    for row in report.figures.values():
        assert tuple(row) == METRICS
        assert all(i.low <= i.estimate <= i.high for i in row.values())


def test_absent_scorers_are_left_out_of_the_comparison(report):
    assert list(report.differences) == [("ours: prior", "random")]


def test_the_mapping_is_json(report):
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["facts"]["candidates"] == 60
    assert data["facts"]["extra"] == 7
    assert data["figures"]["ours: prior"]["all.ndcg@10"]["estimate"] > 0.9
    row = next(d for d in data["differences"] if d["metric"] == "all.ndcg@10")
    assert row["by_query"]["low"] > 0
    assert row["two_way"]["low"] > 0


def test_the_table_names_scorers_reads_and_marks_a_winner(report):
    text = report.to_text()
    assert text.startswith("a title\n")
    for wanted in ("random", "ours: prior", "savanna.ndcg@10", "tail.recall@10", "matched.auc", "candidates 60"):
        assert wanted in text
    line = next(row for row in text.splitlines() if row.strip().startswith("ours: prior - random"))
    assert line.count("*") == len(METRICS)
