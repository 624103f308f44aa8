"""Reading snapshots: the partners table with one row for each id and date. Bad rows are reported, never fatal alone."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from matchmaker.errors import CatalogueError, ColumnError
from matchmaker.profiles.catalogue import RowError, partner_fields, read_rows
from matchmaker.profiles.columns import ColumnMapping, map_columns
from matchmaker.profiles.parsing import CellError
from matchmaker.profiles.readers import Row, read_table
from matchmaker.profiles.report import ValidationReport
from matchmaker.profiles.schema import Partner, Snapshot
from matchmaker.trajectories.refused import Refused

if TYPE_CHECKING:
    import pandas as pd

    Source = str | Path | pd.DataFrame

TABLE = "snapshots"
MOST_DATES = 60
"""Beyond that many dates the snapshots are put together by month, then by quarter: a field has no mean on a day of its own."""


@dataclass(frozen=True)
class History:
    """Partners as they were. dates: ascending; profiles: by id, then by date; report: what was refused and joined; refused: of
    each partner of whom a snapshot was refused, how many by code, also of one of whom none is left.
    """

    dates: tuple[dt.date, ...]
    profiles: Mapping[str, Mapping[dt.date, Partner]]
    report: ValidationReport
    mapping: ColumnMapping | None = None
    refused: Refused = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """All partners that were ever seen, sorted."""
        return tuple(sorted(self.profiles))

    def facts(self) -> dict[str, int]:
        """Counts for people: dates, partners, those seen once, those seen at fewer than four dates, those gone at the last date,
        and those that were away for a date or more and came back.
        """
        seen = [len(one) for one in self.profiles.values()]
        number = {day: place for place, day in enumerate(self.dates)}
        away = sum(
            any(number[later] > number[earlier] + 1 for earlier, later in pairwise(sorted(one)))
            for one in self.profiles.values()
        )
        return {
            "dates": len(self.dates),
            "partners": len(seen),
            "snapshots": sum(seen),
            "seen once": sum(count == 1 for count in seen),
            "seen fewer than four times": sum(count < 4 for count in seen),
            "gone": sum(self.dates[-1] not in one for one in self.profiles.values()),
            "came back": away,
        }


def read_snapshots(
    sources: Source | Sequence[Source],
    *,
    mapping: Mapping[str, str | Sequence[str]] | None = None,
    today: dt.date | None = None,
) -> History:
    """Read and validate snapshots.

    Refused are rows without a date (`missing_date`), of a day after `today` (`future_date`), and a second row of one id and day
    (`duplicate_snapshot`; the first is kept), besides whatever is refused in a partners table.

    Raises:
        CatalogueError: a source is unusable as a whole, or no row is left.
        ColumnError: there is no column for the name or the date.

    """
    limit = today or dt.date.today()
    report = ValidationReport()
    found: dict[str, dict[dt.date, Partner]] = {}
    refused: dict[str, Counter[str]] = {}
    columns: ColumnMapping | None = None
    for source in list(sources) if isinstance(sources, (list, tuple)) else [sources]:
        table = read_table(source)  # type: ignore[arg-type]
        columns = map_columns(table.columns, "partners", mapping, file=table.name)
        if "as_of" not in columns.sources:
            raise ColumnError(
                f'{table.name} has no column for the date of a snapshot. Map one with --map as_of="Your column". '
                f"Columns there: {', '.join(table.columns[:40])}."
            )
        for _, partner in read_rows(table, TABLE, partial(_kept_or_counted, columns, limit, found, refused), report):
            found.setdefault(partner.id, {})[partner.as_of] = partner
    if not found:
        told = "; ".join(report.summary()) or "no row"
        raise CatalogueError(f"No snapshot could be read ({told}). Give rows with an id or a name, and a date.")
    return replace(_joined(found, report, columns), refused=refused)


def _kept_or_counted(
    columns: ColumnMapping,
    limit: dt.date,
    found: Mapping[str, Mapping[dt.date, Partner]],
    refused: dict[str, Counter[str]],
    row: Row,
) -> Snapshot:
    """`_snapshot`, which counts a row that it refuses at the row's partner, where that can be told."""
    try:
        return _snapshot(columns, limit, found, row)
    except RowError as error:
        if partner := _partner_of(columns, row):
            refused.setdefault(partner, Counter())[error.code] += 1
        raise


def _partner_of(columns: ColumnMapping, row: Row) -> str | None:
    """Id of the partner of a row that was refused, by its id and name alone; None where these are what is wrong with it."""
    named = {column for name in ("id", "name") for column in columns.sources.get(name, ())}
    try:
        return str(partner_fields({column: row.get(column) for column in named}, columns)["id"])
    except RowError:
        return None


def _snapshot(
    columns: ColumnMapping, limit: dt.date, found: Mapping[str, Mapping[dt.date, Partner]], row: Row
) -> Snapshot:
    """A row that is dated, and the first of its partner and day. Raises RowError."""
    fields, column = partner_fields(row, columns), columns.sources["as_of"][0]
    day = fields["as_of"]
    if day is None:
        raise RowError(column, CellError("missing_date", "the day of the snapshot"), "")
    if day > limit:
        raise RowError(column, CellError("future_date", f"a day up to {limit}"), str(day))
    if day in found.get(fields["id"], ()):
        wrong = CellError("duplicate_snapshot", "one row for each partner and day")
        raise RowError(column, wrong, f"{fields['id']} on {day}")
    return Snapshot(**fields)


def _joined(
    found: dict[str, dict[dt.date, Partner]], report: ValidationReport, columns: ColumnMapping | None
) -> History:
    """By month, then by quarter, where there are too many dates; of a partner the last snapshot of each stands."""
    days = sorted({day for one in found.values() for day in one})
    for months in (1, 3):
        if len(days) <= MOST_DATES:
            break
        last: dict[tuple[int, int], dt.date] = {}
        for day in days:
            last[day.year, (day.month - 1) // months] = day
        for name, one in found.items():
            found[name] = {last[day.year, (day.month - 1) // months]: one[day] for day in sorted(one)}
        period = "month" if months == 1 else "quarter"
        report.add(
            "note",
            "joined_dates",
            file=TABLE,
            expected=f"at most {MOST_DATES} dates",
            found=f"{len(days)}; joined by {period}",
        )
        days = sorted(set(last.values()))
    return History(tuple(days), found, report, columns)
