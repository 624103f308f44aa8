"""A table of pairs or candidates as a stream: Parquet, CSV, TSV or JSONL, read in blocks of text columns."""

from __future__ import annotations

import csv
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.disk import cause
from matchmaker.errors import CatalogueError, ColumnError

if TYPE_CHECKING:
    import pyarrow as pa

KINDS = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
REFERENCE = "client_reference_id"
_DELIMITERS = ",;\t|"
_BLOCK = 1 << 20


class Source:
    """A file and the columns of it that are read. Raises CatalogueError for a file that is unusable as a whole."""

    def __init__(self, path: Path) -> None:
        self.path, self.kind = path, path.suffix.lower()
        if self.kind not in KINDS:
            raise CatalogueError(f"{path.name} is of no known kind. Known endings: {', '.join(KINDS)}.")
        if not path.is_file():
            raise CatalogueError(f"{path} is not a file. Name a Parquet, CSV or JSONL file.")
        try:
            self.columns = self._columns()
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"{path} cannot be read: {_why(error)}.") from error
        if not self.columns:
            raise CatalogueError(f"{path.name} is empty: it has no column and no row.")

    def named(self, *names: str) -> str:
        """The first column whose name is one of `names`, in any case. Raises ColumnError."""
        known = {column.strip().lower(): column for column in reversed(self.columns)}
        for name in names:
            if name in known:
                return known[name]
        raise ColumnError(
            f"{self.path.name} has no column {' or '.join(names)}; it has {', '.join(self.columns[:20])}. Rename one."
        )

    def has(self, name: str) -> bool:
        """Whether there is a column of this name, in any case."""
        return any(column.strip().lower() == name for column in self.columns)

    def digest(self) -> tuple[str, int]:
        """The sha256 of the file, and about how many rows it has: exactly for Parquet, else by its lines."""
        found, lines = hashlib.sha256(), 0
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
                lines += block.count(b"\n")
        if self.kind == ".parquet":
            lines = self._parquet().metadata.num_rows
        return found.hexdigest(), lines

    def blocks(self, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """These columns as text, in blocks of exactly so many rows, the last one shorter; null where nothing stands.

        Raises CatalogueError.
        """
        try:
            if self.kind == ".parquet":
                yield from _cut((_text(one) for one in self._parquet().iter_batches(rows, columns=[*columns])), rows)
            else:
                lines = self._objects(columns) if self.kind in (".jsonl", ".ndjson") else self._cells(columns)
                yield from _tables(lines, columns, rows)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CatalogueError(f"{self.path} cannot be read: {_why(error)}.") from error

    def _columns(self) -> list[str]:
        if self.kind == ".parquet":
            return list(self._parquet().schema_arrow.names)
        if self.kind in (".jsonl", ".ndjson"):
            first = itertools.islice(self._parsed(), 1000)
            return list(dict.fromkeys(name for one in first for name in one))
        return next(self._lines(), [])

    def _parquet(self) -> Any:  # noqa: ANN401 - pyarrow is untyped
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self.path, pre_buffer=False)  # which would keep all that was read of the file
        except pa.ArrowException as error:
            raise CatalogueError(f"{self.path.name} is not readable as Parquet: {_why(error)}.") from error

    def _lines(self) -> Iterator[list[str]]:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            mark = max(_DELIMITERS, key=lambda one: (first.count(one), one == ","))
            for cells in csv.reader(file, delimiter="\t" if self.kind == ".tsv" else mark, strict=True):
                if cells:
                    yield cells

    def _cells(self, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
        places = [self.columns.index(column) for column in columns]
        wide = len(self.columns)
        for cells in itertools.islice(self._lines(), 1, None):
            if len(cells) < wide:  # a short row lacks its last cells, it is not lost
                cells = [*cells, *[""] * (wide - len(cells))]
            yield tuple(cells[place] or None for place in places)

    def _objects(self, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
        for one in self._parsed():
            yield tuple(None if one.get(column) in (None, "") else str(one[column]) for column in columns)

    def _parsed(self) -> Iterator[dict[str, Any]]:
        """Every line that is not blank; one that is no JSON object counts as an empty one."""
        import orjson

        with self.path.open("rb") as file:
            for line in file:
                if line.strip():
                    try:
                        found = orjson.loads(line)
                    except orjson.JSONDecodeError:
                        found = None
                    yield found if isinstance(found, dict) else {}


def _tables(lines: Iterator[tuple[str | None, ...]], columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
    import pyarrow as pa

    while block := list(itertools.islice(lines, rows)):
        cells = [pa.array(column, pa.string()) for column in zip(*block, strict=True)]
        yield pa.Table.from_arrays(cells, names=[*columns])


def _text(batch: pa.RecordBatch) -> pa.Table:
    """A batch of any columns as text, empty text as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = []
    for column in batch.columns:
        try:
            text = pc.cast(column, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            text = pa.array([None if one is None else str(one) for one in column.to_pylist()], pa.string())
        cells.append(pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text))
    return pa.Table.from_arrays(cells, names=batch.schema.names)


def _cut(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of exactly `rows` rows, the last one shorter."""
    import pyarrow as pa

    held: list[pa.Table] = []
    count = 0
    for table in tables:
        while count + table.num_rows >= rows:
            taken = rows - count
            yield pa.concat_tables([*held, table.slice(0, taken)]).combine_chunks()
            held, count, table = [], 0, table.slice(taken)
        if table.num_rows:
            held, count = [*held, table], count + table.num_rows
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return cause(error)
    return str(error).splitlines()[0] if str(error) else type(error).__name__
