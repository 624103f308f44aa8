"""Lists made ahead: the default list of every partner of a bundle version, in one file beside the version.

    DIR/<version>.lists     Arrow: listed (10 rows), floor (nats of the weakest one), considered, notes, body (zlib, JSON)

The version itself stays as it was built. The file can be made again at any time (`matchmaker prepare`); one that is missing, of
another version or damaged is not used, and lists are then made when they are asked for.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from matchmaker import __version__
from matchmaker.disk import cause, sync
from matchmaker.errors import StorageError

if TYPE_CHECKING:
    import pyarrow as pa

LENGTH = 10
_FORMAT = b"1"
_BATCH = 4096


@dataclass(frozen=True)
class Made:
    """One list made ahead. listed: rows, best first; floor: reciprocal evidence (nats) of the weakest; the rest: as
    `Recommendations` tells it, matches as JSON objects.
    """

    listed: list[int]
    floor: float
    considered: int
    settings: dict[str, Any]
    notes: list[str]
    matches: list[dict[str, Any]]


class Lists:
    """The lists of one version. listed: (n, 10) int32 rows, -1 where a list is shorter; floor: (n,) float64 nats."""

    def __init__(self, table: pa.Table) -> None:
        self._bodies = table.column("body").combine_chunks()
        flat = table.column("listed").combine_chunks().flatten().to_numpy(zero_copy_only=False)
        self.listed: NDArray[np.int32] = flat.reshape(table.num_rows, LENGTH)
        self.floor: NDArray[np.float64] = table.column("floor").to_numpy()

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.floor)

    def made(self, row: int) -> Made | None:
        """The list of the partner in a row; None where the file is damaged there."""
        try:
            told = orjson.loads(zlib.decompress(self._bodies[row].as_py()))
        except (zlib.error, orjson.JSONDecodeError):
            return None
        return Made(listed=self.listed[row].tolist(), floor=float(self.floor[row]), **told)


def path_of(version: Path) -> Path:
    """The file of a version's lists."""
    return version.with_name(f"{version.name}.lists")


def write(version: Path, made: Iterable[Made]) -> Path:
    """Write the lists of all partners, in the order of their rows; the file is whole, or not there. Raises StorageError."""
    import pyarrow as pa

    path = path_of(version)
    beside = path.with_name(f".writing-{os.getpid()}-{path.name}")
    schema = pa.schema(
        [("listed", pa.list_(pa.int32(), LENGTH)), ("floor", pa.float64()), ("body", pa.binary())],
        metadata={b"version": version.name.encode(), b"format": _FORMAT, b"by": __version__.encode()},
    )
    try:
        with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for batch in _batches(made, schema):
                writer.write_batch(batch)
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {cause(error)}. Free space or mend its rights.") from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def read(version: Path, partners: int) -> Lists | None:
    """The lists of a version of so many partners, mapped into memory; None where there are none that can be used."""
    import pyarrow as pa

    path = path_of(version)
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        known = table.schema.metadata or {}
        of_it = (known.get(b"version"), known.get(b"format"), known.get(b"by"), table.num_rows)
        if of_it != (version.name.encode(), _FORMAT, __version__.encode(), partners):
            return None
        lists = Lists(table)
        sound = lists.listed.min(initial=-1) >= -1 and lists.listed.max(initial=-1) < partners
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None
    return lists if sound else None


def _batches(made: Iterable[Made], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for one in made:
        padded = [*one.listed, *[-1] * (LENGTH - len(one.listed))]
        told = {name: getattr(one, name) for name in ("considered", "settings", "notes", "matches")}
        rows.append({"listed": padded, "floor": one.floor, "body": zlib.compress(orjson.dumps(told), 6)})
        if len(rows) == _BATCH:
            yield pa.RecordBatch.from_pylist(rows, schema=schema)
            rows = []
    if rows:
        yield pa.RecordBatch.from_pylist(rows, schema=schema)
