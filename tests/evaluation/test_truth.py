from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import gamma

from matchmaker.errors import SettingsError
from matchmaker.evaluation.truth import drop_pairs, lift_lower_bound, shared_counts, significant_overlap


def test_shared_counts_dense_and_sparse():
    table = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=float)
    expected = [[2, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert shared_counts(table).tolist() == expected
    assert shared_counts(csr_array(table)).tolist() == expected


def test_significance_equals_counting():
    def chance(population: int, a: int, b: int, shared: int) -> float:
        ways = [math.comb(a, x) * math.comb(population - a, b - x) for x in range(shared, min(a, b) + 1)]
        return sum(ways) / math.comb(population, b)

    for shared in range(0, 9):
        counts = np.array([[10.0, shared], [shared, 8.0]])
        marked = significant_overlap(counts, 60, p=0.01, min_shared=3)
        assert marked[0, 1] == marked[1, 0] == (shared >= 3 and chance(60, 10, 8, shared) < 0.01)
        assert not marked.diagonal().any()


def test_a_population_smaller_than_a_partner_is_refused():
    with pytest.raises(SettingsError, match="population"):
        significant_overlap(np.array([[10.0]]), 5)


def test_lift_bound_is_the_posterior_quantile():
    counts = np.array([[20.0, 6.0, 0.0], [6.0, 30.0, 1.0], [0.0, 1.0, 4.0]])
    bound = lift_lower_bound(counts, 300)
    expected = 20 * 30 / 300
    assert bound[0, 1] == pytest.approx(gamma.ppf(0.05, 7, scale=1 / (expected + 1)))
    assert bound[0, 2] == 0
    assert not bound.diagonal().any()
    # Thin evidence of a huge lift (1 shared, 0.4 expected) is pulled towards 1, so it stays below a solid one.
    assert bound[1, 2] < bound[0, 1]


def test_dropped_pairs_leave_in_both_directions_and_the_original_stays():
    truth = ~np.eye(3, dtype=bool)
    kept = drop_pairs(truth, np.array([[2, 0]]))
    assert not kept[0, 2]
    assert not kept[2, 0]
    assert kept.sum() == 4
    assert truth.sum() == 6
