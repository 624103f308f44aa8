"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Catalogues = Annotated[
    list[Path], typer.Argument(help="Partners: CSV, TSV, JSON, JSONL, Parquet or Excel; several files are joined.")
]
Relations = Annotated[list[Path] | None, typer.Option("--relations", "-r", help="Known relations between partners.")]
Accounts = Annotated[
    Path | None,
    typer.Option("--accounts", "-a", help="Who has which account. Hashed with MATCHMAKER_ACCOUNT_KEY on the way in."),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help='Field of the partners from your columns: --map audience="Who we serve". Repeatable.'),
]
MapFile = Annotated[
    Path | None, typer.Option("--map-file", help="TOML file with [partners], [relations], [accounts] mappings.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
ModelDir = Annotated[
    Path, typer.Option("--model", "-m", help="Bundle folder that `matchmaker build` wrote.", envvar="MATCHMAKER_MODEL")
]
Partner = Annotated[str, typer.Argument(help="Id or exact name of a stored partner.")]
Number = Annotated[int, typer.Option("-k", help="How many.", min=1, max=10_000)]
