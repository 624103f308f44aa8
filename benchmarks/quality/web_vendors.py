"""Web and martech vendors seen on the same sites, and how their reach moves.

Ranking: half of the sites is hidden by seed; truth is a lift above 2 with confidence in the hidden half (Gamma-Poisson
lower 5 % bound, at least 3 shared sites) among vendors seen on at least 10 sites (frequency .05 or more). Site kinds
are counted in the visible half only: the published shares of presence are counted over all sites.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.case import AGAINST, Case, Split
from benchmarks.quality.hook import History, learned, prior, unseen
from benchmarks.quality.plan import Plan
from benchmarks.quality.text import encode, text_baselines
from matchmaker.evaluation import RankingTask, baselines, hide_accounts
from matchmaker.evaluation.truth import lift_lower_bound, shared_counts

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

MIN_FREQUENCY = 0.05
MIN_SITES = 10
MIN_LIFT = 2.0
MIN_SHARED = 3
MAPPING = {
    "id": ["id"],
    "name": ["name"],
    "description": ["description"],
    "categories": ["category"],
    "industries": ["visible_site_kinds"],
    "regions": ["country"],
}


def cases(folder: Path, plan: Plan) -> Iterator[Case]:
    """Yield the ranking case."""
    import pandas as pd
    from scipy.sparse import csr_array

    frame = pd.read_parquet(folder / "partners.parquet")[["id", "name", "description", "category", "country"]]
    seen = pd.read_parquet(folder / "accounts.parquet").query("freq >= @MIN_FREQUENCY")
    seen = seen.drop_duplicates(["partner", "account"])
    row_of = {key: row for row, key in enumerate(frame["id"])}
    sites, names = pd.factorize(seen["account"])
    full = csr_array((np.ones(len(seen)), (seen["partner"].map(row_of), sites)), shape=(len(frame), len(names)))
    attributes = pd.read_parquet(folder / "account_attributes.parquet").set_index("account")["site_category"]
    kinds = pd.get_dummies(attributes.reindex(names)).astype(float)
    title = f"web_vendors: lift of shared sites in the hidden half, vendors on >= {MIN_SITES} sites"
    facts = {"catalogue": len(frame), "sites": len(names), "seeds": plan.seeds}
    against = (*AGAINST, "site-kind profile cosine", "popularity", "co-counts", "overlap in the visible half")
    yield Case(title, _splits(frame, full, kinds, plan), facts, against)


def _splits(frame: pd.DataFrame, full: csr_array, kinds: pd.DataFrame, plan: Plan) -> Iterator[Split]:
    import pandas as pd

    texts = (frame["name"] + ". " + frame["description"].fillna("")).tolist()
    vectors = encode(texts, plan.encoder)
    categories = [{name} for name in frame["category"]]
    rows = np.flatnonzero(full.sum(axis=1) >= MIN_SITES)
    for seed in range(plan.seeds):
        visible, hidden = hide_accounts(full.shape[1], 0.5, seed)
        seen = full[:, visible]
        profile = site_kinds(seen, kinds.to_numpy()[visible])
        task = lift_task(seen[rows], full[rows][:, hidden])
        scorers = text_baselines(texts, vectors, categories, task.degree, rows, seed)
        scorers["site-kind profile cosine"] = baselines.cosine(profile[rows])
        scorers["co-counts"] = baselines.co_counts(seen[rows])
        bound = lift_lower_bound(shared_counts(seen[rows]), len(visible))
        scorers["overlap in the visible half"] = baselines.from_matrix(bound)
        told = frame.assign(visible_site_kinds=pd.Series(_main_kinds(profile, list(kinds.columns))))
        scorers |= prior(plan, told, MAPPING, "web_vendors", rows)
        scorers |= learned(plan, told, MAPPING, "web_vendors", rows, History(accounts=seen))
        scorers |= unseen(plan, told, MAPPING, "web_vendors", rows, History(accounts=seen))
        yield Split(task, scorers)


def site_kinds(incidence: csr_array, kinds: np.ndarray) -> np.ndarray:
    """Share of a vendor's sites of each kind, (n, kinds); rows sum to 1, or to 0 without a site of known kind."""
    counts = incidence @ kinds
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))


def lift_task(seen: csr_array, hidden: csr_array) -> RankingTask:
    """Task of finding the pairs whose lift in `hidden` (n, sites) surely exceeds `MIN_LIFT`."""
    shared = shared_counts(hidden)
    truth = (lift_lower_bound(shared, hidden.shape[1]) > MIN_LIFT) & (shared >= MIN_SHARED)
    queries = np.flatnonzero(truth.any(axis=1))
    nothing = np.zeros((len(queries), len(truth)), dtype=bool)
    return RankingTask.from_masks(queries, truth[queries], nothing, np.asarray(seen.sum(axis=1)).ravel())


def _main_kinds(profile: np.ndarray, names: list[str]) -> list[list[str]]:
    order = np.argsort(-profile, axis=1, kind="stable")
    return [[names[k] for k in ranks if row[k] >= 0.15] for row, ranks in zip(profile, order, strict=True)]
