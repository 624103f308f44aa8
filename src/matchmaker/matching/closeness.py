"""How the texts of two partners stand to one another, as cosines: what reasons, courses and motions are told from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import Ints, Items, segment_max
from matchmaker.matching.space import Side, Space

Cosines = NDArray[np.float32]


class Closeness(NamedTuple):
    """One direction of a pair: a receiver with g goals, and a giver with c capabilities.

    met: (g, c) each goal to each capability; into: (g,) each goal to the giver's audience; marks: (g, 4) of the goals (gain.py);
    own: (c,) each capability to the nearest one of the receiver's own, 0 without any; suits: (c,) each capability to the
    receiver's audience; heard: whether the receiver has an audience text at all.
    """

    met: Cosines
    into: Cosines
    marks: Cosines
    own: Cosines
    suits: Cosines
    heard: bool


@dataclass(frozen=True)
class Texts:
    """The vectors of k partners' texts: headings (k, d), capabilities, and goals with the marks (g, 4) of all of them."""

    headings: NDArray[np.float32]
    capabilities: Items
    goals: Items
    marks: NDArray[np.float32]

    @classmethod
    def of(cls, space: Space, rows: Ints) -> Texts:
        """Those of the partners at `rows`."""
        return cls(space.heading[rows], space.capabilities.take(rows), space.goals.take(rows), space.goal_marks(rows))


def closeness(side: Side, others: Texts) -> Iterator[tuple[Closeness, Closeness]]:
    """For each of the others: what it is to the side, and what the side is to it."""
    mine, theirs = side.capabilities.vectors, others.capabilities
    between = mine @ theirs.vectors.T
    met, into, suits = (
        side.goals.vectors @ theirs.vectors.T,
        side.goals.vectors @ others.headings.T,
        theirs.vectors @ side.heading,
    )
    met_back, into_back = others.goals.vectors @ mine.T, others.goals.vectors @ side.heading
    suits_back = others.headings @ mine.T
    own = between.max(axis=0) if len(mine) else np.zeros(len(theirs.vectors), dtype=np.float32)
    own_back = segment_max(between.T, theirs.offsets, empty=0.0)
    heard = np.any(others.headings != 0.0, axis=1)
    hears = bool(side.heading.any())
    for number in range(len(others.headings)):
        offers = slice(theirs.offsets[number], theirs.offsets[number + 1])
        goals = slice(others.goals.offsets[number], others.goals.offsets[number + 1])
        yield (
            Closeness(met[:, offers], into[:, number], side.marks, own[offers], suits[offers], hears),
            Closeness(
                met_back[goals],
                into_back[goals],
                others.marks[goals],
                own_back[number],
                suits_back[number],
                bool(heard[number]),
            ),
        )
