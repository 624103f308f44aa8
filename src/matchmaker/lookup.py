"""From a key, such as a name in lower case, to the row that bears it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lookup:
    """first: the first row of each key; further: the other rows of the keys that several bear."""

    first: dict[str, int]
    further: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Iterable[str]) -> Lookup:
        """Of the key of each row."""
        found = cls({})
        for row, key in enumerate(keys):
            if found.first.setdefault(key, row) != row:
                found.further.setdefault(key, []).append(row)
        return found

    def mended(self, gone: NDArray[np.bool_], lost: Iterable[str], late: Sequence[str]) -> dict[str, int]:
        """The first standing row of each key, m rows of the keys `late` following; costs a copy of `first`.

        gone: (n + m,) bool, rows that do not stand; lost: their keys.
        """
        first = dict(self.first)
        for key in lost:
            if key in first and gone[first[key]]:
                del first[key]
                heir = next((row for row in self.further.get(key, ()) if not gone[row]), None)
                if heir is not None:
                    first[key] = heir
        start = len(gone) - len(late)
        for row, key in enumerate(late, start):
            first.setdefault(key, row)
        return first
