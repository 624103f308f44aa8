"""How answers reach people and programs: tables on a terminal, one JSON object with --json, errors in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

    from matchmaker.errors import MatchmakerError
    from matchmaker.profiles.catalogue import Catalogue, Stated
    from matchmaker.trajectories.history import History

_EXTRA = 8
"""Unread columns that are named."""


def console(*, err: bool = False) -> Console:
    """A console that wraps at the terminal's width, 120 where there is none."""
    import shutil

    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # app.py ends the command; rich would, with status 1

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else max(shutil.get_terminal_size((120, 24)).columns, 100)
    return Plain(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def emit_json(answer: object) -> None:
    """One JSON object on standard output."""
    import orjson

    typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())


def fail(error: MatchmakerError) -> int:
    """Print one error to standard error, as JSON when the command was asked for JSON; returns the exit status."""
    message = " ".join(str(error).split("\n"))
    if _asked_for_json():
        _emit_error(error.code, message)
    else:
        typer.echo(f"Error ({error.code}): {message}", err=True)
    return error.exit_code


def fail_usage(error: Any) -> int:  # noqa: ANN401 - a UsageError, which typer has no name for
    """The same for a command line that `--help` does not tell; people are shown how the command is used."""
    from matchmaker.errors import SettingsError

    if _asked_for_json():
        _emit_error(SettingsError.code, " ".join(error.format_message().split()))
    else:
        error.show()
    return SettingsError.exit_code


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print a table."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=Text(title), box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text("-" if value is None or value == "" else str(value)) for value in row))
    console().print(shown)


def show_mappings(catalogue: Catalogue) -> None:
    """Say on standard error which column feeds which field: a guess is never silent."""
    for name, mapping in catalogue.mappings.items():
        typer.echo(f"Columns of {name}:", err=True)
        for field, sources, how in mapping.describe():
            typer.echo(f"  {field} <- {sources} ({how})", err=True)
    for line in _unread(catalogue):
        typer.echo(f"  {line}", err=True)


def _unread(catalogue: Catalogue) -> list[str]:
    """What of the partners' columns feeds no field, and which facet no column feeds: a match is not to miss it silently."""
    mapping = catalogue.mappings.get("partners")
    if mapping is None:
        return []
    fed = {field for field, _, _ in mapping.describe()}
    lines = []
    if extra := sorted({name for partner in catalogue.partners for name in partner.extra}):
        more = f" and {len(extra) - _EXTRA} more" if len(extra) > _EXTRA else ""
        lines.append(f"not matched on, kept as extra: {', '.join(extra[:_EXTRA])}{more}")
    facets = {"audience": {"audience"}, "goals": {"goals", "needs"}, "capabilities": {"capabilities"}}
    lacking = [facet for facet, fields in facets.items() if not fed & fields]
    if lacking:
        lines.append(
            f"no column gives {' or '.join(lacking)}: if you have one, name it with --map {lacking[-1]}=COLUMN"
        )
    return lines


def show_report(catalogue: Catalogue | Stated | History, *, shown: int = 10) -> None:
    """Counts of what was read, and the first issues, on standard error."""
    for line in catalogue.report.summary():
        typer.echo(line, err=True)
    for issue in catalogue.report.issues[:shown]:
        where = f"{issue.file}, row {issue.row}" + (f", column {issue.column}" if issue.column else "")
        typer.echo(
            f"  {issue.severity} {issue.code}: {where}: expected {issue.expected}, found {issue.found!r}", err=True
        )


def mappings_as_json(catalogue: Catalogue) -> dict[str, Any]:
    """The column mappings as plain data."""
    return {
        name: [{"field": field, "columns": sources, "how": how} for field, sources, how in mapping.describe()]
        for name, mapping in catalogue.mappings.items()
    }


class Bar:
    """Progress on standard error: a bar with rate and time left on a terminal, silent elsewhere."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._task: Any = None

    def start(self, label: str, total: int) -> None:
        """Begin a task."""
        if not sys.stderr.isatty():
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{task.finished_speed or task.speed or 0.0:,.0f}/s")

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(),
            TimeRemainingColumn(),
            console=console(err=True),
        )
        self._bars.start()
        self._task = self._bars.add_task(label, total=total)

    def advance(self, steps: int = 1) -> None:
        """Count steps."""
        if self._bars:
            self._bars.advance(self._task, steps)

    def done(self) -> None:
        """End the task."""
        if self._bars:
            self._bars.stop()
            self._bars = None


def answer(result: Any, as_json: bool, show: Callable[[Any], None]) -> None:  # noqa: ANN401 - any result object
    """Print a result object for a program or for people."""
    if as_json:
        emit_json(result.to_dict())
    else:
        show(result)


def _asked_for_json() -> bool:
    return "--json" in sys.argv


def _emit_error(code: str, message: str) -> None:
    import json

    # Not orjson: a file name that is not UTF-8 reaches a message as lone surrogates.
    typer.echo(json.dumps({"error": {"code": code, "message": message}}), err=True)
