from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from matchmaker.errors import SettingsError
from matchmaker.evaluation import (
    RankingTask,
    brier,
    brier_skill,
    ece,
    listed,
    probability_figures,
    reliability,
    scored_pairs,
)
from matchmaker.evaluation.baselines import from_matrix

SEED = st.integers(0, 10_000)


def test_ece_by_hand():
    # Bins {.1, .3} with one of two true, {.6, .8} with both: (|.2 - .5| + |.7 - 1|) / 2.
    scores, labels = np.array([0.6, 0.1, 0.8, 0.3]), np.array([True, False, True, True])
    curve = reliability(scores, labels, 2)
    assert curve.count.tolist() == [2, 2]
    np.testing.assert_allclose(curve.predicted, [0.2, 0.7])
    np.testing.assert_allclose(curve.observed, [0.5, 1.0])
    assert ece(scores, labels, 2) == pytest.approx(0.3)


def test_ece_of_a_constant_is_its_distance_to_the_rate():
    assert ece(np.full(7, 0.5), np.arange(7) < 2, 3) == pytest.approx(0.5 - 2 / 7)


@given(seed=SEED, m=st.integers(1, 60), bins=st.integers(1, 12))
def test_bins_hold_equal_mass_and_the_order_of_rows_changes_nothing(seed, m, bins):
    rng = np.random.default_rng(seed)
    scores, labels = rng.integers(0, 6, m) / 5, rng.random(m) < 0.4
    curve = reliability(scores, labels, bins)
    assert len(curve.count) == min(m, bins)
    assert curve.count.sum() == m
    assert np.ptp(curve.count) <= 1
    assert (np.diff(curve.predicted) >= -1e-12).all()
    assert curve.count @ curve.observed == pytest.approx(labels.sum())
    order = rng.permutation(m)
    again = reliability(scores[order], labels[order], bins)
    np.testing.assert_allclose(again.observed, curve.observed)


@given(seed=SEED, m=st.integers(3, 40), bins=st.integers(1, 6))
def test_ece_without_ties_equals_a_plain_loop(seed, m, bins):
    rng = np.random.default_rng(seed)
    scores, labels = rng.permutation(m) / m, rng.random(m) < 0.5
    ranked = sorted(zip(scores.tolist(), labels.tolist(), strict=True))
    borders = [round(k * m / min(bins, m)) for k in range(min(bins, m) + 1)]
    total = 0.0
    for low, high in pairwise(borders):
        part = ranked[low:high]
        total += abs(sum(s for s, _ in part) - sum(y for _, y in part))
    assert ece(scores, labels, bins) == pytest.approx(total / m)


def test_a_true_probability_is_calibrated_and_an_exaggerated_one_is_not():
    rng = np.random.default_rng(0)
    truth = rng.random(40_000)
    labels = rng.random(40_000) < truth
    assert ece(truth, labels) < 0.01
    assert ece(np.clip(2 * truth - 0.5, 0, 1), labels) > 0.1


def test_the_noise_of_ece_is_what_the_docstring_says():
    rng = np.random.default_rng(1)
    p, m, bins = 0.2, 400, 10
    scores = p + np.linspace(-1e-6, 1e-6, m)
    found = np.mean([ece(scores, rng.random(m) < p, bins) for _ in range(300)])
    assert found == pytest.approx(math.sqrt(2 / math.pi * p * (1 - p) * bins / m), rel=0.1)


@given(seed=SEED)
def test_brier_equals_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.random(20), rng.random(20) < 0.5
    labels[:2] = [True, False]
    assert brier(scores, labels) == pytest.approx(brier_score_loss(labels, scores))


def test_skill_by_hand():
    labels = np.array([True, False, False, False])
    queries = np.arange(4)
    assert brier_skill(labels.astype(float), labels, queries).estimate == 1
    assert brier_skill(np.full(4, 0.25), labels, queries).estimate == pytest.approx(0)
    # Brier (.04 + 3 * .04) / 4 = .04 against .25 * .75.
    scores = np.array([0.8, 0.2, 0.2, 0.2])
    assert brier_skill(scores, labels, queries).estimate == pytest.approx(1 - 0.04 / 0.1875)
    # A rate of .5 known beforehand errs by .25.
    assert brier_skill(scores, labels, queries, base_rate=0.5).estimate == pytest.approx(1 - 0.04 / 0.25)


@pytest.mark.parametrize("both", [False, True])
def test_the_interval_of_skill_equals_drawing_rows_by_hand(both):
    rng = np.random.default_rng(2)
    queries, partners = (grid.ravel() for grid in np.meshgrid(np.arange(6), np.arange(5), indexing="ij"))
    scores, labels = rng.random(30), rng.random(30) < 0.4
    found = brier_skill(scores, labels, queries, partners if both else None, rng=3)
    generator = np.random.default_rng(3)
    left = generator.multinomial(6, np.full(6, 1 / 6), size=1000)
    right = generator.multinomial(5, np.full(5, 1 / 5), size=1000) if both else np.ones((1000, 5), dtype=int)
    drawn = []
    for u, v in zip(left, right, strict=True):
        rows = np.repeat(np.arange(30), u[queries] * v[partners])
        y, s = labels[rows], scores[rows]
        drawn.append(1 - ((s - y) ** 2).mean() / ((y.mean() - y) ** 2).mean() if 0 < y.mean() < 1 else np.nan)
    np.testing.assert_allclose((found.low, found.high), np.nanquantile(drawn, [0.025, 0.975]))


def test_without_a_false_pair_there_is_no_skill():
    assert math.isnan(brier_skill(np.full(5, 0.9), np.ones(5, dtype=bool), np.arange(5)).low)


@pytest.mark.parametrize("bad", [[0.2, 1.1], [0.2, np.nan], [-0.1, 0.5]])
def test_what_is_no_probability_is_refused(bad):
    for read in (ece, brier):
        with pytest.raises(SettingsError, match=r"0\.\.1"):
            read(np.array(bad), np.array([True, False]))


def test_shapes_and_bins_are_checked():
    with pytest.raises(SettingsError, match="as long"):
        ece(np.array([0.5]), np.array([True, False]))
    with pytest.raises(SettingsError, match="bins"):
        reliability(np.array([0.5]), np.array([True]), 0)


def test_nothing_read_is_nan_not_perfect():
    assert math.isnan(ece(np.empty(0), np.empty(0, dtype=bool)))
    assert math.isnan(brier(np.empty(0), np.empty(0, dtype=bool)))
    assert brier_skill(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=np.int64)).n == 0


def probabilities(seed=4, n=40):
    rng = np.random.default_rng(seed)
    chance = rng.random((n, n)) ** 3
    truth = rng.random((n, n)) < chance
    np.fill_diagonal(truth, False)
    known = (rng.random((n, n)) < 0.1) & ~truth
    return RankingTask.from_masks(np.arange(n), truth, known, np.ones(n)), chance, truth, known


def test_scored_pairs_are_all_that_may_be_shown_and_the_shown_are_listed():
    task, chance, truth, known = probabilities()
    order = from_matrix(-chance)
    pairs = scored_pairs(task, from_matrix(chance), order, k=5, block=7)
    may = ~known & ~np.eye(40, dtype=bool)
    assert set(zip(pairs.queries.tolist(), pairs.partners.tolist(), strict=True)) == set(
        zip(*(ends.tolist() for ends in np.nonzero(may)), strict=True)
    )
    np.testing.assert_array_equal(pairs.scores, chance[pairs.queries, pairs.partners])
    np.testing.assert_array_equal(pairs.labels, truth[pairs.queries, pairs.partners])
    lists = listed(task, order, 5)
    assert all(p in lists[q] for q, p in zip(pairs.queries[pairs.shown], pairs.partners[pairs.shown], strict=True))
    assert pairs.shown.sum() == 40 * 5


def test_figures_read_skill_over_all_pairs_and_calibration_over_the_shown():
    task, chance, _, _ = probabilities()
    pairs = scored_pairs(task, from_matrix(chance), k=5)
    figures = probability_figures(pairs, pairs)
    once = probability_figures(pairs)
    assert once.skill.above_zero
    assert once.ece == ece(pairs.scores[pairs.shown], pairs.labels[pairs.shown])
    assert once.brier == brier(pairs.scores, pairs.labels)
    assert once.base_rate == pairs.labels.mean()
    assert (figures.pairs, figures.shown) == (2 * once.pairs, 2 * once.shown)
    # A pair read twice is no second piece of evidence.
    assert (figures.skill.low, figures.skill.high) == (pytest.approx(once.skill.low), pytest.approx(once.skill.high))
    assert json.loads(json.dumps(once.to_dict(), allow_nan=False))["bins"]["count"] == [20] * 10
