"""Command: rank, read three times, print tables, write JSON.

python -m benchmarks.quality --eval DIR [--dataset shopify|saas|web_vendors|cloud_landscape|all] [--json OUT] [--html OUT]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.quality import alternatives, cloud_landscape, dial, direction, motion, saas, shopify, web_vendors
from benchmarks.quality.dial import DialCurve
from benchmarks.quality.plan import PARTS, RANKINGS, Plan
from benchmarks.quality.table import PlainTable
from matchmaker.evaluation import Curves, Report, html_page

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
Result = Report | PlainTable | DialCurve
BESIDE: Mapping[str, Mapping[str, Callable[[Path, Plan], Iterator[PlainTable | DialCurve]]]] = {
    "saas": {"alternatives": alternatives.tables, "direction": direction.tables, "dial": dial.tables},
    "cloud_landscape": {"pairs": cloud_landscape.tables},
    "web_vendors": {"motion": lambda folder, _: motion.tables(folder)},
}


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen data sets."""
    options = _options(arguments)
    plan = Plan(options.encoder, options.seeds, options.draws, not options.baselines_only, tuple(options.only))
    chosen = list(CASES) if options.dataset == "all" else [options.dataset]
    for out in (options.json, options.html):
        if out:
            out.parent.mkdir(parents=True, exist_ok=True)
    found: list[tuple[str, Result]] = []
    for dataset in chosen:
        for result in results(dataset, options.eval, plan):
            print(result.to_text(), end="\n\n", flush=True)
            found.append((dataset, result))
    if options.json:
        written = [{"dataset": dataset, **result.to_dict()} for dataset, result in found]
        options.json.write_text(json.dumps({"machine": machine(plan), "results": written}, indent=1))
    if options.html:
        options.html.write_text(page([result for _, result in found]), encoding="utf-8")


def page(found: list[Result]) -> str:
    """The rankings and what the dial trades, as one HTML page; plain tables are left out."""
    reports = [result for result in found if isinstance(result, Report)]
    return html_page(reports, curves=Curves(trade_off={c.name: c.points for c in found if isinstance(c, DialCurve)}))


def results(dataset: str, data: Path, plan: Plan) -> Iterator[Result]:
    """Yield every table of a data set as it is ready."""
    folder = data / FOLDERS[dataset]
    if not folder.is_dir():
        wanted = ", ".join(FOLDERS.values())
        raise SystemExit(f"{folder} is not there: --eval must name the folder that holds {wanted}.")
    for case in CASES[dataset](folder, plan) if RANKINGS in plan.parts else ():
        yield case.report(plan.draws)
    for part, tables in BESIDE.get(dataset, {}).items():
        if part in plan.parts:
            yield from tables(folder, plan)


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
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="make these parts alone")
    parser.add_argument("--json", type=Path, help="write every figure here as well")
    parser.add_argument("--html", type=Path, help="write the rankings and what popularity_weight trades as a page")
    parser.add_argument("--encoder", default="minilm", help='text encoder, or "none" to leave vectors out')
    parser.add_argument("--seeds", type=int, default=3, help="random splits a case, pooled by partner")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws, at least 1000")
    parser.add_argument("--baselines-only", action="store_true", help="leave the engine out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
