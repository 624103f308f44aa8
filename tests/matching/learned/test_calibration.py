import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from matchmaker.matching.learned.calibration import KINDS, Calibration, Ways, bent, chance, curve, platt


def drawn(n, slope, level, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(2.0, 3.0, n)
    return x, rng.random(n) < chance(slope * x + level)


def test_the_curve_that_drew_the_pairs_is_found_again():
    x, observed = drawn(200_000, 0.7, -3.0)
    assert platt(x, observed) == pytest.approx([0.7, -3.0], abs=0.03)


def test_it_is_the_logistic_regression_of_platts_targets():
    """The oracle: both targets as weighed rows, without a penalty."""
    x, observed = drawn(500, 1.1, -1.0, seed=3)
    positive, negative = observed.sum(), (~observed).sum()
    target = np.where(observed, (positive + 1) / (positive + 2), 1 / (negative + 2))
    rows, labels = np.concatenate((x, x))[:, None], np.repeat([1, 0], len(x))
    model = LogisticRegression(C=1e10, tol=1e-12, max_iter=1000)
    model.fit(rows, labels, sample_weight=np.concatenate((target, 1 - target)))
    assert platt(x, observed) == pytest.approx([model.coef_[0, 0], model.intercept_[0]], rel=1e-4)


@pytest.mark.parametrize("observed", [np.zeros(50, bool), np.ones(50, bool)])
def test_where_nothing_or_everything_was_observed_the_curve_is_flat(observed):
    slope, level = platt(np.linspace(-3, 3, 50), observed)
    assert slope == 0.0
    assert np.isfinite(level)


def test_scores_that_mislead_or_say_nothing_give_the_base_rate():
    x, observed = drawn(5000, 1.0, -1.0)
    for useless in (-x, np.ones_like(x)):
        slope, level = platt(useless, observed)
        assert slope == 0.0
        assert chance(level) == pytest.approx(observed.mean(), abs=2e-3)


def test_pairs_that_can_be_told_apart_without_a_miss_stay_below_certainty():
    x = np.linspace(-1, 1, 40)
    slope, level = platt(x, x > 0)
    found = chance(slope * x + level)
    assert np.all((found > 0) & (found < 1)) and np.all(np.diff(found) > 0)


def test_a_curve_that_bends_is_found_again():
    rng = np.random.default_rng(2)
    x = rng.normal(0, 2, 300_000)
    level = 2.0 * np.minimum(x, 1.0) + 0.2 * np.maximum(x - 1.0, 0.0) - 3.0
    observed = rng.random(len(x)) < chance(level)
    found = bent(x, observed)
    assert found[2] == np.median(x[observed])
    assert found[0] > found[0] + found[3] > 0
    lines = {"bent": found, "straight": np.append(platt(x, observed), (0.0, 0.0))}
    errors = dict.fromkeys(lines, 0.0)
    for low in (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0):
        some = (x >= low) & (x < low + 1)
        for name, line in lines.items():
            errors[name] += abs(chance(curve(line, x[some])).mean() - observed[some].mean())
    assert errors["bent"] < 0.4 * errors["straight"]


def test_a_curve_never_falls_and_few_pairs_give_a_straight_one():
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, 20_000)
    falling = rng.random(len(x)) < chance(np.where(x < 1, 2 * x - 2, 2 - 3 * x))
    assert bent(x, falling)[3] == 0.0 or bent(x, falling)[[0, 3]].sum() > 0
    few = rng.random(300) < 0.2
    assert bent(x[:300], few)[3] == 0.0


def test_each_kind_with_enough_pairs_has_its_own_curve_and_the_pair_is_the_same_from_both_sides():
    rng = np.random.default_rng(5)
    n = 60_000
    odds, back = rng.normal(0, 2, (2, n))
    kind, back_kind = rng.integers(0, 2, (2, n))  # nobody of the other kinds
    level = 0.5 * (odds + back) + np.where(kind == 1, 1.0, 0.0) + np.where(back_kind == 1, 1.0, 0.0) - 3.0
    observed = rng.random(n) < chance(level)
    ways = Ways(odds, kind, back, back_kind)
    found = Calibration.fit(ways, observed)
    assert found.side.shape == (KINDS, 2)
    assert found.side[1, 1] > found.side[0, 1]
    one = found.together(ways)
    assert np.array_equal(one, found.together(Ways(back, back_kind, odds, kind)))
    for low in np.arange(0.0, 0.6, 0.1):
        bin_ = (one >= low) & (one < low + 0.1)
        assert one[bin_].mean() == pytest.approx(observed[bin_].mean(), abs=0.02)
    again = Calibration.from_arrays(found.arrays())
    assert np.array_equal(again.together(ways), one)
    assert np.all((found.yours(ways) > 0) & (found.yours(ways) < 1))


def test_pairs_of_which_one_side_is_new_have_a_curve_of_their_own():
    rng = np.random.default_rng(6)
    n = 40_000
    odds, back = rng.normal(0, 2, (2, n))
    new = rng.random(n) < 0.5
    observed = rng.random(n) < chance(0.5 * (odds + back) - np.where(new, 1.0, 4.0))
    ways = Ways(odds, np.where(new, 4, 1), back, np.ones(n, dtype=np.int64))
    chances = Calibration.fit(ways, observed).together(ways)
    for some in (new, ~new):
        assert chances[some].mean() == pytest.approx(observed[some].mean(), abs=0.01)
