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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

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
_TURNED = [0, 1, 2, 4, 3, 5, 7, 6, *range(8, len(FEATURES))]
"""Where each feature of a pair stands when the pair is turned, but for those of fame."""
NEIGHBOURS = 20
_RIDGE, _FAME_RIDGE = 5.0, 2.0
_LASTING = 5.0
_SPREAD = 50.0
"""Propagated links are small numbers; times this, ln(1 + x) spreads them over 0 to 4."""
_BLOCK = 2048
_DENSE = 0.2
"""Share of all others from which on likenesses are taken of all of them at once: one product is faster than many small ones."""
_CELLS = 4_000_000
"""Numbers of a dense table of asking partners by all others: bounds the memory of a block."""


@dataclass(frozen=True)
class Look:
    """How profiles alone place a partner among links, fitted on the linked ones.

    weights: (e, e) of x' W y; fame: (e,), mean: ln(1 + degree) of a profile x is mean + x fame.
    """

    weights: Floats
    fame: Floats
    mean: float

    def expected(self, facts: Floats) -> Floats:
        """(n,) fame that the facts (n, e) let expect."""
        return np.asarray(facts @ self.fame + self.mean)


@dataclass(frozen=True)
class Graph:
    """Everything the features of a pair are read from. n partners, d axes of the profile vectors, e = d + further facts.

    near: (n, n) sparse, weights of linked look-alikes, each row summing to 1 at most; adjacency, strong: (n, n) sparse, ones and
    strengths of the links; expected: (n,).
    """

    vectors: Floats
    described: Floats
    near: csr_array
    adjacency: csr_array
    strong: csr_array
    look: Look
    expected: Floats

    @classmethod
    def fit(cls, links: Links, vectors: NDArray[np.floating], described: NDArray[np.floating]) -> Graph:
        """Read the links. vectors: (n, d) unit profile vectors; described: (n, .) plain facts of each profile, standardised."""
        x = np.asarray(vectors, dtype=np.float64)
        facts = np.concatenate((x, np.asarray(described, dtype=np.float64)), axis=1)
        degree = links.degree().astype(np.float64)
        linked = degree > 0
        adjacency = links.adjacency()
        fame = np.log1p(degree)
        weights, mean = _fame(facts[linked], fame[linked])
        look = Look(_complement(facts[linked], adjacency[linked][:, linked], degree[linked]), weights, mean)
        return cls(
            vectors=x,
            described=facts,
            near=_nearest(x, x, linked),
            adjacency=adjacency,
            strong=links.adjacency(weighed=True),
            look=look,
            expected=_without_oneself(facts, fame, linked, look),
        )

    def followed_by(self, vectors: NDArray[np.floating], described: NDArray[np.floating]) -> Graph:
        """The same graph with further partners, who have no link; what was fitted stays as it is. Arrays as for `fit`, (m, .)."""
        from scipy.sparse import csr_array, vstack

        x = np.asarray(vectors, dtype=np.float64)
        facts = np.concatenate((x, np.asarray(described, dtype=np.float64)), axis=1)
        n, m = len(self.vectors), len(x)
        near = vstack((self.near, _nearest(x, self.vectors, self.linked, own=False)), format="csr")

        def wider(matrix: csr_array, rows: int) -> csr_array:
            pointers = np.concatenate((matrix.indptr, np.full(rows, matrix.indptr[-1])))
            return csr_array((matrix.data, matrix.indices, pointers), shape=(n + m, n + m))

        return Graph(
            vectors=np.concatenate((self.vectors, x)),
            described=np.concatenate((self.described, facts)),
            near=wider(csr_array(near), 0),
            adjacency=wider(self.adjacency, m),
            strong=wider(self.strong, m),
            look=self.look,
            expected=np.concatenate((self.expected, self.look.expected(facts))),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` makes the same graph of, but for the profiles."""
        ends = np.stack(self.strong.nonzero(), axis=1)
        once = ends[:, 0] < ends[:, 1]
        return {
            "near_weights": self.near.data,
            "near_rows": self.near.indices.astype(np.int32),
            "near_offsets": self.near.indptr.astype(np.int64),
            "links": ends[once].astype(np.int32),
            "strength": self.strong.data[once],
            "complement": self.look.weights,
            "expecting": np.append(self.look.fame, self.look.mean),
            "expected": self.expected,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], vectors: Floats, described: Floats) -> Graph:
        """The graph of these arrays; profiles as for `fit`."""
        from scipy.sparse import csr_array

        n = len(vectors)
        links = Links(np.asarray(arrays["links"], dtype=np.int64), n, np.asarray(arrays["strength"]))
        near = arrays["near_weights"], arrays["near_rows"], arrays["near_offsets"]
        expecting = np.asarray(arrays["expecting"])
        return cls(
            vectors=vectors,
            described=np.concatenate((vectors, described), axis=1),
            near=csr_array(tuple(np.array(one) for one in near), shape=(n, n)),
            adjacency=links.adjacency(),
            strong=links.adjacency(weighed=True),
            look=Look(np.asarray(arrays["complement"]), expecting[:-1], float(expecting[-1])),
            expected=np.asarray(arrays["expected"]),
        )

    @cached_property
    def _degree(self) -> Floats:
        return np.diff(self.adjacency.indptr).astype(np.float64)

    @cached_property
    def linked(self) -> NDArray[np.bool_]:
        """(n,) bool, the partners with a link."""
        return self._degree > 0

    @cached_property
    def _normal(self) -> csr_array:
        """Links over the square roots of both degrees."""
        from scipy.sparse import csr_array, diags_array

        half = diags_array(1.0 / np.sqrt(np.maximum(self._degree, 1.0)))
        return csr_array(half @ self.adjacency @ half)

    @cached_property
    def _root(self) -> csr_array:
        return self.strong.sqrt()

    @cached_property
    def _looked_like(self) -> csr_array:
        return self.near.T.tocsr()

    @cached_property
    def _rare(self) -> Floats:
        """1 / ln degree, 0 for who has a single link."""
        found = np.zeros(len(self._degree))
        many = self._degree > 1
        found[many] = 1.0 / np.log(self._degree[many])
        return found

    @cached_property
    def _circle(self) -> Floats:
        """(n, d) unit mean profiles of partners."""
        mean = (self.adjacency @ self.vectors) / np.maximum(self._degree, 1.0)[:, None]
        return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9))

    @cached_property
    def _fames(self) -> Floats:
        """(4, n) fame, fame of strengths, the lasting mean of fame and expected, 1 where there is no link."""
        fame, own = np.log1p(self._degree), self._degree / (self._degree + _LASTING)
        often = np.log1p(np.asarray(self.strong.sum(axis=1)).ravel())
        return np.stack((fame, often, own * fame + (1.0 - own) * self.expected, (~self.linked).astype(np.float64)))

    def features(self, asks: Ints, others: Ints) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]."""
        found = np.empty((len(asks), len(FEATURES)))
        order = np.argsort(asks, kind="stable")
        who, starts = np.unique(asks[order], return_index=True)
        ends = np.append(starts[1:], len(asks))
        step = max(_CELLS // max(len(self.vectors), 1), 1)
        for low in range(0, len(who), step):
            block = who[low : low + step]
            pairs = order[starts[low] : ends[min(low + step, len(who)) - 1]]
            at = np.searchsorted(block, asks[pairs]), others[pairs]
            for column, table in enumerate(self._carried(block)):
                found[pairs, column] = np.log1p(table[at])
            if len(pairs) > _DENSE * len(block) * len(self.vectors):
                for column, (one, other) in enumerate(self._near(block)):
                    found[pairs, 6 + column] = (one @ other.T)[at]
            else:
                found[pairs, 6:10] = self._dots(asks[pairs], others[pairs])
        found[:, 10:] = self._famous(others)
        return found

    def turned(self, features: Floats, asks: Ints) -> Floats:
        """`features` of the pairs asks[r], others[r] the other way round, so that each of `asks` is the other."""
        found = features[:, _TURNED]
        found[:, 10:] = self._famous(asks)
        return found

    def _famous(self, others: Ints) -> Floats:
        fame, often, lasting, unlinked = self._fames[:, others]
        expected = self.expected[others]
        return np.stack((fame, often, lasting, expected, unlinked, expected * unlinked), axis=1)

    def _near(self, rows: Ints) -> Iterator[tuple[Floats, Floats]]:
        """Four pairs of tables whose inner products are the likenesses of asking partners to all others."""
        yield self._circle[rows], self.vectors
        yield self.vectors[rows], self._circle
        yield self._circle[rows], self._circle
        yield self.described[rows] @ self.look.weights, self.described

    def _dots(self, asks: Ints, others: Ints) -> Floats:
        """(p, 4) the same of single pairs."""
        found = np.empty((len(asks), 4))
        for low in range(0, len(asks), _BLOCK):
            part = slice(low, low + _BLOCK)
            for column, (one, other) in enumerate(self._near(asks[part])):
                found[part, column] = np.einsum("pd,pd->p", one, other[others[part]])
        return found

    def _carried(self, rows: Ints) -> Iterator[Floats]:
        """Six tables (len(rows), n) of what goes over third parties, for asking partners, before their logarithm."""
        from scipy.sparse import diags_array

        rare = diags_array(self._rare)
        yield (self.adjacency[rows] @ rare @ self.adjacency).toarray()
        yield (self._root[rows] @ rare @ self._root).toarray()
        own = self._normal[rows]
        yield 5.0 * (own @ self._normal).toarray()
        spread = self.near[rows] @ self._normal
        yield _SPREAD * spread.toarray()
        yield _SPREAD * (own @ self._looked_like).toarray()
        yield _SPREAD * (spread @ self._looked_like).toarray()


def _nearest(x: Floats, among: Floats, linked: NDArray[np.bool_], *, own: bool = True) -> csr_array:
    """(m, n) sparse: the nearest of the linked partners to each of x (m, d), weighed by their cosine above zero, weights summing
    to 1. own: x are the partners (n, d) themselves, none of which is its own look-alike.
    """
    from scipy.sparse import csr_array

    targets = np.flatnonzero(linked)
    count = min(NEIGHBOURS, len(targets) - 1)
    if count < 1:
        return csr_array((len(x), len(among)))
    rows, columns, weights = [], [], []
    place = np.full(len(among), -1)
    place[targets] = np.arange(len(targets))
    for low in range(0, len(x), _BLOCK):
        block = np.arange(low, min(low + _BLOCK, len(x)))
        cosine = x[block] @ among[targets].T
        if own:
            mine = place[block]
            cosine[np.flatnonzero(mine >= 0), mine[mine >= 0]] = -np.inf
        best = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
        value = np.maximum(np.take_along_axis(cosine, best, axis=1), 0.0)
        rows.append(np.repeat(block, count))
        columns.append(targets[best].ravel())
        weights.append((value / np.maximum(value.sum(axis=1, keepdims=True), 1e-9)).ravel())
    where = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.concatenate(weights), where), shape=(len(x), len(among)))


def _complement(x: Floats, adjacency: csr_array, degree: Floats) -> Floats:
    """W = R X' B X R with R = (X'X + ridge)^-1 and B the links beyond chance, over sqrt of both degrees; (e, e)."""
    inverse = np.linalg.inv(x.T @ x + _RIDGE * np.eye(x.shape[1]))
    scaled = x / np.sqrt(np.maximum(degree, 1.0))[:, None]
    chance = scaled.T @ degree
    inner = scaled.T @ (adjacency @ scaled) - np.outer(chance, chance) / max(float(degree.sum()), 1.0)
    return np.asarray(_SPREAD * inverse @ inner @ inverse)


def _fame(x: Floats, fame: Floats) -> tuple[Floats, float]:
    """Ridge regression of fame (l,) on facts (l, e) of the linked: weights (e,), and the mean."""
    if not len(fame):
        return np.zeros(x.shape[1]), 0.0
    mean = float(fame.mean())
    return np.linalg.inv(x.T @ x + _FAME_RIDGE * np.eye(x.shape[1])) @ (x.T @ (fame - mean)), mean


def _without_oneself(facts: Floats, fame: Floats, linked: NDArray[np.bool_], look: Look) -> Floats:
    """`Look.expected` of everybody, of the linked as if each had not been there when it was fitted."""
    found = look.expected(facts)
    if not linked.any():
        return found
    x = facts[linked]
    inverse = np.linalg.inv(x.T @ x + _FAME_RIDGE * np.eye(x.shape[1]))
    leverage = np.minimum(np.einsum("nd,de,ne->n", x, inverse, x, optimize=True), 0.99)
    own = fame[linked] - look.mean
    found[linked] = (found[linked] - look.mean - leverage * own) / (1.0 - leverage) + look.mean
    return found
