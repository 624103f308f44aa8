"""Candidates of many partners at once: for each of them those that `channels.candidates` finds, by fewer and larger searches.

What one partner must not find, itself and those it has, is little of a catalogue; so all share one mask of the allowed, and
what is barred to one of them is struck out of what its own searches found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.channels import each_of, neighbours, small
from matchmaker.matching.ragged import Ints, ranges
from matchmaker.retrieval.approximate import ApproximateIndex
from matchmaker.retrieval.exact import DIGITS
from matchmaker.retrieval.items import FAN

if TYPE_CHECKING:
    from matchmaker.channels import Indexes, Mask
    from matchmaker.matching.space import Side, Space
    from matchmaker.retrieval.items import ItemIndex

_NONE = np.zeros(0, dtype=np.int64)


class Finder:
    """Finds candidates among the `allowed` (n,) partners of a space, at most `quota` from each channel."""

    def __init__(self, space: Space, indexes: Indexes, allowed: Mask, quota: int) -> None:
        self._space, self._indexes, self._quota = space, indexes, quota
        self._allowed = allowed.copy()
        self._able = all(isinstance(index, ApproximateIndex) for index in indexes.each().values())
        self._items = {
            name: _Items(index, self._allowed)
            for name, index in (("capabilities", indexes.capabilities), ("goals", indexes.goals))
        }

    @contextmanager
    def without(self, barred: Ints) -> Iterator[Mask]:
        """The mask of the allowed without some of them, for as long as this is entered."""
        self._allowed[barred] = False
        try:
            yield self._allowed
        finally:
            self._allowed[barred] = True

    def find(self, sides: Sequence[Side], barred: Sequence[Ints]) -> list[Ints | None]:
        """Rows for each side, ascending; barred: allowed ones that it must not find. None where a search of many does not answer as
        one alone would: there ask `channels.candidates`.
        """
        if not self._able or not sides:
            return [None] * len(sides)
        space, quota = self._space, self._quota
        found = _Found(len(sides), len(space))
        stated = [place for place, side in enumerate(sides) if side.states_audience and side.audience.any()]
        audiences = [sides[place].audience for place in stated]
        for place, rows in self._nearest("audience", stated, audiences, barred, quota):
            found.add(place, rows)
        profiled = [place for place, side in enumerate(sides) if side.topic.any()]
        profiles = [sides[place].topic for place in profiled]
        for place, rows in self._nearest("topic", profiled, profiles, barred, 4 * quota):
            found.add(place, None if rows is None else np.concatenate((rows[:quota], small(space, rows, quota))))
        self._met("capabilities", [side.goals.vectors for side in sides], barred, found)
        self._met("goals", [side.capabilities.vectors for side in sides], barred, found)
        for place, side in enumerate(sides):
            with self.without(barred[place]) as allowed:
                found.add(place, space.lexical.search(side.terms, quota, allowed)[1])
                found.add(place, neighbours(space, side, quota, allowed))
        return found.rows()

    def _nearest(
        self, name: str, owners: list[int], queries: list[NDArray[np.float32]], barred: Sequence[Ints], k: int
    ) -> Iterator[tuple[int, Ints | None]]:
        """The owner of each query and the k rows nearest to it, best first; None where they are not known."""
        index = self._indexes.each()[name]
        assert isinstance(index, ApproximateIndex)  # noqa: S101 - found by __init__
        if queries:
            near = index.search_each(np.stack(queries), k, self._allowed, [barred[owner] for owner in owners])
            for owner, one in zip(owners, near, strict=True):
                yield owner, None if one is None else one[1]

    def _met(self, name: str, wanted: list[NDArray[np.float32]], barred: Sequence[Ints], found: _Found) -> None:
        """The partners whose items come nearest to each side's query vectors in turn, round robin; noted in `found`."""
        counts = np.array([len(vectors) for vectors in wanted])
        if not counts.any() or not self._items[name].size:
            return
        each = np.array([each_of(self._quota, max(count, 1)) for count in counts.tolist()])
        for one in np.unique(each[counts > 0]).tolist():
            places = np.flatnonzero((each == one) & (counts > 0))
            owners = np.repeat(places, counts[places])
            queries = np.concatenate([wanted[place] for place in places])
            turns = np.concatenate([np.arange(counts[place]) for place in places])
            known, query, partner, rank = self._items[name].search_each(
                queries, one, [barred[owner] for owner in owners.tolist()]
            )
            for owner in owners[~known].tolist():
                found.add(owner, None)
            order = np.lexsort((turns[query], rank, owners[query]))
            found.add_in_turn(owners[query][order], partner[order], self._quota)


class _Found:
    """What the channels found, for each side."""

    def __init__(self, sides: int, partners: int) -> None:
        self._sides, self._partners = sides, partners
        self._keys: list[Ints] = [_NONE]
        self._lacking: set[int] = set()

    def add(self, side: int, rows: Ints | None) -> None:
        """Rows that a channel found for a side; None where they are not known."""
        if rows is None:
            self._lacking.add(side)
        else:
            self._keys.append(side * self._partners + rows)

    def add_in_turn(self, sides: Ints, rows: Ints, quota: int) -> None:
        """Rows found for `sides`, ascending, best first for each of them: the first `quota` different ones of each."""
        key = sides * self._partners + rows
        first = np.sort(np.unique(key, return_index=True)[1])
        begun = np.searchsorted(sides[first], np.arange(self._sides))
        self._keys.append(key[first[np.arange(len(first)) - begun[sides[first]] < quota]])

    def rows(self) -> list[Ints | None]:
        """All rows of each side once, ascending; None for those that are lacking."""
        keys = np.unique(np.concatenate(self._keys))
        ends = np.searchsorted(keys, np.arange(self._sides + 1) * self._partners)
        return [
            None if side in self._lacking else keys[ends[side] : ends[side + 1]] - side * self._partners
            for side in range(self._sides)
        ]


class _Items:
    """An index of items, some of whose partners are allowed."""

    def __init__(self, index: ItemIndex, allowed: Mask) -> None:
        self._index, self.size = index, index.size
        counts = np.diff(index.offsets)
        self._allowed = np.repeat(allowed, counts)
        self._owner = np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    def search_each(
        self, queries: NDArray[np.float32], k: int, barred: Sequence[Ints]
    ) -> tuple[NDArray[np.bool_], Ints, Ints, Ints]:
        """The k best partners of each query, as `ItemIndex.search_items`; barred: allowed partners that it must not find.

        Returns for which queries they are known, (q,), and for each that was found the place of its query, its row, and its rank.
        """
        offsets, inner = self._index.offsets, self._index.index
        assert isinstance(inner, ApproximateIndex)  # noqa: S101 - found by Finder
        wanted = min(FAN * k, self.size)
        struck = [ranges(offsets[rows], offsets[rows + 1])[0] for rows in barred]
        near = inner.search_each(queries, wanted, self._allowed, struck)
        lengths = np.array([0 if one is None else len(one[1]) for one in near])
        query = np.repeat(np.arange(len(near)), lengths)
        if not len(query):
            return np.array([one is not None for one in near]), _NONE, _NONE, _NONE
        scores = np.concatenate([one[0] for one in near if one is not None])
        partner = self._owner[np.concatenate([one[1] for one in near if one is not None])].astype(np.int64)
        # Items come best first: a partner's first is its best.
        first = np.sort(np.unique(query * (len(offsets) - 1) + partner, return_index=True)[1])
        order = first[np.lexsort((partner[first], -np.round(scores[first], DIGITS), query[first]))]
        query, partner = query[order], partner[order]
        begun = np.searchsorted(query, np.arange(len(near)))
        different = np.bincount(query, minlength=len(near))
        known = (different >= k) | (lengths < wanted) | (wanted == self.size)
        known &= np.array([one is not None for one in near])
        rank = np.arange(len(query)) - begun[query]
        kept = (rank < k) & known[query]
        return known, query[kept], partner[kept], rank[kept]
