import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching.diversity import FLOOR, diversified, with_popularity


def test_no_diversity_is_the_plain_order():
    assert diversified(np.array([1.0, 3.0, 2.0]), np.eye(3), [], 3, 0.0) == [1, 2, 0]


def test_a_clone_gives_way_to_something_else():
    similarity = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]])
    assert diversified(np.array([3.0, 2.95, 2.7]), similarity, [], 2, 0.5) == [0, 2]


def test_nothing_below_the_floor_enters_for_variety():
    relevance = np.array([10.0, 9.5, 9.0, 10.0 * FLOOR - 0.1])
    similarity = np.ones((4, 4))
    similarity[3, :3] = similarity[:3, 3] = 0.0
    assert 3 not in diversified(relevance, similarity, [], 3, 1.0)


def test_the_mix_of_a_group_is_kept():
    relevance = np.linspace(10, 9, 20)
    category = np.array([0] * 10 + [1] * 10)
    chosen = diversified(relevance, np.zeros((20, 20)), [category], 10, 0.6)
    assert 4 <= sum(category[chosen]) <= 6
    assert sum(category[diversified(relevance, np.zeros((20, 20)), [category], 10, 0.0)]) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 15), st.integers(1, 12), st.floats(0, 1))
def test_always_k_different_candidates(seed, m, k, diversity):
    rng = np.random.default_rng(seed)
    chosen = diversified(rng.random(m) + 0.1, np.eye(m), [rng.integers(0, 3, m)], k, diversity)
    assert len(chosen) == len(set(chosen)) == min(k, m)


def test_popularity_dial():
    nats, size = np.array([5.0, 5.0, 5.0]), np.array([0.0, np.nan, 1.0])
    assert with_popularity(nats, size, 0.5).tolist() == [5.0, 5.0, 5.0]
    small = with_popularity(nats, size, 0.0)
    famous = with_popularity(nats, size, 1.0)
    assert small[0] > small[1] > small[2]
    assert famous == pytest.approx(small[::-1])
