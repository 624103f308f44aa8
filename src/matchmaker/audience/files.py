"""Files of accounts in blocks of rows: columns found, populations and values parsed, texts as Arrow dictionaries."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.profiles.accounts import HASHED, POPULATIONS
from matchmaker.profiles.columns import FIELDS, map_columns
from matchmaker.profiles.report import KEPT_IN_MEMORY, ValidationReport
from matchmaker.progress import Silent

if TYPE_CHECKING:
    import pyarrow as pa

    from matchmaker.progress import Progress

BLOCK = 1 << 20
"""Rows that are text at one time."""
_SAMPLE = 1 << 20
_ACCOUNT = re.compile(r"[@.]")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WORDS = f"one of {', '.join(POPULATIONS)}"
_FIELDS = f"one of {', '.join(FIELDS['accounts'])}, or a name that is mapped to one"
_WITHHELD = "(withheld)"


@dataclass(frozen=True)
class Block:
    """k rows. partner, account, currency: Arrow dictionaries, null where nothing stands (currency None: no such column);
    population (k,): place in POPULATIONS; value (k,): NaN where none stands (None: no such column); refused (k,).
    """

    partner: Any
    account: Any
    population: NDArray[np.int8]
    value: NDArray[np.float64] | None
    currency: Any
    refused: NDArray[np.bool_]


class AccountFile:
    """A Parquet, CSV, TSV or JSONL file of accounts. Raises CatalogueError and ColumnError."""

    def __init__(self, path: Path, mapping: Mapping[str, str | Sequence[str]] | None = None) -> None:
        from matchmaker.batch.source import Source

        self.path, self._source = path, Source(path)
        self.mapping = map_columns(self._source.columns, "accounts", mapping, file=path.name)

    def about(self) -> int:
        """About how many rows there are: exactly for Parquet, else by the lines of the first megabyte."""
        if self._source.kind == ".parquet":
            import pyarrow.parquet as pq

            return int(pq.ParquetFile(self.path).metadata.num_rows)
        with self.path.open("rb") as file:
            sample = file.read(_SAMPLE)
        return round(self.path.stat().st_size * sample.count(b"\n") / max(len(sample), 1))

    def note_unread(self, report: ValidationReport) -> None:
        """Report the columns that feed no field."""
        note_unread(report, self.path.name, self._source.columns, self.mapping.used())

    def column(self, field: str) -> str | None:
        """The column that a field is read from."""
        return next(iter(self.mapping.sources.get(field, ())), None)

    def blocks(self, report: ValidationReport, progress: Progress | None = None) -> Iterator[Block]:
        """All rows, in order; populations and values that are none are reported, and their rows refused."""
        fields = [one for one in ("partner", "account", "population", "value", "currency") if self.column(one)]
        columns = [str(self.column(one)) for one in fields]
        shown, start = progress or Silent(), 0
        shown.start("rows read", self.about())
        for table in self._source.blocks(list(dict.fromkeys(columns)), BLOCK):
            texts = {field: _trimmed(table.column(column)) for field, column in zip(fields, columns, strict=True)}
            yield self._block(texts, start, report)
            start += table.num_rows
            shown.advance(table.num_rows)
        shown.done()

    def refuse(
        self,
        report: ValidationReport,
        rows: NDArray[np.int64],
        code: str,
        field: str,
        expected: str,
        found: Callable[[int], object],
    ) -> None:
        """Report rows, counted from 0, as refused; all are counted, as many are told as a report keeps. found: of the n-th."""
        told = max(min(len(rows), KEPT_IN_MEMORY - len(report.issues)), 0)
        for place, row in enumerate(rows[:told]):
            report.add(
                "refused", code, file=self.path.name, row=int(row) + 1, column=self.column(field), expected=expected,
                found=found(place),
            )  # fmt: skip
        if len(rows) > told:
            report.codes[f"refused:{code}"] += len(rows) - told

    def _block(self, texts: dict[str, Any], start: int, report: ValidationReport) -> Block:
        rows = len(texts["partner"])
        population, unknown = np.zeros(rows, dtype=np.int8), np.zeros(rows, dtype=bool)
        value, wrong = None, np.zeros(rows, dtype=bool)
        if "population" in texts:
            population, unknown = _populations(texts["population"])
            bad = np.flatnonzero(unknown)
            told = texts["population"].take(bad)
            self.refuse(report, bad + start, "unknown_population", "population", _WORDS, told.__getitem__)
        if "value" in texts:
            value, wrong = _numbers(texts["value"])
            bad = np.flatnonzero(wrong & ~unknown)
            told = texts["value"].take(bad)
            self.refuse(report, bad + start, "not_a_number", "value", "a finite number", told.__getitem__)
        return Block(
            texts["partner"].dictionary_encode(),
            texts["account"].dictionary_encode(),
            population,
            value,
            texts["currency"].dictionary_encode() if "currency" in texts else None,
            unknown | wrong,
        )


def note_unread(report: ValidationReport, file: str, columns: Iterable[str], used: Collection[str]) -> None:
    """Report the columns of an accounts file that are not `used`, each as a note: a slip in a name is not to go unseen.

    A name that looks like an account is withheld: where the header line is missing it is the first one.
    """
    for place, column in enumerate(columns, start=1):
        name = column.strip() or f"column {place}"
        if column not in used and name not in used:
            told = _WITHHELD if _ACCOUNT.search(name) or HASHED.fullmatch(name.lower()) else name
            report.add("note", "unknown_column", file=file, column=told, expected=_FIELDS, found=told)


def _trimmed(column: pa.ChunkedArray) -> Any:  # noqa: ANN401 - pyarrow is untyped
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(column.combine_chunks())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _populations(text: Any) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:  # noqa: ANN401 - as above
    """(k,) place in POPULATIONS, customer where nothing stands, and (k,) whether it is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    place = pc.index_in(pc.utf8_lower(text), value_set=pa.array(POPULATIONS))
    unknown = pc.and_(pc.is_null(place), pc.is_valid(text)).to_numpy(zero_copy_only=False)
    return pc.fill_null(place, 0).to_numpy(zero_copy_only=False).astype(np.int8), unknown


def _numbers(text: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:  # noqa: ANN401 - as above
    """(k,) finite numbers, NaN where nothing stands, and (k,) whether it is none; thousands separators are accepted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.replace_substring(text, ",", "")
    good = pc.fill_null(pc.match_substring_regex(plain, _NUMBER), False)
    found = pc.cast(pc.if_else(good, plain, pa.scalar(None, pa.string())), pa.float64())
    value = pc.fill_null(found, np.nan).to_numpy(zero_copy_only=False).copy()
    wrong = pc.is_valid(text).to_numpy(zero_copy_only=False) & ~np.isfinite(value)
    value[wrong] = np.nan
    return value, wrong
