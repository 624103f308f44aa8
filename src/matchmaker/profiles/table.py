"""Profiles by row: what the answers show and explain, read from a Parquet file only when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from matchmaker.errors import BundleCorruptError
from matchmaker.profiles.facets import Facets
from matchmaker.profiles.schema import Partner

if TYPE_CHECKING:
    import pyarrow as pa

_LISTS = (
    "domains", "goals", "needs", "capabilities", "industries", "regions", "company_sizes", "partner_types", "categories",
    "integrations",
)  # fmt: skip
_JSON = ("interface", "extra")
SHOWN = "shown"
"""What answers tell of a partner as one JSON text, which is read sooner than eight cells, for each of ten partners of a list."""


class ProfileTable:
    """`n` partners with their facet texts, in the row order of the space; backed by an Arrow table or a Parquet file."""

    def __init__(self, source: pa.Table | Path) -> None:
        self._source = source

    @classmethod
    def build(
        cls,
        partners: Sequence[Partner],
        facets: Sequence[Facets],
        goals: Sequence[Sequence[str]],
        from_peers: Sequence[bool],
    ) -> ProfileTable:
        """Table of all partners; `goals` are the texts behind the goal vectors, a partner's own or its peers'."""
        told = [tell(*one) for one in zip(partners, facets, goals, from_peers, strict=True)]
        return cls(_table(partners, told))

    @cached_property
    def arrow(self) -> pa.Table:
        """The whole table; a file is mapped into memory on first use."""
        return self._source if not isinstance(self._source, Path) else _read(self._source, None)

    @cached_property
    def names(self) -> list[str]:
        """Display names, by row."""
        return list(self._shown.column("name").to_pylist())

    @cached_property
    def _shown(self) -> pa.Table:
        """The columns that answers need; a file's other columns stay on disk."""
        names = ["name", SHOWN]
        table = self._source.select(names) if not isinstance(self._source, Path) else _read(self._source, names)
        return table.combine_chunks()

    def shown(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """What answers tell of each of `rows`: id, name, categories, size_band, facet_audience, facet_goals, facet_capabilities and
        what of them was inferred.
        """
        # Not Table.take: handing pyarrow any array makes it import pandas.
        column = self._shown.column(SHOWN).chunk(0)
        return [orjson.loads(column[row].as_py()) for row in rows]

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """(n,) sizes as they were stated, NaN where unknown."""
        column = self.column("size")
        return np.array([np.nan if size is None else size for size in column], dtype=np.float64)

    def column(self, name: str) -> list[Any]:
        """One column as plain values."""
        table = self._source if not isinstance(self._source, Path) else _read(self._source, [name])
        return list(table.column(name).to_pylist())

    def followed_by(self, partners: Sequence[Partner], told: Sequence[dict[str, Any]]) -> ProfileTable:
        """These partners, then further ones with what `tell` says of each."""
        return _Followed(self, tuple(partners), tuple(told))

    def row(self, row: int) -> dict[str, Any]:
        """All columns of one partner as plain values."""
        return dict(self.arrow.slice(row, 1).to_pylist()[0])

    def partner(self, row: int) -> Partner:
        """One partner as it was read."""
        plain = {name: value for name, value in self.row(row).items() if name in Partner.model_fields}
        return Partner.model_validate({**plain, **{name: orjson.loads(plain[name]) for name in _JSON}})

    def partners(self) -> list[Partner]:
        """Every partner; costs a validation each."""
        return [self.partner(row) for row in range(self.arrow.num_rows)]

    def write(self, path: Path) -> None:
        """Write as Parquet, in row groups small enough to read one answer's partners cheaply."""
        import pyarrow.parquet as pq

        pq.write_table(self.arrow, path, row_group_size=8192, compression="zstd")


class _Followed(ProfileTable):
    """A table with a few partners behind it."""

    def __init__(self, base: ProfileTable, partners: tuple[Partner, ...], told: tuple[dict[str, Any], ...]) -> None:
        self._base, self._partners, self._told, self._split = base, partners, told, len(base.names)

    @cached_property
    def arrow(self) -> pa.Table:
        """The whole table, put together anew."""
        import pyarrow as pa

        if not self._partners:
            return self._base.arrow
        tail = _table(self._partners, self._told).cast(self._base.arrow.schema)
        return pa.concat_tables([self._base.arrow, tail])

    @cached_property
    def names(self) -> list[str]:
        """Display names, by row."""
        return [*self._base.names, *(partner.name for partner in self._partners)]

    def column(self, name: str) -> list[Any]:
        """One column as plain values."""
        return list(self.arrow.column(name).to_pylist())

    def shown(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """As `ProfileTable.shown`."""
        early = iter(self._base.shown([row for row in rows if row < self._split]))
        return [next(early) if row < self._split else dict(self._told[row - self._split]) for row in rows]

    def partner(self, row: int) -> Partner:
        """One partner as it was read."""
        return self._base.partner(row) if row < self._split else self._partners[row - self._split]


def tell(partner: Partner, facets: Facets, goals: Sequence[str], from_peers: bool) -> dict[str, Any]:
    """What answers tell of a partner; `goals` are the texts behind its goal vectors, its own or its peers'."""
    return {
        "id": partner.id,
        "name": partner.name,
        "categories": list(partner.categories),
        "size_band": partner.size_band,
        "facet_audience": ". ".join(facets.audience),
        "facet_goals": list(goals),
        "facet_capabilities": list(facets.capabilities),
        "inferred": sorted({*facets.inferred, *(["goals"] if from_peers else [])}),
    }


def _table(partners: Sequence[Partner], told: Sequence[dict[str, Any]]) -> pa.Table:
    """All fields of the partners as columns, and what answers tell of each."""
    import pyarrow as pa

    plain = [partner.model_dump(mode="json") for partner in partners]
    columns: dict[str, Any] = {}
    for name in Partner.model_fields:
        values = [row[name] for row in plain]
        if name in _JSON:
            columns[name] = pa.array([orjson.dumps(value).decode() for value in values], pa.string())
        elif name in _LISTS:
            columns[name] = pa.array(values, pa.list_(pa.string()))
        else:
            columns[name] = pa.array(values, pa.float64() if name == "size" else pa.string())
    columns[SHOWN] = pa.array([orjson.dumps(one).decode() for one in told], pa.string())
    return pa.table(columns)


def _read(path: Path, columns: list[str] | None) -> pa.Table:
    """The table of a file, or some columns of it. Raises BundleCorruptError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Not pq.read_table: that would import the dataset machinery, and pandas with it, for every single answer.
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            return file.read(columns=columns)
    except (pa.ArrowException, KeyError, OSError) as error:
        raise BundleCorruptError(
            f"{path} cannot be read: {str(error).splitlines()[0]}. Build the bundle again."
        ) from error
