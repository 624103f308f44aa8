"""Commands that score in bulk: score, match-all."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matchmaker.cli.options import DEFAULT_MODEL, Json, ModelDir, Number
from matchmaker.cli.output import Bar, console, emit_json

if TYPE_CHECKING:
    from matchmaker.batch.run import Plan, Summary, Work

PARTIAL = 5
"""Exit status where the output is whole and some of its rows say that they could not be scored."""
Out = Annotated[
    Path,
    typer.Option(
        "--out", "-o", help="Output: .parquet, .csv or .jsonl. Replaced only when it is whole.", readable=False
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", help="Worker processes; by default one for each core.", min=1, max=256)
]
PartSize = Annotated[
    int | None, typer.Option("--part-size", help="Rows of the input made and kept at a time.", min=1, max=10_000_000)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell rows, parts and the time it may take; write nothing.")]
Restart = Annotated[bool, typer.Option("--restart", help="Drop the parts that another run left beside the output.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(score)
    app.command("match-all")(match_all)


def score(
    table: Annotated[
        Path,
        typer.Argument(
            help="Parquet, CSV or JSONL with columns a and b, or with a column partner or id (candidates, see --for).",
            readable=False,
        ),
    ],
    out: Out,
    candidates_for: Annotated[
        str | None, typer.Option("--for", help="Partner (id or exact name) that a table of candidates is scored for.")
    ] = None,
    model: ModelDir = DEFAULT_MODEL,
    threads: Threads = None,
    part_size: PartSize = None,
    dry_run: DryRun = False,
    restart: Restart = False,
    json: Json = False,
) -> None:
    """Score a table of pairs, or of candidates for one partner, in both directions. Goes on where it was cut off."""
    from matchmaker.batch.pairs import PART, pairs_work

    work = pairs_work(table, model, out, asking=candidates_for, part_rows=part_size or PART)
    _make(work, out, threads, dry_run=dry_run, restart=restart, json=json)


def match_all(
    out: Out,
    model: ModelDir = DEFAULT_MODEL,
    k: Number = 10,
    popularity_weight: Annotated[
        float, typer.Option(help="0 small-but-mighty … 0.5 neutral … 1 famous.", min=0, max=1)
    ] = 0.5,
    diversity: Annotated[float, typer.Option(help="0 plain ranking … 1 most varied.", min=0, max=1)] = 0.3,
    include_existing: Annotated[bool, typer.Option(help="Also list partners that one already has.")] = False,
    threads: Threads = None,
    part_size: PartSize = None,
    dry_run: DryRun = False,
    restart: Restart = False,
    json: Json = False,
) -> None:
    """The list of every partner as one table, without reasons: what `recommend` lists. Goes on where it was cut off."""
    from matchmaker.batch.lists import PART, Settings, lists_work

    settings = Settings(k, popularity_weight, diversity, include_existing)
    work = lists_work(model, out, settings, part_partners=part_size or PART)
    _make(work, out, threads, dry_run=dry_run, restart=restart, json=json)


def _make(work: Work, out: Path, threads: int | None, *, dry_run: bool, restart: bool, json: bool) -> None:
    from matchmaker.batch.run import lean, plan, run

    processes = threads or os.cpu_count() or 1
    with lean():
        if dry_run:
            _show(plan(work, out, threads=processes), work, json, _show_plan)
            return
        try:
            summary = run(work, out, threads=processes, restart=restart, progress=Bar())
        except KeyboardInterrupt:
            typer.echo("The parts that are done are kept: the same command goes on.", err=True)
            raise
    _show(summary, work, json, _show_summary)
    if summary.failed:
        raise typer.Exit(PARTIAL)


def _show(found: Any, work: Work, json: bool, show: Any) -> None:  # noqa: ANN401 - a plan or a summary, and what shows it
    if json:
        emit_json({**asdict(found), "model_version": work.made_of["bundle"]})
    else:
        show(found, work.label)


def _show_plan(found: Plan, label: str) -> None:
    out = console()
    out.print(f"{found.steps:,} {label} in {found.parts:,} parts, {found.done:,} of them done; nothing was written.")
    out.print(f"About {found.seconds:,.0f} s at {found.per_second:,.0f} {label}/s, by a small sample.")
    if found.refused:
        out.print(f"Parts of another run are there (its {found.refused} differs): --restart would drop them.")


def _show_summary(found: Summary, label: str) -> None:
    out = console()
    resumed = f", {found.resumed:,} of {found.parts:,} parts made before" if found.resumed else ""
    out.print(
        f"{found.output}: {found.rows:,} rows in {found.seconds:,.1f} s ({found.rows_per_second:,.0f} rows/s){resumed}."
    )
    if found.failed:
        out.print(f"{found.failed:,} rows failed: their column status says why.")
