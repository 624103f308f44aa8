"""SaaS: which side of a wired link is the source? Two products are known to be wired together, the way of the hidden link is asked.

To be beaten: each side's own propensity to be a source, read from the visible links. Splits are those of the rankings, over flow
links. Pairs that feed each other have no answer: they may be seen in training and are never asked. Every scorer is
antisymmetric, so each pair is read from both ends, and accuracy and AUC of no knowledge are .5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.plan import Plan
from benchmarks.quality.products import Products, products, world
from benchmarks.quality.saas import FOLDS, WARM_SHARE
from benchmarks.quality.table import PlainTable
from matchmaker.evaluation import LinkSplit, hide_links, hide_partners
from matchmaker.evaluation.bootstrap import cluster_draws
from matchmaker.evaluation.metrics import pair_metrics

if TYPE_CHECKING:
    from matchmaker.matching.learned.direction import Profiles

OURS, PROFILES = "ours: links and profiles", "ours: profiles alone"
SHARE, STRENGTHS = "share of links as a source", "Bradley-Terry"
BASELINES = (SHARE, STRENGTHS)
METRICS = ("accuracy", "AUC", "log loss")
HEAD = ("scorer", *(f"{metric}{end}" for metric in METRICS for end in ("", " low", " high")))
SMOOTHING, SLOPE, VARIANCE = 5.0, 2.0, 1.0
"""Of the two baselines: chosen on the same development splits as the settings of ours (docs/quality.md)."""

Odds = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes rows of first and of second ends (p,), returns log-odds (p,) that the first is the source."""


@dataclass(frozen=True)
class Answers:
    """Asked pairs of all splits. ends: (p, 2) source and sink; odds: scorer to (p,) log-odds of the true way."""

    ends: np.ndarray
    odds: Mapping[str, np.ndarray]


def tables(folder: Path, plan: Plan) -> Iterator[PlainTable]:
    """Yield accuracy, AUC and log loss, warm and cold, products resampled at both ends, and paired differences."""
    data = products(folder)
    links = data.links["flow"][0]
    rows = np.unique(links)
    placed, n = np.searchsorted(rows, links), len(rows)
    warm = [hide_links(placed, n, WARM_SHARE, seed) for seed in range(plan.seeds)]
    for name, splits in (("warm", warm), ("cold", list(hide_partners(placed, n, FOLDS, 0)))):
        found = answers(data, rows, splits, _profiles(folder) if plan.ours else None)
        both = len(links) - len(one_way(data.edges[0]))
        title = (
            f"saas, direction of flow links, {name}: {len(found.ends)} asked; "
            f"{both} of {len(links)} links run both ways and are left out"
        )
        yield PlainTable(title, HEAD, _rows(found, plan.draws))


def answers(data: Products, rows: np.ndarray, splits: list[LinkSplit], profiles: Profiles | None) -> Answers:
    """Ask every scorer of every split, whose positions stand at `rows` (n,) of the catalogue."""
    edges, counts = data.edges
    sources = {tuple(sorted(edge)): edge for edge in one_way(edges).tolist()}
    ends, odds = [], []
    for split in splits:
        hidden = set(map(tuple, rows[split.hidden].tolist()))
        seen = np.array([tuple(sorted(edge)) not in hidden for edge in edges.tolist()])
        asked = np.array([sources[pair] for pair in sorted(hidden) if pair in sources], dtype=np.int64)
        scorers = _scorers(edges[seen], counts[seen], len(data.frame), profiles)
        ends.append(asked)
        odds.append({name: scorer(asked[:, 0], asked[:, 1]) for name, scorer in scorers.items()})
    return Answers(np.concatenate(ends), {name: np.concatenate([part[name] for part in odds]) for name in odds[0]})


def one_way(edges: np.ndarray) -> np.ndarray:
    """The edges (e, 2) whose pair has none the other way."""
    known = set(map(tuple, edges.tolist()))
    return np.array([edge for edge in edges.tolist() if (edge[1], edge[0]) not in known], dtype=np.int64).reshape(-1, 2)


def _scorers(edges: np.ndarray, counts: np.ndarray, n: int, profiles: Profiles | None) -> dict[str, Odds]:
    found: dict[str, Odds] = {}
    if profiles is not None:
        from matchmaker.matching.learned.direction import learn

        found[OURS] = learn(edges, counts, profiles).odds
        found[PROFILES] = learn(edges, counts, profiles, own=0.0).odds
    return {**found, SHARE: _by(source_share(edges, counts, n)), STRENGTHS: _by(strengths(one_way(edges), n))}


def _by(lean: np.ndarray) -> Odds:
    return lambda ones, others: np.asarray(lean[ones] - lean[others])


def source_share(edges: np.ndarray, counts: np.ndarray, n: int) -> np.ndarray:
    """(n,) `SLOPE` times the log-odds of being a source in one's links, counted by logarithms, `SMOOTHING` more each way."""
    strength = np.log2(1.0 + counts)
    out, back = (np.bincount(edges[:, end], weights=strength, minlength=n) for end in (0, 1))
    return np.asarray(SLOPE * np.log((out + SMOOTHING) / (back + SMOOTHING)))


def strengths(edges: np.ndarray, n: int) -> np.ndarray:
    """(n,) strengths b of P(i feeds j) = 1 / (1 + exp(b_j - b_i)), each of prior variance `VARIANCE`, by Newton's method.

    Source: Bradley & Terry, Biometrika 1952.
    """
    met, place = np.unique(edges, return_inverse=True)
    one, other = place.reshape(-1, 2).T
    way = np.zeros((len(edges), len(met)))
    way[np.arange(len(edges)), one], way[np.arange(len(edges)), other] = 1.0, -1.0
    b = np.zeros(len(met))
    for _ in range(30):
        chance = 1.0 / (1.0 + np.exp(-(way @ b)))
        curve = (way * (chance * (1.0 - chance))[:, None]).T @ way + np.eye(len(met)) / VARIANCE
        b += np.linalg.solve(curve, way.T @ (1.0 - chance) - b / VARIANCE)
    found = np.zeros(n)
    found[met] = b
    return found


def _profiles(folder: Path) -> Profiles:
    """What the engine's space says of every row of the catalogue."""
    from matchmaker.matching.learned import texts
    from matchmaker.matching.learned.direction import Profiles

    made = world(folder)
    space = made.space
    every = (texts.profile_vectors(space), space.pooled, texts.Facts.fit(space).of_space(space))
    return Profiles.of(*(array[made.place] for array in every))


def _rows(found: Answers, draws: int) -> list[list[str | float]]:
    drawn = {name: _figures(odds, found.ends, draws) for name, odds in found.odds.items()}
    rows: list[list[str | float]] = [[name, *_cells(*figures)] for name, figures in drawn.items()]
    for name in (OURS, PROFILES) if OURS in drawn else ():
        for other in BASELINES:
            (now, some), (then, others) = drawn[name], drawn[other]
            rows.append([f"{name} - {other}", *_cells(now - then, some - others)])
    return rows


def _figures(odds: np.ndarray, ends: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """The `METRICS` (3,), and in every draw (draws, 3): a pair counts as often as the product of its ends."""
    weights = cluster_draws(int(ends.max()) + 1, draws, 0)
    counted = np.concatenate((np.ones((1, len(ends))), weights[:, ends[:, 0]] * weights[:, ends[:, 1]]))
    hit, loss = (odds > 0) + 0.5 * (odds == 0), np.logaddexp(0.0, -odds)
    both = np.concatenate((odds, -odds)), np.arange(2 * len(odds)) < len(odds)
    auc = np.concatenate([pair_metrics(*both, np.tile(part, 2))[0] for part in np.array_split(counted, 50)])
    total = counted.sum(axis=1)
    found = np.stack((counted @ hit / total, auc, counted @ loss / total), axis=1)
    return found[0], found[1:]


def _cells(now: np.ndarray, drawn: np.ndarray) -> list[float]:
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return np.stack((now, low, high), axis=1).ravel().tolist()
