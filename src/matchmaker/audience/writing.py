"""Tables of overlaps as one file: Parquet, CSV or JSONL, written table by table, in place only when it is whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from matchmaker.audience.pairs import schema
from matchmaker.batch.journal import refusing, write
from matchmaker.batch.pieces import pieces_of

if TYPE_CHECKING:
    import pyarrow as pa


def write_pairs(tables: Iterable[pa.Table], out: Path) -> int:
    """Write the tables of `all_pairs` as the ending of `out` says; number of rows. Raises SettingsError, StorageError."""
    pieces, rows = pieces_of(out), 0
    with refusing(out), tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        part = Path(folder) / "part"

        def parts() -> Iterator[Path]:
            nonlocal rows
            for table in tables:
                with part.open("wb") as file:
                    pieces.write(table, file)
                rows += table.num_rows
                yield part

        write(Path(folder), "whole", lambda file: pieces.join(parts(), schema().empty_table(), file))
        (Path(folder) / "whole").replace(out)
    return rows
