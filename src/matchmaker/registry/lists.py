"""Lists made ahead: the default list of every partner of a bundle version, in one file beside the version.

    DIR/<version>.lists     Arrow: listed (10 rows), steps (10 scores), best, least, body (zlib, JSON); then the sha256 of all that

The version itself stays as it was built. The file can be made again at any time (`matchmaker prepare`); one that is missing, of
another version or damaged is not used, and lists are then made when they are asked for.
"""

from __future__ import annotations

import hashlib
import math
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
from matchmaker.registry.bundle import sha256

if TYPE_CHECKING:
    import pyarrow as pa

LENGTH = 10
_FORMAT = b"1"
_BATCH = 4096
_DIGEST = 32


@dataclass(frozen=True)
class Made:
    """One list made ahead. listed: rows, best first; steps: the score that each won its place by (`diversified`); best: relevance
    of the best candidate in nats; least: share of it below which none competed; the rest: as `Recommendations` tells it, matches
    as JSON objects.
    """

    listed: list[int]
    steps: list[float]
    best: float
    least: float
    considered: int
    settings: dict[str, Any]
    notes: list[str]
    matches: list[dict[str, Any]]


class Lists:
    """The lists of one version. listed: (n, 10) int32 rows, -1 where a list is shorter; steps: (n, 10) scores, -inf there;
    best, least: (n,).
    """

    def __init__(self, table: pa.Table) -> None:
        self._bodies = table.column("body").combine_chunks()
        self.listed: NDArray[np.int32] = _flat(table, "listed").reshape(-1, LENGTH)
        self.steps: NDArray[np.float64] = _flat(table, "steps").reshape(-1, LENGTH)
        self.best: NDArray[np.float64] = table.column("best").to_numpy()
        self.least: NDArray[np.float64] = table.column("least").to_numpy()

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.best)

    def made(self, row: int) -> Made:
        """The list of the partner in a row."""
        told = orjson.loads(zlib.decompress(self._bodies[row].as_py()))
        listed = [one for one in self.listed[row].tolist() if one >= 0]
        steps = self.steps[row].tolist()[: len(listed)]
        return Made(listed=listed, steps=steps, best=float(self.best[row]), least=float(self.least[row]), **told)


def path_of(version: Path) -> Path:
    """The file of a version's lists."""
    return version.with_name(f"{version.name}.lists")


def made_at(version: Path) -> int | None:
    """When the lists of a version were written, in nanoseconds; None where there are none."""
    try:
        return path_of(version).stat().st_mtime_ns
    except OSError:
        return None


def write(version: Path, made: Iterable[Made]) -> Path:
    """Write the lists of all partners, in the order of their rows; the file is whole, or not there. Raises StorageError."""
    import pyarrow as pa

    path = path_of(version)
    beside = path.with_name(f".writing-{os.getpid()}-{path.name}")
    schema = pa.schema(
        [
            ("listed", pa.list_(pa.int32(), LENGTH)),
            ("steps", pa.list_(pa.float64(), LENGTH)),
            ("best", pa.float64()),
            ("least", pa.float64()),
            ("body", pa.binary()),
        ],
        metadata={b"version": version.name.encode(), b"format": _FORMAT, b"by": __version__.encode()},
    )
    try:
        with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for batch in _batches(made, schema):
                writer.write_batch(batch)
        digest = bytes.fromhex(sha256(beside))
        with beside.open("ab") as file:
            file.write(digest)
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

    try:
        whole = pa.memory_map(str(path_of(version))).read_buffer()
        content, digest = whole[:-_DIGEST], whole[-_DIGEST:].to_pybytes()
        # All of it, before Arrow believes any of it: it does not survive every damage.
        if len(whole) <= _DIGEST or hashlib.sha256(content).digest() != digest:
            return None
        table = pa.ipc.open_file(content).read_all()
    except (OSError, pa.ArrowException):
        return None
    known = table.schema.metadata or {}
    of_it = (known.get(b"version"), known.get(b"format"), known.get(b"by"), table.num_rows)
    return Lists(table) if of_it == (version.name.encode(), _FORMAT, __version__.encode(), partners) else None


def _flat(table: pa.Table, name: str) -> NDArray[Any]:
    found: NDArray[Any] = table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return found


def _batches(made: Iterable[Made], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for one in made:
        missing = LENGTH - len(one.listed)
        padded = {"listed": [*one.listed, *[-1] * missing], "steps": [*one.steps, *[-math.inf] * missing]}
        told = {name: getattr(one, name) for name in ("considered", "settings", "notes", "matches")}
        rows.append({**padded, "best": one.best, "least": one.least, "body": zlib.compress(orjson.dumps(told), 6)})
        if len(rows) == _BATCH:
            yield pa.RecordBatch.from_pylist(rows, schema=schema)
            rows = []
    if rows:
        yield pa.RecordBatch.from_pylist(rows, schema=schema)
