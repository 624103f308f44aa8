"""Commands that look after things: doctor, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from matchmaker.cli.options import Json
from matchmaker.cli.output import Bar, emit_json, table

SAMPLE = "data/sample"
SHOWN = "shipbob"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(doctor)
    app.command()(demo)


def doctor(
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Also check every file of this bundle.", readable=False)
    ] = None,
    json: Json = False,
) -> None:
    """Check the installation and, with -m, every sha256 and golden answer of a bundle. Exit status 4 when something is wrong."""
    checks = [_python(), *_libraries(), _encoder(), _cache()]
    if model is not None:
        checks.extend(_bundle(model))
    ok = all(check["ok"] for check in checks)
    if json:
        emit_json({"ok": ok, "checks": checks})
    else:
        rows = [("ok" if check["ok"] else "WRONG", check["check"], check["detail"]) for check in checks]
        table("Doctor", ["", "check", "detail"], rows)
        typer.echo("All is well." if ok else "Something is wrong: see the lines marked WRONG.")
    raise typer.Exit(0 if ok else 4)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the demo bundle is built.", readable=False)
    ] = Path("out/demo"),
    data: Annotated[Path, typer.Option(help="Folder of the sample ecosystem.", readable=False)] = Path(SAMPLE),
    json: Json = False,
) -> None:
    """Build the sample ecosystem, show one partner's best matches, and say what to run next."""
    from matchmaker.cli.ask import show_recommendations
    from matchmaker.engine import Matchmaker
    from matchmaker.errors import CatalogueError
    from matchmaker.profiles.catalogue import load_catalogue
    from matchmaker.progress import named

    if not (data / "partners.jsonl").is_file():
        raise CatalogueError(
            f"No sample ecosystem in {data}: run this in the repository, or name its folder with --data."
        )
    typer.echo(f"Reading {data} …", err=True)
    loaded = load_catalogue(data / "partners.jsonl", relations=data / "relations.csv")
    engine = Matchmaker().fit(loaded, progress=named(Bar()))
    typer.echo(f"Writing {output} …", err=True)
    engine.save(output)
    found = Matchmaker.load(output).recommend(SHOWN, 10)
    if json:
        emit_json(found.to_dict())
        return
    typer.echo(
        f"Built {output}: {len(loaded.partners)} real partners, {len(loaded.relations)} publicly known relations.\n"
    )
    show_recommendations(found)
    typer.echo(
        "\nWhat to run next (activate the environment first: source .venv/bin/activate):\n"
        f'  matchmaker recommend "Loop Returns" -m {output} --motion technology\n'
        f"  matchmaker recommend klaviyo -m {output} --popularity-weight 0      # small but mighty first\n"
        f"  matchmaker explain {SHOWN} loop-returns -m {output}\n"
        f'  matchmaker build YOUR.csv -o out/yours --map audience="Who we serve"   # docs/data-formats.md'
    )


def _python() -> dict[str, Any]:
    import platform
    import sys

    return _check(
        "python",
        sys.version_info >= (3, 11),
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
    )


def _libraries() -> list[dict[str, Any]]:
    import importlib.metadata

    found = []
    for name in ("faiss-cpu", "numpy", "pyarrow", "pandas", "scikit-learn", "sentence-transformers", "torch"):
        try:
            found.append(_check(name, True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(_check(name, False, "not installed"))
    return found


def _encoder() -> dict[str, Any]:
    from matchmaker.encoders.minilm import WEIGHTS, model_folder
    from matchmaker.errors import EncoderError
    from matchmaker.registry.bundle import sha256

    try:
        same = sha256(model_folder() / "model.safetensors") == WEIGHTS
    except (EncoderError, OSError) as error:
        return _check("default encoder", False, str(error))
    return _check(
        "default encoder", same, "weights have the pinned sha256" if same else "weights differ from the pinned sha256"
    )


def _cache() -> dict[str, Any]:
    from matchmaker.disk import cause
    from matchmaker.encoders.cache import default_cache_dir

    folder = default_cache_dir()
    try:
        held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    except OSError as error:
        return _check("cache", False, f"{folder} cannot be read: {cause(error)}")
    return _check("cache", True, f"{folder}, {held / 1e6:.0f} MB")


def _bundle(model: Path) -> list[dict[str, Any]]:
    from matchmaker.errors import BundleError
    from matchmaker.registry.bundle import open_bundle
    from matchmaker.registry.codec import load

    try:
        bundle = open_bundle(model)
        problems = bundle.verify()
        checks = [
            _check("bundle files", not problems, "; ".join(problems) or f"{len(bundle.manifest['files'])} files match")
        ]
        if not problems:
            load(model)
            checks.append(_check("golden queries", True, "same answers as when it was built"))
    except BundleError as error:
        return [_check("bundle", False, str(error))]
    return checks


def _check(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"check": name, "ok": ok, "detail": detail}
