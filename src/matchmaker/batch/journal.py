"""Parts of an output that is being made: `OUT.parts/`, beside the output, until it is whole.

journal.json          what the parts were made of: command, input, bundle version, settings, size of a part
000012-131072-3.part  part 12, which has 131,072 rows, 3 of them failed; synced, then renamed, so that one that is there is whole
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from matchmaker.disk import cause, sync
from matchmaker.errors import SettingsError, StorageError

_JOURNAL, _LOCK, _ENDING, _WRITING = "journal.json", "lock", ".part", ".writing-"
_SHORT = 40
"""Characters of a setting that is told: a version has fewer, a digest of an input more."""


@dataclass(frozen=True)
class Part:
    """A part that is written: its number from 0, its rows, and how many of these failed."""

    number: int
    rows: int
    failed: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.number:06d}-{self.rows}-{self.failed}{_ENDING}"


class Journal:
    """The parts of one output. made_of: plain data that decides the bytes of the output."""

    def __init__(self, out: Path, made_of: dict[str, Any]) -> None:
        self.out, self.folder, self._made_of = out, out.with_name(f"{out.name}.parts"), made_of

    @contextmanager
    def opened(self, *, restart: bool = False) -> Iterator[None]:
        """Held by this process: begun, or gone on with where a run of the same things was cut off; `restart` drops what that left.

        Raises SettingsError when the parts there were made of other things or are being made by another process, StorageError.
        """
        with refusing(self.out):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / _LOCK).open("ab")
        with lock:
            self._take(lock)
            with refusing(self.out):
                self._begin(restart=restart)
            if other := self.differing():
                raise SettingsError(
                    f"{self.folder} holds parts of another run: its {other} differs{self._both(other)}. Go on with what that was "
                    "called with, or give --restart to drop them."
                )
            yield

    def differing(self) -> str | None:
        """What the parts that are there were made of otherwise, if anything."""
        if not (self.folder / _JOURNAL).exists():
            return None
        found = self._found()
        if found is None:
            return "journal"
        names = [name for name in self._made_of if found.get(name) != self._made_of[name]]
        return names[0] if names else None

    def _found(self) -> dict[str, Any] | None:
        """What the parts that are there were made of, if that can be read."""
        try:
            found = json.loads((self.folder / _JOURNAL).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _both(self, name: str) -> str:
        """What that run and this one had, where it is short enough to help."""
        theirs, ours = (self._found() or {}).get(name), self._made_of.get(name)
        short = isinstance(theirs, (str, int)) and len(str(theirs)) <= _SHORT
        return f" ({theirs} there, {ours} now)" if short else ""

    def done(self) -> dict[int, Part]:
        """The parts that are there, by number."""
        found = {}
        for path in self.folder.glob(f"*{_ENDING}"):
            number, rows, failed = (int(one) for one in path.name.removesuffix(_ENDING).split("-"))
            found[number] = Part(number, rows, failed)
        return found

    def finish(self, join: Callable[[BinaryIO], None]) -> None:
        """Have `join` write the output beside its parts, put it in place whole, and remove them. Raises StorageError."""
        with refusing(self.out):
            write(self.folder, "joined", join)
            (self.folder / "joined").replace(self.out)
            sync(self.out.parent)
            shutil.rmtree(self.folder)

    def _begin(self, *, restart: bool) -> None:
        for path in self.folder.iterdir():
            if path.name.startswith(_WRITING) or (restart and path.name != _LOCK):
                path.unlink()
        if not (self.folder / _JOURNAL).exists():
            write(self.folder, _JOURNAL, lambda file: file.write(json.dumps(self._made_of, indent=1).encode()))

    def _take(self, lock: BinaryIO) -> None:
        """Lock until the file is closed, at the latest when the process ends, however it ends."""
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(f"Another process is making {self.out}: let it end, or name another output.") from error


def write(folder: Path, name: str, content: Callable[[BinaryIO], object]) -> None:
    """A file of this name, whole and synced, or none. Raises OSError."""
    beside = folder / f"{_WRITING}{os.getpid()}-{name}"
    try:
        with beside.open("wb") as file:
            content(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / name)
        sync(folder)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def refusing(out: Path) -> Iterator[None]:
    """Tells a disk that refuses as StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written: {cause(error)}. Free space or mend its rights; the parts that are done are kept."
        ) from error
