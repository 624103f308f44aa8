"""The space in which partners are compared: every array that the formulas read, row r being partner `ids[r]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.joined import joined
from matchmaker.matching.ragged import Ints, Items, LabelSets, ranges
from matchmaker.matching.scales import KNOTS, Scales

if TYPE_CHECKING:
    from matchmaker.audience.overlap import AccountSets
    from matchmaker.retrieval.lexical import LexicalIndex

GLOBAL = "global"
"""The region of a partner that serves every region."""
NEIGHBOURS = "neighbours"
"""The labels that are ids or names of the partners that one is connected to."""
LABEL_KINDS = ("categories", "industries", "regions", "company_sizes", NEIGHBOURS, "auth", "formats", "objects")

_WIDE = ("audience", "heading", "topic", "summary", "pooled")
_NARROW = ("size", "completeness", "states_audience", "inferred_goals")

NO_SCALES = Scales(np.zeros((0, KNOTS), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Side:
    """One partner as the asking side of a pair; it may stand in the catalogue (`row`) or not (`row` None).

    audience, topic: (k,) float32 whitened unit vectors; heading, summary: (d,) float32, audience and summary unwhitened;
    capabilities, goals: Items of one partner; marks: (g, 4) float32 (gain.py);
    pooled: (d,) float32 unit mean of the capability vectors; terms: (term indices, weights) of the whole-profile text.
    """

    row: int | None
    audience: NDArray[np.float32]
    heading: NDArray[np.float32]
    topic: NDArray[np.float32]
    summary: NDArray[np.float32]
    capabilities: Items
    goals: Items
    marks: NDArray[np.float32]
    pooled: NDArray[np.float32]
    states_audience: bool
    inferred_goals: bool
    terms: tuple[NDArray[np.integer], NDArray[np.float32]]
    labels: dict[str, NDArray[np.int32]]
    size: float
    completeness: float
    scales: Scales = NO_SCALES


@dataclass(frozen=True)
class Space:
    """All partners of one ecosystem, ready for the formulas. Arrays as in `Side`, one row a partner.

    heading: (n, d) float32 unit, the audience text in the encoder's own space, where goals can be compared with it.
    size: (n,) float32 percentile of the partner's size in [0, 1], NaN when unknown.
    completeness: (n,) float32 share of the profile that is stated, in [0, 1].
    states_audience: (n,) bool, false where the audience was inferred or is unknown.
    inferred_goals: (n,) bool, goals taken from category peers. distinct: rows of one partner of each content, in an
    order that no order of rows changes; reference: the first of them, the fixed sample behind `scales`.
    """

    ids: tuple[str, ...]
    audience: NDArray[np.float32]
    heading: NDArray[np.float32]
    topic: NDArray[np.float32]
    summary: NDArray[np.float32]
    capabilities: Items
    goals: Items
    marks: NDArray[np.float32]
    pooled: NDArray[np.float32]
    lexical: LexicalIndex
    labels: dict[str, LabelSets]
    size: NDArray[np.float32]
    completeness: NDArray[np.float32]
    states_audience: NDArray[np.bool_]
    inferred_goals: NDArray[np.bool_]
    accounts: AccountSets | None
    distinct: NDArray[np.int64]
    reference: NDArray[np.int64]
    scales: Scales = NO_SCALES

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.ids)

    @cached_property
    def everywhere(self) -> NDArray[np.bool_]:
        """(n,) bool, the partners that serve every region."""
        regions, found = self.labels["regions"], np.zeros(len(self), dtype=bool)
        found[regions.sharing(regions.encode([GLOBAL]))[0]] = True
        return found

    def followed_by(self, sides: Sequence[Side], ids: Sequence[str], accounts: Sequence[int | None]) -> Space:
        """The same space with `sides` as further partners; long arrays are read where they stand, short ones copied.

        accounts: for each side the row whose accounts are its own, None without any. What the build fitted stays as it is.
        """

        def rows(name: str) -> NDArray[Any]:
            built = getattr(self, name)
            return np.array([getattr(side, name) for side in sides], dtype=built.dtype).reshape(-1, *built.shape[1:])

        wide = {name: joined(getattr(self, name), rows(name)) for name in _WIDE}
        narrow = {name: np.concatenate((getattr(self, name), rows(name))) for name in _NARROW}
        return replace(
            self,
            ids=(*self.ids, *ids),
            **wide,
            **narrow,
            capabilities=self.capabilities.followed_by([side.capabilities for side in sides]),
            goals=self.goals.followed_by([side.goals for side in sides]),
            marks=joined(self.marks, np.concatenate([self.marks[:0], *(side.marks for side in sides)])),
            lexical=self.lexical.followed_by([side.terms for side in sides]),
            labels={
                kind: sets.followed_by([side.labels[kind] for side in sides]) for kind, sets in self.labels.items()
            },
            accounts=self.accounts.followed_by(accounts) if self.accounts else None,
            scales=self.scales.followed_by([side.scales for side in sides]),
        )

    def goal_marks(self, rows: Ints) -> NDArray[np.float32]:
        """The marks of the goals of some partners (gain.py), (g, 4), in the order of `goals.take(rows)`."""
        flat, _ = ranges(self.goals.offsets[rows], self.goals.offsets[rows + 1])
        return self.marks[flat]

    def side(self, row: int, *, asking: bool = True) -> Side:
        """A stored partner as one side of a pair; only the asking side needs its percentile scales."""
        low, high = self.goals.offsets[row], self.goals.offsets[row + 1]
        return Side(
            row=row,
            audience=self.audience[row],
            heading=self.heading[row],
            topic=self.topic[row],
            summary=self.summary[row],
            capabilities=self.capabilities.one(row),
            goals=self.goals.one(row),
            marks=self.marks[low:high],
            pooled=self.pooled[row],
            states_audience=bool(self.states_audience[row]),
            inferred_goals=bool(self.inferred_goals[row]),
            terms=self.lexical.row(row),
            labels={kind: sets.of(row) for kind, sets in self.labels.items()},
            size=float(self.size[row]),
            completeness=float(self.completeness[row]),
            scales=self.scales.take(row) if asking else NO_SCALES,
        )
