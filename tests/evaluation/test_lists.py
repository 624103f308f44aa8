from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import SettingsError
from matchmaker.evaluation import RankingTask, evaluate, list_figures, listed
from matchmaker.evaluation import lists as of
from matchmaker.evaluation.baselines import from_matrix, popularity

SEED = st.integers(0, 10_000)


def random_lists(rng, q=8, n=12, k=4):
    """Lists without repeats, some of them with empty slots at the end."""
    lists = np.argsort(rng.random((q, n)), axis=1)[:, :k]
    lists[np.arange(k) >= rng.integers(0, k + 1, q)[:, None]] = -1
    return lists.astype(np.int64)


def small_task():
    """Four partners in a ring 0-1-2-3-0; everybody asks."""
    truth = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]], dtype=bool)
    return RankingTask.from_masks(np.arange(4), truth, np.zeros_like(truth), np.array([9.0, 1, 1, 1]))


def test_hits_and_first_ranks_by_hand():
    lists = np.array([[3, 1, 0], [2, 0, -1], [1, 2, 3], [0, 1, 2]])
    truth = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)
    np.testing.assert_array_equal(of.hit(lists, truth), [1, 0, 1, np.nan])
    np.testing.assert_array_equal(of.reciprocal_rank(lists, truth), [0.5, 0, 1, np.nan])


@given(seed=SEED)
def test_hits_equal_the_definition_list_by_list(seed):
    rng = np.random.default_rng(seed)
    lists, truth = random_lists(rng), rng.random((8, 12)) < 0.2
    for found, rank, shown, true in zip(
        of.hit(lists, truth), of.reciprocal_rank(lists, truth), lists.tolist(), truth, strict=True
    ):
        places = [place for place, one in enumerate(shown, 1) if one >= 0 and true[one]]
        expected = (float(bool(places)), 1 / places[0] if places else 0.0) if true.any() else (math.nan, math.nan)
        np.testing.assert_equal((found, rank), expected)


@given(seed=SEED)
def test_mutual_hits_equal_the_definition_pair_by_pair(seed):
    rng = np.random.default_rng(seed)
    queries = rng.permutation(12)[:8]
    lists = random_lists(rng)
    shown = {int(query): set(row.tolist()) for query, row in zip(queries, lists, strict=True)}
    pairs = np.array(list(combinations(range(12), 2)))
    for (a, b), found in zip(pairs.tolist(), of.mutual_hit(lists, queries, pairs), strict=True):
        asked = a in shown and b in shown
        np.testing.assert_equal(found, float(b in shown[a] and a in shown[b]) if asked else math.nan)


def test_one_side_alone_is_no_mutual_hit():
    lists, queries = np.array([[1], [2], [1]]), np.arange(3)
    assert of.mutual_hit(lists, queries, np.array([[0, 1], [1, 2], [2, 1]])).tolist() == [0, 1, 1]


def test_asking_twice_is_refused():
    with pytest.raises(SettingsError, match="two lists"):
        of.mutual_hit(np.array([[1], [1]]), np.array([0, 0]), np.array([[0, 1]]))


def test_hidden_pairs_stand_once_and_only_where_both_ask():
    assert of.hidden_pairs(small_task()).tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    truth = small_task().truth.mask(0, 3, 4)
    fewer = RankingTask.from_masks(np.arange(3), truth, np.zeros_like(truth), np.ones(4))
    assert of.hidden_pairs(fewer).tolist() == [[0, 1], [1, 2]]


def test_exposure_counts_filled_slots():
    assert of.exposure(np.array([[0, 2], [2, -1]]), 4).tolist() == [1, 0, 2, 0]


def test_gini_of_equal_and_of_one_sided_exposure():
    assert of.exposure_gini(np.array([[0, 1], [2, 3]]), 4) == pytest.approx(0)
    assert of.exposure_gini(np.array([[0], [0], [0]]), 4) == pytest.approx(3 / 4)
    assert math.isnan(of.exposure_gini(np.array([[-1]]), 4))


@given(seed=SEED)
def test_gini_equals_half_the_relative_mean_difference(seed):
    lists = random_lists(np.random.default_rng(seed))
    shown = of.exposure(lists, 12).astype(float)
    if shown.sum():
        brute = np.abs(shown[:, None] - shown[None, :]).mean() / (2 * shown.mean())
        assert of.exposure_gini(lists, 12) == pytest.approx(brute)


def test_coverage_and_tail_share_by_hand():
    lists = np.array([[0, 1], [0, -1]])
    assert of.coverage(lists, 8) == 2 / 8
    degree = np.array([50.0, 1, 40, 40, 40, 40, 40, 40])
    assert of.tail_share(lists, np.where(np.arange(8) == 1, 1.0, degree)) == pytest.approx(1 / 3)
    assert math.isnan(of.tail_share(np.array([[-1]]), degree))


@given(seed=SEED)
def test_diversity_equals_the_mean_over_pairs(seed):
    rng = np.random.default_rng(seed)
    lists, vectors = random_lists(rng), rng.normal(size=(12, 3))
    vectors[0] = 0
    for row, found in zip(lists.tolist(), of.diversity(lists, vectors), strict=True):
        unlike = []
        for a, b in combinations([one for one in row if one >= 0], 2):
            size = np.linalg.norm(vectors[a]) * np.linalg.norm(vectors[b])
            unlike.append(1 - (vectors[a] @ vectors[b] / size if size else 0.0))
        np.testing.assert_allclose(found, np.mean(unlike) if unlike else math.nan, atol=1e-12)


def test_diversity_of_twins_and_of_strangers():
    vectors = np.array([[1.0, 0], [5, 0], [0, 2]])
    np.testing.assert_allclose(of.diversity(np.array([[0, 1], [0, 2]]), vectors), [0, 1], atol=1e-12)


@given(seed=SEED, k=st.integers(1, 12))
def test_lists_are_those_that_evaluate_reads(seed, k):
    rng = np.random.default_rng(seed)
    truth = rng.random((9, 12)) < 0.3
    truth[np.arange(9), np.arange(9)] = False
    known = (rng.random((9, 12)) < 0.2) & ~truth
    task = RankingTask.from_masks(np.arange(9), truth, known, np.ones(12))
    scorer = from_matrix(rng.integers(0, 3, (12, 12)).astype(float))
    lists = listed(task, scorer, k, block=4)
    shown = np.where(lists >= 0, np.take_along_axis(truth, np.maximum(lists, 0), axis=1), False).sum(axis=1)
    with np.errstate(invalid="ignore"):
        recall = shown / truth.sum(axis=1)
    np.testing.assert_allclose(evaluate(task, scorer, k=k).values["all.recall@10"], recall)
    assert not known[np.arange(9)[:, None], np.maximum(lists, 0)][lists >= 0].any()


def test_all_figures_of_one_task():
    task = small_task()
    famous = list_figures(task, popularity(task.degree), k=1, vectors=np.eye(4))
    truth = task.truth.mask(0, 4, 4).astype(float)
    right = list_figures(task, from_matrix(truth), k=2)
    assert right.hit.estimate == right.reciprocal_rank.estimate == right.mutual_hit.estimate == 1
    assert (right.exposure_gini, right.coverage, right.diversity) == (pytest.approx(0), 1.0, None)
    assert famous.exposure_gini > 0.5
    assert famous.coverage == 0.5
    assert famous.mutual_hit.n == 4
    assert famous.to_dict()["diversity"] == {"estimate": None, "low": None, "high": None, "n": 0}
    assert list_figures(task, from_matrix(truth), k=2, vectors=np.eye(4)).diversity.estimate == pytest.approx(1)
