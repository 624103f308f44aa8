import numpy as np
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


def test_it_is_logistic_regression_on_standardised_features():
    features, labels = world(np.random.default_rng(1))
    weights = np.random.default_rng(2).random(400) + 0.1
    ranker = PairRanker(0.02).fit(features, labels, weights)
    mean = np.average(features, axis=0, weights=weights)
    scale = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weights))
    plain = LogisticRegression(C=0.02 * 1e4 / weights.sum(), max_iter=200).fit(
        (features - mean) / scale, labels, weights
    )
    assert np.allclose(ranker.predict_proba(features), plain.predict_proba((features - mean) / scale), atol=1e-6)


def test_a_feature_that_never_changes_says_nothing():
    features, labels = world(np.random.default_rng(3))
    features[:, 1] = 7.0
    ranker = PairRanker().fit(features, labels)
    assert np.all(ranker.contributions(features)[:, 1] == 0.0)
