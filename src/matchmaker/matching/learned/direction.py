"""Which side of a link feeds the other: each partner leans to giving or to taking, and some kinds of partner feed some others.

    s(i, j) = lean_i - lean_j + x_i' T x_j,   P(i feeds j) = 1 / (1 + exp(-s)),   T' = -T

so that s(j, i) = -s(i, j) whatever was learned. lean_i = own_i + w' f_i: a leaning of its own, which its links teach and which is 0
without any, and what its profile lets expect. Without f and T it is the model of Bradley and Terry (1952), with f that of Springall
(1973); T is an antisymmetric bilinear form over the leading axes of the profile vectors. All are penalised (own by `OWN`, the
others by their scale) and fitted together to the shares of log counts. Nothing here says whether two are linked at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.matching.learned.history import Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST = 50
"""Links below which no direction is learned."""
OWN = 0.8
"""Prior variance of a partner's own leaning, in squared log-odds. Chosen with the four below (docs/quality.md)."""
_TOPIC, _OFFERS, _FACTS, _TWIST = 0.3, 0.6, 0.3, 4.5
_OFFERED, _TURNED = 8, 16
_BOTH_WAYS = 0.5
"""Weight of a pair that feeds each other, whose share is all that it tells."""


@dataclass(frozen=True)
class Profiles:
    """What the profiles of n partners say. vectors: (n, d) unit profile vectors, leading axes first; offers: (n, a) leading axes of
    what they offer; facts: (n, e) plain facts, centred and of unit deviation.
    """

    vectors: Floats
    offers: Floats
    facts: Floats

    @classmethod
    def of(cls, vectors: NDArray[np.floating], pooled: NDArray[np.floating], facts: NDArray[np.floating]) -> Profiles:
        """Of arrays with one row a partner: whitened unit profile vectors (n, d), unit mean capability vectors (n, c), zero where
        nothing is offered, and plain facts (n, e) of any scale.
        """
        table = np.asarray(facts, dtype=np.float64)
        spread = table.std(axis=0)
        standard = (table - table.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
        return cls(np.asarray(vectors, dtype=np.float64), _leading(np.asarray(pooled, dtype=np.float64)), standard)

    @property
    def described(self) -> Floats:
        """(n, d + a + e), scaled so that unit weights are as likely as `_TOPIC`, `_OFFERS` and `_FACTS` say."""
        facts = self.facts * np.sqrt(_FACTS / max(self.facts.shape[1], 1))
        return np.concatenate((np.sqrt(_TOPIC) * self.vectors, np.sqrt(_OFFERS) * self.offers, facts), axis=1)

    @property
    def turned(self) -> Floats:
        """(n, r) the axes that T is over; (r (r - 1) / 2) unit weights are as likely as `_TWIST` says."""
        axes = self.vectors[:, :_TURNED]
        return np.asarray(axes * (_TWIST**0.25))


@dataclass(frozen=True)
class Direction:
    """What was learned. own: (n,) leaning by own links; expected: (n,) by the profile; axes: (n, r), the x; form: (r, r), the T."""

    own: Floats
    expected: Floats
    axes: Floats
    form: Floats

    def odds(self, ones: Ints, others: Ints) -> Floats:
        """(p,) log-odds that ones[k] feeds others[k], of pairs that are linked; exactly the negative of the pairs turned round."""
        lean = self.own + self.expected
        x, y = self.axes[ones], self.axes[others]
        there = np.einsum("pr,rs,ps->p", x, self.form, y, optimize=True)
        back = np.einsum("pr,rs,ps->p", y, self.form, x, optimize=True)
        return np.asarray(lean[ones] - lean[others] + (there - back) / 2.0)


def learn(edges: Ints, counts: NDArray[np.floating], profiles: Profiles, *, own: float = OWN) -> Direction:
    """Learn from directed links.

    Args:
        edges: (e, 2) rows of who feeds and who is fed, each pair once at most each way.
        counts: (e,) how often each was seen.
        profiles: of all n partners.
        own: prior variance of own leanings, 0 to learn from profiles alone.

    Raises:
        SettingsError: fewer than `FEWEST` pairs, or an edge from a partner to itself.

    """
    if (edges[:, 0] == edges[:, 1]).any():
        raise SettingsError("An edge leads from a partner to itself.")
    pairs, target, weight = _pairs(edges, counts)
    if len(pairs) < FEWEST:
        raise SettingsError(
            f"{len(pairs)} linked pairs are too few to learn a direction from: at least {FEWEST} are needed."
        )
    n, described, turned = len(profiles.vectors), profiles.described, profiles.turned
    left, right = np.triu_indices(turned.shape[1], 1)
    a, b = pairs.T
    dense = np.concatenate(
        (
            described[a] - described[b],
            turned[a][:, left] * turned[b][:, right] - turned[a][:, right] * turned[b][:, left],
        ),
        axis=1,
    )
    found = _fit(_ends(pairs, n, own), dense, target, weight)
    mine, weights, form = np.split(found, [n, n + described.shape[1]])
    bilinear = np.zeros((turned.shape[1],) * 2)
    bilinear[left, right], bilinear[right, left] = form, -form
    return Direction(np.sqrt(own) * mine, described @ weights, turned, bilinear)


def _pairs(edges: Ints, counts: NDArray[np.floating]) -> tuple[Ints, Floats, Floats]:
    """Undirected pairs (m, 2), smaller row first, the share (m,) of log counts from the first to the second, and weights (m,)."""
    ends = np.sort(edges, axis=1)
    pairs, number = np.unique(ends, axis=0, return_inverse=True)
    number = number.ravel()
    strength = np.log2(1.0 + np.asarray(counts, dtype=np.float64))
    there = np.bincount(number, weights=np.where(edges[:, 0] == ends[:, 0], strength, 0.0), minlength=len(pairs))
    share = there / np.bincount(number, weights=strength, minlength=len(pairs))
    return pairs, share, np.where((share > 0.0) & (share < 1.0), _BOTH_WAYS, 1.0)


def _ends(pairs: Ints, n: int, variance: float) -> csr_array:
    """(m, n) sparse, the root of the variance at the first end of each pair and its negative at the second."""
    from scipy.sparse import csr_array

    m = len(pairs)
    values = np.tile([1.0, -1.0], m) * np.sqrt(variance)
    return csr_array((values, pairs.ravel(), np.arange(0, 2 * m + 1, 2)), shape=(m, n))


def _fit(ends: csr_array, dense: Floats, target: Floats, weight: Floats) -> Floats:
    """(n + f,) minimum of the weighed log loss plus half of the squares: convex, so that where it starts does not matter."""
    from scipy.optimize import minimize

    n = ends.shape[1]

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = ends @ at[:n] + dense @ at[n:]
        value = weight @ (np.logaddexp(0.0, odds) - target * odds) + 0.5 * at @ at
        slope = weight * (np.exp(-np.logaddexp(0.0, -odds)) - target)
        return float(value), np.concatenate((ends.T @ slope, dense.T @ slope)) + at

    start = np.zeros(n + dense.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12}).x)


def _leading(vectors: Floats) -> Floats:
    """(n, <= 8) leading principal axes of the rows that are not zero, which stay zero."""
    said = np.any(vectors != 0.0, axis=1)
    if not said.any():
        return np.zeros((len(vectors), 0))
    centred = np.where(said[:, None], vectors - vectors[said].mean(axis=0), 0.0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ axes[:, ::-1][:, :_OFFERED])
