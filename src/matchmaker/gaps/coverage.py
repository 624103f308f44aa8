"""Which stated goals of an ecosystem its members meet: none does, one alone, or several; and who outside would.

A capability meets a goal where the engine would say so in a sentence: its cosine with the goal is at least `MET` (reasons.py) and
above the goal's floor (gain.py). A goal that its own partner meets is no gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.gain import OWN, floor
from matchmaker.matching.ragged import Ints, ranges, segment_max
from matchmaker.matching.reasons import MET

if TYPE_CHECKING:
    from matchmaker.matching.space import Space

FILLERS = 5
"""Partners outside that are kept for each goal, nearest first."""
_CELLS = 1 << 24
"""Cosines that are held at once: 64 MB."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """g goals of members. goal: (g,) place in `space.goals`; owner: (g,) row; bar: (g,) cosine from which it is met.

    providers: (g,) how many other members meet it; nearest, cosine: (g,) row of the nearest other member, -1 without any, and its
    best cosine, -1 without any; outside: (g, FILLERS) rows outside that meet it, nearest first, -1 where there are no more; told of
    goals with at most one provider only.
    """

    goal: Ints
    owner: Ints
    bar: NDArray[np.float32]
    providers: Ints
    nearest: Ints
    cosine: NDArray[np.float32]
    outside: Ints


def coverage(space: Space, members: Bools, outsiders: Bools) -> Coverage:
    """Compare the stated goals of `members` (n,) that they do not meet themselves with the capabilities of all others."""
    rows = np.flatnonzero(members & ~space.inferred_goals)
    goal, offsets = ranges(space.goals.offsets[rows], space.goals.offsets[rows + 1])
    owner = np.repeat(rows, np.diff(offsets))
    lacked = space.marks[goal, OWN] < MET
    goal, owner = goal[lacked], owner[lacked]
    bar = np.maximum(floor(space.marks[goal]), np.float32(MET))
    found = Coverage(
        goal,
        owner,
        bar,
        np.zeros(len(goal), dtype=np.int64),
        np.full(len(goal), -1, dtype=np.int64),
        np.full(len(goal), -1.0, dtype=np.float32),
        np.full((len(goal), FILLERS), -1, dtype=np.int64),
    )
    step = max(_CELLS // max(len(space.capabilities.vectors), 1), 1)
    for low in range(0, len(goal) if len(space.capabilities.vectors) else 0, step):
        _fill(found, slice(low, low + step), space, members, outsiders)
    return found


def best_capability(space: Space, goal: int, row: int) -> tuple[int, float]:
    """Which capability of the partner at `row` comes nearest to a goal, by its place among the partner's own, and its cosine."""
    cosines = space.capabilities.of(row).astype(np.float64) @ space.goals.vectors[goal].astype(np.float64)
    return int(cosines.argmax()), round(float(cosines.max()), 6)


def _fill(found: Coverage, part: slice, space: Space, members: Bools, outsiders: Bools) -> None:
    cosines = (
        space.goals.vectors[found.goal[part]] @ np.asarray(space.capabilities.vectors).T
    )  # of what was changed too
    best = segment_max(cosines, space.capabilities.offsets, empty=-1.0, axis=1).round(6)
    here = np.arange(len(best))
    best[here, found.owner[part]] = -1.0
    met = best >= found.bar[part, None]
    found.providers[part] = (met & members).sum(axis=1)
    inside = np.where(members, best, np.float32(-1.0))
    found.nearest[part] = inside.argmax(axis=1)
    found.cosine[part] = inside[here, found.nearest[part]]
    found.nearest[part][found.cosine[part] <= -1.0] = -1
    few = np.flatnonzero(found.providers[part] <= 1)
    beyond = np.where(met[few] & outsiders, best[few], np.float32(-1.0))
    kept = np.argpartition(-beyond, min(FILLERS, beyond.shape[1]) - 1, axis=1)[:, :FILLERS]
    near = np.take_along_axis(beyond, kept, axis=1)
    order = np.lexsort((kept, -near), axis=1)
    kept, near = np.take_along_axis(kept, order, axis=1), np.take_along_axis(near, order, axis=1)
    found.outside[part.start + few, : kept.shape[1]] = np.where(near > -1.0, kept, -1)
