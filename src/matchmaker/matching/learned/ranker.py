"""The ranking of pairs as scikit-learn knows estimators: a conditional logit (choice.py), with exact contributions."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from matchmaker.matching.learned.choice import choice
from matchmaker.matching.learned.linear import Linear

_FURTHEST = 700.0
"""Log-odds beyond which exp of them is no number any more."""


class PairRanker(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression of what is chosen from lists; the second class is what was observed, the first what was not (yet).

    penalty: of the square of the weights. Attributes after `fit`: mean_, scale_ (features,), coef_ (features,) in standardised
    units, intercept_, classes_ (2,).
    """

    def __init__(self, penalty: float = 1e-3) -> None:
        self.penalty = penalty

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        asks: ArrayLike | None = None,
        counts: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Fit to features X (p, features) and labels y (p,) of two classes.

        asks: (p,) whose list each pair stands in, all in one where it is not given; counts: (p,) for how many pairs a row stands
        that was not chosen; weights: (p,) what a chosen pair counts among those of its list; both 1 where not given.
        Raises ValueError where nobody chose anything, or everybody everything.
        """
        features, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        check_consistent_length(*(given for given in (labels, asks, counts, weights) if given is not None))
        self.classes_ = np.unique(labels)
        if len(self.classes_) != 2:
            raise ValueError(
                f"Only binary classification is supported; of {len(self.classes_)} class(es) nothing is learned."
            )
        chosen = labels == self.classes_[1]
        lists = np.zeros(len(labels), dtype=np.int64) if asks is None else np.unique(asks, return_inverse=True)[1]
        stand = np.ones(len(labels)) if counts is None else np.asarray(counts, dtype=np.float64)
        worth = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=np.float64)
        order = np.argsort(lists, kind="stable")
        found = choice(features[order], chosen[order], lists[order], self.penalty, stand[order], worth[order])
        if found is None:
            raise ValueError("Nothing is learned: of every list all pairs are of one class.")
        self.mean_, self.scale_, self.coef_ = found.mean, found.scale, found.weights
        self.intercept_ = _level(found.odds(features), np.where(chosen, 1.0, stand), float(chosen.sum()))
        return self

    @property
    def linear(self) -> Linear:
        """What was fitted, without scikit-learn around it."""
        check_is_fitted(self)
        return Linear(self.mean_, self.scale_, self.coef_, self.intercept_)

    def contributions(self, X: ArrayLike) -> NDArray[np.float64]:
        """(p, features) log-odds of each feature; with the intercept they add up to `decision_function` exactly."""
        check_is_fitted(self)
        return self.linear.parts(validate_data(self, X, dtype=np.float64, reset=False))

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """(p,) log-odds."""
        return np.asarray(self.contributions(X).sum(axis=1) + self.intercept_)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """(p, 2), which over the rows of `fit` are on average what was observed; no more than that before calibration."""
        odds = self.decision_function(X)
        second = np.exp(-np.logaddexp(0.0, -odds))
        return np.stack((1.0 - second, second), axis=1)

    def predict(self, X: ArrayLike) -> Any:  # noqa: ANN401 - of the classes' own type
        """(p,) the likelier class."""
        second = self.decision_function(X) > 0
        return self.classes_[second.astype(int)]

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _level(scores: NDArray[np.float64], counts: NDArray[np.float64], observed: float) -> float:
    """The intercept with which as many pairs are expected as were observed."""

    def missing(level: float) -> float:
        return float(counts @ np.exp(-np.logaddexp(0.0, -(scores + level)))) - observed

    return float(brentq(missing, -_FURTHEST - scores.max(), _FURTHEST - scores.min()))
