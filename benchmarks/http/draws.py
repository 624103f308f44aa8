"""Which partners are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4096


def drawn(ids: Sequence[str], rng: np.random.Generator, exponent: float | None = None) -> Iterator[str]:
    """Endless ids at random: all alike, or by Zipf's law, the r-th favourite in proportion to r ** -exponent.

    Who is a favourite is drawn as well, so that favourites do not stand side by side in the catalogue.
    """
    order = rng.permutation(len(ids))
    ends = None if exponent is None else np.cumsum(zipf(len(ids), exponent))
    while True:
        places = (
            rng.integers(len(ids), size=_BLOCK)
            if ends is None
            else order[np.minimum(np.searchsorted(ends, rng.random(_BLOCK), side="right"), len(ids) - 1)]
        )
        yield from (ids[place] for place in places.tolist())


def zipf(count: int, exponent: float) -> NDArray[np.float64]:
    """Chances (count,) of ranks 1 to count, in proportion to rank ** -exponent; they sum to 1."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    return np.asarray(weights / weights.sum(), dtype=np.float64)
