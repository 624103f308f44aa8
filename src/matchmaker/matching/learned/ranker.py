"""A pair's features to one number: regularised logistic regression, with exact contributions."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from matchmaker.matching.learned.linear import Linear


class PairRanker(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression over standardised features; rows may be any pairs, one class observed, the other not (yet) observed.

    regularisation: inverse strength of the L2 penalty per 10,000 rows, as `C` of LogisticRegression. Attributes after `fit`:
    mean_, scale_ (features,), coef_ (features,) in standardised units, intercept_, classes_ (2,).
    """

    def __init__(self, regularisation: float = 1.0, max_iter: int = 200) -> None:
        self.regularisation = regularisation
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to features X (p, features) and labels y (p,) of two classes, rows weighed by `sample_weight` (p,)."""
        features, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        if len(np.unique(labels)) != 2:
            raise ValueError(
                f"Only binary classification is supported; of {len(np.unique(labels))} class(es) nothing is learned."
            )
        weights = _check_sample_weight(sample_weight, features, dtype=np.float64, ensure_non_negative=True)
        self.mean_ = np.average(features, axis=0, weights=weights)
        spread = np.sqrt(np.average((features - self.mean_) ** 2, axis=0, weights=weights))
        self.scale_ = np.where(spread > 1e-12, spread, 1.0)
        strength = self.regularisation * 1e4 / float(weights.sum())
        model = LogisticRegression(C=strength, max_iter=self.max_iter)
        model.fit((features - self.mean_) / self.scale_, labels, sample_weight=weights)
        self.classes_, self.n_iter_ = model.classes_, model.n_iter_
        self.coef_, self.intercept_ = model.coef_[0], float(model.intercept_[0])
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
        """(p, 2), of the rows as they were weighed in `fit`: calibrated to observed pairs only after calibration."""
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
