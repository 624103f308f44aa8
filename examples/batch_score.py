"""Score a table of candidates for one partner, and print the best of them.

    python examples/batch_score.py BUNDLE CANDIDATES PARTNER [OUT]

CANDIDATES: CSV, Parquet or JSONL with a column `partner`; OUT: scores.csv unless it is named. Run it again after it was stopped: it
goes on where it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from matchmaker.batch.pairs import pairs_work
from matchmaker.batch.run import run


def main(bundle: str, candidates: str, partner: str, out: str = "scores.csv") -> None:
    """Score, then show the ten best that are no one-way street."""
    work = pairs_work(Path(candidates), Path(bundle), Path(out), asking=partner)
    summary = run(work, Path(out), threads=2)
    sys.stdout.write(f"{summary.rows} scored, {summary.failed} of them not; {summary.rows_per_second:.0f} rows/s\n")
    scores = pd.read_csv(out)
    both = scores[(scores["status"] == "ok") & ~scores["one_way_street"].fillna(False).astype(bool)]
    best = both.sort_values("mutual", ascending=False).head(10)
    sys.stdout.write(best[["b", "mutual", "value_to_a", "value_to_b", "fit_type"]].to_string(index=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
