"""Tables of pairs on disk, and outputs read back."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq


def write(path, rows):
    """`rows`, dicts of the same keys, in the kind that the ending says."""
    names = list(rows[0])
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=7)
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([names, *([row[name] for name in names] for row in rows)])
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path):
    """The rows of an output, numbers as numbers."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return [{name: _cell(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def _cell(cell):
    if cell in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[cell]
    try:
        return float(cell)
    except ValueError:
        return cell
