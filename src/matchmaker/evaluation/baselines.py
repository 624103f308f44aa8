"""What a scorer has to beat. Each function returns a `Scorer` over candidate positions 0..n-1.

None of them looks at more than it is given: pass training links and visible accounts only. SciPy and scikit-learn
are used here on purpose, and nothing of the engine, so that a fault of the engine cannot hide in its own yardstick.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation.metrics import FloatArray, IntArray
from matchmaker.evaluation.reads import Scorer
from matchmaker.evaluation.truth import shared_counts

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = npt.NDArray[np.float64]


def from_matrix(scores: FloatArray) -> Scorer:
    """Scores kept as a whole (n, n) matrix, row i for query i."""

    def score(rows: IntArray) -> FloatArray:
        return scores[rows]

    return score


def random_order(n: int, rng: int | np.random.Generator) -> Scorer:
    """Uniform noise, the same for a pair however often it is asked."""
    return from_matrix(np.random.default_rng(rng).random((n, n)))


def popularity(degree: FloatArray) -> Scorer:
    """Training degree (n,) of the candidate, the same list for everybody."""

    def score(rows: IntArray) -> FloatArray:
        return np.tile(np.asarray(degree, dtype=np.float64), (len(rows), 1))

    return score


def category(labels: Sequence[Collection[str]]) -> Scorer:
    """Jaccard overlap of the partners' category sets; 0 where both are empty."""
    names = sorted({name for group in labels for name in group})
    position = {name: k for k, name in enumerate(names)}
    member = np.zeros((len(labels), len(names)))
    for row, group in enumerate(labels):
        member[row, [position[name] for name in group]] = 1.0
    size = member.sum(axis=1)

    def score(rows: IntArray) -> FloatArray:
        shared = member[rows] @ member.T
        union = size[rows, None] + size[None, :] - shared
        return np.asarray(shared / np.maximum(union, 1.0))

    return score


def cosine(vectors: FloatArray) -> Scorer:
    """Cosine of (n, d) vectors; a zero vector scores 0 with everybody."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norm, out=np.zeros_like(vectors, dtype=np.float64), where=norm > 0)

    def score(rows: IntArray) -> FloatArray:
        return np.asarray(unit[rows] @ unit.T)

    return score


def tfidf(texts: Sequence[str], fit_on: Sequence[str] | None = None) -> Scorer:
    """TF-IDF cosine of lower-cased words, sublinear counts, idf from `fit_on` (default the texts themselves)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(sublinear_tf=True)
    model.fit(texts if fit_on is None else fit_on)
    rows_of = model.transform(texts)

    def score(rows: IntArray) -> FloatArray:
        return np.asarray((rows_of[rows] @ rows_of.T).toarray(), dtype=np.float64)

    return score


def whiten(vectors: FloatArray, fit_on: FloatArray | None = None, *, dimensions: int = 64) -> Matrix:
    """Centred principal components scaled to unit variance, (n, <= dimensions), from `fit_on` (m, d)."""
    base = np.asarray(vectors if fit_on is None else fit_on, dtype=np.float64)
    centre = base.mean(axis=0)
    _, spread, axes = np.linalg.svd(base - centre, full_matrices=False)
    kept = int(min(dimensions, (spread > spread[0] * 1e-6).sum()))
    return np.asarray((vectors - centre) @ axes[:kept].T / spread[:kept] * np.sqrt(len(base)))


def then(first: Scorer, second: Scorer) -> Scorer:
    """Order by `first`, equal scores by `second`: coarse labels leave long ties, and fame is the usual tie-break."""

    def score(rows: IntArray) -> FloatArray:
        major, minor = np.asarray(first(rows)), np.asarray(second(rows), dtype=np.float64)
        combined = np.empty(major.shape)
        for row, (high, low) in enumerate(zip(major, minor, strict=True)):
            by_both = np.lexsort((low, high))
            new = (np.diff(high[by_both]) != 0) | (np.diff(low[by_both]) != 0)
            combined[row, by_both] = np.concatenate([[0], np.cumsum(new)])
        return combined

    return score


def co_counts(incidence: FloatArray | csr_array) -> Scorer:
    """Score by the number of shared accounts; `incidence` is (n, visible accounts) zeros and ones."""
    return from_matrix(shared_counts(incidence))


def ease_weights(gram: Matrix, regularisation: float) -> Matrix:
    """EASE item-item weights B = I - P diag(1 / diag P), P = (G + lambda I)^-1. Source: Steck, WWW 2019.

    Column j predicts item j from all others by ridge regression under B_jj = 0.

    Args:
        gram: (n, n) X'X of a (users, n) matrix.
        regularisation: lambda, above zero.

    Returns:
        (n, n) float64 with a zero diagonal.

    """
    inverse = np.linalg.inv(gram + regularisation * np.eye(len(gram)))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return weights


def ease_accounts(incidence: FloatArray | csr_array, regularisation: float = 100.0) -> Scorer:
    """EASE weights between partners, learned with accounts as users; row i scores what goes with i."""
    return from_matrix(ease_weights(shared_counts(incidence), regularisation))


def ease_adjacency(adjacency: FloatArray, regularisation: float = 10.0) -> Scorer:
    """EASE with each partner's links as one user: A B, symmetrised.

    B itself is no score for a pair never seen: the fit pushes it below zero for popular items that do not co-occur.
    """
    scores = adjacency @ ease_weights(np.asarray(adjacency.T @ adjacency, dtype=np.float64), regularisation)
    return from_matrix(scores + scores.T)


def svd_log_counts(weights: FloatArray, rank: int = 16) -> Scorer:
    """Inner products of `rank`-dimensional SVD embeddings of log(1 + weight), training links (n, n), symmetric.

    Each partner stands at U sqrt(S), so eigenvalues enter by size: the signed approximation would reproduce the
    zeros of hidden links more faithfully, which is the wrong thing to be good at.
    """
    left, spread, _ = np.linalg.svd(np.log1p(weights), hermitian=True)
    embedded = left[:, :rank] * np.sqrt(spread[:rank])
    return from_matrix(embedded @ embedded.T)


def svd_signed(weights: FloatArray, rank: int = 16) -> Scorer:
    """Best rank-`rank` approximation of log(1 + weight), training links (n, n), symmetric, signs kept.

    The eigenvalues largest by size enter as they are, so what repels repels; compare `svd_log_counts`.
    Source: Eckart & Young, Psychometrika 1936.

    Raises:
        SettingsError: `rank` does not lie in 1..n.

    """
    values, axes = np.linalg.eigh(np.log1p(weights))
    kept = np.argsort(-np.abs(values), kind="stable")[: _rank(rank, len(values))]
    return from_matrix((axes[:, kept] * values[kept]) @ axes[:, kept].T)


def svd_accounts(
    incidence: FloatArray | csr_array, rank: int = 32, *, likeness: Literal["cosine", "inner"] = "cosine"
) -> Scorer:
    """Truncated SVD of the partners' accounts: X = U S V', each partner stands at a row of U S.

    Inner products are the best rank-`rank` approximation of the shared counts, fame included; cosines leave it out.
    U S comes from the eigenvectors of X X', which is exact and the same for a dense and a sparse X.
    Source: latent semantic indexing, Deerwester et al., JASIS 1990.

    Args:
        incidence: (n, visible accounts) zeros and ones.
        rank: number of axes, in 1..n.
        likeness: "cosine" or "inner".

    Raises:
        SettingsError: `rank` is out of range.

    """
    from scipy.linalg import eigh

    gram = shared_counts(incidence)
    n = len(gram)
    values, axes = eigh(gram, subset_by_index=[n - _rank(rank, n), n - 1])
    embedded = axes * np.sqrt(np.maximum(values, 0.0))
    # Rounding leaves a partner off all axes (one without accounts, say) a direction, and a cosine would see only that.
    embedded[(embedded**2).sum(axis=1) <= 1e-12 * np.diag(gram)] = 0.0
    return cosine(embedded) if likeness == "cosine" else from_matrix(embedded @ embedded.T)


def adamic_adar(adjacency: FloatArray) -> Scorer:
    """Sum over common neighbours z of 1 / log(degree z). Source: Adamic & Adar, Social Networks 2003.

    A common neighbour has two links at least, so the logarithm is never zero.
    """
    degree = adjacency.sum(axis=1)
    weight = np.zeros(len(degree))
    weight[degree > 1] = 1.0 / np.log(degree[degree > 1])
    return from_matrix((adjacency * weight) @ adjacency.T)


def text_neighbours(similarity: Scorer, adjacency: FloatArray, k: int = 20) -> Scorer:
    """Links of the k most similar partners that have any: sum over neighbours u of max(0, s_iu) A_uj."""
    n = len(adjacency)
    linked = adjacency.sum(axis=1) > 0

    def score(rows: IntArray) -> FloatArray:
        near = np.where(linked, similarity(rows), -np.inf)
        near[np.arange(len(rows)), rows] = -np.inf
        if k < n:
            border = np.partition(near, n - k, axis=1)[:, n - k, None]
            near = np.where(near >= border, near, -np.inf)
        return np.asarray(np.maximum(near, 0.0) @ adjacency)

    return score


def standardised_sum(*scorers: Scorer) -> Scorer:
    """Sum of scorers, each brought to mean 0 and deviation 1 over the candidates of a query."""

    def score(rows: IntArray) -> FloatArray:
        total: FloatArray = np.zeros(1)
        for scorer in scorers:
            part = np.asarray(scorer(rows), dtype=np.float64)
            deviation = part.std(axis=1, keepdims=True)
            total = total + (part - part.mean(axis=1, keepdims=True)) / np.where(deviation > 0, deviation, 1.0)
        return total

    return score


def _rank(rank: int, n: int) -> int:
    if not 1 <= rank <= n:
        raise SettingsError(f"rank must lie in 1..{n}, the number of partners; it is {rank}.")
    return rank
