"""What a version learned, on the ecosystem as it stands: partners that came after the training are newcomers without a history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.matching.learned import texts
from matchmaker.matching.learned.history import Floats
from matchmaker.matching.learned.model import Judged, Learned
from matchmaker.matching.ragged import Ints
from matchmaker.matching.scorer import score
from matchmaker.matching.space import NEIGHBOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from matchmaker.config import Config
    from matchmaker.fitted import Fitted
    from matchmaker.matching.space import Side, Space


@dataclass(frozen=True)
class Taught:
    """learned: with the newcomers behind those it was learned from; place: (n,) the row that each partner has there; space: what it
    may be told of the ecosystem.
    """

    learned: Learned
    place: Ints
    space: Space
    config: Config

    @classmethod
    def of(cls, fitted: Fitted) -> Taught | None:
        """None where nothing was learned."""
        learned = fitted.learned
        if learned is None:
            return None
        built = fitted if fitted.built is None else fitted.built
        known = len(built.space)
        late = np.arange(known, len(fitted.space))
        before = [built.rows.get(fitted.space.ids[row], -1) for row in late.tolist()]
        place = np.concatenate((np.arange(known), np.array(before, dtype=np.int64)))
        new = late[place[late] < 0]
        place[new] = known + np.arange(len(new))
        grown = learned.followed_by(fitted.space, new) if len(new) else learned
        return cls(grown, place, learned.model.told(fitted.space), fitted.config)

    def judge(self, side: Side, rows: Ints, popularity_weight: float = 0.5) -> Judged:
        """A side with the partners at `rows` (k,)."""
        learned, asking = self._asking(side)
        nobody = np.zeros(len(rows), dtype=bool)
        scored = score(self.space, self.config, self._told(side), rows, nobody)
        asks = np.full(len(rows), asking, dtype=np.int64)
        return learned.judge(texts.of_scored(scored), asks, self.place[rows], popularity_weight)

    def judge_pairs(self, a: Ints, b: Ints, popularity_weight: float = 0.5) -> Judged:
        """Pairs (a, b) of stored partners, (k,) rows each."""
        return self.learned.judge(self._said(a, b), self.place[a], self.place[b], popularity_weight)

    def candidates(self, side: Side, allowed: NDArray[np.bool_], quota: int) -> Ints:
        """Rows of the `quota` partners that history alone speaks for most, whatever the texts say."""
        learned, asking = self._asking(side)
        rows = np.flatnonzero(allowed)
        order = learned.silent(np.full(len(rows), asking, dtype=np.int64), self.place[rows])
        if len(rows) > quota:
            best = np.argpartition(-order, quota - 1)[:quota]
            rows, order = rows[best], order[best]
        return rows[np.lexsort((rows, -order))]

    @cached_property
    def _said(self) -> Callable[[Ints, Ints], Floats]:
        return texts.teller(self.space, self.config)

    def _asking(self, side: Side) -> tuple[Learned, int]:
        if side.row is not None:
            return self.learned, int(self.place[side.row])
        return self.learned.with_side(side), self.learned.count

    def _told(self, side: Side) -> Side:
        """The side without labels that the space was not told of."""
        if len(self.space.labels[NEIGHBOURS].codes) or not len(side.labels[NEIGHBOURS]):
            return side
        return replace(side, labels={**side.labels, NEIGHBOURS: side.labels[NEIGHBOURS][:0]})
