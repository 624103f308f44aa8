import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from matchmaker.matching.learned.ranker import PairRanker


@parametrize_with_checks([PairRanker()])
def test_it_is_a_classifier_of_scikit_learn(estimator, check):
    if check.func.__name__ == "check_array_api_input":
        return  # tried only where SCIPY_ARRAY_API was set before SciPy was imported
    check(estimator)


def world(rng, count=400):
    features = rng.normal(3, 2, (count, 4))
    labels = features[:, 0] - 0.5 * features[:, 2] + rng.normal(size=count) > 1.5
    return features, labels


def test_contributions_add_up_to_the_log_odds():
    features, labels = world(np.random.default_rng(0))
    ranker = PairRanker().fit(features, labels)
    parts = ranker.contributions(features)
    assert parts.shape == (400, 4)
    assert np.array_equal(parts.sum(axis=1) + ranker.intercept_, ranker.decision_function(features))
    assert np.abs(parts[:, 0]).mean() > 5 * np.abs(parts[:, 1]).mean()


def test_a_choice_of_two_is_logistic_regression_on_their_difference():
    rng = np.random.default_rng(1)
    features, asks = rng.normal(3, 2, (600, 4)), np.repeat(np.arange(300), 2)
    first = (features[::2] - features[1::2])[:, 0] + rng.normal(size=300) > 0
    chosen = np.stack((first, ~first), axis=1).ravel()
    ranker = PairRanker(0.02).fit(features, chosen, asks)
    apart = (features[::2] - features[1::2]) / features.std(axis=0)
    plain = LogisticRegression(C=1 / (2 * 0.02 * 300), fit_intercept=False, tol=1e-8).fit(apart, first)
    assert np.allclose(ranker.coef_, plain.coef_[0], atol=1e-4)


def test_the_order_of_rows_changes_nothing_and_as_many_are_expected_as_were_observed():
    features, labels = world(np.random.default_rng(4))
    rng = np.random.default_rng(5)
    asks, counts, shuffled = rng.integers(0, 20, 400), rng.integers(1, 4, 400), rng.permutation(400)
    ranker = PairRanker().fit(features, labels, asks, counts)
    again = PairRanker().fit(features[shuffled], labels[shuffled], asks[shuffled], counts[shuffled])
    assert np.allclose(again.coef_, ranker.coef_, atol=1e-3)
    expected = np.where(labels, 1, counts) @ ranker.predict_proba(features)[:, 1]
    assert np.isclose(expected, labels.sum())


def test_who_chooses_everything_or_nothing_teaches_nothing():
    features, labels = world(np.random.default_rng(6))
    with pytest.raises(ValueError, match="all pairs are of one class"):
        PairRanker().fit(features, labels, asks=labels)


def test_a_feature_that_never_changes_says_nothing():
    features, labels = world(np.random.default_rng(3))
    features[:, 1] = 7.0
    ranker = PairRanker().fit(features, labels)
    assert np.all(ranker.contributions(features)[:, 1] == 0.0)
