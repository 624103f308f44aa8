"""Commands that learn from history and say how it went: train, evaluate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matchmaker.cli.options import DEFAULT_MODEL, Json, MapFile, ModelDir, Relations
from matchmaker.cli.output import Bar, emit_json, show_report, table
from matchmaker.cli.serve import opened_store

if TYPE_CHECKING:
    from matchmaker.profiles.catalogue import Stated
    from matchmaker.store.database import Database
    from matchmaker.training.history import History
    from matchmaker.training.trial import Trial

FromStore = Annotated[
    bool,
    typer.Option(
        "--from-store",
        help="Learn from the store too: relations, feedback and activity, those of the service's settings.",
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", help="URL of the store for --from-store, if not that of the settings."),
]
Source = Annotated[
    str,
    typer.Option(
        "--on", help="What to learn from: links, accounts, or auto, which takes links where there are enough."
    ),
]
Html = Annotated[Path | None, typer.Option("--html", help="Also write the report as a page.", readable=False)]
Seed = Annotated[int, typer.Option(help="Of the splits and the training: the same seed gives the same weights.", min=0)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)


def train(
    model: ModelDir = DEFAULT_MODEL,
    relations: Relations = None,
    from_store: FromStore = False,
    database: DatabaseUrl = None,
    map_file: MapFile = None,
    on: Source = "auto",
    seed: Seed = 0,
    promote: Annotated[
        bool,
        typer.Option("--promote", help="Make the new version current if it passes the gate; exit status 4 if not."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Learn and report, but write nothing.")] = False,
    html: Html = None,
    json: Json = False,
) -> None:
    """Learn from a bundle's history, hold it against the prior on a part kept back, and write it as a new version.

    The version is not current until it is promoted: with --promote here, or with `matchmaker models promote`.
    """
    from time import perf_counter

    from matchmaker.training.train import train as learn_from

    begun = perf_counter()
    if html:
        _check_page(html)
    known = _relations(model, relations, map_file)
    if known is not None and not json:
        show_report(known)
    with _store(from_store, database) as store:
        done = learn_from(
            model,
            relations=[] if known is None else known.relations,
            database=store,
            source=on,
            seed=seed,
            write=not dry_run,
            progress=Bar(),
        )
    lesson, seconds, memory = done.lesson, perf_counter() - begun, _peak_memory()
    if html:
        _write_page(html, lesson.trial)
    promoted = None
    if promote and done.version is not None and lesson.verdict.passed:
        from matchmaker.registry.versions import promote as make_current

        promoted = make_current(model, done.version.name)
    facts = {
        "bundle": str(model),
        "version": None if done.version is None else done.version.name,
        "promoted": promoted is not None,
        "seconds": round(seconds, 1),
        "peak_memory_mb": round(memory / 1e6),
        "rows": None if known is None else {name: vars(count) for name, count in known.report.tables.items()},
        "left_out": lesson.history.left_out.to_dict(),
        **lesson.learned.facts,
    }
    if json:
        emit_json(facts)
    else:
        _show_history(lesson.history)
        _show_trial(lesson.trial)
        typer.echo(f"{seconds:.0f} s, peak memory {memory / 1e6:,.0f} MB.")
        _say_next(model, done.version, promoted=promoted is not None, passed=lesson.verdict.passed)
    if promote and not lesson.verdict.passed:
        raise typer.Exit(4)


def evaluate(
    model: ModelDir = DEFAULT_MODEL,
    relations: Relations = None,
    from_store: FromStore = False,
    database: DatabaseUrl = None,
    map_file: MapFile = None,
    on: Source = "auto",
    seed: Seed = 0,
    html: Html = None,
    json: Json = False,
) -> None:
    """Read the prior, what history adds and the usual baselines on a part of a bundle's own history. Changes nothing."""
    from matchmaker.registry.codec import load
    from matchmaker.training.examine import examine
    from matchmaker.training.history import history_of

    if html:
        _check_page(html)
    known = _relations(model, relations, map_file)
    fitted, _ = load(model)
    with _store(from_store, database) as store:
        history = history_of(fitted, [] if known is None else known.relations, store)
    trial = examine(fitted, history, source=on, seed=seed, progress=Bar())
    if html:
        _write_page(html, trial)
    if json:
        emit_json(
            {
                "bundle": str(model),
                "version": fitted.version,
                "data": history.to_dict(),
                "left_out": history.left_out.to_dict(),
                "reports": [report.to_dict() for report in trial.reports.values()],
                "gate": trial.verdict.to_dict(),
                "probability": {split: one.to_dict() for split, one in trial.probabilities.items()},
                "popularity_weight": [point.to_dict() for point in trial.dial],
            }
        )
        return
    _show_history(history)
    for report in trial.reports.values():
        typer.echo(f"\n{report.to_text()}")
    _show_trial(trial)
    _show_dial(trial)


def _relations(model: Path, files: list[Path] | None, map_file: Path | None) -> Stated | None:
    if not files:
        return None
    from matchmaker.profiles.catalogue import load_relations
    from matchmaker.profiles.columns import read_map_toml
    from matchmaker.registry.bundle import open_bundle

    ids = open_bundle(model).json("state")["ids"]
    return load_relations(list(files), ids, mapping=read_map_toml(map_file) if map_file else {})


@contextmanager
def _store(wanted: bool, url: str | None) -> Iterator[Database | None]:
    """The store to learn from, None where it is not wanted."""
    if not wanted and url is None:
        yield None
        return
    with opened_store(url, None) as database:
        yield database


def _show_history(history: History) -> None:
    told = history.to_dict()
    typer.echo(
        f"{told['links']:,} links of {told['linked_partners']:,} partners, {told['apart']:,} pairs known not to go together; "
        f"rows read: {', '.join(f'{source} {count:,}' for source, count in told['sources'].items())}."
    )
    left = history.left_out.to_dict()
    if left:
        rows = [(reason, one["rows"], "; ".join(one["first"])) for reason, one in left.items()]
        table("Left out", ["reason", "rows", "first"], rows, right=["rows"])


def _show_trial(trial: Trial) -> None:
    from matchmaker.registry.card import interval

    told: dict[str, Any] = trial.to_dict()["figures"]
    rows = [
        (
            split,
            metric,
            *(_estimate(one[name]) for name in ("ours", "prior", "popularity")),
            interval(one["difference"]),
        )
        for split, figures in told.items()
        for metric, one in figures.items()
    ]
    columns = ["kept back", "read", "with history", "prior", "popularity", "difference from the prior, 95 %"]
    table("With history against the prior", columns, rows, right=columns[2:])
    typer.echo(trial.verdict.to_text())


def _show_dial(trial: Trial) -> None:
    rows = [(f"{p.weight:g}", _level(p.ndcg), _level(p.tail)) for p in trial.dial]
    table("popularity_weight, with history, warm", ["weight", "nDCG@10 of all", "tail recall@10"], rows)


def _say_next(model: Path, version: Path | None, *, promoted: bool, passed: bool) -> None:
    if version is None:
        typer.echo("Nothing was written (--dry-run).")
    elif promoted:
        typer.echo(f"Promoted: {model} now answers from version {version.name}.")
    elif passed:
        typer.echo(f"Written as version {version.name}. Next: matchmaker models promote {version.name} -m {model}")
    else:
        typer.echo(
            f"Written as version {version.name}, not current: the gate refuses it. "
            f"To look closer: matchmaker models compare {_current(model)} {version.name} -m {model}"
        )


def _current(model: Path) -> str:
    from matchmaker.registry.bundle import open_bundle

    return open_bundle(model).version


def _check_page(path: Path) -> None:
    """Before minutes of work: whether the page can be made, and stand there. Raises MissingExtraError, StorageError."""
    from matchmaker.evaluation.page import check_library

    check_library()
    with _refusing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
        if not path.stat().st_size:
            path.unlink()


def _write_page(path: Path, trial: Trial) -> None:
    from matchmaker.evaluation.page import html_page
    from matchmaker.evaluation.plots import Curves

    bins = {f"with history, {split}": one.bins for split, one in trial.probabilities.items()}
    curves = Curves(bins, {"with history, warm": trial.dial})
    with _refusing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html_page(list(trial.reports.values()), trial.verdict, curves), encoding="utf-8")


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Tells a disk that refuses the page as StorageError."""
    from matchmaker.disk import cause
    from matchmaker.errors import StorageError

    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {cause(error)}. Name another file.") from error


def _peak_memory() -> int:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _estimate(figure: dict[str, Any]) -> str:
    return "-" if figure["estimate"] is None else f"{figure['estimate']:.3f}"


def _level(figure: Any) -> str:  # noqa: ANN401 - an Interval
    return f"{figure.estimate:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
