from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, roc_auc_score

from matchmaker.errors import SettingsError
from matchmaker.evaluation import metrics

SMALL = st.integers(0, 2**31 - 1)


def test_ndcg_by_hand():
    # Hits at ranks 1 and 3 of three shown, two true partners: (1 + 1/2) / (1 + 1/log2 3).
    hit = np.array([[True, False, True]])
    credit = metrics.ndcg_credit(hit, np.array([2]), 3)
    assert credit.sum() == pytest.approx((1 + 0.5) / (1 + 1 / math.log2(3)))
    assert credit[0, 1] == 0


def test_ndcg_ideal_is_cut_at_k():
    hit = np.ones((1, 2), dtype=bool)
    assert metrics.ndcg_credit(hit, np.array([7]), 2).sum() == pytest.approx(1.0)


def test_recall_divides_by_all_true_partners():
    hit = np.array([[True, True, False], [False, False, False]])
    credit = metrics.recall_credit(hit, np.array([4, 0]))
    assert credit[0].sum() == pytest.approx(0.5)
    assert np.isnan(credit[1]).all()


def test_no_true_partner_is_nan_not_zero():
    assert np.isnan(metrics.ndcg_credit(np.zeros((1, 3), dtype=bool), np.array([0]), 3)).all()


@given(
    scores=arrays(np.float64, (3, 7), elements=st.sampled_from([-np.inf, 0.0, 0.5, 1.0])),
    k=st.integers(1, 9),
    seed=SMALL,
)
def test_top_k_equals_a_full_sort(scores, k, seed):
    order = np.random.default_rng(seed).permutation(7)
    found = metrics.top_k(scores, k, tie_order=order)
    position = np.argsort(order)
    for row, listed in zip(scores, found, strict=True):
        ranked = sorted(range(7), key=lambda j, row=row: (-row[j], position[j]))[:k]
        assert listed.tolist() == [j if row[j] > -np.inf else -1 for j in ranked]


def test_top_k_refuses_nan_and_zero_k():
    with pytest.raises(SettingsError, match="NaN"):
        metrics.top_k(np.array([[np.nan, 1.0]]), 1)
    with pytest.raises(SettingsError, match="at least 1"):
        metrics.top_k(np.array([[0.0, 1.0]]), 0)


def test_an_empty_slot_is_no_hit():
    lists = np.array([[1, -1]])
    assert metrics.hits(lists, np.array([[True, True, True]])).tolist() == [[True, False]]


@given(
    scores=arrays(np.float64, 12, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    labels=arrays(np.bool_, 12),
    seed=SMALL,
)
def test_pair_metrics_equal_scikit_learn(scores, labels, seed):
    labels[:2] = [True, False]
    weights = np.random.default_rng(seed).integers(1, 4, (3, 12)).astype(float)
    auc, ap = metrics.pair_metrics(scores, labels, weights)
    for draw, weight in enumerate(weights):
        assert auc[draw] == pytest.approx(roc_auc_score(labels, scores, sample_weight=weight))
        assert ap[draw] == pytest.approx(average_precision_score(labels, scores, sample_weight=weight))


def test_pair_metrics_of_a_draw_without_positives_are_nan():
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    auc, ap = metrics.pair_metrics(np.array([3.0, 2.0, 1.0]), np.array([True, False, False]), weights)
    assert auc[0] == 1.0
    assert np.isnan(auc[1:]).all()
    assert ap[0] == 1.0
    assert np.isnan(ap[1:]).all()


def test_matched_credit_by_hand():
    # Candidates 0..3 have degree 1, 4 and 5 have degree 40: only equals are compared.
    degree = np.array([1, 1, 1, 1, 40, 40], dtype=float)
    scores = np.array([[0.5, 0.9, 0.5, 0.1, 9.0, 9.0]])
    truth = np.array([[True, False, False, False, False, True]])
    credit = metrics.matched_credit(scores, truth, degree)
    assert credit[0, 0] == pytest.approx((0 + 0.5 + 1) / 3)
    assert credit[0, 5] == pytest.approx(0.5)
    assert np.isnan(credit[0, 1:5]).all()


def test_matched_credit_skips_the_unshowable_and_other_true_partners():
    degree = np.ones(4)
    scores = np.array([[1.0, 5.0, -np.inf, 0.0]])
    truth = np.array([[True, True, False, False]])
    credit = metrics.matched_credit(scores, truth, degree)
    assert credit[0, :2].tolist() == [1.0, 1.0]


def test_matched_credit_without_an_equal_is_nan():
    credit = metrics.matched_credit(np.array([[1.0, 2.0]]), np.array([[True, False]]), np.array([0.0, 500.0]))
    assert np.isnan(credit).all()
