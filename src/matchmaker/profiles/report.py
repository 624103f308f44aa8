"""The validation report: what was read, what was kept, and every row that was refused or mended, with the reason."""

from __future__ import annotations

import csv
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from matchmaker.disk import cause
from matchmaker.errors import StorageError
from matchmaker.profiles.parsing import well_formed

Severity = Literal["refused", "repaired", "note"]
SHOWN = 80
KEPT_IN_MEMORY = 10_000
"""Issues kept in full; beyond that only their counts, so that a file of a million bad rows is no memory problem."""


@dataclass(frozen=True)
class RowIssue:
    """One finding. row: 1-based data row; found: at most 80 characters of the cell, never of an account."""

    file: str
    row: int | None
    column: str | None
    code: str
    expected: str
    found: str
    severity: Severity


@dataclass
class Counts:
    """Rows of one table."""

    read: int = 0
    kept: int = 0
    refused: int = 0


@dataclass
class ValidationReport:
    """Findings of one load. `issues` holds the first 10,000; `codes` counts all of them as severity:code."""

    tables: dict[str, Counts] = field(default_factory=dict)
    issues: list[RowIssue] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether no row was refused."""
        return all(counts.refused == 0 for counts in self.tables.values())

    def table(self, name: str) -> Counts:
        """Counts of one table, made on first use."""
        return self.tables.setdefault(name, Counts())

    def add(
        self,
        severity: Severity,
        code: str,
        *,
        file: str,
        row: int | None = None,
        column: str | None = None,
        expected: str = "",
        found: object = "",
    ) -> None:
        """Record one finding."""
        self.codes[f"{severity}:{code}"] += 1
        if len(self.issues) < KEPT_IN_MEMORY:
            text = str(found)
            shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
            file, expected, shown = well_formed(file), well_formed(expected), well_formed(shown)
            self.issues.append(RowIssue(file, row, column, code, expected, shown, severity))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "ok": self.ok,
            "tables": {name: asdict(counts) for name, counts in self.tables.items()},
            "codes": dict(sorted(self.codes.items())),
            "issues": [asdict(issue) for issue in self.issues],
            "issues_left_out": sum(self.codes.values()) - len(self.issues),
        }

    def to_csv(self, path: Path | str) -> None:
        """Write the issues as CSV, whole or not at all. Raises StorageError."""
        path = Path(path)
        try:
            handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, [column.name for column in fields(RowIssue)])
                    writer.writeheader()
                    writer.writerows(asdict(issue) for issue in self.issues)
                Path(temporary).replace(path)
            finally:
                Path(temporary).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"Could not write the report to {path}: {cause(error)}. Free space, or name a folder that can be written."
            ) from error

    def summary(self) -> Iterator[str]:
        """One line a table, then one line a code."""
        for name, counts in self.tables.items():
            yield f"{name}: {counts.read} read, {counts.kept} kept, {counts.refused} refused"
        for code, count in self.codes.most_common():
            yield f"{code.replace(':', ' ')}: {count}"
