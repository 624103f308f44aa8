"""Memory and processor time of this process and its children, watched from within."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Self

_EVERY = 0.5
_TICK = os.sysconf("SC_CLK_TCK")


class Watch:
    """While it is entered: the peak of memory in bytes, and the processor seconds used (Linux).

    shared_once: of all processes together, a page that several share counting once (PSS); largest: RSS of the largest one.
    """

    def __init__(self) -> None:
        self.shared_once = self.largest = 0
        self.processor = 0.0
        self._used: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._before = sum(self._used.values())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        self.processor = sum(self._used.values()) - self._before

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        shared = 0
        for pid in _tree(os.getpid()):
            with contextlib.suppress(OSError, ProcessLookupError):  # it has just ended
                told = dict(line.split(":", 1) for line in _read(pid, "smaps_rollup").splitlines()[1:])
                shared += _bytes(told["Pss"])
                self.largest = max(self.largest, _bytes(told["Rss"]))
                ticks = _read(pid, "stat").rpartition(")")[2].split()[11:13]
                self._used[pid] = sum(map(int, ticks)) / _TICK
        self.shared_once = max(self.shared_once, shared)


def _read(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def _bytes(told: str) -> int:
    return int(told.split()[0]) * 1024


def _tree(pid: int) -> list[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ProcessLookupError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    return [pid, *(child for child, parent in parents.items() if parent == pid)]
