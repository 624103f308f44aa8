"""A pair's features to log-odds, and back to what each of them contributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.learned.history import Floats, Ints


@dataclass(frozen=True)
class Linear:
    """Log-odds (x - mean) / scale . weights + level. mean, scale, weights: (features,)."""

    mean: Floats
    scale: Floats
    weights: Floats
    level: float

    def parts(self, features: Floats) -> Floats:
        """(p, features) log-odds of each feature; with the level they add up to `odds` exactly."""
        return np.asarray((features - self.mean) / self.scale * self.weights)

    @staticmethod
    def parts_of(rankers: Sequence[Linear], which: Ints, features: Floats) -> Floats:
        """`parts` (p, features) by the ranker that each row names; which: (p,) places in `rankers`."""
        mean, scale, weights = (
            np.stack([getattr(one, name) for one in rankers])[which] for name in ("mean", "scale", "weights")
        )
        return np.asarray((features - mean) / scale * weights)

    def odds(self, features: Floats) -> Floats:
        """(p,) log-odds."""
        return np.asarray(self.parts(features).sum(axis=1) + self.level)

    def array(self) -> Floats:
        """(3, features + 1): mean, scale and weights, the last column 0, 1 and the level."""
        last = np.array([[0.0], [1.0], [self.level]])
        return np.concatenate((np.stack((self.mean, self.scale, self.weights)), last), axis=1)

    @classmethod
    def from_array(cls, array: NDArray[np.floating]) -> Linear:
        """What `array` is of."""
        mean, scale, weights = np.array(array[:, :-1], dtype=np.float64)
        return cls(mean, scale, weights, float(array[2, -1]))
