import numpy as np
import pytest

from matchmaker.matching.learned.dial import SHARES, in_turn, shares


def test_shares_add_up_and_the_dial_moves_them_from_the_small_to_the_giants():
    found = np.stack([shares(weight) for weight in np.linspace(0, 1, 11)])
    assert np.allclose(found.sum(axis=1), 1.0)
    assert np.array_equal(shares(0.5), SHARES)
    assert np.all(np.diff(found[:, 0]) > 0) and np.all(np.diff(found[:, 2]) < 0)
    assert found[0, 2] > 0.9 and found[-1, 0] > 0.7


def test_the_strata_take_turns_by_hand():
    """Due places: giants at 5, 15; established at 1, 3, 5; small at 1.25, 3.75."""
    scores = np.array([9.0, 8.0, 3.0, 2.0, 1.0, 0.5, 0.4])
    stratum = np.array([0, 0, 1, 1, 1, 2, 2])
    relevance = in_turn(scores, np.zeros(7, dtype=int), stratum, 0.5)
    assert np.argsort(-relevance, kind="stable").tolist() == [2, 5, 3, 6, 0, 4, 1]
    assert relevance == pytest.approx(np.log1p(1000 / np.array([5, 15, 1, 3, 5, 1.25, 3.75])))


def test_lists_of_several_partners_in_any_order_do_not_touch_one_another():
    rng = np.random.default_rng(0)
    asks, stratum, scores = rng.integers(0, 5, 200), rng.integers(0, 3, 200), rng.normal(size=200)
    together = in_turn(scores, asks, stratum, 0.3)
    for one in range(5):
        mine = asks == one
        assert np.array_equal(together[mine], in_turn(scores[mine], asks[mine], stratum[mine], 0.3))


def test_within_a_stratum_the_order_is_that_of_the_scores():
    rng = np.random.default_rng(1)
    stratum, scores = rng.integers(0, 3, 300), rng.normal(size=300)
    relevance = in_turn(scores, np.zeros(300, dtype=int), stratum, 0.8)
    for one in range(3):
        mine = stratum == one
        assert np.array_equal(np.argsort(-relevance[mine]), np.argsort(-scores[mine]))
