"""How the engine enters: functions of `benchmarks.quality.ours`, found when it is there, skipped when it is not.

    def prior_scorer(frame, mapping, dataset) -> Among
    def history_scorer(frame, mapping, dataset, history) -> Among        (optional)
    def unseen_scorer(frame, mapping, dataset, history) -> Among         (optional: learned from accounts, asked without any)

`frame` is the whole catalogue with its own column names (never a column made from hidden data), `mapping` says which
of them feed which field of a partner, `dataset` is the folder's name. The scorer takes row numbers of `frame`, those that ask (q,)
and the candidates (n,), and returns (q, n) float32: who is eligible is known when a list is made, as in the product.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

    from matchmaker.evaluation import Scorer

Mapped = Mapping[str, Sequence[str]]
Among = Callable[[np.ndarray, np.ndarray], np.ndarray]
MODULE = "benchmarks.quality.ours"


@dataclass(frozen=True)
class History:
    """What the training part holds, in rows of the catalogue frame.

    Attributes:
        links: (m, 2) int64 pairs known to work together, or None.
        weights: (m,) how often each was seen, or None.
        accounts: (rows, visible accounts) zeros and ones, or None.

    """

    links: np.ndarray | None = None
    weights: np.ndarray | None = None
    accounts: csr_array | None = None


def prior(plan: Plan, frame: pd.DataFrame, mapping: Mapped, dataset: str, rows: np.ndarray) -> dict[str, Scorer]:
    """Score the candidates `rows` of `frame` without any history; empty where the function is absent."""
    build = getattr(_module(plan), "prior_scorer", None)
    return {} if build is None else {"ours: prior": over(build(frame, mapping, dataset), rows)}


def learned(
    plan: Plan, frame: pd.DataFrame, mapping: Mapped, dataset: str, rows: np.ndarray, history: History
) -> dict[str, Scorer]:
    """Score with the training part's history; empty where the function is absent."""
    build = getattr(_module(plan), "history_scorer", None)
    return {} if build is None else {"ours: with history": over(build(frame, mapping, dataset, history), rows)}


def unseen(
    plan: Plan, frame: pd.DataFrame, mapping: Mapped, dataset: str, rows: np.ndarray, history: History
) -> dict[str, Scorer]:
    """Score with what the training part's accounts taught, of partners whose accounts are hidden; empty where it is absent."""
    build = getattr(_module(plan), "unseen_scorer", None)
    return {} if build is None else {"ours: accounts hidden": over(build(frame, mapping, dataset, history), rows)}


def over(scorer: Among, rows: np.ndarray) -> Scorer:
    """A scorer over candidate positions, of one over catalogue rows."""

    def score(queries: np.ndarray) -> np.ndarray:
        return np.asarray(scorer(rows[queries], rows))

    return score


def _module(plan: Plan) -> ModuleType | None:
    if not plan.ours:
        return None
    try:
        return importlib.import_module(MODULE)
    except ModuleNotFoundError as missing:
        if missing.name != MODULE:
            raise
        return None
