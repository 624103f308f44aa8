"""Motion among labels: which segment a partner enters next, and so whom it comes to share one with.

Segments have no direction to fly in, so this is a rate, learned from who entered what between earlier snapshots: by how many
segments a partner holds, how many partners hold the segment, and how near the partner's text is to theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.trajectories.field import Floats

Bools = NDArray[np.bool_]
FEATURES = ("breadth", "size of the segment", "text near the segment")
RIDGE = 1e-4


@dataclass(frozen=True)
class Labelled:
    """Partners on a day. held: (n, s) bool segments; breadth: (n,) how many labels of any kind, at least 0; vectors: (n, d) unit
    rows of their texts, zeros where there is none.
    """

    held: Bools
    breadth: Floats
    vectors: NDArray[np.floating]

    def features(self) -> Floats:
        """(n, s, 3) what the rate of entering depends on."""
        held = self.held.astype(np.float64)
        size = held.sum(axis=0)
        shape = (*self.held.shape, 1)
        wide = np.broadcast_to(np.log1p(self.breadth)[:, None, None], shape)
        large = np.broadcast_to(np.log1p(size)[None, :, None], shape)
        return np.concatenate([wide, large, self._affinity(held)[:, :, None]], axis=2)

    def _affinity(self, held: Floats) -> Floats:
        """(n, s) cosine of each text with the middle of each segment, both about the middle of all."""
        vectors = np.asarray(self.vectors, dtype=np.float64)
        middle = vectors.mean(axis=0)
        own = _unit(vectors - middle)
        segments = _unit(held.T @ vectors) - middle
        return np.asarray(own @ _unit(segments).T)


@dataclass(frozen=True)
class Entering:
    """Entries a year: exp(intercept + coefficients . standardised features), as a Poisson process of each partner and segment."""

    intercept: float
    coefficients: Floats
    middle: Floats
    spread: Floats
    entries: int

    @classmethod
    def fit(cls, steps: Sequence[tuple[Labelled, Bools, float]]) -> Entering:
        """From snapshots and what followed: (partners on a day, (n, s) bool held later on, years between), in any number.

        A segment that nobody holds on the day cannot be entered, and who holds none is not asked. Source: Poisson regression with
        exposure, McCullagh & Nelder 1989. Raises SettingsError where nobody ever entered a segment.
        """
        from sklearn.linear_model import PoissonRegressor

        tables, counts, exposures = [], [], []
        for now, later, years in steps:
            open_ = _open(now)
            tables.append(now.features()[open_])
            counts.append(later[open_])
            exposures.append(np.full(int(open_.sum()), years))
        entered = np.concatenate(counts).astype(np.float64) if counts else np.zeros(0)
        if not entered.any():
            raise SettingsError("Nobody entered a segment between the snapshots: there is no rate to learn.")
        table, exposure = np.concatenate(tables), np.concatenate(exposures)
        middle, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
        model = PoissonRegressor(alpha=RIDGE, max_iter=500)
        model.fit((table - middle) / spread, entered / exposure, sample_weight=exposure)
        return cls(float(model.intercept_), np.asarray(model.coef_), middle, spread, int(entered.sum()))

    def chances(self, now: Labelled, years: float) -> Floats:
        """(n, s) chance that a partner enters a segment within some years, 0 where it is there already or nobody is."""
        rate = np.exp(self.intercept + ((now.features() - self.middle) / self.spread) @ self.coefficients)
        return np.asarray(np.where(_open(now), -np.expm1(-rate * years), 0.0))


def shared_entries(chances: Floats, held: Bools) -> Floats:
    """(n, n) expected number of segments that two come to share: one enters where the other is, or both enter.

    In small numbers it is the chance of sharing any; exits are left out.
    """
    there = held.astype(np.float64)
    one = chances @ there.T
    return np.asarray(one + one.T + chances @ chances.T)


def _open(now: Labelled) -> Bools:
    some, any_label = now.held.sum(axis=0) > 0, now.held.sum(axis=1) > 0
    return np.asarray(~now.held & some[None, :] & any_label[:, None])


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
