from __future__ import annotations

import numpy as np
import pytest

from matchmaker.errors import SettingsError
from matchmaker.evaluation import (
    RankingTask,
    evaluate,
    mean_interval,
    pair_figures,
    paired_difference,
    pool,
    two_way_difference,
    two_way_mean,
)
from matchmaker.evaluation.baselines import from_matrix, random_order
from matchmaker.evaluation.bootstrap import cluster_draws


def task_and_scores(seed: int = 0, n: int = 60, q: int = 40):
    rng = np.random.default_rng(seed)
    truth = rng.random((q, n)) < 0.1
    truth[np.arange(q), np.arange(q)] = False
    task = RankingTask.from_masks(np.arange(q), truth, np.zeros_like(truth), rng.integers(1, 30, n).astype(float))
    better = rng.random((n, n))
    better[:q] += 0.5 * truth
    return task, from_matrix(better)


def test_coverage_of_the_mean_is_near_its_level():
    rng = np.random.default_rng(1)
    covered = 0
    for trial in range(200):
        level = rng.normal(0.3, 0.2, 40)
        values = np.repeat(level, 3) + rng.normal(0, 0.05, 120)
        interval = mean_interval(values, np.repeat(np.arange(40), 3), rng=trial)
        covered += interval.low <= 0.3 <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


def test_repeated_rows_of_a_partner_do_not_narrow_the_interval():
    values = np.random.default_rng(2).random(50)
    once = mean_interval(values, np.arange(50))
    thrice = mean_interval(np.repeat(values, 3), np.repeat(np.arange(50), 3))
    naive = mean_interval(np.repeat(values, 3), np.arange(150))
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low)
    assert naive.high - naive.low < 0.75 * (once.high - once.low)


def test_missing_values_are_left_out_and_counted():
    interval = mean_interval(np.array([0.2, np.nan, 0.4]), np.arange(3))
    assert interval.estimate == pytest.approx(0.3)
    assert interval.n == 2
    empty = mean_interval(np.array([np.nan]), np.array([0]))
    assert empty.n == 0
    assert np.isnan(empty.estimate)
    assert empty.to_dict() == {"estimate": None, "low": None, "high": None, "n": 0}


def test_a_scorer_does_not_differ_from_itself():
    task, scorer = task_and_scores()
    reading = evaluate(task, scorer)
    for compare in (paired_difference, two_way_difference):
        interval = compare(reading, reading, "all.ndcg@10")
        assert (interval.estimate, interval.low, interval.high) == (0.0, 0.0, 0.0)
        assert not interval.above_zero


@pytest.mark.parametrize("metric", ["all.ndcg@10", "savanna.recall@10", "tail.recall@10", "matched.auc"])
def test_both_ways_give_the_same_estimate_and_a_clear_winner(metric):
    task, scorer = task_and_scores()
    ours, other = evaluate(task, scorer), evaluate(task, random_order(60, 5))
    by_query = paired_difference(ours, other, metric)
    both = two_way_difference(ours, other, metric)
    assert by_query.estimate == pytest.approx(ours.means()[metric] - other.means()[metric])
    assert both.estimate == pytest.approx(by_query.estimate)
    assert by_query.above_zero
    assert both.above_zero
    assert both.low < both.estimate < both.high


def test_two_way_is_wider_when_candidates_decide():
    # One candidate is every query's partner: resampling queries alone sees no doubt at all.
    n, q = 40, 20
    truth = np.zeros((q, n), dtype=bool)
    truth[:, 30] = True
    truth[:, 31] = True
    task = RankingTask.from_masks(np.arange(q), truth, np.zeros_like(truth), np.ones(n))
    finds, misses = np.zeros((n, n)), np.zeros((n, n))
    finds[:, 30] = 1
    finds[:, 31] = -1
    misses[:, 30:32] = -1
    a, b = evaluate(task, from_matrix(finds)), evaluate(task, from_matrix(misses))
    by_query = paired_difference(a, b, "all.recall@10")
    both = two_way_difference(a, b, "all.recall@10")
    assert by_query.high - by_query.low == 0
    assert both.high - both.low > 0.5


def test_the_level_of_a_metric_with_both_ends_drawn_equals_the_definition():
    task, scorer = task_and_scores(n=20, q=12)
    reading = evaluate(task, scorer)
    found = two_way_mean(reading, "all.recall@10", rng=7)
    generator = np.random.default_rng(7)
    askers = np.unique(reading.queries[~np.isnan(reading.values["all.recall@10"])])
    left, right = cluster_draws(len(askers), 1000, generator), cluster_draws(20, 1000, generator)
    credit = reading.credits["all.recall@10"]
    weight = dict(zip(askers.tolist(), left.T, strict=True))
    ends = zip(credit.hit_query.tolist(), credit.hit_partner.tolist(), credit.earned, strict=True)
    earned = sum(weight[q] * right[:, p] * value for q, p, value in ends)
    ends = zip(credit.true_query.tolist(), credit.true_partner.tolist(), credit.mass, strict=True)
    mass = sum(weight[q] * right[:, p] * value for q, p, value in ends)
    np.testing.assert_allclose((found.low, found.high), np.quantile(earned / mass, [0.025, 0.975]))
    assert found.estimate == pytest.approx(np.nanmean(reading.values["all.recall@10"]))


def test_a_query_that_only_one_scorer_answers_is_left_out_of_the_difference():
    task, scorer = task_and_scores()
    ours = evaluate(task, scorer)
    truth = task.truth.mask(0, 40, 60)

    def silent(rows):
        scores = np.array(scorer(rows))
        scores[(rows == 0)[:, None] & truth[rows]] = -np.inf
        return scores

    other = evaluate(task, silent)
    assert np.isnan(other.values["matched.auc"][0])
    assert np.isfinite(ours.values["matched.auc"][0])
    for one, two in ((ours, other), (other, ours)):
        difference = two_way_difference(one, two, "matched.auc")
        assert (difference.estimate, difference.low, difference.high) == (0.0, 0.0, 0.0)


def test_pooled_seeds_keep_their_partner_as_cluster():
    task, scorer = task_and_scores()
    ours, other = evaluate(task, scorer), evaluate(task, random_order(60, 5))
    once = paired_difference(ours, other, "all.ndcg@10")
    pooled = paired_difference(pool([ours] * 3), pool([other] * 3), "all.ndcg@10")
    assert (pooled.low, pooled.high) == (pytest.approx(once.low), pytest.approx(once.high))
    two = two_way_difference(ours, other, "all.ndcg@10")
    two_pooled = two_way_difference(pool([ours] * 3), pool([other] * 3), "all.ndcg@10")
    assert (two_pooled.low, two_pooled.high) == (pytest.approx(two.low), pytest.approx(two.high))


def test_readings_of_different_queries_are_not_compared():
    task, scorer = task_and_scores()
    other = RankingTask(task.queries[::-1].copy(), task.truth, task.known, task.degree)
    with pytest.raises(SettingsError, match="same queries"):
        paired_difference(evaluate(task, scorer), evaluate(other, scorer), "all.ndcg@10")


def test_too_few_draws_and_no_clusters_are_refused():
    with pytest.raises(SettingsError, match="1000"):
        cluster_draws(10, 999, 0)
    with pytest.raises(SettingsError, match="nothing to resample"):
        cluster_draws(0, 1000, 0)


def test_a_draw_takes_as_many_partners_as_there_are():
    draws = cluster_draws(25, 1000, 3)
    assert (draws.sum(axis=1) == 25).all()
    assert draws.mean() == pytest.approx(1.0)
    assert draws.var(axis=0).mean() == pytest.approx(24 / 25, rel=0.1)


def test_pair_figures_and_their_difference():
    rng = np.random.default_rng(4)
    left, right = np.triu_indices(40, 1)
    labels = rng.random(len(left)) < 0.15
    good = labels + rng.normal(0, 1, len(left))
    found = pair_figures({"good": good, "noise": rng.random(len(left))}, labels, (left, right))
    assert found["good"].auc.low < found["good"].auc.estimate < found["good"].auc.high
    assert found["noise"].auc.low < 0.5 < found["noise"].auc.high
    auc, ap = found["good"].minus(found["noise"])
    assert auc.above_zero
    assert ap.above_zero
    assert auc.estimate == pytest.approx(found["good"].auc.estimate - found["noise"].auc.estimate)
    nothing, _ = found["good"].minus(found["good"])
    assert (nothing.low, nothing.high) == (0.0, 0.0)
