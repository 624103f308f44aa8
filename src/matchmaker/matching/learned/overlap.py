"""What shared accounts say about a pair, beyond the count: chance, direction of the whole account space, thin evidence.

| feature | what                                                                                                        |
|---------|-------------------------------------------------------------------------------------------------------------|
| count   | ln(1 + k), k shared accounts                                                                                 |
| lift    | ln((k + 1) / (e + 1)), e = n_i n_j / U expected by chance (Gamma-Poisson mean, DuMouchel 1999)               |
| bound   | ln of the 5 % quantile of the same posterior                                                                 |
| excess  | sign(z) ln(1 + |z|), z = (k - e) / sqrt(e + 1)                                                               |
| cosine  | sqrt(k / sqrt(n_i n_j))                                                                                      |
| near_16, near_64       | cosine in the leading 16, 64 directions of the accounts, each account over sqrt of its partners    |
| weight_16, weight_64   | arsinh of the inner product there, partners by size                                                |
| chance  | ln(e + .1)                                                                                                   |
| asks, other | ln of both numbers of accounts                                                                           |
| thin    | prior evidence of the texts over (1 + e): it counts where accounts say little                                |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.audience.overlap import MINIMUM
from matchmaker.matching.learned.history import Floats, Ints
from matchmaker.matching.learned.texts import runs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEATURES = (
    "count", "lift", "bound", "excess", "cosine", "near_16", "near_64", "weight_16", "weight_64", "chance", "asks", "other",
    "thin",
)  # fmt: skip
_WIDTHS = (16, 64)
_LEVEL = 0.05


@dataclass(frozen=True)
class Overlap:
    """Accounts of n partners. held: (n, accounts) zeros and ones; own: (n,); embedded: one (n, r) each of `_WIDTHS`."""

    held: csr_array
    own: Floats
    embedded: tuple[Floats, ...]

    @cached_property
    def _lengths(self) -> tuple[Floats, ...]:
        return tuple(np.linalg.norm(axes, axis=1) for axes in self.embedded)

    @classmethod
    def fit(cls, held: csr_array) -> Overlap:
        """Read the incidence of partners and accounts.

        Directions are those of the partners with `MINIMUM` / 2 accounts or more, lest those with one account each are all there is
        to see; the first of them, size, is left out.
        """
        from scipy.sparse import csr_array, diags_array
        from scipy.sparse.linalg import svds

        own, spread = (np.asarray(held.sum(axis=axis), dtype=np.float64).ravel() for axis in (1, 0))
        scaled = diags_array(1.0 / np.sqrt(np.maximum(own, 1.0))) @ held @ diags_array(1.0 / np.sqrt(spread + 1.0))
        scaled = csr_array(scaled)
        many = scaled[np.flatnonzero(own >= MINIMUM / 2)]
        most = min(_WIDTHS[-1] + 1, min(many.shape) - 1)
        if most < 2:
            return cls.of(held, np.zeros((len(own), 1)))
        _, values, right = svds(many.astype(np.float64), k=most, random_state=0)
        axes = np.asarray(scaled @ right[np.argsort(-values)[1:]].T, dtype=np.float64)
        return cls.of(held, axes)

    @classmethod
    def of(cls, held: csr_array, axes: Floats) -> Overlap:
        """The incidence and the place of each partner in its leading directions, (n, r)."""
        own = np.asarray(held.sum(axis=1), dtype=np.float64).ravel()
        return cls(held.tocsr(), own, tuple(axes[:, :width] for width in _WIDTHS))

    def followed_by(self, count: int) -> Overlap:
        """The same with further partners, who have no account."""
        from scipy.sparse import csr_array

        pointers = np.concatenate((self.held.indptr, np.full(count, self.held.indptr[-1])))
        shape = (len(self.own) + count, self.held.shape[1])
        held = csr_array((self.held.data, self.held.indices, pointers), shape=shape)
        return Overlap.of(held, np.pad(self.embedded[-1], ((0, count), (0, 0))))

    def features(self, asks: Ints, others: Ints, nats: Floats) -> Floats:
        """(p, len(FEATURES)) of the pairs asks[r], others[r]; nats: (p,) prior evidence."""
        from scipy.special import gammaincinv

        common = _common(self.held, asks, others)
        one, other = self.own[asks], self.own[others]
        chance = one * other / max(self.held.shape[1], 1)
        z = (common - chance) / np.sqrt(chance + 1.0)
        near, weight = [], []
        for axes, length in zip(self.embedded, self._lengths, strict=True):
            inner = np.einsum("pd,pd->p", axes[asks], axes[others])
            near.append(inner / np.maximum(length[asks] * length[others], 1e-12))
            weight.append(np.arcsinh(inner * np.sqrt(one * other)))
        columns = (
            np.log1p(common),
            np.log((common + 1.0) / (chance + 1.0)),
            np.log(gammaincinv(common + 1.0, _LEVEL) / (chance + 1.0)),
            np.sign(z) * np.log1p(np.abs(z)),
            np.sqrt(common / np.sqrt(np.maximum(one * other, 1.0))),
            *near,
            *weight,
            np.log(chance + 0.1),
            np.log(np.maximum(one, 1.0)),
            np.log(np.maximum(other, 1.0)),
            nats / (1.0 + chance),
        )
        return np.stack(columns, axis=1)


def _common(held: csr_array, asks: Ints, others: Ints) -> Floats:
    """Accounts in common of each pair; the pairs of one asking partner stand together, so that it is read once."""
    found = np.empty(len(asks))
    for low, high in runs(asks):
        mine = np.zeros(held.shape[1])
        mine[held.indices[held.indptr[asks[low]] : held.indptr[asks[low] + 1]]] = 1.0
        found[low:high] = held[others[low:high]] @ mine
    return found
