"""SaaS products that public workflows wire together: finding hidden links.

Two labels: co-use (two products in one workflow) and flow (one product's step feeds the other's, the stricter one).
Two splits: warm hides half of the links; cold hides all links of a fifth of the products, each product once.
Candidates are the products with any link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.case import AGAINST, Case, Split, best
from benchmarks.quality.hook import History, learned, prior
from benchmarks.quality.plan import Plan
from benchmarks.quality.text import encode, text_baselines
from matchmaker.evaluation import LinkSplit, baselines, hide_links, hide_partners
from matchmaker.evaluation.splits import adjacency

if TYPE_CHECKING:
    import pandas as pd

    from matchmaker.evaluation import Scorer

HISTORY = (
    "whitened cosine", "popularity", "SVD-16 of log counts", "Adamic-Adar", "EASE on adjacency", "text-kNN",
    "text-kNN + text cosine",
)  # fmt: skip
WARM_SHARE = 0.5
FOLDS = 5
LAMBDAS = (1.0, 10.0, 100.0, 1000.0)
MAPPING = {
    "id": ["id"],
    "name": ["name"],
    "description": ["description"],
    "capabilities": ["resources", "operations", "triggers"],
    "categories": ["categories"],
    "size": ["stackshare_popularity"],
}
# Facts about the interface, for the engine's technical fit; nothing here comes from the workflows.
EXTRA = ("auth_types", "has_trigger", "has_webhook_trigger", "api_resource_nouns")


def cases(folder: Path, plan: Plan) -> Iterator[Case]:
    """Yield co-use and flow, each warm and cold."""
    import pandas as pd

    columns = sorted({c for used in MAPPING.values() for c in used} | set(EXTRA))
    frame = pd.read_parquet(folder / "partners.parquet")[columns]
    workflows = pd.read_parquet(folder / "workflows.parquet")
    texts = (frame["name"] + ". " + frame["description"].fillna("")).tolist()
    vectors = encode(texts, plan.encoder)
    labels: dict[str, Iterable[Iterable[tuple[str, str]]]] = {
        "co-use": (combinations(apps, 2) for apps in workflows["apps"]),
        "flow": (((a, b) for a, b in edges) for edges in workflows["edges"]),
    }
    row_of = {key: row for row, key in enumerate(frame["id"])}
    for label, per_workflow in labels.items():
        links, counts = count_links(per_workflow, row_of)
        rows = np.unique(links)
        stage = Stage(plan, frame, texts, vectors, rows, np.searchsorted(rows, links), counts)
        facts = {"catalogue": len(frame), "links": len(links)}
        yield Case(
            f"saas, {label}, warm: half of the links hidden",
            stage.warm(),
            {**facts, "seeds": plan.seeds},
            AGAINST + HISTORY,
        )
        title = f"saas, {label}, cold: all links of 1 product in {FOLDS} hidden, every product once"
        yield Case(title, stage.cold(), {**facts, "folds": FOLDS}, AGAINST + HISTORY)


def count_links(
    per_workflow: Iterable[Iterable[tuple[str, str]]], row_of: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Undirected links (m, 2) in catalogue rows, sorted, and in how many workflows each stands (m,).

    A pair counts once a workflow however often it stands in it; ids outside the catalogue and self links are left out.
    """
    seen: Counter[tuple[int, int]] = Counter()
    for pairs in per_workflow:
        known = {_ordered(row_of[a], row_of[b]) for a, b in pairs if a in row_of and b in row_of and a != b}
        seen.update(known)
    links = sorted(seen)
    return np.array(links, dtype=np.int64).reshape(-1, 2), np.array([seen[link] for link in links], dtype=np.float64)


def _ordered(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


class Stage:
    """One label's links over its candidates, ready to be split."""

    def __init__(
        self,
        plan: Plan,
        frame: pd.DataFrame,
        texts: list[str],
        vectors: np.ndarray | None,
        rows: np.ndarray,
        links: np.ndarray,
        counts: np.ndarray,
    ) -> None:
        """Keep the catalogue, its vectors, the candidates' `rows` and `links` (m, 2) in candidate positions."""
        self.plan = plan
        self.frame, self.texts, self.vectors, self.rows, self.links = frame, texts, vectors, rows, links
        self.count_of = {tuple(link): count for link, count in zip(links.tolist(), counts, strict=True)}
        self.categories = [set(group) for group in frame["categories"]]
        self.unaided: dict[str, Scorer] | None = None

    def warm(self) -> Iterator[Split]:
        """One split a seed."""
        for seed in range(self.plan.seeds):
            yield self._split(hide_links(self.links, len(self.rows), WARM_SHARE, seed), seed)

    def cold(self) -> Iterator[Split]:
        """One split a fold."""
        for fold, split in enumerate(hide_partners(self.links, len(self.rows), FOLDS, 0)):
            yield self._split(split, fold)

    def _split(self, split: LinkSplit, seed: int) -> Split:
        task = split.task()
        if self.unaided is None:
            self.unaided = prior(self.plan, self.frame, MAPPING, "saas_integrations", self.rows)
        scorers = text_baselines(self.texts, self.vectors, self.categories, task.degree, self.rows, seed)
        weights = np.array([self.count_of[tuple(link)] for link in split.train.tolist()])
        scorers |= self._history_baselines(split, weights, seed, scorers)
        history = History(links=self.rows[split.train], weights=weights)
        taught = learned(self.plan, self.frame, MAPPING, "saas_integrations", self.rows, history)
        return Split(task, scorers | self.unaided | taught)

    def _history_baselines(
        self, split: LinkSplit, weights: np.ndarray, seed: int, text: Mapping[str, Scorer]
    ) -> dict[str, Scorer]:
        n = len(self.rows)
        seen = adjacency(split.train, n)
        inner = hide_links(split.train, n, WARM_SHARE, seed)
        inner_seen = adjacency(inner.train, n)
        strength = best(LAMBDAS, partial(baselines.ease_adjacency, inner_seen), inner.task())
        scorers = {
            "SVD-16 of log counts": baselines.svd_log_counts(adjacency(split.train, n, weights)),
            "Adamic-Adar": baselines.adamic_adar(seen),
            "EASE on adjacency": baselines.ease_adjacency(seen, strength),
        }
        near = text.get("whitened cosine", text["TF-IDF cosine"])
        spread = baselines.text_neighbours(near, seen)
        return {
            **scorers,
            "text-kNN": spread,
            "text-kNN + text cosine": baselines.standardised_sum(spread, near),
        }
