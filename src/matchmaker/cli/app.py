"""The `matchmaker` command."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated

import typer

from matchmaker import __version__
from matchmaker.cli.output import fail

app = typer.Typer(
    name="matchmaker",
    help="Find the partners worth talking to: both directions scored, every reason shown.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _module in ("catalogue", "ask", "care"):
    import_module(f"matchmaker.cli.{_module}").register(app)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command. Exit status: 0 done, 1 failure, 2 usage, 3 invalid input, 4 bundle or encoder, 130 interrupted."""
    from matchmaker.errors import MatchmakerError

    try:
        app()
    except MatchmakerError as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing was half-written.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
