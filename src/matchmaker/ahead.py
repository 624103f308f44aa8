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
from matchmaker.engine import Matchmaker
from matchmaker.matching.scorer import score
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
_engine: Matchmaker | None = None
"""The engine of a worker process, opened once."""


def make_lists(folder: Path, *, processes: int = 2, progress: Progress | None = None) -> Path:
    """Make the lists of the current version under `folder`, or of a version; the file that holds them.

    A list is the one of `recommend` with its defaults and without explanations. Raises BundleError, StorageError.
    """
    version = open_bundle(folder).folder
    count = len(Matchmaker.load(version, background_check=False).fitted.space)
    return write(version, _all_made(version, count, processes, progress))


def made(engine: Matchmaker, row: int) -> Made:
    """The list of the partner in a row."""
    fitted = engine.fitted
    found = engine.recommend(fitted.space.ids[row], LENGTH, explain=False)
    listed = [fitted.rows[match.partner] for match in found.matches]
    nats = nats_between(fitted, row, np.array(listed, dtype=np.int64))
    # Whoever comes later is listed where it beats the weakest one, and anyhow where the list is not full.
    floor = float(nats.min()) if len(listed) == LENGTH else -math.inf
    matches = [dict(vars(match)) for match in found.matches]
    return Made(listed, floor, found.considered, found.settings, found.notes, matches)


@single_threaded
def contenders(fitted: Fitted, row: int) -> tuple[Ints, NDArray[np.float64]]:
    """Rows (m,) that the partner in a row finds by its own search, and the reciprocal evidence (m,) of these pairs in nats."""
    allowed = fitted.standing.copy()
    allowed[row] = False
    if np.count_nonzero(allowed) <= fitted.config.exhaustive_below:
        rows = np.flatnonzero(allowed)
    else:
        side = fitted.space.side(row)
        rows = candidates(fitted.space, fitted.indexes, side, allowed, fitted.config.channel_quota).ids
    return rows, nats_between(fitted, row, rows)


def nats_between(fitted: Fitted, row: int, rows: Ints) -> NDArray[np.float64]:
    """Reciprocal evidence (m,) in nats of the pairs of a row with `rows` (m,)."""
    rivals = fitted.rivals(fitted.relations.of(row), rows)
    return score(fitted.space, fitted.config, fitted.space.side(row), rows, rivals).nats


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
    _engine = Matchmaker.load(version, background_check=False)


def _part(rows: range) -> list[Made]:
    assert _engine is not None  # noqa: S101 - _open ran first
    return [made(_engine, row) for row in rows]
