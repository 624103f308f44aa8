"""PCA whitening of frozen text vectors: removes the common direction that makes every profile look alike.

Source of the idea and its measured gain: research on pre-trained text in recommenders (WhitenRec, arXiv 2402.10602).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import unit

DIMENSIONS = 48
"""Axes kept: fewer blur the market, more let its noise back in (24 to 384 were tried, docs/quality.md)."""


_FLAT = 1e-6
"""Axes with less than this share of the largest variance hold nothing but rounding, and are left out."""


@dataclass(frozen=True)
class Whitening:
    """x -> unit((x - mean) @ matrix). mean: (d,) float32; matrix: (d, k) float32, k <= DIMENSIONS."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @classmethod
    def fit(cls, vectors: NDArray[np.float32], dimensions: int = DIMENSIONS) -> Whitening:
        """Fit on unit rows (n, d); zero rows (no text) are left out.

        k = min(dimensions, n / 4): more axes than a quarter of the partners would be noise blown up to full size.
        With fewer than eight rows there is nothing to whiten by, and the vectors pass through unchanged.
        """
        rows = np.asarray(vectors, dtype=np.float64)
        rows = rows[np.any(rows != 0.0, axis=1)]
        width = vectors.shape[1]
        if len(rows) < 8:
            return cls(np.zeros(width, dtype=np.float32), np.eye(width, dtype=np.float32))
        mean = rows.mean(axis=0)
        values, axes = np.linalg.eigh(np.cov(rows - mean, rowvar=False))
        keep = slice(None, -min(dimensions, max(len(rows) // 4, 2)) - 1, -1)
        largest = max(float(values[-1]), 1e-12)
        scale = np.where(values[keep] > _FLAT * largest, 1.0 / np.sqrt(np.maximum(values[keep], 1e-12)), 0.0)
        # An eigenvector's sign is arbitrary and differs between LAPACK builds: fix it.
        axes = axes[:, keep]
        axes *= np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
        return cls(mean.astype(np.float32), (axes * scale).astype(np.float32))

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Whitened unit rows (n, k); zero rows (no text) stay zero."""
        known = np.any(vectors != 0.0, axis=-1, keepdims=True)
        centred = vectors.astype(np.float64) - self.mean
        return unit(np.where(known, centred @ self.matrix.astype(np.float64), 0.0))
