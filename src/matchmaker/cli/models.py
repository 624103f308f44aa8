"""Commands that look after the versions of a bundle folder: models list, compare, card, promote, rollback, prune."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from matchmaker.cli.options import DEFAULT_MODEL, Json, ModelDir
from matchmaker.cli.output import emit_json, table

models = typer.Typer(name="models", help="Versions of a bundle folder, and which one is current.", no_args_is_help=True)
Version = Annotated[str, typer.Argument(help="Name of a version, as `matchmaker models list` shows it.")]

_PARTS = (("ours", ""), ("difference", "+"))
"""What of a figure is shown, and whether its sign is."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    models.command("list")(listed)
    for command in (compare, card, promote, rollback, prune):
        models.command()(command)
    app.add_typer(models)


def listed(model: ModelDir = DEFAULT_MODEL, json: Json = False) -> None:
    """List the versions, oldest first: what each was made of, what the gate said, which one is current."""
    from matchmaker.registry.promotions import FILE, read
    from matchmaker.registry.versions import listing

    rows = listing(model)
    torn = read(model)[1]
    if torn:
        typer.echo(f"Torn lines of {model / FILE} that were passed over: {torn}.", err=True)
    if json:
        emit_json({"versions": rows, "unreadable_records": torn})
        return
    columns = ["", "version", "created", "partners", "relations", "learned from", "gate", "MB"]
    table("Versions", columns, map(_row, rows), right=["partners", "relations", "MB"])
    for row in rows:
        if row["problem"]:
            typer.echo(f"Unusable: {row['problem']}")


def compare(
    a: Version,
    b: Version,
    model: ModelDir = DEFAULT_MODEL,
    json: Json = False,
) -> None:
    """Show what differs between two versions, and their figures side by side."""
    from matchmaker.registry.versions import comparison

    found = comparison(model, a, b)
    if json:
        emit_json(found)
        return
    typer.echo(f"A is {a}\nB is {b}\n")
    differing = [
        (part, name, _plain(both["a"]), _plain(both["b"]))
        for part, facts in found["differs"].items()
        for name, both in facts.items()
    ]
    if differing:
        table("What differs", ["of", "fact", "A", "B"], differing)
    else:
        typer.echo("Both were made of the same, by the same, in the same way.")
    if found["figures"]:
        _show_figures(found)
    for side, gate in found["gate"].items():
        if gate:
            _show_gate(side.upper(), gate)


def card(
    version: Annotated[str | None, typer.Argument(help="Name of a version; the current one if left out.")] = None,
    model: ModelDir = DEFAULT_MODEL,
    json: Json = False,
) -> None:
    """Print the model card of a version."""
    from matchmaker.registry.bundle import open_bundle
    from matchmaker.registry.versions import folder_of

    bundle = open_bundle(model if version is None else folder_of(model, version))
    text = (bundle.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    if json:
        emit_json({"version": bundle.version, "card": text})
    else:
        typer.echo(text, nl=False)


def promote(
    version: Version,
    model: ModelDir = DEFAULT_MODEL,
    force: Annotated[
        bool, typer.Option("--force", help="Also if the gate refused it. Needs --reason, and is recorded.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is recorded.")] = None,
    json: Json = False,
) -> None:
    """Make a version current, if every file of it is whole and the gate let it pass. What learned nothing needs no gate."""
    from matchmaker.registry import versions

    _tell(versions.promote(model, version, force=force, reason=reason), json)


def rollback(model: ModelDir = DEFAULT_MODEL, json: Json = False) -> None:
    """Go back to the version that was current before; done twice, it ends where it began."""
    from matchmaker.registry import versions

    _tell(versions.rollback(model), json)


def prune(
    model: ModelDir = DEFAULT_MODEL,
    keep: Annotated[int, typer.Option(help="Newest versions to keep.", min=1)] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    json: Json = False,
) -> None:
    """Remove old versions with their lists. The current one, and the one that `rollback` would go to, stay in any case."""
    from matchmaker.registry import versions

    gone = versions.prune(model, keep, dry_run)
    size = sum(one["bytes"] for one in gone)
    if json:
        emit_json({"versions": gone, "bytes": size, "dry_run": dry_run})
        return
    for one in gone:
        typer.echo(one["version"])
    typer.echo(
        f"{'Would remove' if dry_run else 'Removed'} {len(gone)} version{'s' * (len(gone) != 1)}, {size / 1e6:.1f} MB."
    )


def _tell(change: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit_json(change)
        return
    if not change["changed"]:
        typer.echo(f"{change['version']} is current already; nothing was changed.")
        return
    past = " against the gate" if change["forced"] else ""
    typer.echo(f"{change['version']} is current now{past}; before it was {change['before'] or 'none'}.")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    gate = {None: "", True: "passed", False: "refused"}[row["gate_passed"]] + ", forced" * row["forced"]
    mark = "current" if row["current"] else "unusable" if row["problem"] else " "
    made = (row["created"] or "")[:16].replace("T", " ")
    return mark, row["version"], made, row["partners"], row["relations"], row["from"], gate, f"{row['bytes'] / 1e6:.1f}"


def _show_figures(found: dict[str, Any]) -> None:
    rows = []
    for split, metrics in found["figures"].items():
        for metric, both in metrics.items():
            told = [_interval((both[side] or {}).get(part), sign) for side in "ab" for part, sign in _PARTS]
            rows.append((split, metric, *told))
    table("Figures", ["split", "metric", "A", "A - prior", "B", "B - prior"], rows)
    if all(found["gate"].values()) and not found["comparable"]:
        typer.echo(
            "A and B were not measured on the same questions: hold each against its own prior, not one against the other."
        )


def _show_gate(side: str, gate: dict[str, Any]) -> None:
    typer.echo(f"{side}: the gate {'let it pass' if gate['passed'] else 'refused it'}.")
    for check in gate["checks"]:
        typer.echo(f"  {'yes' if check['passed'] else 'NO '}  {check['sentence']}")


def _interval(figure: dict[str, Any] | None, sign: str) -> str:
    """A figure with its interval; nothing where it could not be measured."""
    if not figure or figure["estimate"] is None:
        return ""
    low, high = ("?" if figure[end] is None else f"{figure[end]:{sign}.3f}" for end in ("low", "high"))
    return f"{figure['estimate']:{sign}.3f} [{low}, {high}]"


def _plain(value: object) -> str:
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
