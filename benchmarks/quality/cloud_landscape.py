"""Cloud landscape: finding the companies that come to share a product segment within a year.

A company's position is the set of segments its products stand in. At the start of a window every pair that shares no
product segment is asked; it comes true when the pair shares one a year later. Memberships and service listings are no
products, but they count as segments held (breadth). No window spans 2019-07, a bulk import. An owner change moves a
whole product, so a part of what comes true is deals and renames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.case import OURS, Case, Split
from benchmarks.quality.hook import prior
from benchmarks.quality.plan import Plan
from benchmarks.quality.table import PlainTable
from benchmarks.quality.text import encode, text_baselines
from matchmaker.evaluation import Interval, RankingTask, Scorer, baselines, pair_figures

if TYPE_CHECKING:
    import pandas as pd

WINDOWS = (("2018-06", "2019-06"), ("2019-09", "2020-09"), ("2020-09", "2021-09"), ("2021-09", "2022-09"))
NOT_PRODUCTS = ("member: ", "service: ")
NOT_PRODUCT_CATEGORIES = ("CNCF Members", "Special")
MAPPING = {"id": ["id"], "name": ["name"], "description": ["description"], "categories": ["segments"]}
AGAINST = ("breadth (all segments)", "MiniLM cosine", "TF-IDF cosine")


@dataclass(frozen=True)
class Window:
    """Companies with a product at the start, and which pairs share a product segment at either end.

    Attributes:
        name: first and last month.
        frame: one row a company: id, name, description, segments, all as of the start.
        breadth: (n,) segments held at the start, memberships and services included.
        products: (n,) product segments held at the start.
        before: (n, n) bool, shares a product segment at the start.
        after: (n, n) bool, shares one at the end.

    """

    name: str
    frame: pd.DataFrame
    breadth: np.ndarray
    products: np.ndarray
    before: np.ndarray
    after: np.ndarray


def windows(folder: Path) -> Iterator[Window]:
    """Yield the yearly windows."""
    import pandas as pd

    positions = pd.read_parquet(folder / "positions_monthly.parquet")
    snapshots = pd.read_parquet(folder / "snapshots.parquet")
    is_product = ~positions["seg"].str.startswith(NOT_PRODUCTS)
    for start, end in WINDOWS:
        now = positions[positions["month"] == start]
        held = positions[is_product & (positions["month"] == start)]
        then = positions[is_product & (positions["month"] == end)]
        companies = pd.Index(sorted(set(held["company"])))
        segments = pd.Index(sorted(set(positions["seg"])))
        at_start = incidence(held, companies, segments)
        at_end = incidence(then[then["company"].isin(companies)], companies, segments)
        everything = incidence(now[now["company"].isin(companies)], companies, segments)
        yield Window(
            f"{start} to {end}",
            _frame(snapshots[snapshots["month"] == start], held, companies),
            everything.sum(axis=1),
            at_start.sum(axis=1),
            at_start @ at_start.T > 0,
            at_end @ at_end.T > 0,
        )


def incidence(positions: pd.DataFrame, companies: pd.Index, segments: pd.Index) -> np.ndarray:
    """(companies, segments) zeros and ones."""
    import pandas as pd

    matrix = np.zeros((len(companies), len(segments)))
    matrix[companies.get_indexer(pd.Index(positions["company"])), segments.get_indexer(pd.Index(positions["seg"]))] = (
        1.0
    )
    return matrix


def _frame(snapshot: pd.DataFrame, held: pd.DataFrame, companies: pd.Index) -> pd.DataFrame:
    import pandas as pd

    items = snapshot[~snapshot["category"].isin(NOT_PRODUCT_CATEGORIES)]
    texts = (items["name"] + ": " + items["description"].fillna("")).groupby(items["company"]).agg(". ".join)
    segments = held.groupby("company")["seg"].agg(lambda group: sorted(set(group)))
    return pd.DataFrame(
        {
            "id": companies,
            "name": [company.replace("-", " ") for company in companies],
            "description": texts.reindex(companies).fillna("").to_numpy(),
            "segments": segments.reindex(companies).to_numpy(),
        }
    )


def scorers(window: Window, plan: Plan) -> dict[str, Scorer]:
    """Baselines and ours over the companies of a window."""
    texts = (window.frame["name"] + ". " + window.frame["description"]).tolist()
    rows = np.arange(len(texts))
    neighbours = (window.before.sum(axis=1) - 1).astype(float)
    found = text_baselines(texts, encode(texts, plan.encoder), None, neighbours, rows, 0)
    found["popularity"] = baselines.popularity(neighbours)
    for name, count in (("breadth (all segments)", window.breadth), ("breadth (products)", window.products)):
        found[name] = baselines.from_matrix(count[:, None] + count[None, :])
    return found | prior(plan, window.frame, MAPPING, "cloud_landscape", rows)


def cases(folder: Path, plan: Plan) -> Iterator[Case]:
    """Yield each window as a ranking: companies that come to share a segment, known ones masked. No seeds here."""
    for window in windows(folder):
        truth = window.after & ~window.before
        queries = np.flatnonzero(truth.any(axis=1))
        known = window.before[queries]
        known[np.arange(len(queries)), queries] = True
        degree = window.before.sum(axis=1) - 1.0
        task = RankingTask.from_masks(queries, truth[queries], known, degree)
        title = f"cloud_landscape: comes to share a product segment, {window.name}"
        yield Case(title, [Split(task, scorers(window, plan))], {}, AGAINST)


def tables(folder: Path, plan: Plan) -> Iterator[PlainTable]:
    """Yield AUC and AP over all pairs of each window, companies resampled."""
    for window in windows(folder):
        n = len(window.frame)
        left, right = np.triu_indices(n, 1)
        asked = ~window.before[left, right]
        left, right = left[asked], right[asked]
        labels = window.after[left, right]
        every = np.arange(n)
        scores = {}
        for name, scorer in scorers(window, plan).items():
            matrix = scorer(every)
            scores[name] = (matrix[left, right] + matrix[right, left]) / 2
        found = pair_figures(scores, labels, (left, right), draws=plan.draws)
        rows = [_row(name, figures.auc, figures.ap) for name, figures in found.items()]
        for mine in (name for name in OURS if name in found):
            for other in (name for name in AGAINST if name in found):
                rows.append(_row(f"{mine} - {other}", *found[mine].minus(found[other])))
        head = ["scorer", "AUC", "AUC low", "AUC high", "AP", "AP low", "AP high"]
        title = f"cloud_landscape: pairs, {window.name}: {len(labels)} asked, {int(labels.sum())} came true"
        yield PlainTable(title, head, rows)


def _row(name: str, auc: Interval, ap: Interval) -> list[str | float]:
    return [name, auc.estimate, auc.low, auc.high, ap.estimate, ap.low, ap.high]
