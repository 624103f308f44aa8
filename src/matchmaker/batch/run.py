"""Making an output part by part, in several processes, so that it can be cut off at any moment and gone on with."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from matchmaker.batch.journal import Journal, Part, refusing, write
from matchmaker.batch.pieces import pieces_of
from matchmaker.errors import StateError
from matchmaker.progress import Silent

if TYPE_CHECKING:
    import pyarrow as pa

    from matchmaker.progress import Progress

_AHEAD = 2
"""Parts that wait for each process: enough that none stands idle, few enough that memory is bounded."""
_writer: _Writer | None = None
"""What a worker process makes its parts with, opened once."""
_kept = ExitStack()
"""What a worker process keeps until it ends."""


class Worker(Protocol):
    """Makes the rows of a part."""

    def table(self, content: Any) -> pa.Table:  # noqa: ANN401 - whatever the parts of the work are
        """The rows of a part, with a column `status`, "ok" where nothing failed."""


@dataclass(frozen=True)
class Work:
    """What there is to make. made_of: plain data that decides the output; open: makes the worker of a process, picklable.

    parts: the content of each part, in order; steps: of a content, for the progress; total: about so many steps, `part_size` in a
    part; sample: steps that tell how fast it goes; empty: a table without rows.
    """

    label: str
    made_of: dict[str, Any]
    open: Callable[[], Worker]
    parts: Callable[[], Iterator[Any]]
    steps: Callable[[Any], int]
    total: int
    part_size: int
    sample: int
    empty: pa.Table


@dataclass(frozen=True)
class Summary:
    """What a run made: rows and those that failed; parts of which `resumed` were there already; seconds and rows a second of the
    others.
    """

    output: str
    rows: int
    failed: int
    parts: int
    resumed: int
    seconds: float
    rows_per_second: float


@dataclass(frozen=True)
class Plan:
    """What a run would do: steps (rows read, or partners), parts of which `done` are there; refused: what of the parts that are
    there was made of other things, if anything. per_second and seconds are estimates, from a small sample and without the start.
    """

    output: str
    steps: int
    parts: int
    done: int
    refused: str | None
    per_second: float
    seconds: float


def plan(work: Work, out: Path, *, threads: int) -> Plan:
    """What `run` would do, without writing anything; reads the whole input once, and makes a small sample of the output."""
    pieces_of(out)
    journal = Journal(out, work.made_of)
    refused, first, steps, parts = journal.differing(), None, 0, 0
    done = {} if refused else journal.done()
    left = 0
    for number, content in enumerate(work.parts()):
        first = content[: work.sample] if first is None else first
        steps, parts = steps + work.steps(content), parts + 1
        left += 0 if number in done else work.steps(content)
    rate = 0.0 if first is None else threads * _rate(work, first)
    return Plan(str(out), steps, parts, len(done), refused, round(rate, 1), round(left / rate, 1) if rate else 0.0)


def _rate(work: Work, content: Any) -> float:  # noqa: ANN401 - as Worker.table
    """Steps a second of one process, once it is warm."""
    worker = work.open()
    worker.table(content)
    started = time.perf_counter()
    worker.table(content)
    return work.steps(content) / (time.perf_counter() - started)


def run(work: Work, out: Path, *, threads: int, restart: bool = False, progress: Progress | None = None) -> Summary:
    """Make `out`, in `threads` processes, or in as many as there are parts; what a run of the same work left is kept, unless
    `restart`.

    Raises SettingsError when those are of another work, StorageError, BundleError.
    """
    pieces, started = pieces_of(out), time.perf_counter()
    threads = min(threads, -(-work.total // work.part_size))
    journal, shown = Journal(out, work.made_of), progress or Silent()
    with journal.opened(restart=restart):
        resumed, parts = journal.done(), list[Part]()
        shown.start(work.label, work.total)

        def paths() -> Iterator[Path]:
            for part, steps in _in_order(_made(work, journal, out, resumed, threads)):
                parts.append(part)
                shown.advance(steps)
                yield journal.folder / part.name

        try:
            journal.finish(lambda file: pieces.join(paths(), work.empty, file))
        finally:
            shown.done()
    seconds = time.perf_counter() - started
    made = sum(part.rows for part in parts if part.number not in resumed)
    return Summary(
        output=str(out),
        rows=sum(part.rows for part in parts),
        failed=sum(part.failed for part in parts),
        parts=len(parts),
        resumed=len(resumed),
        seconds=round(seconds, 3),
        rows_per_second=round(made / seconds, 1),
    )


def _in_order(made: Iterable[tuple[Part, int]]) -> Iterator[tuple[Part, int]]:
    """The same parts by number: a part that is there is joined while others are still being made."""
    waiting: dict[int, tuple[Part, int]] = {}
    number = 0
    for part, steps in made:
        waiting[part.number] = part, steps
        while number in waiting:
            yield waiting.pop(number)
            number += 1


def _made(work: Work, journal: Journal, out: Path, done: dict[int, Part], threads: int) -> Iterator[tuple[Part, int]]:
    """Every part with its steps, as it is there."""

    def missing() -> Iterator[tuple[int, Any]]:
        for number, content in enumerate(work.parts()):
            if number in done:
                already.append((done[number], work.steps(content)))
            else:
                yield number, content

    already: list[tuple[Part, int]] = []
    task = _Task(work.open, out, journal.folder)
    for part in (
        _in_processes(task, missing(), threads, work.steps) if threads > 1 else _here(task, missing(), work.steps)
    ):
        yield from already
        already.clear()
        yield part
    yield from already


@dataclass(frozen=True)
class _Task:
    open: Callable[[], Worker]
    out: Path
    folder: Path


class _Writer:
    """Makes and writes parts, in the process that it was opened in."""

    def __init__(self, task: _Task) -> None:
        self._task, self._worker, self._pieces = task, task.open(), pieces_of(task.out)

    def part(self, number: int, content: Any) -> Part:  # noqa: ANN401 - as Worker.table
        """Make and write one part. Raises StorageError."""
        import pyarrow.compute as pc

        table = self._worker.table(content)
        failed = table.num_rows - (pc.sum(pc.equal(table.column("status"), "ok")).as_py() or 0)
        part = Part(number, table.num_rows, failed)
        with refusing(self._task.out):
            write(self._task.folder, part.name, lambda file: self._pieces.write(table, file))
        return part


def _here(task: _Task, missing: Iterable[tuple[int, Any]], steps: Callable[[Any], int]) -> Iterator[tuple[Part, int]]:
    writer: _Writer | None = None
    for number, content in missing:
        writer = writer or _Writer(task)
        yield writer.part(number, content), steps(content)


def _in_processes(
    task: _Task, missing: Iterable[tuple[int, Any]], threads: int, steps: Callable[[Any], int]
) -> Iterator[tuple[Part, int]]:
    waiting: dict[Future[Part], int] = {}
    with ProcessPoolExecutor(threads, get_context("spawn"), _start, (task,)) as pool:
        try:
            for number, content in missing:
                waiting[pool.submit(_part, number, content)] = steps(content)
                while len(waiting) >= _AHEAD * threads:
                    yield from _finished(waiting)
            while waiting:
                yield from _finished(waiting)
        except BrokenProcessPool as error:
            raise StateError(
                "A worker process ended: it was killed, perhaps for want of memory. The parts that are done are kept: "
                "call again, with fewer --threads."
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _finished(waiting: dict[Future[Part], int]) -> Iterator[tuple[Part, int]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        steps = waiting.pop(future)
        yield future.result(), steps


class _NoPandas:
    """An importer that finds no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """As `importlib.abc.MetaPathFinder`. Raises ModuleNotFoundError."""
        del path, target
        if name == "pandas":
            raise ModuleNotFoundError("pandas is kept out of this process (batch/run.py).", name=name)


@contextmanager
def lean() -> Iterator[None]:
    """Keep this process small for a while: one that a command, or a worker, owns.

    Arrow's own pool keeps a tenth of a gigabyte; it has to give memory back to the system at once. And Arrow loads pandas for any
    array that it makes, should it be one of pandas: 50 MB and 0.4 s a process for nothing.
    """
    import pyarrow as pa

    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    sys.meta_path.insert(0, _NoPandas)
    try:
        yield
    finally:
        sys.meta_path.remove(_NoPandas)
        pa.set_memory_pool(pool)


def _start(task: _Task) -> None:
    """Open what a worker process works with; it ends with its parent, however that ends, and leaves Ctrl-C to it."""
    global _writer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _kept.enter_context(lean())
    _writer = _Writer(task)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _part(number: int, content: Any) -> Part:  # noqa: ANN401 - as Worker.table
    assert _writer is not None  # noqa: S101 - _start ran first
    return _writer.part(number, content)
