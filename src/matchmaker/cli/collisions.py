"""Command that asks who is on a collision course: collisions."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matchmaker.cli.bulk import PARTIAL
from matchmaker.cli.options import DEFAULT_MODEL, Accounts, Json, Map, ModelDir, Number, Relations, Snapshots
from matchmaker.cli.output import Bar, answer, console, emit_json, show_report, table
from matchmaker.moving import STATED, Collisions, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from matchmaker.profiles.accounts import AccountTable
    from matchmaker.trajectories.history import History
    from matchmaker.trajectories.motion import Motion
    from matchmaker.trajectories.observed import Observed
    from matchmaker.trajectories.proof import Proof


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(collisions)


def collisions(
    partner: Annotated[str | None, typer.Argument(help="Id of a partner of the snapshots.")] = None,
    model: ModelDir = DEFAULT_MODEL,
    snapshots: Snapshots = None,
    years: Annotated[float, typer.Option(help="How many years ahead is asked: the horizon.", min=0.01, max=10)] = 1.0,
    k: Number = 10,
    least: Annotated[float, typer.Option(help="Smallest chance that is listed.", min=0.001, max=1)] = 0.05,
    backtest: Annotated[
        bool,
        typer.Option(
            "--backtest", help="Ask the past instead: would this have told what came true, better than simpler guesses?"
        ),
    ] = False,
    relations: Relations = None,
    accounts: Accounts = None,
    figure: Annotated[
        Path | None,
        typer.Option(help="Also write the partner's orbit as a picture (.png, .svg, .pdf).", readable=False),
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="Text encoder of all snapshots: minilm, static, or a folder.")
    ] = "minilm",
    map: Map = None,
    json: Json = False,
) -> None:
    """Who moves toward whom: the partners that a partner is about to meet, when and how surely, or that it cannot be known.

    With --backtest it says whether that has been worth anything on this data; with --relations whether partnerships came of it,
    which decides the wording. Dated --accounts add the trend of what two share.
    """
    from matchmaker.encoders import open_encoder
    from matchmaker.errors import SettingsError
    from matchmaker.profiles.columns import parse_map_args
    from matchmaker.trajectories.encode import encoded
    from matchmaker.trajectories.history import read_snapshots

    if (partner is None) != backtest:
        raise SettingsError("Name a partner, or ask for --backtest, and not both.")
    if not snapshots:
        if backtest or relations or accounts:
            raise SettingsError(
                "This needs dated profiles: name a file with --snapshots, one row for each id and date."
            )
        _tell_bundle(model, str(partner), k, years, least, figure, json)
        return
    history = read_snapshots(list(snapshots), mapping=parse_map_args(map or []))
    show_history(history)
    if backtest:
        facets = {name: found for name, found, _ in encoded(history, open_encoder(encoder), Bar())}
        _tell(_proofs(history, facets, relations, years), json)
    else:
        _check_left(history, str(partner))
        seen = _observed(history, relations, accounts, encoder, years)
        row = _row(seen.motion, str(partner), partial(_name, history))
        if figure:
            _write_figure(seen.motion, row, figure, years, partial(_name, history))
        answer(told(seen, seen.motion.ids[row], partial(_name, history), k, years, least), json, _show)
    if not history.report.ok:
        raise typer.Exit(PARTIAL)


def _check_left(history: History, partner: str) -> None:
    """Raise CatalogueError of a partner all of whose snapshots were refused: it is not unknown, it cannot be read."""
    from matchmaker.errors import CatalogueError
    from matchmaker.trajectories.refused import refusal

    said = refusal(partner, history.refused.get(partner))
    if said and partner not in history.profiles:
        raise CatalogueError(f"No snapshot of {partner} could be read. {said} Mend the snapshots, then ask again.")


def _tell_bundle(
    model: Path, partner: str, k: int, years: float, least: float, figure: Path | None, json: bool
) -> None:
    """What a bundle says, of its snapshots or, without any, of stated goals."""
    from matchmaker.engine import Matchmaker
    from matchmaker.errors import SettingsError
    from matchmaker.moving import name_in

    engine = Matchmaker.load(model, background_check=False)
    found = engine.collisions(partner, k, years=years, least=least)
    if figure:
        motion = engine.fitted.motion
        if motion is None or found.partner not in motion.rows:
            raise SettingsError(
                f"No snapshot of {found.name} is in {model}: there is no orbit to draw. Name --snapshots."
            )
        _write_figure(motion, motion.rows[found.partner], figure, years, partial(name_in, engine.fitted))
    answer(found, json, _show)


def _observed(
    history: History, relations: list[Path] | None, accounts: Path | None, encoder: str, years: float
) -> Observed:
    """What the files say, the backtest of the relations among it."""
    from matchmaker.encoders import open_encoder
    from matchmaker.profiles.catalogue import load_relations
    from matchmaker.trajectories.observed import Observed

    known = load_relations(list(relations), history.ids).relations if relations else None
    held = _accounts(history, accounts) if accounts else None
    return Observed.of(history, open_encoder(encoder), relations=known, accounts=held, years=years, progress=Bar())


def _accounts(history: History, path: Path) -> AccountTable | None:
    """Accounts of the partners of the snapshots."""
    import pandas as pd

    from matchmaker.profiles.accounts import KEY_VARIABLE
    from matchmaker.profiles.catalogue import load_catalogue

    named = pd.DataFrame({"id": history.ids, "name": [_name(history, one) for one in history.ids]})
    key = os.fsencode(os.environ.get(KEY_VARIABLE, "")) or None
    loaded = load_catalogue(named, accounts=path, account_key=key)
    for line in loaded.report.summary():
        if line.startswith("accounts"):
            typer.echo(line, err=True)
    return loaded.accounts


def _show(found: Collisions) -> None:
    out = console()
    if found.basis == STATED:
        rows: list[tuple[Any, ...]] = [(one["rank"], one["name"], one["fit_type"]) for one in found.collisions]
        columns, right = ["#", "partner", "fit"], ["#"]
    else:
        rows = [_observed_row(one) for one in found.collisions]
        columns = ["#", "partner", "facet", "chance", "distance", "at the horizon", "kind"]
        right = ["#", "chance", "distance", "at the horizon"]
    if rows:
        table(f"On a course with {found.name}: {found.basis}", columns, rows, right=right)
    for one in found.collisions:
        out.print(f"{one['rank']}. {one['name']}", style="bold")
        for sentence in (*one.get("evidence", ()), *one.get("means", ()), *_stated(one.get("course"))):
            out.print(f"   {sentence}")
    for note in found.notes:
        out.print(f"Note: {note}")
    if found.wording:
        out.print(f"{found.wording[0].upper()}{found.wording[1:]}.")
    if found.proof:
        out.print(found.proof)


def _observed_row(one: dict[str, Any]) -> tuple[Any, ...]:
    course = one["courses"][one["facet"]]
    now, then = course["now"], course["then"]
    ahead = "-" if then is None else f"{then['value']:.2f} [{then['low']:.2f}, {then['high']:.2f}]"
    here = "-" if now is None else f"{now['value']:.2f}"
    return (one["rank"], one["name"], one["facet"], f"{one['chance']:.0%}", here, ahead, ", ".join(one["kinds"]))


def _stated(course: dict[str, Any] | None) -> list[str]:
    if course is None:
        return []
    ways = (("its", "their", course["ours"]), ("their", "its", course["theirs"]))
    return [f"{own} “{one['goal']}” leads into {other} {one['into']} “{one['target']}”" for own, other, one in ways]


def _row(motion: Motion, partner: str, name_of: Callable[[str], str]) -> int:
    from matchmaker.errors import UnknownPartnerError
    from matchmaker.naming import near

    if partner not in motion.rows:
        raise UnknownPartnerError(partner, near(partner, {one: name_of(one) for one in motion.rows}))
    return motion.rows[partner]


def _proofs(history: History, facets: dict[str, Any], relations: list[Path] | None, years: float) -> list[Proof]:
    """What came true of nearness in each facet, and of partnerships where relations are given."""
    from matchmaker.profiles.catalogue import load_relations
    from matchmaker.trajectories.backtest import backtest, nearness_event, relation_event

    found = [backtest({name: one}, nearness_event(name, one), years=years) for name, one in facets.items()]
    if relations:
        known = load_relations(list(relations), history.ids)
        found.append(backtest(facets, relation_event(known.relations, history.ids), years=years))
    return found


def _tell(proofs: list[Proof], json: bool) -> None:
    """The last backtest is the one of partnerships, where there is one, and has the last word."""
    if json:
        emit_json({"backtests": [one.to_dict() for one in proofs], "wording": proofs[-1].wording})
        return
    for one in proofs:
        typer.echo(f"{one.to_text()}\n")


def _name(history: History, identifier: str) -> str:
    profiles = history.profiles[identifier]
    return profiles[max(profiles)].name


def show_history(history: History) -> None:
    """Tell on standard error what was read."""
    show_report(history)
    typer.echo(", ".join(f"{name} {count:,}" for name, count in history.facts().items()), err=True)


def _write_figure(motion: Motion, row: int, path: Path, years: float, name: Callable[[str], str]) -> None:
    from matchmaker.disk import cause
    from matchmaker.errors import SettingsError, StorageError
    from matchmaker.trajectories.figure import orbit_figure

    drawn = orbit_figure(motion.orbit(row, years=years), lambda other: name(motion.ids[other]))
    try:
        drawn.savefig(path)
    except ValueError as error:
        raise SettingsError(f"{path.name} is of no kind that can be drawn: end it in .png, .svg or .pdf.") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {cause(error)}. Name another file.") from error
    typer.echo(f"Drawn: {path}", err=True)
