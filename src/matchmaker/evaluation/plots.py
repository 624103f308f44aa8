"""The plots of a report as Plotly figures in plain mappings, and the figures behind them as tables.

Text in a plot is escaped: Plotly reads tags in it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matchmaker.evaluation.bootstrap import DRAWS, Interval, mean_interval
from matchmaker.evaluation.probability import Reliability
from matchmaker.evaluation.reads import Reading
from matchmaker.evaluation.report import Report

READS = {"all.ndcg@10": "nDCG@10, all", "savanna.ndcg@10": "nDCG@10, savanna", "tail.recall@10": "recall@10, tail"}
DASHES = ("solid", "dash", "dot", "dashdot")
Json = dict[str, object]


@dataclass(frozen=True)
class DialPoint:
    """What one `popularity_weight` (0..1) gives over all candidates and in the tail."""

    weight: float
    ndcg: Interval
    tail: Interval

    def to_dict(self) -> dict[str, object]:
        """Plain mapping for JSON."""
        return {
            "popularity_weight": self.weight,
            "all.ndcg@10": self.ndcg.to_dict(),
            "tail.recall@10": self.tail.to_dict(),
        }


def trade_off(readings: Mapping[float, Reading], *, draws: int = DRAWS, rng: int = 0) -> tuple[DialPoint, ...]:
    """Points of the curve by rising weight; `readings` maps a `popularity_weight` to what it reads on one task."""

    def level(reading: Reading, metric: str) -> Interval:
        return mean_interval(reading.values[metric], reading.queries, draws=draws, rng=rng)

    return tuple(
        DialPoint(weight, level(readings[weight], "all.ndcg@10"), level(readings[weight], "tail.recall@10"))
        for weight in sorted(readings)
    )


@dataclass(frozen=True)
class Curves:
    """What is drawn beside the reports.

    Attributes:
        calibration: name of a probability to the bins of its shown pairs.
        trade_off: name of a scorer to its points by `popularity_weight`.

    """

    calibration: Mapping[str, Reliability] = field(default_factory=dict)
    trade_off: Mapping[str, Sequence[DialPoint]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first cell of a row names it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Plot:
    """A Plotly figure with its height in pixels, and the table that says the same.

    `id` is unique in a page and the same for the same report.
    """

    id: str
    title: str
    figure: Json
    table: Table
    height: int = 420


def strata(number: int, report: Report) -> Plot:
    """Bars with intervals for every scorer in the three reads; the table holds every metric of the report."""
    traces: list[Json] = [
        {
            "type": "bar",
            "name": plain(title),
            "y": [plain(scorer) for scorer in report.figures],
            "x": [number_of(row[metric].estimate) for row in report.figures.values()],
            "error_x": _errors([row[metric] for row in report.figures.values()]),
            "orientation": "h",
        }
        for metric, title in READS.items()
        if all(metric in row for row in report.figures.values())
    ]
    layout: Json = {
        "barmode": "group",
        "yaxis": {"autorange": "reversed", "automargin": True},
        "xaxis": {"title": "mean"},
    }
    metrics = list(next(iter(report.figures.values()), {}))
    rows = [[scorer, *(told(row[m]) for m in metrics)] for scorer, row in report.figures.items()]
    height = 140 + 54 * max(len(report.figures), 2)
    return Plot(
        f"strata-{number}",
        "The three reads of every scorer",
        {"data": traces, "layout": layout},
        Table(["scorer", *metrics], rows),
        height,
    )


def calibration(curves: Mapping[str, Reliability]) -> Plot:
    """Reliability diagram: share that came true against mean score in bins of equal size."""
    edge = 1.08 * max([0.02, *(float(x) for c in curves.values() for x in (*c.predicted, *c.observed))])
    traces: list[Json] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "perfect",
            "x": [0, edge],
            "y": [0, edge],
            "line": {"dash": "dot", "width": 1},
            "hoverinfo": "skip",
        }
    ]
    rows: list[list[str]] = []
    for place, (name, curve) in enumerate(curves.items()):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"{plain(name)} (ECE {curve.ece:.3f}, {_bins(curve)})",
                "x": curve.predicted.tolist(),
                "y": curve.observed.tolist(),
                "text": [f"{count:,} pairs" for count in curve.count.tolist()],
                "line": {"dash": DASHES[place % len(DASHES)]},
                "cliponaxis": False,
            }
        )
        columns = zip(curve.count.tolist(), curve.predicted.tolist(), curve.observed.tolist(), strict=True)
        rows += [[name, str(k + 1), f"{c:,}", f"{p:.3f}", f"{o:.3f}"] for k, (c, p, o) in enumerate(columns)]
    axis: Json = {"range": [0, edge]}
    layout: Json = {
        "xaxis": axis | {"title": "mean score of the bin"},
        "yaxis": axis | {"title": "share that came true"},
    }
    head = ["probability", "bin", "pairs", "mean score", "share that came true"]
    return Plot("calibration", "Calibration of the shown lists", {"data": traces, "layout": layout}, Table(head, rows))


def dial(curves: Mapping[str, Sequence[DialPoint]]) -> Plot:
    """Recall in the tail against nDCG over all, one point for each `popularity_weight`."""
    traces: list[Json] = [
        {
            "type": "scatter",
            "mode": "lines+markers+text",
            "name": plain(name),
            "x": [number_of(point.ndcg.estimate) for point in points],
            "y": [number_of(point.tail.estimate) for point in points],
            "error_x": _errors([point.ndcg for point in points]),
            "error_y": _errors([point.tail for point in points]),
            "text": [f"{point.weight:g}" for point in points],
            "textposition": "top right",
            "line": {"dash": DASHES[place % len(DASHES)]},
        }
        for place, (name, points) in enumerate(curves.items())
    ]
    layout: Json = {
        "xaxis": {"title": "nDCG@10 over all candidates", "rangemode": "tozero"},
        "yaxis": {"title": "recall@10 in the tail", "rangemode": "tozero"},
    }
    rows = [
        [name, f"{point.weight:g}", told(point.ndcg), told(point.tail)]
        for name, points in curves.items()
        for point in points
    ]
    head = ["scorer", "popularity_weight", "nDCG@10, all", "recall@10, tail"]
    return Plot("trade-off", "What popularity_weight trades", {"data": traces, "layout": layout}, Table(head, rows))


def told(interval: Interval) -> str:
    """`.123 [.101, .145]`, or a dash where nothing was read."""
    if not math.isfinite(interval.estimate):
        return "–"
    return f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def plain(text: str) -> str:
    """Text that Plotly shows as it stands."""
    return html.escape(text, quote=False)


def number_of(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return value if math.isfinite(value) else None


def _bins(curve: Reliability) -> str:
    fewest, most = min(curve.count.tolist(), default=0), max(curve.count.tolist(), default=0)
    return (
        f"{len(curve.count)} bins of {most:,} pairs"
        if fewest == most
        else f"{len(curve.count)} bins of {fewest:,} to {most:,} pairs"
    )


def _errors(intervals: Sequence[Interval]) -> Json:
    return {
        "type": "data",
        "symmetric": False,
        "thickness": 1.2,
        "array": [number_of(one.high - one.estimate) for one in intervals],
        "arrayminus": [number_of(one.estimate - one.low) for one in intervals],
    }
