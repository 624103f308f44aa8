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
from matchmaker.engine import DIVERSITY, Matchmaker, Ranked, relevance
from matchmaker.errors import SettingsError
from matchmaker.matching.diversity import FLOOR
from matchmaker.matching.fit_type import COMPETITOR
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
_ALL = 20_000
"""Partners that one newcomer is scored against: a tenth of a second. More would take too long after every write."""
_engine: Noting | None = None
"""The engine of a worker process, opened once."""


def make_lists(folder: Path, *, processes: int = 2, progress: Progress | None = None) -> Path:
    """Make the lists of the current version under `folder`, or of a version; the file that holds them.

    A list is the one of `recommend` with its defaults and without explanations. Raises BundleError, StorageError, and SettingsError
    for a version that has learned: whether a newcomer would enter its lists is not known from the pair alone.
    """
    bundle = open_bundle(folder)
    version = bundle.folder
    if bundle.manifest.get("learned") is not None:
        raise SettingsError(
            f"{version.name} has learned: its lists are made when they are asked for. Lists ahead are for versions on the prior."
        )
    count = len(Matchmaker.load(version, background_check=False).fitted.space)
    return write(version, _all_made(version, count, processes, progress))


class Noting(Matchmaker):
    """An engine that remembers how its last list came about."""

    steps: list[float]
    best: float
    least: float

    def _list(
        self,
        scored: Ranked,
        nats: NDArray[np.float64],
        k: int,
        diversity: float,
        keep: NDArray[np.bool_],
        steps: list[float] | None = None,
    ) -> list[int]:
        self.steps = [] if steps is None else steps
        rival = scored.fit_type == COMPETITOR
        self.best = float(relevance(nats, rival).max(initial=0.0))
        free = np.sort(nats[~rival])
        last = float(free[-LENGTH]) / self.best if len(free) >= LENGTH and self.best > 0 else -math.inf
        self.least = min(FLOOR, last)
        return super()._list(scored, nats, k, diversity, keep, self.steps)


def made(engine: Noting, row: int) -> Made:
    """The list of the partner in a row."""
    fitted = engine.fitted
    found = engine.recommend(fitted.space.ids[row], LENGTH, explain=False)
    return Made(
        listed=[fitted.rows[match.partner] for match in found.matches],
        steps=engine.steps,
        best=engine.best,
        least=engine.least,
        considered=found.considered,
        settings=found.settings,
        notes=found.notes,
        matches=[dict(vars(match)) for match in found.matches],
    )


def would_enter(share: NDArray[np.float64], near: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of m lists a partner could enter: (m,) bool.

    share: (m,) its relevance as a share of the list's best; near: (m, 10) its similarity to each one listed; steps: (m, 10) the
    scores by which they won their places, -inf where the list is shorter. It leads where it is the best; it wins a later place
    where its score (`diversified`) is above, taking the list's mix as no obstacle, since whom it would help is not known here.
    """
    seen = np.maximum.accumulate(np.maximum(near[:, :-1], 0.0), axis=1)
    later = (1.0 - DIVERSITY) * share[:, None] - 0.5 * DIVERSITY * seen >= steps[:, 1:]
    return np.asarray((share >= 1.0) | later.any(axis=1) | np.isneginf(steps).any(axis=1))


@single_threaded
def contenders(fitted: Fitted, row: int) -> tuple[Ints, NDArray[np.float64], NDArray[np.bool_]]:
    """Rows (m,) that the partner in a row finds, the reciprocal evidence (m,) of these pairs in nats, and whether they are rivals.

    All others, or, where there are more than `_ALL`, those that its own search finds.
    """
    allowed = fitted.standing.copy()
    allowed[row] = False
    side = fitted.space.side(row)
    if np.count_nonzero(allowed) <= max(_ALL, fitted.config.exhaustive_below):
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
