"""What was disclosed, kept, so that a question that is asked again gets the answer that it got."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from matchmaker.errors import StorageError

_TABLE = (
    "CREATE TABLE IF NOT EXISTS disclosed "
    "(name TEXT PRIMARY KEY, release INTEGER NOT NULL, counts TEXT NOT NULL, shown TEXT NOT NULL)"
)
_PUT = (
    "INSERT INTO disclosed VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET release = excluded.release, "
    "counts = excluded.counts, shown = excluded.shown WHERE excluded.release > disclosed.release"
)
_PART = 500
"""Names in one statement."""


@dataclass(frozen=True)
class Held:
    """Figures that were disclosed: of which release, the exact counts at that time, and what was shown of each (None: nothing).

    The exact counts are for the owner of all data alone.
    """

    release: int
    counts: tuple[int, ...]
    shown: tuple[int | None, ...]


class Ledger(Protocol):
    """Figures that were disclosed, by name. Whoever comes second with the same release finds the figures of the first."""

    def get(self, names: Iterable[str]) -> dict[str, Held]:
        """What is held of these names."""

    def put(self, found: Mapping[str, Held]) -> None:
        """Hold these, but for names that are held of the same or a later release."""


class MemoryLedger:
    """For one process, and as long as it lives: tests and notebooks."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def get(self, names: Iterable[str]) -> dict[str, Held]:
        """What is held of these names."""
        return {name: self._held[name] for name in names if name in self._held}

    def put(self, found: Mapping[str, Held]) -> None:
        """Hold these, but for names that are held of the same or a later release."""
        for name, one in found.items():
            if name not in self._held or self._held[name].release < one.release:
                self._held[name] = one


class FileLedger:
    """In one SQLite file, which several processes of a machine may share. Raises StorageError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            connection.execute(_TABLE)

    def get(self, names: Iterable[str]) -> dict[str, Held]:
        """What is held of these names."""
        wanted, found = list(names), dict[str, Held]()
        with self._open() as connection:
            for low in range(0, len(wanted), _PART):
                part = wanted[low : low + _PART]
                marks = ",".join("?" * len(part))
                query = f"SELECT name, release, counts, shown FROM disclosed WHERE name IN ({marks})"  # noqa: S608 - marks only
                for name, release, counts, shown in connection.execute(query, part):
                    found[name] = Held(release, tuple(json.loads(counts)), tuple(json.loads(shown)))
        return found

    def put(self, found: Mapping[str, Held]) -> None:
        """Hold these, but for names that are held of the same or a later release."""
        rows = [(name, one.release, json.dumps(one.counts), json.dumps(one.shown)) for name, one in found.items()]
        with self._open() as connection:
            connection.executemany(_PUT, rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
                yield connection
        except sqlite3.Error as error:
            raise StorageError(f"The ledger of disclosed figures {self._path} cannot be used: {error}.") from error
