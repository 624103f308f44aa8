"""Progress of long work, as a tiny protocol: the library reports, the caller decides how to show it."""

from __future__ import annotations

import sys
from typing import Protocol


class Progress(Protocol):
    """One task at a time: `start`, any number of `advance`, `done`."""

    def start(self, label: str, total: int) -> None:
        """Begin a task of `total` steps, named for people."""

    def advance(self, steps: int = 1) -> None:
        """Count `steps` more as finished."""

    def done(self) -> None:
        """End the task."""


class Silent:
    """Shows nothing: the default of the library."""

    def start(self, label: str, total: int) -> None:
        """Ignore."""

    def advance(self, steps: int = 1) -> None:
        """Ignore."""

    def done(self) -> None:
        """Ignore."""


class Named:
    """Writes a line on standard error as each task starts: for logs and pipes, where a bar cannot be drawn."""

    def start(self, label: str, total: int) -> None:
        """Name the task."""
        print(f"{label} ({total:,}) …", file=sys.stderr, flush=True)  # noqa: T201 - this is what it is for

    def advance(self, steps: int = 1) -> None:
        """Ignore."""

    def done(self) -> None:
        """Ignore."""


def named(bar: Progress) -> Progress:
    """`bar` where standard error is a terminal, which can show it, else `Named`."""
    return bar if sys.stderr.isatty() else Named()
