"""Files of jobs: parts that are written one by one, joined at the end. A file has its name only once it is whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from matchmaker.disk import cause, sync
from matchmaker.errors import StorageError

if TYPE_CHECKING:
    import pyarrow as pa

MEDIA = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}


class JobFiles:
    """The files of one job below `root`."""

    def __init__(self, root: Path, job: str) -> None:
        self._parts, self._root, self._job = root / f"{job}.parts", root, job

    def result(self, form: str) -> Path:
        """Where the result is, once the job is done."""
        return self._root / f"{self._job}.{form}"

    def whole(self) -> int:
        """How many parts are there, without a gap."""
        count = 0
        while self._part(count).is_file():
            count += 1
        return count

    def keep(self, number: int, table: pa.Table) -> None:
        """Write a part. Raises StorageError."""
        import pyarrow.parquet as pq

        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            path = self._part(number)
            beside = path.with_suffix(f".{os.getpid()}")
            pq.write_table(table, beside)
            sync(beside)
            beside.replace(path)
        except OSError as error:
            raise _refused(self._root, error) from error

    def failed(self) -> int:
        """How many rows of all parts have another status than ok."""
        import pyarrow.parquet as pq

        parts = (pq.read_table(self._part(number), columns=["status"]) for number in range(self.whole()))
        return sum(status != "ok" for part in parts for status in part.column("status").to_pylist())

    def join(self, form: str) -> Path:
        """Join the parts into the result, one after another; then they go. Raises StorageError."""
        import pyarrow as pa
        import pyarrow.csv as csv
        import pyarrow.parquet as pq

        path = self.result(form)
        beside = path.with_suffix(f".{os.getpid()}")
        try:
            schema = pq.read_schema(self._part(0))
            writer = pq.ParquetWriter(beside, schema) if form == "parquet" else csv.CSVWriter(beside, schema)
            with writer:
                for number in range(self.whole()):
                    writer.write_table(pq.read_table(self._part(number)))
            sync(beside)
            beside.replace(path)
            sync(self._root)
        except (OSError, pa.ArrowException) as error:
            beside.unlink(missing_ok=True)
            raise _refused(self._root, error) from error
        shutil.rmtree(self._parts, ignore_errors=True)
        return path

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self._parts, ignore_errors=True)
        for form in MEDIA:
            self.result(form).unlink(missing_ok=True)

    def _part(self, number: int) -> Path:
        return self._parts / f"{number:06d}.parquet"


def _refused(root: Path, error: Exception) -> StorageError:
    told = cause(error) if isinstance(error, OSError) else str(error)
    return StorageError(f"{root} refused the result of a job: {told}. Free space or mend its rights, then ask again.")
