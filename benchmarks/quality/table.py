"""A small table that is not a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PlainTable:
    """Heading, column names and rows of text and numbers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | float]]

    def to_dict(self) -> dict[str, object]:
        """Rows as mappings, for JSON."""
        return {"title": self.title, "rows": [dict(zip(self.head, row, strict=True)) for row in self.rows]}

    def to_text(self) -> str:
        """Fixed-width text; fractions with three digits."""
        cells = [list(self.head)] + [[f"{c:.3f}" if isinstance(c, float) else str(c) for c in row] for row in self.rows]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.head))]
        lines = ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join([self.title, *lines])
