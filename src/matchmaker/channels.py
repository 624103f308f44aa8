"""Where candidates come from: several channels, each with a quota, each candidate tagged with the channels that found it.

audience    audiences stated alike                        capabilities  what they offer meets the partner's goals
topic       whole profiles alike                          goals         what they want meets the partner's capabilities
lexical     the same specific words                       neighbours    partners of its partners
small       the nearest of the smaller half by size: fame is never the entrance
history     whom history alone speaks for, where some was learned
examples    whole profiles like those that the partner names as examples, where it does
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import Ints, Items
from matchmaker.matching.space import Side, Space
from matchmaker.retrieval.build import build_index, load_index
from matchmaker.retrieval.candidates import Candidates, ChannelResult, union
from matchmaker.retrieval.exact import top
from matchmaker.retrieval.followed import FollowedIndex
from matchmaker.retrieval.items import ItemIndex

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.progress import Progress
    from matchmaker.retrieval.build import Index

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Indexes:
    """The searchable facets of a space."""

    audience: Index
    topic: Index
    capabilities: ItemIndex
    goals: ItemIndex

    @classmethod
    def build(cls, space: Space, config: Config, progress: Progress | None = None) -> Indexes:
        """Index the facets of `space`: exact below `config.exact_below` vectors, else approximate with measured recall."""

        def index(vectors: NDArray[np.float32]) -> Index:
            return build_index(vectors, exact_below=config.exact_below, rng=0, progress=progress)

        return cls(
            audience=index(space.audience),
            topic=index(space.topic),
            capabilities=ItemIndex(index(space.capabilities.vectors), space.capabilities.offsets),
            goals=ItemIndex(index(space.goals.vectors), space.goals.offsets),
        )

    @classmethod
    def load(cls, space: Space, folder: Path, facts: dict[str, Any]) -> Indexes:
        """The indexes of a bundle; exact ones need no file."""

        def index(name: str, vectors: NDArray[np.float32]) -> Index:
            return load_index(folder / f"index_{name}.faiss", vectors, facts[name])

        return cls(
            audience=index("audience", space.audience),
            topic=index("topic", space.topic),
            capabilities=ItemIndex(index("capabilities", space.capabilities.vectors), space.capabilities.offsets),
            goals=ItemIndex(index("goals", space.goals.vectors), space.goals.offsets),
        )

    def followed_by(self, space: Space) -> Indexes:
        """These indexes over the first rows of `space`, all further rows of it compared one by one."""

        def items(index: ItemIndex, held: Items) -> ItemIndex:
            return ItemIndex(FollowedIndex(index.index, held.vectors[index.size :]), held.offsets)

        return Indexes(
            audience=FollowedIndex(self.audience, space.audience[self.audience.size :]),
            topic=FollowedIndex(self.topic, space.topic[self.topic.size :]),
            capabilities=items(self.capabilities, space.capabilities),
            goals=items(self.goals, space.goals),
        )

    def each(self) -> dict[str, Index]:
        """All indexes by name."""
        return {
            "audience": self.audience,
            "topic": self.topic,
            "capabilities": self.capabilities.index,
            "goals": self.goals.index,
        }


def candidates(
    space: Space,
    indexes: Indexes,
    side: Side,
    allowed: Mask,
    quota: int,
    examples: Ints | None = None,
    learned: Ints | None = None,
) -> Candidates:
    """Candidates of `side` among the `allowed` (n,) partners, at most `quota` from each channel; examples: rows it likes; learned:
    rows that history speaks for, which whoever knows it hands down.
    """
    near = _nearest(indexes.topic, side.topic, 4 * quota, allowed)
    found = [
        ChannelResult("audience", _audience(indexes, side, quota, allowed)),
        ChannelResult("topic", near[:quota]),
        ChannelResult("lexical", _ids(space.lexical.search(side.terms, quota, allowed)[1])),
        ChannelResult("capabilities", _items(indexes.capabilities, side.goals.vectors, quota, allowed)),
        ChannelResult("goals", _items(indexes.goals, side.capabilities.vectors, quota, allowed)),
        ChannelResult("neighbours", neighbours(space, side, quota, allowed)),
        ChannelResult("small", small(space, near, quota)),
    ]
    if learned is not None:
        found.append(ChannelResult("history", learned))
    if examples is not None and len(examples):
        found.append(ChannelResult("examples", _examples(indexes, space.topic[examples], quota, allowed)))
    return union(found)


def _audience(indexes: Indexes, side: Side, quota: int, allowed: Mask) -> Ints:
    """An audience that was inferred says no more than the whole profile, which is searched as `topic`."""
    if not side.states_audience:
        return np.zeros(0, dtype=np.int64)
    return _nearest(indexes.audience, side.audience, quota, allowed)


def _nearest(index: Index, query: NDArray[np.float32], k: int, allowed: Mask) -> Ints:
    if not query.any():
        return np.zeros(0, dtype=np.int64)
    return _ids(index.search(query[None, :], k, allowed=allowed, rough=True)[1][0])


def _examples(indexes: Indexes, profiles: NDArray[np.float32], quota: int, allowed: Mask) -> Ints:
    """The likes of each example in turn, so that no single one takes the whole quota."""
    each = each_of(quota, len(profiles))
    turns = itertools.zip_longest(*(_nearest(indexes.topic, one, each, allowed).tolist() for one in profiles))
    found = dict.fromkeys(row for turn in turns for row in turn if row is not None)
    return np.array(list(found), dtype=np.int64)[:quota]


def small(space: Space, near: Ints, quota: int) -> Ints:
    """Of the nearest profiles behind the first `quota`, which are `topic`, those of the smaller half by size."""
    further = near[quota:]
    return further[space.size[further] < 0.5][: quota // 2]


def each_of(quota: int, queries: int) -> int:
    """How many partners each of several query vectors brings, so that all of them together fill the quota."""
    return max(-(-quota // queries), 8)


def _items(index: ItemIndex, queries: NDArray[np.float32], quota: int, allowed: Mask) -> Ints:
    """The best partners of each query vector in turn, round robin, so that no single goal takes the whole quota."""
    if not len(queries) or not index.size:
        return np.zeros(0, dtype=np.int64)
    each = each_of(quota, len(queries))
    turns = index.search_items(queries, each, allowed=allowed, rough=True)[1].T.ravel()
    return _ids(np.array(list(dict.fromkeys(turns.tolist())), dtype=np.int64))[:quota]


def neighbours(space: Space, side: Side, quota: int, allowed: Mask) -> Ints:
    """Partners that share the rarest connections (resource allocation: Zhou, Lü and Zhang 2009, Eur. Phys. J. B 71)."""
    mine = side.labels["neighbours"]
    if not len(mine):
        return np.zeros(0, dtype=np.int64)
    rows, common = space.labels["neighbours"].sharing(mine)
    eligible = allowed[rows]
    return top(common[eligible].astype(np.float32), rows[eligible], quota)[1]


def _ids(ids: NDArray[np.integer]) -> Ints:
    return ids[ids >= 0].astype(np.int64)
