"""Command: trajectories against known motion, real data and the clock.

python -m benchmarks.collisions [--eval DIR] [--only worlds,backtest,speed] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from benchmarks.collisions import cloud_landscape, coverage, speed, web_vendors
from benchmarks.collisions.worlds import NOISES, read, world

PARTS = ("worlds", "backtest", "speed")


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen parts."""
    options = _options(arguments)
    found: dict[str, object] = {"machine": _machine()}
    if "worlds" in options.only:
        found["worlds"] = worlds(options.partners, options.seeds)
    if "backtest" in options.only and options.eval:
        found["backtest"] = backtests(options.eval, options.encoder, options.draws)
    if "speed" in options.only:
        found["speed"] = clock(options.many, options.snapshots)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1))


def worlds(partners: int, seeds: int) -> dict[str, dict[str, list[float]]]:
    """A table a noise: mean over seeds, smallest and largest."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, noise in NOISES.items():
        reads = [read(world(partners, noise=noise, seed=seed)) for seed in range(seeds)]
        found[name] = {figure: [one[figure] for one in reads] for figure in reads[0]}
        print(f"Worlds of {name} noise ({noise:g} a snapshot), six snapshots, {seeds} seeds, {partners} partners")
        for figure, values in found[name].items():
            print(f"  {figure:34} {np.mean(values):.3f}  [{min(values):.3f}, {max(values):.3f}]")
        print(flush=True)
    return found


def backtests(folder: Path, encoder: str, draws: int) -> dict[str, object]:
    """How true the intervals are on both real data sets, then both by the rule."""
    intervals = coverage.table(folder, encoder)
    print(f"{intervals.to_text()}\n", flush=True)
    found: dict[str, object] = {"intervals": intervals.to_dict()}
    for name, run in (
        ("web_vendors", lambda: web_vendors.proof(folder / "web_vendors", draws)),
        ("cloud_landscape", lambda: cloud_landscape.proof(folder / "cloud_landscape", encoder, draws)),
    ):
        proof = run()
        print(f"{name}\n{proof.to_text()}\n", flush=True)
        found[name] = proof.to_dict()
    return found


def clock(partners: int, snapshots: int) -> dict[str, float]:
    """The measurements of `speed`."""
    found = speed.measured(partners, snapshots)
    for name, value in found.items():
        print(f"  {name:68} {value:.4g}")
    return found


def _machine() -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "numpy": np.__version__,
    }


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{sorted(unknown)[0]} is none of {', '.join(PARTS)}")
    return chosen


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.collisions", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--eval", type=Path, help="folder that holds cloud_landscape and web_vendors; without it no backtest"
    )
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"make these parts alone: {','.join(PARTS)}")
    parser.add_argument("--json", type=Path, help="write every figure here as well")
    parser.add_argument("--encoder", default="minilm", help="text encoder of the cloud landscape")
    parser.add_argument("--partners", type=int, default=400, help="of a world")
    parser.add_argument("--seeds", type=int, default=5, help="worlds of each noise")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws, at least 1000")
    parser.add_argument("--many", type=int, default=50_000, help="partners of the clock")
    parser.add_argument("--snapshots", type=int, default=12, help="snapshots of the clock")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
