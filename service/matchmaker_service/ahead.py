"""Lists made ahead, as long as nothing that was written since the build could change them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.ahead import contenders
from matchmaker.fitted import Fitted
from matchmaker.registry.lists import Lists, Made, read

_MOST = 5_000
"""Changed partners with which lists made ahead are still used; with more, a build is due anyway."""


class Ahead:
    """The lists of one bundle version and which of them still hold. Not for several threads at once, but `made`.

    A list holds until its partner or one that it names is changed or deleted, one of their relations is written, or a partner comes
    that would be in it: one that the newcomer's own search reaches, and whose pair beats the weakest of the list. So a newcomer
    that only the other side's search would find is missed until the next build; docs/http.md tells how rare that is.
    """

    def __init__(self, version: Path, built: Fitted) -> None:
        self._lists: Lists | None = read(version, len(built.space))
        self._stale: NDArray[np.bool_] = np.zeros(len(built.space), dtype=bool)
        self._count = len(built.space)
        self._seen: dict[str, Any] = {}
        self._related: set[str] = set()
        self._gone: NDArray[np.bool_] = np.zeros(len(built.space), dtype=bool)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._lists is not None

    def follow(self, fitted: Fitted, placed: Mapping[str, Any], ends: set[str]) -> None:
        """Find out which lists no longer hold in `fitted`.

        placed: what stands behind the build, by id; ends: partners of written relations.
        """
        if self._lists is None:
            return
        if len(placed) > _MOST:
            self._lists = None
            return
        stale = self._stale.copy()
        gone = np.zeros(self._count, dtype=bool) if fitted.gone is None else fitted.gone[: self._count]
        self._leave(stale, np.flatnonzero(gone & ~self._gone))
        changed = [key for key, one in placed.items() if self._seen.get(key) is not one]
        fresh = [fitted.rows[key] for key in changed if key in fitted.rows]
        for row in (*fresh, *np.flatnonzero(self._gone & ~gone).tolist()):
            self._join(stale, fitted, row)
        related = [fitted.rows[key] for key in ends - self._related if key in fitted.rows]
        stale[[row for row in related if row < self._count]] = True
        self._stale, self._gone, self._seen, self._related = stale, gone.copy(), dict(placed), set(ends)

    def made(self, row: int | None) -> Made | None:
        """The list of the partner in a row where it still holds."""
        if self._lists is None or row is None or row >= self._count or self._stale[row]:
            return None
        return self._lists.made(row)

    def _leave(self, stale: NDArray[np.bool_], rows: NDArray[np.int64]) -> None:
        """Lists that name one of `rows`, and their own."""
        assert self._lists is not None  # noqa: S101 - checked by follow
        stale[rows] = True
        for row in rows.tolist():
            stale |= (self._lists.listed == row).any(axis=1)

    def _join(self, stale: NDArray[np.bool_], fitted: Fitted, row: int) -> None:
        """Lists that the partner in a row would be in."""
        assert self._lists is not None  # noqa: S101 - checked by follow
        rows, nats = contenders(fitted, row)
        built = rows < self._count
        reached = rows[built]
        stale[reached[nats[built] >= self._lists.floor[reached]]] = True
        if row < self._count:
            stale[row] = True
