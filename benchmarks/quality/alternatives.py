"""SaaS: are stated alternatives told from products that are wired together? Both are alike in some way; only rivals offer the same.

The product's rule is `matching.scorer.likeness`, the mean surprise of topic, summary and lexical evidence from both sides,
by which `fit_type` marks rivals. Neither alternatives nor workflows enter it. Pairs that are both are left out of both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.plan import Plan
from benchmarks.quality.products import LABELS, Products, products, world
from benchmarks.quality.table import PlainTable
from benchmarks.quality.text import encode
from matchmaker.evaluation import Interval, Scorer, baselines, pair_figures

if TYPE_CHECKING:
    from benchmarks.quality.ours import _World

RULE = "ours: mean surprise of topic, summary, lexical"
HEAD = ("scorer", "AUC", "AUC low", "AUC high", "AP", "AP low", "AP high")


def tables(folder: Path, plan: Plan) -> Iterator[PlainTable]:
    """Yield, for each kind of link, AUC with both ends resampled, and how many pairs the fit type marks as offering the same."""
    data = products(folder)
    everyone = np.concatenate((data.stated, *(data.links[label][0] for label in LABELS)))
    rows = np.unique(everyone)
    baseline = _baselines(data, rows, plan)
    for label in LABELS:
        links = data.links[label][0]
        linked = np.isin(data.stated, links).all(axis=1)
        for among, stated in (("both ends linked", data.stated[linked]), ("all that are stated", data.stated)):
            alternatives, others, both = apart(stated, links)
            pairs = np.concatenate((alternatives, others))
            told = np.arange(len(pairs)) < len(alternatives)
            title = (
                f"saas: alternatives told from {label} links, {among}: {len(alternatives)} alternatives, "
                f"{len(others)} links, {both} that are both left out"
            )
            scores = {name: _of_pairs(scorer, np.searchsorted(rows, pairs)) for name, scorer in baseline.items()}
            yield from _tables(title, pairs, told, scores, folder, plan)


def apart(stated: np.ndarray, links: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Pairs of `stated` (s, 2) and of `links` (m, 2) that are not in the other, and how many are in both."""
    one, other = set(map(tuple, stated.tolist())), set(map(tuple, links.tolist()))

    def array(pairs: set[tuple[int, ...]]) -> np.ndarray:
        return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)

    return array(one - other), array(other - one), len(one & other)


def _tables(
    title: str, pairs: np.ndarray, told: np.ndarray, scores: dict[str, np.ndarray], folder: Path, plan: Plan
) -> Iterator[PlainTable]:
    marked = None
    if plan.ours:
        rule, marked = likenesses(world(folder), pairs)
        scores = {RULE: rule} | scores
    found = pair_figures(scores, told, (pairs[:, 0], pairs[:, 1]), draws=plan.draws)
    rows: list[list[str | float]] = [
        [name, *_cells(figures.auc), *_cells(figures.ap)] for name, figures in found.items()
    ]
    for other in scores if plan.ours else ():
        if other != RULE:
            auc, ap = found[RULE].minus(found[other])
            rows.append([f"ours - {other}", *_cells(auc), *_cells(ap)])
    yield PlainTable(title, HEAD, rows)
    if marked is not None:
        sides = (("alternatives", told), ("links", ~told))
        counts = [[name, int(side.sum()), int(marked[side].sum()), float(marked[side].mean())] for name, side in sides]
        head = ("pairs", "number", "marked as offering the same", "share")
        yield PlainTable(f"{title}: what the fit type says", head, counts)


def _cells(interval: Interval) -> tuple[float, float, float]:
    return interval.estimate, interval.low, interval.high


def likenesses(space: _World, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the engine says of `pairs` (m, 2) in catalogue rows: the rule's nats (m,), and bool (m,), marked as the same offer."""
    from matchmaker.matching.fit_type import COMPETITOR, EXPANSION
    from matchmaker.matching.learned.texts import runs
    from matchmaker.matching.scorer import TEXTS, likeness, score

    order = np.argsort(pairs[:, 0], kind="stable")
    asks, others = space.place[pairs[order].T]
    nats, marked = np.empty(len(pairs)), np.empty(len(pairs), dtype=bool)
    for low, high in runs(asks):
        at, rows = order[low:high], others[low:high]
        scored = score(space.space, space.config, space.space.side(int(asks[low])), rows, np.zeros(len(rows), bool))
        nats[at] = likeness(scored.out.percentiles[TEXTS], scored.back.percentiles[TEXTS])
        marked[at] = np.isin(scored.fit_type, (COMPETITOR, EXPANSION))
    return nats, marked


def _baselines(data: Products, rows: np.ndarray, plan: Plan) -> dict[str, Scorer]:
    """Single likenesses over the products at `rows` (n,), made without the engine; idf is of the whole catalogue."""
    texts, capabilities = data.texts, data.capabilities
    whole = [f"{text} {offers}" for text, offers in zip(texts, capabilities, strict=True)]
    found = {
        "TF-IDF cosine, name and description": baselines.tfidf([texts[row] for row in rows], texts),
        "TF-IDF cosine, whole profile": baselines.tfidf([whole[row] for row in rows], whole),
        "category": baselines.category([set(data.frame["categories"].iloc[row]) for row in rows]),
    }
    for name, said in (("summary", texts), ("capabilities", capabilities)):
        vectors = encode([said[row] for row in rows], plan.encoder)
        if vectors is not None:
            silent = np.array([not said[row] for row in rows])
            found[f"MiniLM cosine, {name}"] = baselines.cosine(np.where(silent[:, None], 0.0, vectors))
    return found


def _of_pairs(scorer: Scorer, pairs: np.ndarray) -> np.ndarray:
    """(m,) scores of pairs (m, 2) in the scorer's own positions."""
    askers, place = np.unique(pairs[:, 0], return_inverse=True)
    return np.asarray(scorer(askers), dtype=np.float64)[place, pairs[:, 1]]
