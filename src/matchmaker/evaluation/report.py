"""Figures of several scorers on one task, as a mapping for JSON and as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matchmaker.evaluation.bootstrap import DRAWS, Interval, mean_interval, paired_difference, two_way_difference
from matchmaker.evaluation.reads import METRICS, Reading


@dataclass(frozen=True)
class Difference:
    """Ours minus a baseline: one interval by query partner, one with both ends resampled."""

    by_query: Interval
    two_way: Interval

    def to_dict(self) -> dict[str, dict[str, float | int | None]]:
        """Plain mapping for JSON."""
        return {"by_query": self.by_query.to_dict(), "two_way": self.two_way.to_dict()}


@dataclass(frozen=True)
class Report:
    """One task read for every scorer.

    Attributes:
        title: what was asked, of whom, and how it was split.
        facts: counts a reader needs (candidates, queries, ...).
        figures: scorer to metric to interval, in the order given.
        differences: (ours, baseline) to metric to difference.

    """

    title: str
    facts: Mapping[str, float]
    figures: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[tuple[str, str], Mapping[str, Difference]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Nested plain mapping, ready for JSON."""
        return {
            "title": self.title,
            "facts": dict(self.facts),
            "figures": {s: {m: i.to_dict() for m, i in row.items()} for s, row in self.figures.items()},
            "differences": [
                {
                    "ours": a,
                    "baseline": b,
                    "metric": m,
                    "by_query": d.by_query.to_dict(),
                    "two_way": d.two_way.to_dict(),
                }
                for (a, b), row in self.differences.items()
                for m, d in row.items()
            ],
        }

    def to_text(self) -> str:
        """Fixed-width table: mean and 95 % interval of each scorer in each read, then the paired differences."""
        metrics = list(next(iter(self.figures.values())))
        facts = ", ".join(f"{name} {value:g}" for name, value in self.facts.items())
        lines = [self.title, f"  {facts}"]
        lines += _table(["scorer", *metrics], [[s, *map(_figure, row.values())] for s, row in self.figures.items()])
        if self.differences:
            rows = [[f"{a} - {b}", *map(_difference, row.values())] for (a, b), row in self.differences.items()]
            lines += ["", "  paired difference [95 % by query] [95 % both ends]; * where both lie above 0, ! below"]
            lines += _table(["pair", *next(iter(self.differences.values()))], rows)
        return "\n".join(lines)


def compare(
    title: str,
    readings: Mapping[str, Reading],
    *,
    ours: Sequence[str] = (),
    against: Sequence[str] = (),
    facts: Mapping[str, float] | None = None,
    draws: int = DRAWS,
    rng: int = 0,
) -> Report:
    """Read every scorer and compare `ours` with each of `against` that is there.

    Args:
        title: heading of the table.
        readings: scorer name to its (pooled) reading; all of the same queries.
        ours: names to be compared.
        against: baseline names; the absent ones are left out.
        facts: extra counts for the heading.
        draws: bootstrap draws, at least 1,000.
        rng: seed of the draws.

    """
    first = next(iter(readings.values()))
    figures = {
        name: {m: mean_interval(reading.values[m], reading.queries, draws=draws, rng=rng) for m in METRICS}
        for name, reading in readings.items()
    }
    pairs = [(a, b) for a in ours for b in against if a in readings and b in readings]
    differences = {
        (a, b): {
            m: Difference(
                paired_difference(readings[a], readings[b], m, draws=draws, rng=rng),
                two_way_difference(readings[a], readings[b], m, draws=draws, rng=rng),
            )
            for m in METRICS
        }
        for a, b in pairs
    }
    counts = {"candidates": first.n, "rankings": len(first.queries), "query partners": len(set(first.queries.tolist()))}
    counts |= {f"rankings with truth, {read}": _answered(first, read) for read in ("savanna", "tail")}
    return Report(title, {**counts, **(facts or {})}, figures, differences)


def _answered(reading: Reading, read: str) -> int:
    values = reading.values[f"{read}.recall@10"]
    return int((values == values).sum())


def _figure(interval: Interval) -> str:
    return f"{_short(interval.estimate)} [{_short(interval.low)},{_short(interval.high)}]"


def _difference(difference: Difference) -> str:
    one, two = difference.by_query, difference.two_way
    mark = "*" if one.low > 0 and two.low > 0 else "!" if one.high < 0 and two.high < 0 else " "
    return f"{one.estimate:+.3f} [{one.low:+.3f},{one.high:+.3f}] [{two.low:+.3f},{two.high:+.3f}]{mark}"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]]
