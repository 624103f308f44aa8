"""Commands that make bundles: validate, build, prepare."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matchmaker.cli.options import (
    DEFAULT_MODEL,
    Accounts,
    Catalogues,
    Demand,
    Json,
    Map,
    MapFile,
    ModelDir,
    OpenAPI,
    Relations,
    Snapshots,
)
from matchmaker.cli.output import Bar, emit_json, mappings_as_json, show_mappings, show_report, table
from matchmaker.progress import named

if TYPE_CHECKING:
    from matchmaker.engine import Matchmaker
    from matchmaker.profiles.catalogue import Catalogue
    from matchmaker.trajectories.history import History


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(validate)
    app.command()(build)
    app.command()(prepare)


def validate(
    catalogue: Catalogues,
    relations: Relations = None,
    accounts: Accounts = None,
    demand: Demand = None,
    map_: Map = None,
    map_file: MapFile = None,
    openapi: OpenAPI = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Also write every issue to this CSV file.", readable=False)
    ] = None,
    json: Json = False,
) -> None:
    """Check a catalogue: what is read, kept and refused, and probable duplicates. Exit status 3 when a row is refused."""
    from matchmaker.profiles.identity import probable_duplicates

    loaded = load(catalogue, relations, accounts, demand, map_, map_file, openapi)
    duplicates = probable_duplicates(loaded.partners)
    if report:
        loaded.report.to_csv(report)
    if json:
        emit_json(
            {
                **loaded.report.to_dict(),
                "mappings": mappings_as_json(loaded),
                "probable_duplicates": [vars(duplicate) for duplicate in duplicates],
            }
        )
    else:
        show_mappings(loaded)
        _show_tables(loaded)
        if duplicates:
            rows = [(pair.a, pair.b, f"{pair.confidence:.2f}", pair.reason) for pair in duplicates[:20]]
            table("Probable duplicates (reported, never merged)", ["a", "b", "confidence", "reason"], rows)
    raise typer.Exit(0 if loaded.report.ok else 3)


def build(
    catalogue: Catalogues,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Bundle folder; a new version is added and made current.", readable=False),
    ],
    relations: Relations = None,
    accounts: Accounts = None,
    demand: Demand = None,
    snapshots: Snapshots = None,
    map_: Map = None,
    map_file: MapFile = None,
    openapi: OpenAPI = None,
    encoder: Annotated[
        str, typer.Option(help="minilm, static, or a sentence-transformers name or folder on this disk.")
    ] = "minilm",
    batch_size: Annotated[int, typer.Option(help="Texts encoded at a time.", min=1, max=4096)] = 32,
    threads: Annotated[int | None, typer.Option(help="Threads of the encoder.", min=1)] = None,
    json: Json = False,
) -> None:
    """Profile and index a catalogue into a bundle that answers without the encoder."""
    loaded = load(catalogue, relations, accounts, demand, map_, map_file, openapi)
    if not json:
        show_mappings(loaded)
        show_report(loaded)
    from matchmaker.config import Config
    from matchmaker.engine import Matchmaker

    engine = Matchmaker(Config(encoder=encoder, batch_size=batch_size, threads=threads))
    engine.fit(loaded, snapshots=_history(snapshots, map_, map_file), progress=named(Bar()))
    typer.echo(f"Writing {output} …", err=True)
    folder = engine.save(output)
    stats = getattr(engine.encoder, "stats", None)
    facts = {
        "bundle": str(output),
        "version": folder.name,
        "partners": len(loaded.partners),
        "relations": len(loaded.relations),
        "texts_encoded": stats.misses if stats else None,
        "texts_from_cache": stats.hits if stats else None,
        "motion": _motion(engine),
        "report": {**loaded.report.to_dict(), "issues": len(loaded.report.issues)},
    }
    if json:
        emit_json({**facts, "mappings": mappings_as_json(loaded)})
        return
    typer.echo(
        f"Built {output} version {folder.name}: {len(loaded.partners)} partners, {len(loaded.relations)} relations."
    )
    if facts["motion"]:
        typer.echo(facts["motion"])
    typer.echo(f'Next: matchmaker recommend "{loaded.partners[0].name}" -m {output}')


def _motion(engine: Matchmaker) -> str | None:
    """What the wording of motion rests on; None without snapshots."""
    from matchmaker.trajectories.motion import HORIZON

    proof = engine.fitted.proof
    return None if proof is None else proof.sentence(HORIZON)


def _history(snapshots: list[Path] | None, map_: list[str] | None, map_file: Path | None) -> History | None:
    if not snapshots:
        return None
    from matchmaker.cli.collisions import show_history
    from matchmaker.profiles.columns import parse_map_args, read_map_toml
    from matchmaker.trajectories.history import read_snapshots

    given = {**(read_map_toml(map_file).get("partners", {}) if map_file else {}), **parse_map_args(map_ or [])}
    history = read_snapshots(list(snapshots), mapping=given)
    show_history(history)
    return history


def prepare(
    model: ModelDir = DEFAULT_MODEL,
    processes: Annotated[int, typer.Option(help="Processes that work at once.", min=1, max=64)] = os.cpu_count() or 1,
    json: Json = False,
) -> None:
    """Make every partner's default list ahead, so that the HTTP service answers it at once. Worth it for busy or large services."""
    from time import perf_counter

    from matchmaker.ahead import make_lists

    begun = perf_counter()
    path = make_lists(model, processes=processes, progress=Bar())
    size, seconds = path.stat().st_size, perf_counter() - begun
    if json:
        emit_json({"lists": str(path), "bytes": size, "seconds": round(seconds, 1)})
    else:
        typer.echo(f"Made {path}, {size / 1e6:.1f} MB in {seconds:.0f} s.")


def load(
    catalogue: list[Path],
    relations: list[Path] | None,
    accounts: Path | None,
    demand: Path | None,
    map_: list[str] | None,
    map_file: Path | None,
    openapi: list[str] | None = None,
) -> Catalogue:
    """The catalogue that the shared options name."""
    from matchmaker.profiles.accounts import KEY_VARIABLE
    from matchmaker.profiles.catalogue import load_catalogue
    from matchmaker.profiles.columns import parse_map_args, read_map_toml
    from matchmaker.profiles.openapi import with_openapi

    mapping = {name: dict(columns) for name, columns in (read_map_toml(map_file) if map_file else {}).items()}
    mapping.setdefault("partners", {}).update(parse_map_args(map_ or []))
    loaded = load_catalogue(
        list(catalogue),
        relations=list(relations) if relations else None,
        accounts=accounts,
        demand=demand,
        mapping=mapping,
        account_key=os.fsencode(os.environ.get(KEY_VARIABLE, "")) or None,
    )
    if accounts is not None:
        _note_unread(loaded, accounts)
    return with_openapi(loaded, _documents(openapi or []))


def _note_unread(loaded: Catalogue, accounts: Path) -> None:
    """Report the columns of the accounts that feed no field, as `overlap` does, before what is said of rows."""
    from matchmaker.audience.files import note_unread
    from matchmaker.batch.source import KINDS, Source
    from matchmaker.profiles.readers import read_table
    from matchmaker.profiles.report import ValidationReport

    lean = accounts.suffix.lower() in KINDS  # of these the header alone is read
    columns = Source(accounts).columns if lean else read_table(accounts).columns
    noted = ValidationReport()
    note_unread(noted, accounts.name, columns, loaded.mappings["accounts"].used())
    loaded.report.issues[:0] = noted.issues
    loaded.report.codes.update(noted.codes)


def _documents(arguments: list[str]) -> dict[str, Path]:
    """`partner=file` arguments by partner id. Raises SettingsError."""
    from matchmaker.errors import SettingsError

    found = {}
    for argument in arguments:
        partner, equals, path = argument.partition("=")
        if not equals or not partner.strip() or not path.strip():
            raise SettingsError(f"An OpenAPI document is named partner=file, not {argument!r}.")
        found[partner.strip()] = Path(path.strip())
    return found


def _show_tables(loaded: Catalogue) -> None:
    counts = loaded.report.tables
    table(
        "Rows",
        ["table", "read", "kept", "refused"],
        [(name, one.read, one.kept, one.refused) for name, one in counts.items()],
        right=["read", "kept", "refused"],
    )
    if loaded.report.issues:
        table(
            f"Issues ({sum(loaded.report.codes.values())} in all)",
            ["severity", "code", "file", "row", "column", "expected", "found"],
            [
                (one.severity, one.code, one.file, one.row, one.column, one.expected, one.found)
                for one in loaded.report.issues[:30]
            ],
            right=["row"],
        )
