"""Goals of partners that state none: what their category peers typically want.

They are never read out of the text that gives the capabilities, since gain would then be zero by construction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import Ints, Items, LabelSets, offsets_of, unit

PEERS = 3
"""Fewer peers with stated goals than this are not a type."""
TYPICAL = 4
"""Goals taken over from the peers."""


def peer_goals(goals: Items, categories: LabelSets, distinct: Ints) -> tuple[Items, Ints, NDArray[np.bool_]]:
    """Fill the goals of partners without any from peers that share their rarest category.

    Returns the goals, (g,) int64 which of the stated goals each of them is, and (n,) bool, true where they were taken from
    peers. Typical are the goals nearest to the mean of all goals of that category. A partner whose categories have fewer than
    `PEERS` partners with goals stays without.
    """
    typical = _typical(goals, categories, distinct[goals.counts()[distinct] > 0])
    parts, inferred = [], np.zeros(len(goals), dtype=bool)
    for row in range(len(goals)):
        mine = np.arange(goals.offsets[row], goals.offsets[row + 1])
        known = [int(code) for code in categories.of(row) if int(code) in typical] if not len(mine) else []
        if known:
            mine = typical[max(known, key=lambda code: (categories.weights[code], -code))]
            inferred[row] = True
        parts.append(mine)
    source = np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)
    offsets = offsets_of(parts)
    return Items(goals.vectors[source], offsets), source, inferred


def borrowed(goals: Items, categories: LabelSets, codes: NDArray[np.int32], rows: Ints) -> Ints:
    """Which of the `goals` a partner of these category `codes` takes over; rows: the partners whose stated goals count."""
    peers = rows[categories.shared(codes, rows) > 0.0]
    typical = _typical(goals, categories, peers)
    known = [int(code) for code in codes if int(code) in typical]
    if not known:
        return np.zeros(0, dtype=np.int64)
    return typical[max(known, key=lambda code: (categories.weights[code], -code))]


def _typical(goals: Items, categories: LabelSets, rows: Ints) -> dict[int, Ints]:
    """Category code -> at most TYPICAL goal numbers nearest to the category's mean goal."""
    members: dict[int, list[int]] = {}
    for row in rows:
        for code in categories.of(int(row)):
            members.setdefault(int(code), []).append(int(row))
    typical = {}
    for code, peers in members.items():
        if len(peers) >= PEERS:
            numbers = np.concatenate([np.arange(goals.offsets[row], goals.offsets[row + 1]) for row in peers])
            vectors = goals.vectors[numbers]
            nearness = vectors @ unit(vectors.mean(axis=0))
            typical[code] = numbers[np.argsort(-nearness, kind="stable")[:TYPICAL]]
    return typical
