"""Command: measure and print a table, and JSON with --json.

python -m benchmarks.batch pairs [--bundle DIR] [--pairs 10000000] [--order random|grouped]      `matchmaker score`
python -m benchmarks.batch lists [--bundle DIR] [--limit N] [--bare no]                          `matchmaker match-all`

Without --bundle 100,000 partners are generated (benchmarks.speed) and kept in out/batch. Seconds are those of the whole run,
opening bundles and joining parts included; processor seconds tell what it would take of a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.batch.bare import facets_per_second
from benchmarks.batch.draw import drawn, generated_bundle
from benchmarks.batch.memory import Watch
from benchmarks.speed.__main__ import machine
from matchmaker.batch.run import lean


def main() -> None:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pairs", "lists"))
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--partners", type=int, default=100_000, help="of a generated bundle")
    parser.add_argument("--pairs", type=int, default=10_000_000)
    parser.add_argument("--order", choices=("random", "grouped"), default="random")
    parser.add_argument("--limit", type=int, help="lists of so many partners only")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bare", choices=("yes", "no"), default="yes")
    parser.add_argument("--folder", type=Path, default=Path("out/batch"), help="of what is made and kept")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    bundle = options.bundle or generated_bundle(options.partners, options.folder)
    facts = {**(pairs if options.what == "pairs" else lists)(bundle, options), **machine()}
    for name, value in facts.items():
        print(f"{name:52} {value:.4g}" if isinstance(value, float) else f"{name:52} {value}")
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1))


def pairs(bundle: Path, options: argparse.Namespace) -> dict[str, object]:
    """Pairs a second through `score`, Parquet to Parquet."""
    from matchmaker.batch.pairs import pairs_work

    table = drawn(bundle, options.pairs, options.order, options.folder)
    out = options.folder / "scores.parquet"
    return {"order": options.order, **_measured("pairs", lambda: pairs_work(table, bundle, out), out, options.threads)}


def lists(bundle: Path, options: argparse.Namespace) -> dict[str, object]:
    """Partners a second through `match-all`, the best 10 of each, beside bare HNSW searches of three facets."""
    from matchmaker.batch.lists import PART, Settings, lists_work

    out = options.folder / "lists.parquet"

    def work() -> Any:
        whole = lists_work(bundle, out, Settings())
        if options.limit is None:
            return whole
        return replace(whole, parts=partial(_first, options.limit, PART), total=options.limit)

    facts = _measured("partners", work, out, options.threads)
    if options.bare == "yes":
        bare = facets_per_second(bundle, options.folder, options.threads)
        facts |= {"bare HNSW of three facets, partners a second": bare}
        facts["ratio to bare HNSW"] = facts["partners a second"] / bare
    return facts


def _first(count: int, size: int) -> Any:
    return (range(low, min(low + size, count)) for low in range(0, count, size))


def _measured(what: str, work: Any, out: Path, threads: int) -> dict[str, Any]:
    from matchmaker.batch.run import run

    with lean(), Watch() as watch:
        started = time.perf_counter()
        made = work()
        run(made, out, threads=threads, restart=True)
        seconds = time.perf_counter() - started
    steps = sum(map(made.steps, made.parts())) if what == "partners" else made.total
    return {
        what: steps,
        "processes": threads,
        "seconds": seconds,
        f"{what} a second": steps / seconds,
        "processor seconds": watch.processor,
        f"{what} a processor second": steps / watch.processor,
        "peak memory GB, shared pages once (PSS)": watch.shared_once / 1e9,
        "peak memory GB, largest process (RSS)": watch.largest / 1e9,
        "output MB": out.stat().st_size / 1e6,
    }


if __name__ == "__main__":
    main()
