"""What was measured, beside the bars it is held to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from benchmarks.http.load import Load
from benchmarks.http.measure import Busy, Encoding, Round

RATIO, RATIO_AIM = 0.25, 0.5
HALF_MS, BUSY_MS, LIVEZ_MS = 60.0, 150.0, 20.0
_HEAD = ("load", "requests/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "failed", "own CPU")


@dataclass(frozen=True)
class Bar:
    """A figure and its limit."""

    name: str
    measured: float
    limit: float
    kind: Literal["at least", "at most"]
    spread: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure keeps the limit; a figure that is not a number does not."""
        return self.measured >= self.limit if self.kind == "at least" else self.measured <= self.limit


@dataclass
class Findings:
    """All that one run of the command measured; what was left out is empty."""

    uniform: list[Round] = field(default_factory=list)
    zipf: list[Round] = field(default_factory=list)
    busy: Busy | None = None
    encoding: Encoding | None = None

    def loads(self) -> list[tuple[str, Load]]:
        """Every load with its name, in the order of the measurements."""
        named = [*_named("uniform", self.uniform), *_named("zipf", self.zipf)]
        if self.busy:
            named += [("reads beside writes and swap", self.busy.reads), ("writes", self.busy.writes)]
        if self.encoding:
            named += [
                ("/livez alone", self.encoding.idle),
                ("/livez while encoding", self.encoding.livez),
                ("profiles that need encoding", self.encoding.questions),
            ]
        return named

    def bars(self) -> list[Bar]:
        """Figures of issue 3. Rounds are told by their median, since the machine's speed swings; failures are summed."""
        bars = [*_round_bars(self.uniform, "uniform"), *_round_bars(self.zipf, "zipf")]
        if self.busy:
            bars += _busy_bars(self.busy)
        if self.encoding:
            bars += [
                Bar("/livez p99 ms while encoding", self.encoding.livez.latency(99), LIVEZ_MS, "at most"),
                Bar(
                    "failed requests while encoding",
                    self.encoding.livez.failed + self.encoding.questions.failed,
                    0,
                    "at most",
                ),
            ]
        return bars


def _named(draw: str, rounds: Iterable[Round]) -> list[tuple[str, Load]]:
    return [
        (f"{what}, {draw}, round {number}", load)
        for number, one in enumerate(rounds, start=1)
        for what, load in (("bare", one.bare), ("ours", one.ours), ("ours at half", one.half))
    ]


def _round_bars(rounds: Sequence[Round], draw: str) -> list[Bar]:
    if not rounds:
        return []
    ratios, tails = [one.ratio for one in rounds], [one.half.latency(99) for one in rounds]
    failed = sum(load.failed for one in rounds for load in (one.bare, one.ours, one.half))
    return [
        Bar(f"ratio to the bare route, {draw}", float(np.median(ratios)), RATIO, "at least", _spread(ratios)),
        Bar(f"p99 ms at half the rate, {draw}", float(np.median(tails)), HALF_MS, "at most", _spread(tails)),
        Bar(f"failed requests, {draw}", failed, 0, "at most"),
    ]


def _busy_bars(busy: Busy) -> list[Bar]:
    bars = [
        Bar("reads p99 ms beside writes and swap", busy.reads.latency(99), BUSY_MS, "at most"),
        Bar("failed requests beside writes and swap", busy.reads.failed + busy.writes.failed, 0, "at most"),
        Bar(
            "new partners that cannot be asked 2 s later", busy.written - busy.found, 0, "at most", f"of {busy.written}"
        ),
    ]
    swapped = float(busy.swap is not None and 200 <= busy.swap < 300)
    spread = "no other version" if busy.swap is None else f"status {busy.swap}, {busy.swap_seconds:.1f} s"
    return [*bars, Bar("swaps done", swapped, 1, "at least", spread)]


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):.3g} to {max(values):.3g}" if len(values) > 1 else ""


def bars_table(bars: Sequence[Bar]) -> str:
    """The bars as fixed-width text."""
    rows = [
        (bar.name, f"{bar.measured:.3g}", bar.spread, f"{bar.kind} {bar.limit:g}", "met" if bar.met else "NOT MET")
        for bar in bars
    ]
    return table(("figure", "measured", "spread", "bar", ""), rows)


def loads_table(loads: Sequence[tuple[str, Load]]) -> str:
    """Rates and latencies as fixed-width text; own CPU in cores."""
    rows = []
    for name, load in loads:
        tails = [f"{load.latency(percent):.1f}" for percent in (50, 90, 99, 99.9, 100)]
        rows.append((name, f"{load.rate:.1f}", *tails, str(load.failed), f"{load.own_cpu:.2f}"))
    return table(_HEAD, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the first to the left, others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) if not place else cell.rjust(width) for place, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in (head, *rows))
    ]
    return "\n".join(line.rstrip() for line in lines)
