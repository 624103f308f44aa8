"""The command that an assistant starts: mcp."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from matchmaker.cli.options import DEFAULT_MODEL, ModelDir


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(mcp)


def mcp(
    model: ModelDir = DEFAULT_MODEL,
    json: Annotated[
        bool, typer.Option("--json", help="Print the client configuration as one JSON object, and serve nothing.")
    ] = False,
) -> None:
    """Answer an assistant over standard input and output (Model Context Protocol) until it hangs up. Changes nothing."""
    if json:
        import orjson

        typer.echo(orjson.dumps(_configuration(model), option=orjson.OPT_INDENT_2).decode())
        return
    if sys.stdin.isatty():
        typer.echo("An assistant starts this command and speaks to it; Ctrl-D ends it. See docs/mcp.md.", err=True)
    import_module("matchmaker_service.mcp").run(model)


def _configuration(model: Path) -> dict[str, Any]:
    """What a client is told to start this command by, from any folder."""
    arguments = ["-m", "matchmaker.cli.app", "mcp", "--model", str(model.resolve())]
    return {"mcpServers": {"matchmaker": {"command": sys.executable, "args": arguments}}}
