"""Command: missing links of the saas data, ranked and judged, beside what any scorer has to beat.

python -m benchmarks.gaps --eval DIR [--splits reported|development] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.gaps.ours import Judged, judge
from benchmarks.gaps.splits import DEVELOPMENT, REPORTED, Hidden, Seeds, cases
from benchmarks.gaps.verdicts import pairs_of, tables
from benchmarks.interfaces.pairs import read
from benchmarks.quality.__main__ import FOLDERS, machine
from benchmarks.quality.case import best
from benchmarks.quality.plan import Plan
from benchmarks.quality.products import products, world
from benchmarks.quality.saas import LAMBDAS, WARM_SHARE
from benchmarks.quality.table import PlainTable
from benchmarks.quality.text import encode, text_baselines
from matchmaker.evaluation import Reading, Report, Scorer, baselines, compare, evaluate, hide_links, pool
from matchmaker.evaluation.splits import adjacency
from matchmaker.gaps.bulk import Interfaces

OURS, WITHOUT = "ours: missing links", "ours: without counted demand"
UNLEARNED, PER_EFFORT = "ours: nothing learned", "ours: over effort"
SPLITS = {"reported": REPORTED, "development": DEVELOPMENT}


def main(arguments: list[str] | None = None) -> None:
    """Run every case, print its tables, write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gaps", description=__doc__.splitlines()[0])
    parser.add_argument("--eval", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument(
        "--splits", choices=SPLITS, default="reported", help="development: those that thresholds are chosen on"
    )
    parser.add_argument("--only", nargs="+", help="cases to run, all unless told")
    parser.add_argument("--json", type=Path, help="write every figure here as well")
    parser.add_argument("--encoder", default="minilm", help='text encoder, or "none" to leave vectors out')
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws, at least 1000")
    options = parser.parse_args(arguments)
    found = []
    for result in results(
        options.eval / FOLDERS["saas"], SPLITS[options.splits], options.encoder, options.draws, options.only
    ):
        print(result.to_text(), end="\n\n", flush=True)
        found.append(result.to_dict())
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        facts = machine(Plan(encoder=options.encoder, draws=options.draws))
        options.json.write_text(json.dumps({"machine": facts, "splits": options.splits, "results": found}, indent=1))


def results(
    folder: Path, seeds: Seeds, encoder: str = "minilm", draws: int = 1000, only: list[str] | None = None
) -> Iterator[Report | PlainTable]:
    """Yield the ranking and the verdicts of each case as they are ready."""
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there: --eval must name the folder that holds {folder.name}.")
    vectors = encode(products(folder).texts, encoder)
    interfaces = Interfaces(
        read(folder)[0][: len(products(folder).frame)]
    )  # API descriptions stand behind the products
    for name, splits in cases(folder, seeds):
        if only and name not in only:
            continue
        readings: dict[str, list[Reading]] = {}
        judged: list[tuple[Hidden, Judged]] = []
        for hidden in splits:
            one = judge(world(folder), interfaces, hidden)
            judged.append((hidden, one))
            task = hidden.split.task()
            for scorer, scores in (_scorers(folder, hidden, vectors) | _ours(one)).items():
                readings.setdefault(scorer, []).append(evaluate(task, scores))
        pooled = {scorer: pool(parts) for scorer, parts in readings.items()}
        others = [scorer for scorer in pooled if scorer not in (OURS, "random")]
        yield compare(f"saas, {name}: missing links", pooled, ours=(OURS,), against=others, draws=draws)
        yield from tables(name, pairs_of(judged), draws)
        yield from tables(f"{name}, nothing learned", pairs_of(judged, "prior_verdict"), draws)


def _ours(judged: Judged) -> dict[str, Scorer]:
    return {
        UNLEARNED: baselines.from_matrix(judged.unlearned),
        WITHOUT: baselines.from_matrix(judged.undemanded),
        PER_EFFORT: baselines.from_matrix(judged.per_effort),
        OURS: baselines.from_matrix(judged.ranking),
    }


def _scorers(folder: Path, hidden: Hidden, vectors: np.ndarray | None) -> Mapping[str, Scorer]:
    """The baselines, from the training part alone; `demand alone` is what was counted, then popularity."""
    data, split, n = products(folder), hidden.split, len(hidden.rows)
    degree = split.task().degree
    categories = [set(group) for group in data.frame["categories"]]
    found = text_baselines(data.texts, vectors, categories, degree, hidden.rows, hidden.seed)
    seen = adjacency(split.train, n)
    inner = hide_links(split.train, n, WARM_SHARE, hidden.seed)
    strength = best(LAMBDAS, partial(baselines.ease_adjacency, adjacency(inner.train, n)), inner.task())
    near = found.get("whitened cosine", found["TF-IDF cosine"])
    spread = baselines.text_neighbours(near, seen)
    found |= {
        "SVD-16 of log counts": baselines.svd_log_counts(adjacency(split.train, n, hidden.weights)),
        "Adamic-Adar": baselines.adamic_adar(seen),
        "EASE on adjacency": baselines.ease_adjacency(seen, strength),
        "text-kNN": spread,
        "text-kNN + text cosine": baselines.standardised_sum(spread, near),
    }
    if hidden.demand:
        counted = baselines.from_matrix(_counts(folder, hidden))
        found["demand alone, then popularity"] = baselines.then(counted, found["popularity"])
    return found


def _counts(folder: Path, hidden: Hidden) -> np.ndarray:
    position = {key: place for place, key in enumerate(products(folder).frame["id"].iloc[hidden.rows])}
    found = np.zeros((len(hidden.rows),) * 2)
    for one in hidden.demand:
        if one.a in position and one.b in position:
            ends = position[one.a], position[one.b]
            found[ends] = found[ends[::-1]] = one.count
    return found


if __name__ == "__main__":
    main()
