"""The background check of a loaded bundle: every file hashed on a thread of its own while the engine already answers."""

from __future__ import annotations

import threading
from pathlib import Path

from matchmaker.errors import BundleError
from matchmaker.registry.bundle import open_bundle

_REST = 2.0
"""Seconds of pause for each second of hashing: who answers meanwhile needs the processor."""


class BackgroundCheck:
    """Starts on construction; `state` is `checking`, then `intact` or `corrupt`, with one line a problem."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[str] | None = None
        self._thread = threading.Thread(target=self._run, name="bundle-verify", daemon=True)
        self._thread.start()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong; empty while nothing was found."""
        return tuple(self._found or ())

    @property
    def state(self) -> str:
        """`checking`, `intact` or `corrupt`."""
        if self._found is None:
            return "checking"
        return "corrupt" if self._found else "intact"

    def wait(self, timeout: float | None = None) -> str:
        """Wait up to `timeout` seconds for the end of the check; returns the state."""
        self._thread.join(timeout)
        return self.state

    def _run(self) -> None:
        try:
            self._found = open_bundle(self._path).verify(rest=_REST)
        except (BundleError, OSError) as error:
            self._found = [str(error)]
