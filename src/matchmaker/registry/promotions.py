"""The record of every change of the current version: `DIR/promotions.jsonl`, one JSON object a line, only ever added to.

A line is on the disk before the pointer changes. A writer that dies in between leaves a line of what was not done, which
`effective` leaves out; one that dies while it writes leaves a torn line, which is passed over, and the next one begins afresh.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from matchmaker.disk import cause, sync
from matchmaker.errors import BundleError, StorageError

FILE = "promotions.jsonl"
How = Literal["promote", "rollback"]


@dataclass(frozen=True)
class Change:
    """One change of the current version.

    Attributes:
        at: when, ISO 8601 in UTC.
        before: the version that was current, None where none was; `from` in the file.
        to: the version that becomes current.
        forced: whether a refusal of the gate was overridden.
        reason: why, as it was given.
        gate_passed: the gate's verdict of `to`, None where it was not judged, as all that learned nothing.
        how: `promote` or `rollback`.
        by: who asked for it, None where that is not known.
        newest: the newest version that was there: whatever is newer was made later.

    """

    at: str
    before: str | None
    to: str
    forced: bool
    reason: str | None
    gate_passed: bool | None
    how: How
    by: str | None
    newest: str

    def to_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON."""
        told = vars(self) | {"from": self.before}
        return {name: told[name] for name in _KEYS}

    @classmethod
    def from_dict(cls, line: dict[str, Any]) -> Change:
        """The change that a line tells. Raises KeyError, TypeError where it tells none."""
        told = {name: line[name] for name in _KEYS}
        change = cls(before=told.pop("from"), **told)
        if not all(isinstance(name, str) for name in (change.to, change.newest, change.before or "")):
            raise TypeError("names of versions are texts")
        return change


_KEYS = ("at", "from", "to", "forced", "reason", "gate_passed", "how", "by", "newest")


def read(root: Path) -> tuple[list[Change], int]:
    """The changes recorded under `root`, oldest first, and how many lines are torn or no change. Raises BundleError."""
    try:
        content = (root / FILE).read_bytes()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise BundleError(
            f"{root / FILE} cannot be read: {cause(error)}. Give this user the right to read it."
        ) from error
    changes, torn = [], 0
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            changes.append(Change.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError, RecursionError):
            torn += 1
    return changes, torn


def effective(changes: Sequence[Change], current: str | None) -> list[Change]:
    """The changes that were carried out: without those after which their `before` was current all the same.

    current: the version that is current now.
    """
    after = [change.before for change in changes[1:]] + [current]
    return [
        change for change, found in zip(changes, after, strict=False) if found == change.to or found != change.before
    ]


@contextmanager
def changing(root: Path) -> Iterator[Callable[[Change], None]]:
    """Nobody else changes the current version, or removes one, in this block; it gets a function that records a change.

    What was recorded is on the disk when that function returns, or the file is as it was. An OSError in the block, or of the file,
    becomes a StorageError.
    """
    import fcntl

    try:
        handle = os.open(root / FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(_refused(root, error)) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield lambda change: _append(root, handle, change)
    except OSError as error:
        raise StorageError(_refused(root, error)) from error
    finally:
        os.close(handle)


def _append(root: Path, handle: int, change: Change) -> None:
    size = os.fstat(handle).st_size
    torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
    # ASCII: a name that is not UTF-8 reaches us with lone surrogates, which cannot be encoded.
    left = b"\n" * torn + json.dumps(change.to_dict()).encode("ascii") + b"\n"
    try:
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, size)
        raise
    if not size:
        sync(root)


def _refused(root: Path, error: OSError) -> str:
    return (
        f"{error.filename or root / FILE} cannot be changed: {cause(error)}. Free space or mend the rights of {root}."
    )
