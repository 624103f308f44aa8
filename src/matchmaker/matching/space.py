"""The space in which partners are compared: every array that the formulas read, row r being partner `ids[r]`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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
        regions = self.labels["regions"]
        return regions.shared(regions.encode([GLOBAL]), np.arange(len(self))) > 0

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
            terms=self.lexical.row(row),
            labels={kind: sets.of(row) for kind, sets in self.labels.items()},
            size=float(self.size[row]),
            completeness=float(self.completeness[row]),
            scales=self.scales.take(row) if asking else NO_SCALES,
        )
