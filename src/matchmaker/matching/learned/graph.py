"""What links say about a pair that is not linked (yet): through common partners, alike partners, and what fame explains.

| feature      | what                                                                                                   |
|--------------|--------------------------------------------------------------------------------------------------------|
| common       | ln(1 + Adamic-Adar), sum over common partners of 1 / ln(degree) (Adamic and Adar 2003)                  |
| common_often | ln(1 + Adamic-Adar of strengths): sum of the square roots of both strengths' products over ln(degree)     |
| allocation   | ln(1 + 5 r), r = sum over common partners of 1 / degree, over sqrt of both degrees (Zhou et al. 2009)    |
| alike_asks   | links of partners alike the asking one with the other, over sqrt of both degrees (text-kNN)            |
| alike_others | links of the asking one with partners alike the other, likewise                                        |
| alike_both   | links between partners alike the one and partners alike the other                                      |
| circle       | cosine of the asking one's partners' mean profile with the other's profile                             |
| circled      | the same the other way round                                                                            |
| same_circle  | cosine of both mean profiles of partners                                                                |
| complement   | x_i' W x_j, two-step ridge regression of degree-corrected links on profiles (Pahikkala et al. 2014)    |
| fame         | ln(1 + degree) of the other                                                                            |
| fame_often   | ln(1 + sum of strengths) of the other                                                                  |
| lasting      | the mean of fame and expected, by links: n / (n + 5) of the former                                       |
| expected     | ln(1 + degree) that its profile lets expect                                                            |
| unlinked     | 1 where the other has no known link                                                                    |
| expected_new | expected, where the other has no known link; else 0                                                    |

All are made of training links only. Nothing else is known of a pair here, so all are zero-centred by the ranker, not by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.learned.history import Floats, Ints, Links

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEATURES = (
    "common", "common_often", "allocation", "alike_asks", "alike_others", "alike_both", "circle",
    "circled", "same_circle", "complement", "fame", "fame_often",
    "lasting", "expected", "unlinked", "expected_new",
)  # fmt: skip
NEIGHBOURS = 20
_RIDGE, _FAME_RIDGE = 5.0, 2.0
_LASTING = 5.0
_SPREAD = 50.0
"""Propagated links are small numbers; times this, ln(1 + x) spreads them over 0 to 4."""
_BLOCK = 2048


@dataclass(frozen=True)
class Graph:
    """Everything the features of a pair are read from. n partners, d axes of the profile vectors.

    near, spread: (n, n) sparse, weights of linked look-alikes (rows sum to 1 at most), and these times normalised links; shared:
    (n, n) sparse Adamic-Adar; circle: (n, d) unit mean profiles of partners; left: (n, d) = X W; the rest: (n,).
    """

    vectors: Floats
    described: Floats
    near: csr_array
    spread: csr_array
    shared: csr_array
    often: csr_array
    allocated: csr_array
    circle: Floats
    left: Floats
    fame: Floats
    fame_often: Floats
    lasting: Floats
    expected: Floats
    linked: NDArray[np.bool_]

    @classmethod
    def fit(cls, links: Links, vectors: NDArray[np.floating], described: NDArray[np.floating]) -> Graph:
        """Read the links. vectors: (n, d) unit profile vectors; described: (n, e) plain facts of each profile, standardised."""
        from scipy.sparse import csr_array, diags_array

        x = np.asarray(vectors, dtype=np.float64)
        degree = links.degree().astype(np.float64)
        linked = degree > 0
        adjacency = links.adjacency()
        strong = links.adjacency(weighed=True)
        root = strong.sqrt()
        half = diags_array(1.0 / np.sqrt(np.maximum(degree, 1.0)))
        normal = half @ adjacency @ half
        rare = np.zeros(len(degree))
        rare[degree > 1] = 1.0 / np.log(degree[degree > 1])
        near = _nearest(x, linked)
        circle = (adjacency @ x) / np.maximum(degree, 1.0)[:, None]
        facts = np.concatenate((x, np.asarray(described, dtype=np.float64)), axis=1)
        fame = np.log1p(degree)
        expected, own = _expected(facts, fame, linked), degree / (degree + _LASTING)
        return cls(
            vectors=x,
            described=facts,
            near=near,
            spread=csr_array(near @ normal),
            shared=csr_array(adjacency @ diags_array(rare) @ adjacency),
            often=csr_array(root @ diags_array(rare) @ root),
            allocated=csr_array(normal @ normal),
            circle=circle / np.maximum(np.linalg.norm(circle, axis=1, keepdims=True), 1e-9),
            left=facts @ _complement(facts[linked], adjacency[linked][:, linked], degree[linked]),
            fame=fame,
            fame_often=np.log1p(np.asarray(strong.sum(axis=1)).ravel()),
            lasting=own * fame + (1.0 - own) * expected,
            expected=expected,
            linked=linked,
        )

    def features(self, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]."""
        unlinked = (~self.linked[others]).astype(np.float64)
        expected = self.expected[others]
        columns = (
            np.log1p(_at(self.shared, asks, others)),
            np.log1p(_at(self.often, asks, others)),
            np.log1p(5.0 * _at(self.allocated, asks, others)),
            np.log1p(_SPREAD * _at(self.spread, asks, others)),
            np.log1p(_SPREAD * _at(self.spread, others, asks)),
            np.log1p(_SPREAD * _dots(self.spread, self.near, asks, others)),
            _rows(self.circle, self.vectors, asks, others),
            _rows(self.vectors, self.circle, asks, others),
            _rows(self.circle, self.circle, asks, others),
            _rows(self.left, self.described, asks, others),
            self.fame[others],
            self.fame_often[others],
            self.lasting[others],
            expected,
            unlinked,
            expected * unlinked,
        )
        return np.stack(columns, axis=1)


def _nearest(x: Floats, linked: NDArray[np.bool_]) -> csr_array:
    """(n, n) sparse: the nearest linked partners of each, weighed by their cosine above zero, weights summing to 1."""
    from scipy.sparse import csr_array

    targets = np.flatnonzero(linked)
    count = min(NEIGHBOURS, len(targets) - 1)
    if count < 1:
        return csr_array((len(x), len(x)))
    rows, columns, weights = [], [], []
    place = np.full(len(x), -1)
    place[targets] = np.arange(len(targets))
    for low in range(0, len(x), _BLOCK):
        block = np.arange(low, min(low + _BLOCK, len(x)))
        cosine = x[block] @ x[targets].T
        own = place[block]
        cosine[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        best = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
        value = np.maximum(np.take_along_axis(cosine, best, axis=1), 0.0)
        rows.append(np.repeat(block, count))
        columns.append(targets[best].ravel())
        weights.append((value / np.maximum(value.sum(axis=1, keepdims=True), 1e-9)).ravel())
    where = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.concatenate(weights), where), shape=(len(x), len(x)))


def _complement(x: Floats, adjacency: csr_array, degree: Floats) -> Floats:
    """W = R X' B X R with R = (X'X + ridge)^-1 and B the links beyond chance, over sqrt of both degrees; (e, e)."""
    inverse = np.linalg.inv(x.T @ x + _RIDGE * np.eye(x.shape[1]))
    scaled = x / np.sqrt(np.maximum(degree, 1.0))[:, None]
    chance = scaled.T @ degree
    inner = scaled.T @ (adjacency @ scaled) - np.outer(chance, chance) / max(float(degree.sum()), 1.0)
    return np.asarray(_SPREAD * inverse @ inner @ inverse)


def _expected(facts: Floats, fame: Floats, linked: NDArray[np.bool_]) -> Floats:
    """Fame that a profile lets expect: ridge regression among the linked, each of these predicted without itself."""
    if not linked.any():
        return np.zeros(len(facts))
    x, mean = facts[linked], float(fame[linked].mean())
    inverse = np.linalg.inv(x.T @ x + _FAME_RIDGE * np.eye(x.shape[1]))
    weights = inverse @ (x.T @ (fame[linked] - mean))
    found = facts @ weights
    leverage = np.minimum(np.einsum("nd,de,ne->n", x, inverse, x), 0.99)
    found[linked] = (found[linked] - leverage * (fame[linked] - mean)) / (1.0 - leverage)
    return np.asarray(found + mean)


def _at(matrix: csr_array, rows: Ints, columns: Ints) -> Floats:
    return np.asarray(matrix[rows, columns], dtype=np.float64).ravel()


def _dots(one: csr_array, other: csr_array, rows: Ints, others: Ints) -> Floats:
    found = np.empty(len(rows))
    for low in range(0, len(rows), _BLOCK):
        part = slice(low, low + _BLOCK)
        found[part] = one[rows[part]].multiply(other[others[part]]).sum(axis=1)
    return found


def _rows(one: Floats, other: Floats, rows: Ints, others: Ints) -> Floats:
    found = np.empty(len(rows))
    for low in range(0, len(rows), _BLOCK):
        part = slice(low, low + _BLOCK)
        found[part] = np.einsum("pd,pd->p", one[rows[part]], other[others[part]])
    return found
