"""The `matchmaker` command."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Annotated, Any

# No plugin of pydantic is used here; looking for some means reading the metadata of everything installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# One thread for numpy: its products here are too small to be worth sharing. The encoder has threads of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer

from matchmaker import __version__
from matchmaker.cli.output import fail, fail_usage

# A command makes its objects once and ends: looking through them for garbage took a fifth of an answer's time.
gc.set_threshold(200_000, 20, 20)

app = typer.Typer(
    name="matchmaker",
    help="Find the partners worth talking to: both directions scored, every reason shown.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_USAGE: Any = typer.BadParameter.__bases__
"""UsageError, which typer has no name for: a command line that `--help` does not tell."""
for _module in (
    "catalogue",
    "ask",
    "gaps",
    "overlap",
    "collisions",
    "bulk",
    "train",
    "care",
    "models",
    "assistant",
    "serve",
):
    import_module(f"matchmaker.cli.{_module}").register(app)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command. Exit status: 0 done, 1 failure, 2 usage, 3 invalid input, 4 bundle, encoder or disk, 5 done but for
    some rows, 130 interrupted, 141 nobody reads the output any more.
    """
    sys.exit(_status())


def _status() -> int:
    from matchmaker.disk import cause
    from matchmaker.errors import MatchmakerError, StorageError

    try:
        # Not app(): it would swallow Ctrl-C and a closed pipe, and tell a wrong command line only to people.
        with typer.main.get_command(app).make_context("matchmaker", sys.argv[1:]) as context:
            context.command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as stop:
        return stop.exit_code
    except _USAGE as error:
        return fail_usage(error)
    except MatchmakerError as error:
        return fail(error)
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        return fail(
            StorageError(f"{error.filename or 'The disk'} refused: {cause(error)}. Free space or mend its rights.")
        )
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing was half-written.", err=True)
        return 130
    return 0


def _unread() -> int:
    """The reader went away, as `| head` does: end as the shell's own tools do, without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return 141


if __name__ == "__main__":
    main()
