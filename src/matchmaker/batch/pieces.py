"""Kinds of output: how a part of it is written, and how the parts become one file.

The bytes follow from the rows and the size of the parts alone, so a run that was interrupted gives the file of one that was not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from matchmaker.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

_FEW_TEXTS = 1 << 16
"""Bytes of the different texts of a column up to which they are numbered: ids are sooner written as they are, and no larger."""


class Pieces(Protocol):
    """One kind of output."""

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """Write the rows of one part."""

    def join(self, parts: Iterable[Path], empty: pa.Table, file: BinaryIO) -> None:
        """Write the whole output from its parts, in order, each as it comes; `empty`: a table without rows, for names and types."""


class Parquet:
    """Parts as Arrow streams, a row group each in the end."""

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """Write the rows of one part."""
        import pyarrow as pa

        with pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)

    def join(self, parts: Iterable[Path], empty: pa.Table, file: BinaryIO) -> None:
        """Write the whole output from its parts."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts = [field.name for field in empty.schema if pa.types.is_string(field.type)]
        with pq.ParquetWriter(
            file, empty.schema, compression="zstd", use_dictionary=texts, dictionary_pagesize_limit=_FEW_TEXTS
        ) as writer:
            for part in parts:
                with pa.memory_map(str(part)) as source, pa.ipc.open_stream(source) as stream:
                    table = stream.read_all()
                    writer.write_table(table, row_group_size=max(table.num_rows, 1))


class Csv:
    """Lines of comma-separated cells below one line of names."""

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """Write the rows of one part."""
        from pyarrow import csv

        csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style="needed"))

    def join(self, parts: Iterable[Path], empty: pa.Table, file: BinaryIO) -> None:
        """Write the whole output from its parts."""
        file.write(f"{','.join(empty.column_names)}\n".encode())
        _concatenate(parts, file)


class JsonLines:
    """One object a line."""

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """Write the rows of one part."""
        import orjson

        names = table.column_names
        cells = [column.to_pylist() for column in table.columns]
        lines = (orjson.dumps(dict(zip(names, row, strict=True))) for row in zip(*cells, strict=True))
        file.write(b"".join(line + b"\n" for line in lines))

    def join(self, parts: Iterable[Path], empty: pa.Table, file: BinaryIO) -> None:
        """Write the whole output from its parts."""
        del empty
        _concatenate(parts, file)


KINDS: dict[str, type[Pieces]] = {".parquet": Parquet, ".csv": Csv, ".jsonl": JsonLines, ".ndjson": JsonLines}


def pieces_of(out: Path) -> Pieces:
    """The kind of output that the ending of `out` names. Raises SettingsError."""
    kind = KINDS.get(out.suffix.lower())
    if kind is None:
        raise SettingsError(f"{out.name} names no kind of output. Known endings: {', '.join(KINDS)}.")
    return kind()


def _concatenate(parts: Iterable[Path], file: BinaryIO) -> None:
    for part in parts:
        with part.open("rb") as source:
            shutil.copyfileobj(source, file, 1 << 20)
