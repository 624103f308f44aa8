"""One self-contained HTML page of a report: verdict, plots, and under every plot the table that says the same.

The page asks nothing of any other place: the chart library is inside, and its content policy forbids requests. Only
the page's own two scripts may run, known by their digest, so that a name out of the data cannot become one.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from matchmaker.errors import MissingExtraError
from matchmaker.evaluation.bootstrap import Interval
from matchmaker.evaluation.gate import Check, Verdict
from matchmaker.evaluation.plots import Curves, Plot, Table, calibration, dial, strata, told
from matchmaker.evaluation.report import Difference, Report

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #59636e; --line: #d1d9e0;
  --good: #1a6e35; --bad: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #11151a; --faint: #9198a1; --line: #3d444d;
  --good: #57c777; --bad: #ff8f87; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 72rem; padding: 1.5rem; }
h1, h2, h3 { line-height: 1.2; overflow-wrap: anywhere; }
.facts, caption { color: var(--faint); text-align: left; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0 2rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; }
td { white-space: nowrap; }
tbody th { min-width: 9rem; }
.verdict td { white-space: normal; }
.yes { color: var(--good); font-weight: 600; }
.no { color: var(--bad); font-weight: 600; }
.plot { width: 100%; }
html:not(.drawn) .plot, .drawn .undrawn { display: none; }
"""

SCRIPT = """
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const light = ["#0b5cad", "#a3420a", "#1a6e35", "#7a3fa0", "#8a1f4c", "#4d5a66"];
  const bright = ["#6cb6ff", "#f2a35e", "#57c777", "#c79bf2", "#f58bb5", "#b5c0cb"];
  if (!window.Plotly) return;
  document.documentElement.classList.add("drawn");
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink").trim(), line = style.getPropertyValue("--line").trim();
    for (const [id, { data, layout }] of Object.entries(figures)) {
      const axis = (own) => ({ gridcolor: line, zerolinecolor: line, ...own, title: { text: own.title ?? "" } });
      for (const trace of data) for (const side of ["error_x", "error_y"]) if (trace[side]) trace[side].color = ink;
      Plotly.react(id, data, {
        ...layout, xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis), colorway: dark.matches ? bright : light,
        paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { color: ink, family: "system-ui, sans-serif" },
        legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, margin: { l: 60, r: 20, t: 40, b: 55 },
      }, { responsive: true, displaylogo: false });
    }
  };
  dark.addEventListener("change", draw);
  draw();
})();
"""


def html_page(reports: Sequence[Report], verdict: Verdict | None = None, curves: Curves | None = None) -> str:
    """One HTML document of about 5 MB, nearly all of it the chart library.

    Args:
        reports: one section each, in this order.
        verdict: of the gate, shown first, or None.
        curves: calibration and trade-off, or None.

    Raises:
        MissingExtraError: plotly is not installed.

    """
    library = _plotly()
    curves = curves or Curves()
    parts = [] if verdict is None else [_verdict(verdict)]
    sections = [strata(number, report) for number, report in enumerate(reports, 1)]
    parts += [_report(k, report, plot) for k, (report, plot) in enumerate(zip(reports, sections, strict=True), 1)]
    beside = [calibration(curves.calibration)] if curves.calibration else []
    beside += [dial(curves.trade_off)] if curves.trade_off else []
    parts += [f'<section aria-labelledby="{plot.id}-title">{_plot(plot, "h2")}</section>' for plot in beside]
    plots = [*sections, *beside]
    figures = json.dumps({plot.id: plot.figure for plot in plots}, allow_nan=False, sort_keys=True)
    # The HTML parser ends a script at its first "</script", wherever it stands.
    inert = figures.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(library, SCRIPT)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Matchmaker: evaluation</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Evaluation</h1>
<p class="undrawn">The plots need JavaScript; the tables hold the same figures.</p>
{"".join(parts)}
</main>
<script type="application/json" id="figures">{inert}</script>
<script>{library}</script>
<script>{SCRIPT}</script>
</body>
</html>
"""


def check_library() -> None:
    """Raise MissingExtraError where the page cannot be made: to be asked before the evaluation, which takes its time."""
    _plotly()


def _plotly() -> str:
    """Source of the chart library, out of the installed package: importing that takes a second and is not needed."""
    found = find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError(
            "The page of an evaluation needs plotly, which is not installed: pip install 'matchmaker[service]'. "
            "The table and the JSON of the report need nothing more."
        )
    path = Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
    return path.read_text(encoding="utf-8")


def _policy(*scripts: str) -> str:
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:"


def _verdict(verdict: Verdict) -> str:
    head = "Passed: the learned part may be released." if verdict.passed else "Refused: the prior stays."
    rows = "".join(
        f'<tr><td class="{"yes" if check.passed else "no"}">{"met" if check.passed else "not met"}</td>'
        f"<th scope=row>{html.escape(check.name)}</th><td>{_figure(check)}</td>"
        f"<td>{check.bound:g}</td><td>{html.escape(check.sentence)}</td></tr>"
        for check in verdict.checks
    )
    return (
        f'<section class="verdict" aria-labelledby="verdict"><h2 id="verdict">{head}</h2>'
        '<div class="wide" tabindex="0" role="group" aria-label="Checks of the gate"><table>'
        f"<thead><tr>{_heads(['state', 'demand', 'figure', 'bound', 'in words'])}</tr></thead><tbody>{rows}</tbody></table>"
        "</div></section>"
    )


def _figure(check: Check) -> str:
    return told(check.figure) if isinstance(check.figure, Interval) else f"{check.figure:.4g}"


def _report(number: int, report: Report, plot: Plot) -> str:
    facts = ", ".join(f"{html.escape(name)} {value:g}" for name, value in report.facts.items())
    return (
        f'<section aria-labelledby="report-{number}"><h2 id="report-{number}">{html.escape(report.title)}</h2>'
        f'<p class="facts">{facts}</p>{_plot(plot, "h3")}{_differences(number, report)}</section>'
    )


def _differences(number: int, report: Report) -> str:
    if not report.differences:
        return ""
    metrics = list(next(iter(report.differences.values())))
    rows = [
        [f"{ours} − {other}", *(_difference(row[m]) for m in metrics)]
        for (ours, other), row in report.differences.items()
    ]
    caption = "Paired difference: 95 % by asking partner, then 95 % with both ends resampled"
    return f'<div id="differences-{number}">{_table(Table(["pair", *metrics], rows), caption)}</div>'


def _difference(difference: Difference) -> str:
    one, two = difference.by_query, difference.two_way
    return f"{one.estimate:+.3f} [{one.low:+.3f}, {one.high:+.3f}] [{two.low:+.3f}, {two.high:+.3f}]"


def _plot(plot: Plot, level: str) -> str:
    title = html.escape(plot.title)
    return (
        f'<{level} id="{plot.id}-title">{title}</{level}>'
        f'<div class="plot" id="{plot.id}" role="group" aria-labelledby="{plot.id}-title" '
        f'aria-describedby="{plot.id}-table" style="height:{plot.height}px"></div>'
        f'<div id="{plot.id}-table">{_table(plot.table, f"{plot.title}, in figures")}</div>'
    )


def _table(table: Table, caption: str) -> str:
    body = "".join(
        f"<tr><th scope=row>{html.escape(row[0])}</th>{''.join(f'<td>{html.escape(c)}</td>' for c in row[1:])}</tr>"
        for row in table.rows
    )
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{html.escape(caption)}">'
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{_heads(table.head)}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _heads(names: Iterable[str]) -> str:
    return "".join(f"<th scope=col>{html.escape(name)}</th>" for name in names)
