"""What counts as a true partner when the evidence is a table of shared accounts.

Both functions work on held-back counts only, so that the answer key never sees what the scorers see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation.metrics import BoolArray, FloatArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def shared_counts(incidence: FloatArray | csr_array) -> npt.NDArray[np.float64]:
    """Count the accounts that each pair of partners shares.

    Args:
        incidence: (n, accounts) zeros and ones, dense or a SciPy sparse matrix.

    Returns:
        (n, n) float64, symmetric; the diagonal holds each partner's own number of accounts.

    """
    product = incidence @ incidence.T
    return np.asarray(product.toarray() if hasattr(product, "toarray") else product, dtype=np.float64)


def significant_overlap(shared: FloatArray, population: int, *, p: float = 0.01, min_shared: int = 3) -> BoolArray:
    """Mark the pairs that share more accounts than chance allows (one-sided hypergeometric test).

    With n_i and n_j accounts out of U, the number shared by chance is Hypergeometric(U, n_i, n_j); a pair counts
    where P(X >= shared) < p and shared >= min_shared. A pair is tested on its own (no correction for the number of
    pairs): a few false positives dilute every scorer alike, a strict correction would leave only the famous.

    Args:
        shared: (n, n) as from `shared_counts`.
        population: U, all accounts of the held-back part, at least the largest diagonal entry.
        p: the level, in (0, 1).
        min_shared: fewest shared accounts that count as evidence.

    Returns:
        (n, n) bool, symmetric, False on the diagonal.

    Raises:
        SettingsError: `population` is smaller than a partner's own number of accounts.

    """
    from scipy.stats import hypergeom

    own = np.diag(shared)
    if own.size and population < own.max():
        raise SettingsError(f"The population holds {population} accounts, yet one partner alone has {int(own.max())}.")
    chance = hypergeom.sf(shared - 1, population, own[:, None], own[None, :])
    marked: BoolArray = (chance < p) & (shared >= min_shared)
    np.fill_diagonal(marked, False)
    return marked


def lift_lower_bound(shared: FloatArray, population: int, *, level: float = 0.05) -> FloatArray:
    """Lower bound of lift, shrunk to 1 where evidence is thin.

    Shared counts are Poisson with mean lift * e, e = n_i n_j / U; under a Gamma(1, 1) prior on lift the posterior is
    Gamma(shared + 1, rate e + 1), whose `level` quantile is returned. Source: Gamma-Poisson shrinker (DuMouchel 1999).

    Args:
        shared: (n, n) as from `shared_counts`.
        population: U, all accounts of this part, above zero.
        level: the quantile, in (0, 1).

    Returns:
        (n, n) float64, zero where nothing is shared and on the diagonal.

    """
    from scipy.special import gammaincinv

    own = np.diag(shared)
    expected = np.outer(own, own) / population
    bound = np.asarray(gammaincinv(shared + 1.0, level), dtype=np.float64) / (expected + 1.0)
    bound[shared == 0] = 0.0
    np.fill_diagonal(bound, 0.0)
    return bound


def drop_pairs(truth: BoolArray, pairs: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> BoolArray:
    """Return a copy of symmetric `truth` (n, n) with the (m, 2) `pairs` taken out in both directions."""
    kept = truth.copy()
    if len(pairs):
        kept[pairs[:, 0], pairs[:, 1]] = False
        kept[pairs[:, 1], pairs[:, 0]] = False
    return kept
