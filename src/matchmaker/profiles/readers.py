"""Tables from files: CSV, TSV, JSON, JSONL, Parquet, Excel, and pandas frames, as plain Python rows."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.disk import cause
from matchmaker.errors import CatalogueError
from matchmaker.profiles.parsing import well_formed

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
_DELIMITERS = ",;\t|"
csv.field_size_limit(1 << 30)


@dataclass
class Table:
    """Rows of one source. broken: (row number, what is wrong) of rows that could not be read at all."""

    name: str
    columns: list[str]
    rows: list[tuple[int, Row]]
    broken: list[tuple[int, str]] = field(default_factory=list)


def read_table(source: str | Path | pd.DataFrame) -> Table:
    """Read a whole table. Raises CatalogueError when the source is unusable as a whole."""
    if not isinstance(source, (str, Path)):
        return _from_pandas(source, "DataFrame")
    path = Path(source)
    try:
        if not path.is_file():
            raise CatalogueError(f"{path} is not a file. Name a CSV, TSV, JSON, JSONL, Parquet or Excel file.")
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise CatalogueError(f"{path.name} is of no known kind. Known endings: {', '.join(sorted(_READERS))}.")
        if path.stat().st_size == 0:
            raise CatalogueError(f"{path.name} is empty.")
        with path.open("rb"):
            pass
        table = reader(path)
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {cause(error)}. Give this user the right to read it.") from error
    if not table.columns:
        raise CatalogueError(_without_columns(table))
    return table


def _without_columns(table: Table) -> str:
    if not table.broken:
        return f"{table.name} is empty: it has no column and no row."
    number, expected = table.broken[0]
    return f"{table.name} holds no row that can be read: row {number} should be {expected}."


def _csv(path: Path) -> Table:
    content = _decoded(path)
    first = content.split("\n", 1)[0]
    delimiter = (
        "\t" if path.suffix.lower() == ".tsv" else max(_DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))
    )
    try:
        lines = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CatalogueError(f"{path.name} is not readable as CSV: {error}. Is a quotation mark left open?") from error
    columns = _named([cell.strip() for cell in lines[0]], path.name) if lines else []
    table = Table(path.name, columns, [])
    for number, cells in enumerate(lines[1:], start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            table.broken.append((number, f"{len(columns)} cells, found {len(cells)}"))
            continue
        table.rows.append((number, dict(zip(columns, cells, strict=True))))
    return table


def _json(path: Path) -> Table:
    try:
        content = json.loads(_decoded(path))
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"{path.name} is not valid JSON: {error}.") from error
    if isinstance(content, dict):
        content = _unwrapped(content)
    if not isinstance(content, list):
        raise CatalogueError(f"{path.name} must hold an array of objects (or an object with one such array).")
    return _from_objects(path.name, enumerate(content, start=1))


def _unwrapped(content: Row) -> Any:  # noqa: ANN401 - a list, or what is none
    """The one array of objects that an object wraps; an object that wraps none and has a name is itself the only row."""
    lists = [value for value in content.values() if isinstance(value, list)]
    tables = [value for value in lists if value and isinstance(value[0], dict)]
    if not tables and isinstance(content.get("name"), str):
        return [content]
    found = tables or lists
    return found[0] if len(found) == 1 else content


def _jsonl(path: Path) -> Table:
    parsed: list[tuple[int, Any]] = []
    broken = []
    for number, line in enumerate(_decoded(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            parsed.append((number, json.loads(line)))
        except (ValueError, RecursionError) as error:
            broken.append((number, f"one JSON object a line ({error})"))
    table = _from_objects(path.name, parsed)
    table.broken.extend(broken)
    return table


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise CatalogueError(
            f"{path.name} is not a whole Parquet file (truncated or damaged?): {_first_line(error)}"
        ) from error
    columns = _named(list(table.column_names), path.name)
    values = []
    for name, column in zip(columns, table.columns, strict=True):
        try:
            values.append(column.to_pylist())
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise CatalogueError(
                f"{path.name} holds a value in column {name!r} that cannot be read: {_first_line(error)}. "
                "Write text as UTF-8 and dates between the years 1 and 9999."
            ) from error
    return Table(path.name, columns, _rows(columns, values))


def _excel(path: Path) -> Table:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        lines = [list(line) for line in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CatalogueError(f"{path.name} is not a readable Excel workbook (.xlsx): {_first_line(error)}") from error
    if not lines:
        return Table(path.name, [], [])
    columns = _named([str(cell).strip() if cell is not None else "" for cell in lines[0]], path.name)
    rows = [(number, dict(zip(columns, line, strict=False))) for number, line in enumerate(lines[1:], start=1)]
    return Table(
        path.name, columns, [(number, row) for number, row in rows if any(v is not None for v in row.values())]
    )


def _from_pandas(frame: pd.DataFrame, name: str) -> Table:
    columns = _named([str(column) for column in frame.columns], name)
    values = [[_plain(cell) for cell in frame[column].tolist()] for column in frame.columns]
    return Table(name, columns, _rows(columns, values))


def _rows(columns: list[str], values: list[list[Any]]) -> list[tuple[int, Row]]:
    """Numbered rows from columns."""
    return [
        (number, dict(zip(columns, cells, strict=True))) for number, cells in enumerate(zip(*values, strict=True), 1)
    ]


def _from_objects(name: str, objects: Any) -> Table:  # noqa: ANN401 - any iterable of numbered values
    table = Table(name, [], [])
    columns: dict[str, None] = {}
    for number, value in objects:
        if isinstance(value, dict):
            columns.update(dict.fromkeys(value))
            table.rows.append((number, value))
        else:
            table.broken.append((number, "a JSON object"))
    table.columns = list(columns)
    if any(well_formed(column) != column for column in columns):
        table.columns = list(dict.fromkeys(map(well_formed, columns)))
        table.rows = [(number, {well_formed(key): cell for key, cell in row.items()}) for number, row in table.rows]
    return table


def _plain(value: object) -> object:
    """A pandas cell as plain Python."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in ("NaT", "<NA>"):
        return None
    return value


def _named(columns: list[str], name: str) -> list[str]:
    seen: set[str] = set()
    columns[:] = map(well_formed, columns)
    for place, column in enumerate(columns, start=1):
        if column in seen:
            raise CatalogueError(f"{name} has two columns named {column!r}. Rename one.")
        if column:
            seen.add(column)
        else:
            columns[place - 1] = f"column {place}"
    return columns


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CatalogueError(
            f"{path.name} is not UTF-8: byte {error.start} (line {line}) is 0x{raw[error.start]:02x}. "
            "Save it as UTF-8 and try again."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


_READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
    ".xlsx": _excel,
}
