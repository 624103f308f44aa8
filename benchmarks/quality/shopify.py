"""Shopify App Store: finding the apps that share stores which no scorer has seen.

Candidates are the apps with at least 20 stores; half of the stores is hidden by seed. Truth is significant overlap in
the hidden half (hypergeometric, p < .01, at least 3 shared stores), without the pairs of suspected review rings.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.case import AGAINST, Case, Split, best
from benchmarks.quality.hook import History, learned, prior
from benchmarks.quality.plan import Plan
from benchmarks.quality.text import encode, text_baselines
from matchmaker.evaluation import RankingTask, baselines, hide_accounts
from matchmaker.evaluation.truth import drop_pairs, shared_counts, significant_overlap

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

    from matchmaker.evaluation import Scorer

MIN_STORES = 20
# Ratings and review counts are left out: they are made from the very reviews of which half is hidden.
MAPPING = {
    "id": ["id"],
    "name": ["name"],
    "description": ["description"],
    "capabilities": ["key_benefits", "plan_features"],
    "categories": ["categories"],
}
LAMBDAS = (10.0, 100.0, 1000.0)
RANKS = (16, 64, 256)
HISTORY = ("popularity", "co-counts", "EASE (accounts)", "SVD (accounts)", "SVD cosine (accounts)")


def cases(folder: Path, plan: Plan) -> Iterator[Case]:
    """Yield the one case of this data set."""
    import pandas as pd
    from scipy.sparse import csr_array

    frame = pd.read_parquet(folder / "partners.parquet")[sorted({c for used in MAPPING.values() for c in used})]
    accounts = pd.read_parquet(folder / "accounts.parquet").drop_duplicates(["partner", "account"])
    suspects = pd.read_parquet(folder / "suspect_pairs.parquet")
    row_of = {key: row for row, key in enumerate(frame["id"])}
    stores, names = pd.factorize(accounts["account"])
    full = csr_array(
        (np.ones(len(accounts)), (accounts["partner"].map(row_of).to_numpy(), stores)), shape=(len(frame), len(names))
    )
    rows = np.flatnonzero(full.sum(axis=1) >= MIN_STORES)
    place = {frame["id"].iloc[row]: k for k, row in enumerate(rows)}
    rings = np.array(
        [(place[a], place[b]) for a, b in zip(suspects["a"], suspects["b"], strict=True) if a in place and b in place],
        dtype=np.int64,
    ).reshape(-1, 2)
    facts = {"catalogue": len(frame), "stores": len(names), "seeds": plan.seeds}
    title = f"shopify: audience overlap in the hidden half of the stores, apps with >= {MIN_STORES} stores"
    yield Case(title, _splits(frame, full, rows, rings, plan), facts, AGAINST + HISTORY)


def _splits(frame: pd.DataFrame, full: csr_array, rows: np.ndarray, rings: np.ndarray, plan: Plan) -> Iterator[Split]:
    texts = (frame["name"] + ". " + frame["description"].fillna("")).tolist()
    vectors = encode(texts, plan.encoder)
    categories = [set(group) for group in frame["categories"]]
    unaided = prior(plan, frame, MAPPING, "shopify_apps", rows)
    for seed in range(plan.seeds):
        visible, hidden = hide_accounts(full.shape[1], 0.5, seed)
        seen = full[:, visible]
        task = overlap_task(seen[rows], full[rows][:, hidden], rings)
        inner_visible, inner_hidden = hide_accounts(len(visible), 0.5, seed)
        inner_seen = seen[rows][:, inner_visible]
        inner = overlap_task(inner_seen, seen[rows][:, inner_hidden], rings)
        strength = best(LAMBDAS, partial(baselines.ease_accounts, inner_seen), inner)
        scorers = text_baselines(texts, vectors, categories, task.degree, rows, seed)
        scorers["co-counts"] = baselines.co_counts(seen[rows])
        scorers["EASE (accounts)"] = baselines.ease_accounts(seen[rows], strength)
        for likeness, name in (("inner", "SVD (accounts)"), ("cosine", "SVD cosine (accounts)")):
            rank = best(RANKS, partial(_svd, inner_seen, likeness), inner)
            scorers[name] = _svd(seen[rows], likeness, rank)
        taught = learned(plan, frame, MAPPING, "shopify_apps", rows, History(accounts=seen))
        yield Split(task, scorers | unaided | taught)


def _svd(seen: csr_array, likeness: str, rank: float) -> Scorer:
    return baselines.svd_accounts(seen, min(int(rank), seen.shape[0]), likeness=likeness)


def overlap_task(seen: csr_array, hidden: csr_array, rings: np.ndarray) -> RankingTask:
    """Task of finding significant overlap in `hidden` (n, accounts); degree is the number of accounts in `seen`."""
    truth = drop_pairs(significant_overlap(shared_counts(hidden), hidden.shape[1]), rings)
    queries = np.flatnonzero(truth.any(axis=1))
    nothing = np.zeros((len(queries), len(truth)), dtype=bool)
    return RankingTask.from_masks(queries, truth[queries], nothing, np.asarray(seen.sum(axis=1)).ravel())
