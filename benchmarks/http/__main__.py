"""Command: load the service and a bare FastAPI route by turns, print tables, write JSON.

python -m benchmarks.http [--model DIR] [--seconds 15] [--connections 16] [--rounds 3] [--only rounds,zipf,busy,encoding]

Without --model a bundle of --partners generated partners in two versions is made on the first run and kept under --work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.http.bare import JSON
from benchmarks.http.measure import Bench
from benchmarks.http.servers import Server, free_port, serving
from benchmarks.http.verdict import RATIO_AIM, Findings, bars_table, loads_table
from benchmarks.speed.__main__ import machine

STEPS = ("rounds", "zipf", "busy", "encoding")
SERVE = f"{shlex.quote(sys.executable)} -m matchmaker.cli.app serve --host 127.0.0.1 --port {{port}}"
_PATIENCE = 600.0
"""Seconds in which a server must become ready; the bare one builds its index on the first run."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the chosen measurements; exit status 1 when a bar is not met."""
    options = _options(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    model = options.model or _generated(options.work, options.partners)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=options.work)))
        bench = _bench(stack, options, model, folder)
        findings = asyncio.run(_measured(bench, options, model))
        facts = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "partners": len(bench.ids),
            "settings": {name: str(value) for name, value in vars(options).items()},
            "servers": {server.name: _server_facts(server) for server in (bench.bare, bench.ours)},
            **_machine(),
        }
    _tell(findings, facts)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**facts, **_figures(findings)}, indent=1), encoding="utf-8")
    print(f"\nEvery figure: {options.json}")
    sys.exit(0 if all(bar.met for bar in findings.bars()) else 1)


def _generated(work: Path, partners: int) -> Path:
    from benchmarks.http.bundle import ready_bundle

    return ready_bundle(work / f"bundle-{partners}", partners)


def _bench(stack: ExitStack, options: argparse.Namespace, model: Path, folder: Path) -> Bench:
    """Both servers started, the service over an empty store and an empty cache of text vectors."""
    from matchmaker.registry.bundle import open_bundle

    bundle = open_bundle(model)
    index = options.work / f"hnsw-{bundle.version}.faiss"
    port, our_port = free_port(), free_port()
    bare = [sys.executable, "-m", "benchmarks.http.bare", str(model), "--port", str(port), "--index", str(index)]
    bare += ["--json", options.bare]
    environment = {
        "MATCHMAKER_MODEL": str(model),
        "MATCHMAKER_DATA_DIR": str(folder / "data"),
        "MATCHMAKER_CACHE_DIR": str(folder / "cache"),
        "MATCHMAKER_RATE_LIMIT": "",
    }
    (folder / "data").mkdir()
    command = shlex.split(options.service.format(port=our_port))
    return Bench(
        bare=stack.enter_context(serving("bare", bare, port, options.work / "bare.log", {}, _PATIENCE)),
        ours=stack.enter_context(
            serving("ours", command, our_port, options.work / "service.log", environment, _PATIENCE)
        ),
        ids=bundle.json("state")["ids"],
        connections=options.connections,
        seconds=options.seconds,
        seed=options.seed,
    )


async def _measured(bench: Bench, options: argparse.Namespace, model: Path) -> Findings:
    findings = Findings()
    await bench.warm_up()
    if "rounds" in options.only or "busy" in options.only:
        for number in range(options.rounds):
            findings.uniform.append(await bench.round())
            print(f"round {number + 1}: ratio {findings.uniform[-1].ratio:.3f}", file=sys.stderr, flush=True)
    if "zipf" in options.only:
        findings.zipf.append(await bench.round(options.zipf))
    if "busy" in options.only:
        from benchmarks.http.bundle import spare_version

        rate = options.reads or float(np.median([one.ours.rate for one in findings.uniform])) / 2
        findings.busy = await bench.busy(rate, options.writes, spare_version(model))
    if "encoding" in options.only:
        findings.encoding = await bench.encoding()
    return findings


def _tell(findings: Findings, facts: dict[str, object]) -> None:
    print(loads_table(findings.loads()), end="\n\n")
    print(bars_table(findings.bars()), end="\n\n")
    print(
        f"The aim of the ratio is {RATIO_AIM:g}. Latencies count from when a request was due, except in saturated loads."
    )
    for name, value in facts.items():
        print(f"{name:12} {value}")


def _figures(findings: Findings) -> dict[str, object]:
    busy = findings.busy
    return {
        "bars": [{**asdict(bar), "met": bar.met} for bar in findings.bars()],
        "loads": {name: load.to_dict() for name, load in findings.loads()},
        "server_cores_when_saturated": [one.cpu for one in (*findings.uniform, *findings.zipf)],
        "swap": {"status": busy.swap, "seconds": busy.swap_seconds} if busy else None,
    }


def _server_facts(server: Server) -> dict[str, float | None]:
    return {
        "ready after s": round(server.ready_after, 1),
        "peak memory GB": server.peak_memory(),
        "own memory at the end GB": server.own_memory(),
    }


def _machine() -> dict[str, object]:
    """Facts that the figures depend on; a library that is absent is told as such, since uvicorn chooses by it."""
    libraries = {}
    for name in ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "orjson"):
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "absent"
    return {**machine(), "web": libraries}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.http", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="bundle folder; a swap needs a second version in it")
    parser.add_argument("--partners", type=int, default=100_000, help="of the generated bundle")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3, help="turns of bare, ours, ours at half the rate")
    parser.add_argument("--zipf", type=float, default=1.0, help="exponent of the run with favourites")
    parser.add_argument(
        "--reads", type=float, help="a second, beside writes and swap; half the saturated rate if absent"
    )
    parser.add_argument("--writes", type=float, default=20.0, help="a second, beside the swap")
    parser.add_argument("--bare", choices=JSON, default=JSON[0], help="who makes the bare route's JSON")
    parser.add_argument("--only", type=_steps, default=STEPS, help=f"of {','.join(STEPS)}; busy needs rounds")
    parser.add_argument("--service", default=SERVE, help="command of the service, {port} filled in")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("out/http"), help="folder of bundle, index and logs")
    parser.add_argument("--json", type=Path, default=Path("out/http/figures.json"))
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.connections < 1 or options.seconds <= 0:
        parser.error("--rounds, --connections and --seconds must be above 0")
    return options


def _steps(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := [step for step in chosen if step not in STEPS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(STEPS)}")
    return chosen


if __name__ == "__main__":
    main()
