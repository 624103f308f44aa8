"""Options that several commands share. readable=False: our own errors say what cannot be read, with their exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Catalogues = Annotated[
    list[Path],
    typer.Argument(help="Partners: CSV, TSV, JSON, JSONL, Parquet or Excel; several files are joined.", readable=False),
]
Relations = Annotated[
    list[Path] | None,
    typer.Option("--relations", "-r", help="Known relations between partners.", readable=False),
]
Accounts = Annotated[
    Path | None,
    typer.Option(
        "--accounts",
        "-a",
        help="Who has which account. Hashed with MATCHMAKER_ACCOUNT_KEY on the way in.",
        readable=False,
    ),
]
Demand = Annotated[
    Path | None,
    typer.Option("--demand", help="Counted demand for links and capabilities.", readable=False),
]
Snapshots = Annotated[
    list[Path] | None,
    typer.Option(
        "--snapshots", "-s", help="Partners with a date, one row for each id and date. Repeatable.", readable=False
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help='Field of the partners from your columns: --map audience="Who we serve". Repeatable.'),
]
MapFile = Annotated[
    Path | None,
    typer.Option(
        "--map-file", help="TOML file with [partners], [relations], [accounts], [demand] mappings.", readable=False
    ),
]
OpenAPI = Annotated[
    list[str] | None,
    typer.Option("--openapi", help="OpenAPI file of a partner: --openapi shipbob=api.yaml. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DEFAULT_MODEL = Path("models/sample")
"""The bundle that git keeps: the sample ecosystem."""
ModelDir = Annotated[
    Path,
    typer.Option(
        "--model",
        "-m",
        help="Bundle folder that `matchmaker build` wrote.",
        envvar="MATCHMAKER_MODEL",
        readable=False,
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", help='Filter such as category=returns, size=">=1000", extra.tier=gold. Repeatable.'),
]
Partner = Annotated[str, typer.Argument(help="Id or exact name of a stored partner.")]
Number = Annotated[int, typer.Option("-k", help="How many.", min=1, max=10_000)]
