from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from matchmaker.errors import SettingsError
from matchmaker.evaluation import baselines

EVERY = np.arange(4)
PATH = np.array([[0, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 0]], dtype=float)


@given(seed=st.integers(0, 500), strength=st.sampled_from([0.5, 5.0, 50.0]))
def test_ease_is_ridge_regression_without_the_column_itself(seed, strength):
    table = (np.random.default_rng(seed).random((15, 6)) < 0.4).astype(float)
    weights = baselines.ease_weights(table.T @ table, strength)
    for column in range(6):
        others = [c for c in range(6) if c != column]
        part = table[:, others]
        brute = np.linalg.solve(part.T @ part + strength * np.eye(5), part.T @ table[:, column])
        np.testing.assert_allclose(weights[others, column], brute, atol=1e-9)
        assert weights[column, column] == 0


def test_ease_on_adjacency_is_symmetric_and_fills_in_a_missing_link():
    # Two groups of three, one link of the first group missing.
    links = np.kron(np.eye(2), np.ones((4, 4))) - np.eye(8)
    links[0, 1] = links[1, 0] = 0
    scores = baselines.ease_adjacency(links, 1.0)(np.arange(8))
    np.testing.assert_allclose(scores, scores.T)
    assert scores[0, 1] > scores[0, 4:].max()


def test_adamic_adar_by_hand():
    scores = baselines.adamic_adar(PATH)(EVERY)
    assert scores[0, 3] == pytest.approx(1 / math.log(3))
    assert scores[0, 2] == pytest.approx(1 / math.log(3))
    assert scores[0, 1] == pytest.approx(1 / math.log(2))


def test_adamic_adar_survives_partners_with_one_link_or_none():
    links = np.zeros((3, 3))
    links[0, 1] = links[1, 0] = 1
    assert np.isfinite(baselines.adamic_adar(links)(np.arange(3))).all()


def test_category_is_jaccard():
    scores = baselines.category([{"a", "b"}, {"b"}, set(), {"c"}])(EVERY)
    assert scores[0].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert scores[2].tolist() == [0.0] * 4


def test_then_orders_by_the_first_and_breaks_ties_by_the_second():
    first = baselines.from_matrix(np.array([[1.0, 1.0, 0.0, 2.0]]))
    second = baselines.popularity(np.array([5.0, 9.0, 100.0, 1.0]))
    scores = baselines.then(first, second)(np.array([0]))
    assert np.argsort(-scores[0]).tolist() == [3, 1, 0, 2]


def test_then_keeps_true_ties():
    scores = baselines.then(baselines.popularity(np.ones(3)), baselines.popularity(np.ones(3)))(np.array([0]))
    assert len(set(scores[0])) == 1


def test_cosine_of_vectors_of_any_length_and_of_zero():
    vectors = np.array([[2.0, 0.0], [5.0, 5.0], [0.0, 0.0], [-1.0, 0.0]], dtype=np.float32)
    scores = baselines.cosine(vectors)(EVERY)
    np.testing.assert_allclose(scores[0], [1, math.sqrt(0.5), 0, -1], atol=1e-7)


def test_tfidf_finds_the_same_words_and_takes_idf_from_the_catalogue():
    texts = ["email marketing", "email campaigns", "warehouse stock", "email marketing"]
    scores = baselines.tfidf(texts)(EVERY)
    assert scores[0, 3] == pytest.approx(1.0)
    assert 0 < scores[0, 1] < 1
    assert scores[0, 2] == 0
    rarer = baselines.tfidf(texts, [*texts, *["marketing"] * 50])(EVERY)
    assert rarer[0, 1] > scores[0, 1]


def test_whitened_components_have_unit_variance_and_no_correlation():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6)) + 3
    white = baselines.whiten(vectors, dimensions=4)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(4), atol=1e-9)


def test_whitening_leaves_out_directions_without_spread():
    vectors = np.outer(np.arange(5.0), [1.0, 2.0, 3.0])
    assert baselines.whiten(vectors).shape == (5, 1)


def test_co_counts_and_account_ease_prefer_the_partner_with_the_same_accounts():
    table = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]], dtype=float)
    counts = baselines.co_counts(csr_array(table))(EVERY)
    assert counts.tolist() == (table @ table.T).tolist()
    ease = baselines.ease_accounts(csr_array(table), 1.0)(EVERY)
    assert ease[0].argmax() == 1
    assert ease[2].argmax() == 3


def test_svd_of_full_rank_gives_the_eigenvalues_by_size():
    weights = np.expm1(np.array([[0.0, 2.0], [2.0, 0.0]]))
    # Eigenvalues 2 and -2 by size are 2 and 2, so the inner products are 2 I.
    np.testing.assert_allclose(baselines.svd_log_counts(weights, 2)(np.arange(2)), 2 * np.eye(2), atol=1e-12)


@given(seed=st.integers(0, 500), rank=st.integers(1, 6))
def test_signed_svd_is_the_best_approximation_of_its_rank(seed, rank):
    links = np.triu(np.random.default_rng(seed).random((6, 6)) * 3, 1)
    weights = links + links.T
    scores = baselines.svd_signed(weights, rank)(np.arange(6))
    assert np.linalg.matrix_rank(scores) <= rank
    spread = np.linalg.svd(np.log1p(weights), compute_uv=False)
    error = np.linalg.norm(np.log1p(weights) - scores)
    np.testing.assert_allclose(error, np.sqrt((spread[rank:] ** 2).sum()), atol=1e-9)


def test_signed_svd_keeps_what_the_embeddings_turn_round():
    weights = np.expm1(np.array([[0.0, 2.0], [2.0, 0.0]]))
    np.testing.assert_allclose(baselines.svd_signed(weights, 2)(np.arange(2)), [[0, 2], [2, 0]], atol=1e-12)


@given(seed=st.integers(0, 500), rank=st.integers(1, 7))
def test_account_svd_equals_a_dense_decomposition(seed, rank):
    table = (np.random.default_rng(seed).random((7, 20)) < 0.4).astype(float)
    left, spread, _ = np.linalg.svd(table, full_matrices=False)
    embedded = left[:, :rank] * spread[:rank]
    inner = baselines.svd_accounts(csr_array(table), rank, likeness="inner")(np.arange(7))
    if rank == 7 or spread[rank - 1] > spread[rank] * (1 + 1e-6):
        np.testing.assert_allclose(inner, embedded @ embedded.T, atol=1e-8)
    cosine = baselines.svd_accounts(table, rank)(np.arange(7))
    size = np.sqrt(np.diag(inner))
    both = size[:, None] * size[None, :]
    np.testing.assert_allclose((cosine * both)[both > 1e-6], inner[both > 1e-6], atol=1e-7)


def test_account_svd_finds_groups_that_share_no_account_directly():
    # 0 and 2 share no account, but both share one with 1.
    table = csr_array(np.array([[1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1.0]]))
    scores = baselines.svd_accounts(table, 2)(np.arange(4))
    assert scores[0, 2] > 0.9
    assert abs(scores[0, 3]) < 1e-9


def test_a_partner_without_accounts_is_near_nobody():
    table = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]], dtype=float)
    scores = baselines.svd_accounts(table, 4)(EVERY)
    assert not scores[2].any()
    assert not scores[:, 2].any()


@pytest.mark.parametrize("rank", [0, 5])
def test_a_rank_out_of_range_is_refused(rank):
    with pytest.raises(SettingsError, match="rank"):
        baselines.svd_accounts(PATH, rank)
    with pytest.raises(SettingsError, match="rank"):
        baselines.svd_signed(PATH, rank)


def test_text_neighbours_by_hand():
    near = np.array([[9.0, 0.5, 0.2, 0.9], [0.5, 9, 0, 0], [0.2, 0, 9, 0], [0.9, 0, 0, 9]])
    links = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=float)
    # Partner 3 is nearest but has no link; of 1 and 2 the single neighbour is 1, who is linked with 0 and 2.
    scores = baselines.text_neighbours(baselines.from_matrix(near), links, k=1)(np.array([0]))
    np.testing.assert_allclose(scores[0], [0.5, 0, 0.5, 0])


def test_standardised_sum_weighs_scorers_alike_whatever_their_scale():
    a = baselines.from_matrix(np.array([[0.0, 1.0, 2.0]]))
    b = baselines.from_matrix(np.array([[2000.0, 1000.0, 0.0]]))
    np.testing.assert_allclose(baselines.standardised_sum(a, b)(np.array([0])), np.zeros((1, 3)), atol=1e-12)
    flat = baselines.popularity(np.ones(3))
    assert np.isfinite(baselines.standardised_sum(a, flat)(np.array([0]))).all()


def test_random_order_is_seeded_and_the_same_when_asked_again():
    scorer = baselines.random_order(5, 7)
    assert (scorer(np.array([2])) == scorer(np.array([1, 2]))[1]).all()
    assert (baselines.random_order(5, 7)(EVERY) == scorer(EVERY)).all()
    assert (baselines.random_order(5, 8)(EVERY) != scorer(EVERY)).any()
