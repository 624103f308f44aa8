"""The union of several channels: each brings its own, every candidate remembers who found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ChannelResult:
    """What one channel found: row ids, best first."""

    name: str
    ids: NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """ids: (m,) int64 ascending; found_by: (m,) int64 bit mask over `channels`."""

    ids: NDArray[np.int64]
    found_by: NDArray[np.int64]
    channels: tuple[str, ...]

    def tag(self, row: int) -> tuple[str, ...]:
        """Names of the channels that found one of the candidates."""
        return self.tag_at(int(np.searchsorted(self.ids, row)))

    def tag_at(self, position: int) -> tuple[str, ...]:
        """Names of the channels that found the candidate at a position of `ids`."""
        mask = int(self.found_by[position])
        return tuple(name for bit, name in enumerate(self.channels) if mask >> bit & 1)

    def tags(self) -> dict[int, tuple[str, ...]]:
        """Row id -> names of the channels that found it."""
        return {int(row): self.tag(int(row)) for row in self.ids}


def union(found: Sequence[ChannelResult]) -> Candidates:
    """All candidates once, in ascending order of row, whatever the order of the channels' answers."""
    ids = np.unique(np.concatenate([channel.ids for channel in found])) if found else np.zeros(0, dtype=np.int64)
    mask = np.zeros(len(ids), dtype=np.int64)
    for bit, channel in enumerate(found):
        mask[np.searchsorted(ids, channel.ids)] |= 1 << bit
    return Candidates(ids, mask, tuple(channel.name for channel in found))
