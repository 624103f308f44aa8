"""Tables of pairs and of candidates, scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.batch.run import Work
from matchmaker.batch.source import REFERENCE, Source
from matchmaker.engine import Matchmaker
from matchmaker.errors import SettingsError
from matchmaker.fitted import rival_pairs
from matchmaker.matching.fit_type import FIT_TYPES
from matchmaker.registry.bundle import open_bundle
from matchmaker.threads import single_threaded

if TYPE_CHECKING:
    import pyarrow as pa

    from matchmaker.fitted import Fitted

PART = 196_608
"""Pairs of a part: some seconds' work, and enough that partners come more than once in it."""
_SAMPLE = 8192


@dataclass(frozen=True)
class Columns:
    """The columns of a source: those of a and b, or of candidates b for one a; and of what is carried through, if anything."""

    a: str | None
    b: str
    reference: str | None

    @classmethod
    def of(cls, source: Source, asking: str | None) -> Columns:
        """Columns of pairs, or of candidates where `asking` names whom they are for. Raises ColumnError, SettingsError."""
        reference = source.named(REFERENCE) if source.has(REFERENCE) else None
        if source.has("a") and source.has("b"):
            if asking is not None:
                raise SettingsError(
                    f"{source.path.name} holds pairs: --for is for a table of candidates. Leave it out."
                )
            return cls(source.named("a"), source.named("b"), reference)
        if asking is None:
            if not (source.has("partner") or source.has("id")):
                return cls(source.named("a"), source.named("b"), reference)
            raise SettingsError(f"{source.path.name} holds candidates: say whom they are for with --for PARTNER.")
        return cls(None, source.named("partner", "id"), reference)

    @property
    def read(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys(name for name in (self.a, self.b, self.reference) if name is not None))


def pairs_work(path: Path, model: Path, out: Path, *, asking: str | None = None, part_rows: int = PART) -> Work:
    """Scoring a table of pairs (columns a, b), or of candidates (column partner or id) for the partner `asking`.

    Raises CatalogueError, ColumnError, SettingsError, UnknownPartnerError, BundleError.
    """
    if out.exists() and out.samefile(path):
        raise SettingsError(f"{out} is what is read: the output would take its place. Name another with -o.")
    source, version = Source(path), open_bundle(model).folder
    columns = Columns.of(source, asking)
    if asking is not None:
        fitted = Matchmaker.load(version, background_check=False).fitted
        asking = fitted.space.ids[fitted.row(asking)]
    digest, total = source.digest()
    settings = {"for": asking, "columns": [columns.a, columns.b, columns.reference], "output": out.suffix.lower()}
    return Work(
        label="pairs",
        made_of={
            "command": "score",
            "input": digest,
            "bundle": version.name,
            "settings": settings,
            "part size": part_rows,
        },
        open=partial(PairWorker, version, columns, asking),
        parts=lambda: _blocks(source, columns, part_rows),
        steps=lambda table: int(table.num_rows),
        total=total,
        part_size=part_rows,
        sample=_SAMPLE,
        empty=_schema(columns).empty_table(),
    )


def _blocks(source: Source, columns: Columns, rows: int) -> Iterator[pa.Table]:
    return source.blocks(columns.read, rows)


class PairWorker:
    """Scores parts of a table of pairs."""

    def __init__(self, version: Path, columns: Columns, asking: str | None) -> None:
        import pyarrow as pa

        from matchmaker.matching.bulk import PairScorer  # and the compiler, which the main process has no use for

        fitted = Matchmaker.load(version, background_check=False).fitted
        self._folder, self._columns, self._asking, self._version = version, columns, asking, fitted.version
        self._ids = pa.array(list(fitted.rows), pa.string())
        self._rows = np.fromiter(fitted.rows.values(), dtype=np.int64, count=len(fitted.rows))
        self._taught = fitted.taught
        self._scorer = PairScorer(fitted.space, fitted.config, rival_pairs(fitted.relations))

    @single_threaded
    def table(self, content: pa.Table) -> pa.Table:
        """The scores of a block of pairs, row by row."""
        import pyarrow as pa

        count = content.num_rows
        b = content.column(self._columns.b).combine_chunks()
        if self._columns.a is None:
            a = pa.repeat(pa.scalar(self._asking, pa.string()), count)
        else:
            a = content.column(self._columns.a).combine_chunks()
        one, other = np.split(self._found(pa.concat_arrays([a, b])), 2)
        good = (one >= 0) & (other >= 0) & (one != other)
        places = np.flatnonzero(good)
        scored = self._scorer.score(one[places], other[places])
        numbers = {
            "mutual": scored.mutual,
            "value_to_a": scored.value_to_a,
            "value_to_b": scored.value_to_b,
            "balance": scored.balance,
            "one_way_street": scored.one_way,
        }
        schema = _schema(self._columns)
        cells = {name: _spread(values, places, count, schema.field(name).type) for name, values in numbers.items()}
        fit = _spread(scored.fit, places, count, pa.int8())
        cells["fit_type"] = pa.DictionaryArray.from_arrays(fit, pa.array(FIT_TYPES)).dictionary_decode()
        chances = np.full(count, np.nan)
        if self._taught is not None:
            chances[places] = self._taught.judge_pairs(one[places], other[places]).chance
        cells["chance"] = pa.array(chances, pa.float64(), from_pandas=True)
        cells |= {"a": a, "b": b, "status": self._status(a, b, one, other, good)}
        cells["model_version"] = pa.repeat(pa.scalar(self._version, pa.string()), count)
        if self._columns.reference is not None:
            cells[REFERENCE] = content.column(self._columns.reference).combine_chunks()
        return pa.Table.from_arrays([cells[name] for name in schema.names], schema=schema)

    @cached_property
    def _named(self) -> Fitted:
        """The ecosystem with its names, opened where ids are not found: most tables have no use for it."""
        return Matchmaker.load(self._folder, background_check=False).fitted

    def _found(self, ids: pa.Array) -> NDArray[np.int64]:
        """The row of each id or exact name, -1 where there is none."""
        import pyarrow.compute as pc

        place = pc.fill_null(pc.index_in(ids, self._ids, skip_nulls=True), -1).to_numpy(zero_copy_only=False)
        rows = np.where(place < 0, -1, self._rows[place])
        for missing in np.flatnonzero(rows < 0).tolist():  # few: whoever scores in bulk has ids
            named = ids[missing].as_py()
            found = None if named is None else self._named.exact(named)
            rows[missing] = -1 if found is None else found
        return rows

    @staticmethod
    def _status(
        a: pa.Array, b: pa.Array, one: NDArray[np.int64], other: NDArray[np.int64], good: NDArray[np.bool_]
    ) -> pa.Array:
        """What is wrong with each row in the words of `score_pairs`, or "ok"."""
        import pyarrow as pa

        if good.all():
            return pa.repeat(pa.scalar("ok", pa.string()), len(good))
        said = np.full(len(good), "ok", dtype=object)
        for place in np.flatnonzero(~good).tolist():
            named = {"a": a[place].as_py(), "b": b[place].as_py()}
            missing = [side for side, partner in named.items() if partner is None]
            unknown = [named[side] for side, row in (("a", one[place]), ("b", other[place])) if row < 0]
            if missing:
                said[place] = f"{' and '.join(missing)} missing"
            else:
                said[place] = f"unknown partner {unknown[0]}" if unknown else "a and b are the same"
        return pa.array(said, pa.string())


def _schema(columns: Columns) -> pa.Schema:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    fields = [("a", text), ("b", text), ("status", text), ("mutual", number), ("value_to_a", number)]
    fields += [("value_to_b", number), ("balance", number), ("one_way_street", pa.bool_()), ("fit_type", text)]
    fields += [("chance", number), ("model_version", text)]
    return pa.schema([(REFERENCE, text), *fields] if columns.reference is not None else fields)


def _spread(values: NDArray[np.generic], places: NDArray[np.int64], count: int, kind: pa.DataType) -> pa.Array:
    """`values` at their places among `count` cells, null elsewhere."""
    import pyarrow as pa

    if len(places) == count:
        return pa.array(values, kind)
    whole = np.zeros(count, dtype=values.dtype)
    whole[places] = values
    empty = np.ones(count, dtype=bool)
    empty[places] = False
    return pa.array(whole, kind, mask=empty)
