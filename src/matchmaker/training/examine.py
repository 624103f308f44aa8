"""The prior, what history adds, and the usual baselines, on a part of an ecosystem's own history."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.errors import SettingsError
from matchmaker.evaluation import baselines, hide_links, tuned
from matchmaker.evaluation.splits import adjacency
from matchmaker.matching.learned import from_accounts
from matchmaker.threads import single_threaded
from matchmaker.training import trial
from matchmaker.training.train import chosen

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from matchmaker.evaluation import RankingTask, Scorer
    from matchmaker.fitted import Fitted
    from matchmaker.matching.learned.history import Floats, Ints, Links
    from matchmaker.progress import Progress
    from matchmaker.training.history import History
    from matchmaker.training.trial import Trial

LAMBDAS = (1.0, 10.0, 100.0, 1000.0)
MOST = 8000
"""Candidates up to which baselines that invert a matrix of them are read."""


@single_threaded
def examine(
    fitted: Fitted, history: History, *, source: str = "auto", seed: int = 0, progress: Progress | None = None
) -> Trial:
    """A trial (trial.py) with baselines beside it; arguments and errors as for `train.learn`."""
    space, config = fitted.space, fitted.config
    about = _Texts(fitted)
    if chosen(fitted, history, source) == "links":
        return trial.of_links(
            space,
            config,
            history.links,
            history.apart,
            seed=seed,
            progress=progress,
            others=partial(_beside_links, about),
        )
    held = from_accounts.held_by(space)
    return trial.of_accounts(space, config, held, seed=seed, progress=progress, others=partial(_beside_accounts, about))


class _Texts:
    """What the baselines read of profiles: whole texts, categories, vectors."""

    def __init__(self, fitted: Fitted) -> None:
        self._fitted = fitted
        partners = fitted.profiles.partners()
        self._wholes = [
            " ".join((one.name, one.description, one.audience, *one.capabilities, *one.goals)) for one in partners
        ]
        self._categories = [set(one.categories) for one in partners]

    def scorers(self, rows: Ints, seed: int) -> dict[str, Scorer]:
        """Baselines that know no history."""
        space = self._fitted.space
        return {
            "random": baselines.random_order(len(rows), seed),
            "category": baselines.category([self._categories[row] for row in rows]),
            "TF-IDF cosine": baselines.tfidf([self._wholes[row] for row in rows], self._wholes),
            "cosine": baselines.cosine(np.asarray(space.summary)[rows]),
            "whitened cosine": baselines.cosine(np.asarray(space.topic)[rows]),
        }


def _beside_links(about: _Texts, rows: Ints, seen: Links, seed: int) -> Mapping[str, Scorer]:
    n = len(rows)
    place = np.full(seen.n, -1)
    place[rows] = np.arange(n)
    ends = place[seen.ends]
    found = about.scorers(rows, seed)
    if n > MOST:
        return found
    known = adjacency(ends, n)
    near = found["whitened cosine"]
    found["Adamic-Adar"] = baselines.adamic_adar(known)
    found["SVD of log counts"] = baselines.svd_log_counts(adjacency(ends, n, 2.0**seen.strength - 1.0))
    found["text-kNN"] = baselines.text_neighbours(near, known)
    inner = hide_links(ends, n, 0.5, seed)
    strength = _best(LAMBDAS, adjacency(inner.train, n), inner.task())
    found["EASE"] = baselines.ease_adjacency(known, strength)
    return found


def _beside_accounts(about: _Texts, rows: Ints, seen: csr_array, seed: int) -> Mapping[str, Scorer]:
    found = about.scorers(rows, seed)
    if len(rows) > MOST:
        return found
    held = seen[rows]
    found["co-counts"] = baselines.co_counts(held)
    found["EASE"] = baselines.ease_accounts(held)
    found["SVD cosine"] = baselines.svd_accounts(held, min(32, len(rows) - 1))
    return found


def _best(grid: tuple[float, ...], known: Floats, task: RankingTask) -> float:
    """The strength that is best on an inner split; the weakest where this holds nothing to tell by."""
    try:
        return tuned(grid, partial(baselines.ease_adjacency, known), task)
    except SettingsError:
        return grid[0]
