"""Making every partner's default list ahead, in several processes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.channels import candidates
from matchmaker.engine import POOL, RIVAL_DISCOUNT, Matchmaker
from matchmaker.matching.diversity import FLOOR
from matchmaker.matching.fit_type import COMPETITOR
from matchmaker.matching.scorer import Scored, score
from matchmaker.progress import Silent
from matchmaker.registry.bundle import open_bundle
from matchmaker.registry.lists import LENGTH, Made, write
from matchmaker.threads import single_threaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from matchmaker.fitted import Fitted
    from matchmaker.matching.ragged import Ints
    from matchmaker.progress import Progress

_PART = 64
_engine: Noting | None = None
"""The engine of a worker process, opened once."""


def make_lists(folder: Path, *, processes: int = 2, progress: Progress | None = None) -> Path:
    """Make the lists of the current version under `folder`, or of a version; the file that holds them.

    A list is the one of `recommend` with its defaults and without explanations. Raises BundleError, StorageError.
    """
    version = open_bundle(folder).folder
    count = len(Matchmaker.load(version, background_check=False).fitted.space)
    return write(version, _all_made(version, count, processes, progress))


class Noting(Matchmaker):
    """An engine that remembers what competed for its last list."""

    competed: tuple[Scored, NDArray[np.float64]]

    def _list(
        self, scored: Scored, nats: NDArray[np.float64], k: int, diversity: float, keep: NDArray[np.bool_]
    ) -> list[int]:
        self.competed = scored, nats
        return super()._list(scored, nats, k, diversity, keep)


def made(engine: Noting, row: int) -> Made:
    """The list of the partner in a row."""
    fitted = engine.fitted
    found = engine.recommend(fitted.space.ids[row], LENGTH, explain=False)
    return Made(
        listed=[fitted.rows[match.partner] for match in found.matches],
        floors=floors(*engine.competed),
        considered=found.considered,
        settings=found.settings,
        notes=found.notes,
        matches=[dict(vars(match)) for match in found.matches],
    )


def floors(scored: Scored, nats: NDArray[np.float64]) -> tuple[float, float]:
    """Reciprocal evidence in nats below which a partner would not even compete for the list: complements, then rivals.

    As `Matchmaker._list` and `diversified` have it: it must be among the `POOL` best of its kind, and above `FLOOR` of the best
    unless there are fewer than a list of them.
    """
    rival = scored.fit_type == COMPETITOR
    free, rivals = -np.sort(-nats[~rival]), -np.sort(-nats[rival])
    if len(free) < LENGTH:
        return -math.inf, -math.inf
    best = max(float(free[0]), RIVAL_DISCOUNT * float(rivals[0]) if len(rivals) else 0.0, 0.0)
    least = min(FLOOR * best, float(free[LENGTH - 1]))
    last = [float(group[POOL - 1]) if len(group) >= POOL else -math.inf for group in (free, rivals)]
    return max(least, last[0]), max(least, last[1])


@single_threaded
def contenders(fitted: Fitted, row: int) -> tuple[Ints, NDArray[np.float64], NDArray[np.bool_]]:
    """Rows (m,) that the partner in a row finds by its own search, the reciprocal evidence (m,) of these pairs in nats, and whether
    they are rivals.
    """
    allowed = fitted.standing.copy()
    allowed[row] = False
    side = fitted.space.side(row)
    if np.count_nonzero(allowed) <= fitted.config.exhaustive_below:
        rows = np.flatnonzero(allowed)
    else:
        rows = candidates(fitted.space, fitted.indexes, side, allowed, fitted.config.channel_quota).ids
    scored = score(fitted.space, fitted.config, side, rows, fitted.rivals(fitted.relations.of(row), rows))
    return rows, scored.nats, scored.fit_type == COMPETITOR


def _all_made(version: Path, count: int, processes: int, progress: Progress | None) -> Iterator[Made]:
    parts = [range(low, min(low + _PART, count)) for low in range(0, count, _PART)]
    shown = progress or Silent()
    shown.start("lists", count)
    with ProcessPoolExecutor(processes, get_context("spawn"), _open, (version,)) as pool:
        for several in pool.map(_part, parts):
            yield from several
            shown.advance(len(several))
    shown.done()


def _open(version: Path) -> None:
    global _engine
    _engine = Noting.load(version, background_check=False)


def _part(rows: range) -> list[Made]:
    assert _engine is not None  # noqa: S101 - _open ran first
    return [made(_engine, row) for row in rows]
