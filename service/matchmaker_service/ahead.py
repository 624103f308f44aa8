"""Lists made ahead, as long as nothing that was written since the build could change them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.ahead import contenders, would_enter
from matchmaker.engine import relevance
from matchmaker.fitted import Fitted
from matchmaker.registry.lists import Lists, Made, read

_MOST = 5_000
"""Changed partners with which lists made ahead are still used; with more, a build is due anyway."""


_MARGIN = 1e-6
"""For rounding."""


class Ahead:
    """The lists of one bundle version and which of them still hold. Not for several threads at once, but `made`.

    A list holds until its partner is written, one of its relations is, a partner that is in it changes or goes, or one comes that
    would enter it. That is nearly exact: docs/http.md tells what is overlooked until the next build, and how often.
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
            self.drop()
            return
        stale = self._stale.copy()
        gone = np.zeros(self._count, dtype=bool) if fitted.gone is None else fitted.gone[: self._count]
        for row in np.flatnonzero(self._gone != gone).tolist():
            stale[row] = True
            stale |= (self._lists.listed == row).any(axis=1)
        changed = [key for key, one in placed.items() if self._seen.get(key) is not one]
        back = np.flatnonzero(self._gone & ~gone).tolist()
        for row in (*(fitted.rows[key] for key in changed if key in fitted.rows), *back):
            self._come(stale, fitted, row)
        related = [fitted.rows[key] for key in ends - self._related if key in fitted.rows]
        stale[[row for row in related if row < self._count]] = True
        self._stale, self._gone, self._seen, self._related = stale, gone.copy(), dict(placed), set(ends)

    def drop(self) -> None:
        """Have none from now on."""
        self._lists = None

    def made(self, row: int | None) -> Made | None:
        """The list of the partner in a row where it still holds."""
        lists = self._lists
        if lists is None or row is None or row >= self._count or self._stale[row]:
            return None
        return lists.made(row)

    def _come(self, stale: NDArray[np.bool_], fitted: Fitted, row: int) -> None:
        """Lists that the partner in a row would enter, by all that is known of how they came about."""
        assert self._lists is not None  # noqa: S101 - checked by follow
        rows, nats, rivals = contenders(fitted, row)
        built = rows < self._count
        reached = rows[built]
        share = relevance(nats[built], rivals[built]) / np.maximum(self._lists.best[reached], 1e-9)
        close = share >= self._lists.least[reached] - _MARGIN
        reached, share = reached[close], share[close]
        if not len(reached):
            return
        topic = fitted.space.topic
        listed = self._lists.listed[reached]
        near = np.einsum("mkd,d->mk", topic[listed.ravel()].reshape(*listed.shape, -1), topic[np.array([row])][0])
        stale[reached[would_enter(share, near, self._lists.steps[reached])]] = True
