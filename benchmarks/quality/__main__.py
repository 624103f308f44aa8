"""Command: rank, read three times, print tables, write JSON.

python -m benchmarks.quality --eval DIR [--dataset shopify|saas|web_vendors|cloud_landscape|all] [--json OUT]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.quality import cloud_landscape, motion, saas, shopify, web_vendors
from benchmarks.quality.plan import Plan
from benchmarks.quality.table import PlainTable
from matchmaker.evaluation import Report

FOLDERS = {
    "shopify": "shopify_apps",
    "saas": "saas_integrations",
    "web_vendors": "web_vendors",
    "cloud_landscape": "cloud_landscape",
}
CASES = {
    "shopify": shopify.cases,
    "saas": saas.cases,
    "web_vendors": web_vendors.cases,
    "cloud_landscape": cloud_landscape.cases,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen data sets."""
    options = _options(arguments)
    plan = Plan(options.encoder, options.seeds, options.draws, not options.baselines_only)
    chosen = list(CASES) if options.dataset == "all" else [options.dataset]
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
    written: list[dict[str, object]] = []
    for dataset in chosen:
        for result in results(dataset, options.eval, plan):
            print(result.to_text(), end="\n\n", flush=True)
            written.append({"dataset": dataset, **result.to_dict()})
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(plan), "results": written}, indent=1))


def results(dataset: str, data: Path, plan: Plan) -> Iterator[Report | PlainTable]:
    """Yield every table of a data set as it is ready."""
    folder = data / FOLDERS[dataset]
    if not folder.is_dir():
        wanted = ", ".join(FOLDERS.values())
        raise SystemExit(f"{folder} is not there: --eval must name the folder that holds {wanted}.")
    for case in CASES[dataset](folder, plan):
        yield case.report(plan.draws)
    if dataset == "cloud_landscape":
        yield from cloud_landscape.tables(folder, plan)
    if dataset == "web_vendors":
        yield from motion.tables(folder)


def machine(plan: Plan) -> dict[str, object]:
    """Facts that the figures depend on."""
    libraries = ("numpy", "scipy", "scikit-learn", "pandas")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "libraries": {name: version(name) for name in libraries},
        "settings": asdict(plan),
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("--eval", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--dataset", choices=[*CASES, "all"], default="all")
    parser.add_argument("--json", type=Path, help="write every figure here as well")
    parser.add_argument("--encoder", default="minilm", help='text encoder, or "none" to leave vectors out')
    parser.add_argument("--seeds", type=int, default=3, help="random splits a case, pooled by partner")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws, at least 1000")
    parser.add_argument("--baselines-only", action="store_true", help="leave the engine out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
