"""Command: measure account overlap and print a table, and JSON with --json.

python -m benchmarks.overlap [--rows 10000000] [--partners 5000] [--accounts 1000000] [--threads 2] [--subset 250]

A Parquet file of account rows is generated and kept in out/overlap. Seconds are those of the whole work: reading and hashing plain
accounts, every pair of partners with every figure, the table of pairs written as Parquet. A subset is counted by pandas, SciPy and
bitsets in the same run; the benchmark fails where they find other numbers.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.batch.memory import Watch
from benchmarks.overlap.draw import drawn
from benchmarks.overlap.others import beside
from benchmarks.speed.__main__ import machine
from matchmaker.audience.pairs import all_pairs
from matchmaker.audience.reading import read_accounts
from matchmaker.audience.writing import write_pairs
from matchmaker.batch.run import lean

KEY = b"a key of the benchmark, no secret"


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--partners", type=int, default=5_000)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--subset", type=int, default=250, help="partners that the other ways count; 0: none")
    parser.add_argument("--folder", type=Path, default=Path("out/overlap"), help="of what is made and kept")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    facts = {**measured(options), **machine()}
    for name, value in facts.items():
        print(f"{name:52} {value:.4g}" if isinstance(value, float) else f"{name:52} {value}")
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1))


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Everything from the file of accounts to the file of pairs."""
    source = drawn(options.rows, options.partners, options.accounts, options.folder)
    out = options.folder / "pairs.parquet"
    with lean(), Watch() as watch:
        started = time.perf_counter()
        read = read_accounts(source, key=KEY)
        between = time.perf_counter()
        pairs = write_pairs(all_pairs(read.incidence, threads=options.threads), out)
        ended = time.perf_counter()
    return {
        "account rows": options.rows,
        "partners": options.partners,
        "distinct accounts": read.incidence.universe,
        "pairs that share an account": pairs,
        "threads": options.threads,
        "seconds": ended - started,
        "seconds of reading and hashing": between - started,
        "seconds of counting and writing": ended - between,
        "processor seconds": watch.processor,
        "peak memory GB": watch.largest / 1e9,
        "output MB": out.stat().st_size / 1e6,
        **(beside(read.incidence, options.subset) if options.subset else {}),
    }


if __name__ == "__main__":
    main()
