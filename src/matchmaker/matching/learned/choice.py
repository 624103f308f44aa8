"""Whom a partner chooses among its candidates: a conditional logit, whose likelihood is that of the top of a list.

With scores s = x . w of the candidates of one asking partner, the chance that j is the one chosen is exp(s_j) / sum of exp(s) over
all of them (conditional logit, McFadden 1974; as a loss of lists: ListNet, Cao et al. 2007).
Each asking partner counts alike, whatever its number of links, and each of its links alike, where no weights are given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.learned.history import Floats, Ints
from matchmaker.matching.learned.linear import Linear

_STEPS, _ENOUGH = 30, 1e-7


def choice(
    features: NDArray[np.floating],
    chosen: NDArray[np.bool_],
    asks: Ints,
    penalty: float,
    counts: NDArray[np.floating] | None = None,
    weights: NDArray[np.floating] | None = None,
) -> Linear | None:
    """Weights of standardised features (p, f) that make what was `chosen` (p,) likeliest, less `penalty` times their square.

    asks: (p,) who asks, the pairs of one standing together; counts: (p,) for how many candidates one stands that was not chosen;
    weights: (p,) above 0, what a chosen one counts among those of the same list.
    Whoever chose nothing or everything teaches nothing; None where that is everybody. Newton's method with halved steps.
    """
    starts = np.flatnonzero(np.append(True, asks[1:] != asks[:-1])) if len(asks) else np.zeros(0, dtype=np.int64)
    sizes = np.diff(np.append(starts, len(asks)))
    picked = np.add.reduceat(chosen.astype(np.int64), starts) if len(starts) else starts
    useful = (picked > 0) & (picked < sizes)
    if not useful.any():
        return None
    kept = np.repeat(useful, sizes)
    x, y = np.asarray(features[kept], dtype=np.float32), chosen[kept]
    stands = np.where(y, 0.0, 0.0 if counts is None else np.log(counts[kept])).astype(np.float32)
    sizes = sizes[useful]
    starts = np.cumsum(sizes) - sizes
    mean = x.mean(axis=0, dtype=np.float64)
    z = x - mean.astype(np.float32)
    spread = np.sqrt(np.einsum("pf,pf->f", z, z, dtype=np.float64) / len(z))
    scale = np.where(spread > 1e-6, spread, 1.0)
    z /= scale.astype(np.float32)
    z[:, spread <= 1e-6] = 0.0
    worth = np.where(y, 1.0 if weights is None else weights[kept], 0.0)
    lists, target = len(sizes), worth / np.repeat(np.add.reduceat(worth, starts), sizes)
    wanted = z.T @ target

    def likeliness(at: Floats) -> tuple[float, Floats]:
        """The loss, and the chance of each pair."""
        score = z @ at.astype(np.float32) + stands
        top = np.repeat(np.maximum.reduceat(score, starts), sizes)
        raised = np.exp((score - top).astype(np.float64))
        total = np.add.reduceat(raised, starts)
        fit = float(target @ (score - top)) - float(np.log(total).sum())
        return -fit / lists + penalty * float(at @ at), raised / np.repeat(total, sizes)

    found = np.zeros(z.shape[1])
    loss, chance = likeliness(found)
    for _ in range(_STEPS):
        centre = np.add.reduceat(z * chance[:, None].astype(np.float32), starts, axis=0).astype(np.float64)
        slope = (z.T @ chance.astype(np.float32) - wanted) / lists + 2.0 * penalty * found
        square = (z * chance[:, None].astype(np.float32)).T @ z
        curvature = (square - centre.T @ centre) / lists + 2.0 * penalty * np.eye(len(found))
        step, share = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), slope), 1.0
        while share > 1e-4:
            then, chances = likeliness(found - share * step)
            if then <= loss - 1e-4 * share * float(slope @ step):
                break
            share *= 0.5
        else:
            break
        gained = loss - then
        found, loss, chance = found - share * step, then, chances
        if gained < _ENOUGH:
            break
    return Linear(mean, scale, found, 0.0)
