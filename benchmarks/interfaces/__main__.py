"""Command: print the facts of drawn pairs to be labelled, then compare the labels with the verdicts.

python -m benchmarks.interfaces --eval DIR draw SEED                   the facts of thirty pairs, without verdicts
python -m benchmarks.interfaces --eval DIR judge SEED --labels FILE    Cohen's kappa of the labels and the verdicts

FILE is CSV with the columns seed, stratum, a, b, label, verdict: keys and words only, no text of the data. A verdict is written
where there is none yet, and never again: the column keeps what was said before anybody could learn from the labels.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.interfaces.pairs import draw, read, told
from matchmaker.gaps.bulk import Interfaces
from matchmaker.gaps.interface import UNKNOWN, VERDICTS

COLUMNS = ("seed", "stratum", "a", "b", "label", "verdict")


def kappa(labels: Sequence[str], verdicts: Sequence[str]) -> float:
    """Cohen's kappa: (p_o - p_e) / (1 - p_e), p_o the share that agrees, p_e what chance would give from both margins; in [-1, 1].

    NaN where both sides always say the same one word. Source: Cohen 1960, Educational and Psychological Measurement 20(1).
    """
    count = len(labels)
    agreed = sum(a == b for a, b in zip(labels, verdicts, strict=True)) / count
    mine, theirs = Counter(labels), Counter(verdicts)
    chance = sum(mine[word] * theirs[word] for word in mine) / count**2
    return (agreed - chance) / (1 - chance) if chance < 1 else float("nan")


def main(arguments: list[str] | None = None) -> None:
    """Draw or judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interfaces", description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="folder that holds saas_integrations")
    parser.add_argument("what", choices=("draw", "judge"))
    parser.add_argument("seed", type=int)
    parser.add_argument("--labels", type=Path)
    options = parser.parse_args(arguments)
    partners, wired = read(options.eval / "saas_integrations")
    if options.what == "draw":
        by_id = {partner.id: partner for partner in partners}
        for number, pair in enumerate(draw(partners, wired, options.seed), start=1):
            print(f"{number}. [{pair.stratum}] {pair.a} + {pair.b}\n{told(by_id[pair.a])}\n{told(by_id[pair.b])}\n")
        return
    if options.labels is None:
        parser.error("judge needs --labels FILE")
    rows = list(csv.DictReader(options.labels.read_text(encoding="utf-8").splitlines()))
    mine = [row for row in rows if int(row["seed"]) == options.seed]
    interfaces = Interfaces(partners)
    now = [interfaces.fit(row["a"], row["b"]).verdict for row in mine]
    for row, verdict in zip(mine, now, strict=True):
        row["verdict"] = row["verdict"] or verdict
    with options.labels.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    labels = [row["label"] for row in mine]
    _print("when first judged", labels, [row["verdict"] for row in mine])
    _print("now", labels, now)


def _print(when: str, labels: Sequence[str], verdicts: Sequence[str]) -> None:
    pairs = list(zip(labels, verdicts, strict=True))
    counts = Counter(pairs)
    print(f"{when}\nlabel \\ verdict  " + "  ".join(f"{word:>10}" for word in VERDICTS))
    for label in VERDICTS:
        print(f"{label:15}  " + "  ".join(f"{counts[label, word]:10}" for word in VERDICTS))
    for name, kept in (("all", pairs), ("without unknown", [pair for pair in pairs if pair[0] != UNKNOWN])):
        found = kappa([label for label, _ in kept], [verdict for _, verdict in kept])
        print(f"kappa, {name}: {found:.3f} (n = {len(kept)})")


if __name__ == "__main__":
    main()
