"""Loading a whole catalogue: partners, relations, accounts, demand, and the report of what was kept and refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from matchmaker.errors import CatalogueError
from matchmaker.profiles import parsing
from matchmaker.profiles.accounts import (
    HASHED,
    POPULATIONS,
    AccountTable,
    check_key,
    hash_account,
    is_free_mail,
    key_id,
)
from matchmaker.profiles.columns import ColumnMapping, map_columns
from matchmaker.profiles.facets import content_key
from matchmaker.profiles.parsing import CellError
from matchmaker.profiles.readers import Row, Table, read_table
from matchmaker.profiles.report import ValidationReport
from matchmaker.profiles.schema import RELATION_STATUSES, RELATION_TYPES, Demand, Interface, Partner, Relation

if TYPE_CHECKING:
    import pandas as pd

    Source = str | Path | pd.DataFrame

T = TypeVar("T")

_TEXTS = ("description", "audience")
_LISTS = (
    "domains", "goals", "needs", "capabilities", "industries", "regions", "company_sizes", "partner_types", "categories",
    "integrations",
)  # fmt: skip
_EXTRA_TEXT, _EXTRA_LIST, _EXTRA_NUMBER = 2_000, 50, 1e15
_NUMBER = re.compile(r"^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$")
_WITHHELD = "(withheld)"
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Catalogue:
    """Partners sorted by id, the relations between them, their hashed accounts, counted demand, and how it all was read."""

    partners: tuple[Partner, ...]
    relations: tuple[Relation, ...] = ()
    accounts: AccountTable | None = None
    report: ValidationReport = field(default_factory=ValidationReport)
    mappings: Mapping[str, ColumnMapping] = field(default_factory=dict)
    demand: tuple[Demand, ...] = ()

    @classmethod
    def from_partners(cls, partners: Iterable[Partner], relations: Iterable[Relation] = ()) -> Catalogue:
        """A catalogue of partners made in code; `integrations` become relations here too."""
        ordered = tuple(sorted(partners, key=lambda partner: partner.id))
        if not ordered:
            raise CatalogueError("The catalogue is empty: give at least one partner.")
        if len({partner.id for partner in ordered}) < len(ordered):
            raise CatalogueError("Two partners have the same id: give each its own.")
        report = ValidationReport()
        known = {partner.id for partner in ordered}
        stated = [relation for relation in relations if relation.a in known and relation.b in known]
        return cls(ordered, tuple(_with_integrations(ordered, stated, report)), report=report)

    @property
    def fingerprint(self) -> str:
        """Hex digest of everything that decides the results."""
        digest = hashlib.blake2b(digest_size=16)
        for partner in self.partners:
            digest.update(f"{partner.id}\0{content_key(partner)}\n".encode())
        for relation in self.relations:
            digest.update(relation.model_dump_json().encode())
        held = self.accounts
        rows = zip(held.partner_ids, held.accounts, held.populations, strict=True) if held else ()
        for row in sorted(rows):
            digest.update("\0".join(row).encode())
        for wanted in self.demand:
            digest.update(wanted.model_dump_json().encode())
        return digest.hexdigest()


def load_catalogue(
    partners: Source | Sequence[Source],
    *,
    relations: Source | Sequence[Source] | None = None,
    accounts: Source | None = None,
    demand: Source | None = None,
    mapping: Mapping[str, Mapping[str, str | Sequence[str]]] | None = None,
    account_key: bytes | None = None,
) -> Catalogue:
    """Read and validate a catalogue.

    Bad rows are refused and reported, never fatal; a source that is wrong as a whole raises CatalogueError, a missing column
    ColumnError, accounts without a key SettingsError. mapping: table name -> field -> source columns.
    """
    given = mapping or {}
    key = check_key(account_key) if accounts is not None else b""
    report = ValidationReport()
    mappings: dict[str, ColumnMapping] = {}
    found = _Partners(report)
    for source in _several(partners):
        table = read_table(source)
        mappings["partners"] = map_columns(table.columns, "partners", given.get("partners"), file=table.name)
        found.read(table, mappings["partners"])
    ordered = found.finished()
    known = {partner.id for partner in ordered}
    stated: list[Relation] = []
    for source in _several(relations):
        table = read_table(source)
        mappings["relations"] = map_columns(table.columns, "relations", given.get("relations"), file=table.name)
        stated.extend(_read_relations(table, mappings["relations"], known, report))
    held = None
    if accounts is not None:
        table = read_table(accounts)
        mappings["accounts"] = map_columns(table.columns, "accounts", given.get("accounts"), file=table.name)
        held = _read_accounts(table, mappings["accounts"], known, key, report)
    wanted: tuple[Demand, ...] = ()
    if demand is not None:
        table = read_table(demand)
        mappings["demand"] = map_columns(table.columns, "demand", given.get("demand"), file=table.name)
        wanted = tuple(sorted(_read_demand(table, mappings["demand"], known, report), key=Demand.model_dump_json))
    return Catalogue(ordered, tuple(_with_integrations(ordered, stated, report)), held, report, mappings, wanted)


@dataclass(frozen=True)
class Stated:
    """Relations read by themselves, and how."""

    relations: tuple[Relation, ...]
    report: ValidationReport
    mappings: Mapping[str, ColumnMapping]


def load_relations(
    relations: Source | Sequence[Source],
    known: Collection[str],
    *,
    mapping: Mapping[str, Mapping[str, str | Sequence[str]]] | None = None,
) -> Stated:
    """Read and validate relations among the partners with `known` ids; errors as for `load_catalogue`."""
    report = ValidationReport()
    mappings: dict[str, ColumnMapping] = {}
    found: list[Relation] = []
    for source in _several(relations):
        table = read_table(source)
        mappings["relations"] = map_columns(
            table.columns, "relations", (mapping or {}).get("relations"), file=table.name
        )
        found.extend(_read_relations(table, mappings["relations"], set(known), report))
    return Stated(tuple(found), report, mappings)


class _Partners:
    """Reads partner tables one after another; ids are unique over all of them."""

    def __init__(self, report: ValidationReport) -> None:
        self._report = report
        self._files: list[str] = []
        self._found: dict[str, Partner] = {}

    def read(self, table: Table, mapping: ColumnMapping) -> None:
        self._files.append(table.name)
        counts = self._report.table("partners")
        _refuse_broken(table, counts, self._report)
        used = mapping.used()
        for number, row in table.rows:
            counts.read += 1
            partner = self._partner(table.name, number, row, mapping, used)
            if partner is None:
                counts.refused += 1
            else:
                counts.kept += 1
                self._found[partner.id] = partner

    def finished(self) -> tuple[Partner, ...]:
        """All partners by id. Raises CatalogueError when there are none."""
        if not self._found:
            files, counts = ", ".join(self._files), "; ".join(self._report.summary()) or "no file"
            raise CatalogueError(f"No partner could be read from {files or 'nothing'} ({counts}). {self._advice()}")
        return tuple(self._found[key] for key in sorted(self._found))

    def _advice(self) -> str:
        refused = [issue for issue in self._report.issues if issue.severity == "refused"]
        if not refused:
            return "Give at least one row with a name."
        first = refused[0]
        where = f"row {first.row}" + (f", column {first.column!r}" if first.column else "")
        found = f", found {first.found!r}" if first.found else ""
        return f"The first that was refused is {where}: expected {first.expected}{found}."

    def _partner(self, file: str, number: int, row: Row, mapping: ColumnMapping, used: set[str]) -> Partner | None:
        try:
            fields = partner_fields(row, mapping)
        except RowError as error:
            self._refuse(file, number, error.column, error.code, error.expected, error.found)
            return None
        identifier = fields["id"]
        if identifier in self._found:
            self._refuse(file, number, "id", "duplicate_id", "an id that no earlier row has", identifier)
            return None
        extra = self._extra(file, number, row, used)
        return Partner(**fields, extra=extra)

    def _refuse(self, file: str, row: int, column: str | None, code: str, expected: str, found: object) -> None:
        self._report.add("refused", code, file=file, row=row, column=column, expected=expected, found=found)

    def _extra(self, file: str, number: int, row: Row, used: set[str]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        nested = row.get("extra")
        inside = nested if isinstance(nested, dict) else {}
        for column, value in {**row, **inside}.items():
            if column in used or parsing.is_blank(value) or value is nested:
                continue
            plain = _extra_value(value)
            if plain is None:
                self._report.add(
                    "note", "extra_left_out", file=file, row=number, column=column,
                    expected=f"a scalar, at most {_EXTRA_TEXT:,} characters, or at most {_EXTRA_LIST} short items",
                )  # fmt: skip
            else:
                kept[parsing.well_formed(str(column))] = plain
        return kept


class RowError(Exception):
    """A row of which nothing can be made: the column that is wrong, and how."""

    def __init__(self, column: str, error: CellError, found: object) -> None:
        super().__init__(column)
        self.column, self.code, self.expected, self.found = column, error.code, error.expected, found


def _cell(row: Row, mapping: ColumnMapping, name: str, parse: Callable[[object], Any]) -> Any:  # noqa: ANN401 - any field
    """The parsed value of one field; several source columns are joined (texts) or concatenated (lists)."""
    columns = mapping.sources.get(name, ())
    if not columns:
        return parse(None)
    value: Any = row.get(columns[0]) if len(columns) == 1 else [row.get(column) for column in columns]
    try:
        if len(columns) > 1 and parse is parsing.labels:
            value = [item for part in value for item in parsing.labels(part)]
        return parse(value)
    except CellError as error:
        raise RowError(columns[0], error, value) from error


def partner_fields(row: Row, mapping: ColumnMapping) -> dict[str, Any]:
    """What a row says of a partner but for its extra; who states no id is named by its name, and who has no name by its id.

    Raises RowError.
    """
    fields: dict[str, Any] = {name: _cell(row, mapping, name, parsing.text) for name in ("id", "name", *_TEXTS)}
    if len(fields["id"]) > 200 or len(fields["name"]) > 500:
        long = "id" if len(fields["id"]) > 200 else "name"
        raise RowError(long, CellError("cell_too_long", "at most 200 characters in id, 500 in name"), fields[long])
    fields.update({name: _cell(row, mapping, name, parsing.labels) for name in _LISTS})
    fields["domain"] = _cell(row, mapping, "domain", parsing.text) or None
    fields["interface"] = _interface(row, mapping)
    fields["as_of"] = _cell(row, mapping, "as_of", parsing.date)
    size, band = _cell(row, mapping, "size", parsing.size)
    _, stated = _cell(row, mapping, "size_band", parsing.size)
    fields["size"], fields["size_band"] = size, band or (stated if size is None else None)
    fields["id"] = fields["id"] or _slug(fields["name"])
    if not fields["id"]:
        raise RowError("name", CellError("missing_name", "an id or a name"), "")
    return {**fields, "name": fields["name"] or fields["id"]}


def _interface(row: Row, mapping: ColumnMapping) -> Interface:
    """The interface of one column that holds it whole, and of the columns that hold a part of it each."""
    whole = _cell(row, mapping, "interface", parsing.interface)
    parts = {name: _cell(row, mapping, f"interface.{name}", parsing.labels) for name in parsing.INTERFACE_LISTS}
    lists = {name: tuple(dict.fromkeys((*whole.get(name, ()), *part))) for name, part in parts.items()}
    style = _cell(row, mapping, "interface.style", parsing.text) or whole.get("style")
    return Interface(**lists, style=style or None)


def _extra_value(value: object) -> Any:  # noqa: ANN401 - any scalar or list of text
    if isinstance(value, (bool, int, float)):
        return value if isinstance(value, bool) or abs(value) < _EXTRA_NUMBER else None
    if isinstance(value, (list, tuple)):
        if parsing.depth(value) > 2:
            return None
        texts = [parsing.text(str(item)) for item in value if not parsing.is_blank(item)]
        short = len(texts) <= _EXTRA_LIST and sum(map(len, texts)) <= _EXTRA_TEXT
        return texts if short else None
    if isinstance(value, dict):
        return None
    text = str(value)
    if _NUMBER.match(text):  # CSV has no numbers of its own; the same cell must be the same value in every format
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return parsing.text(text) if len(text) <= _EXTRA_TEXT else None


def _read_relations(
    table: Table, mapping: ColumnMapping, known: set[str], report: ValidationReport
) -> Iterable[Relation]:
    found = read_rows(table, "relations", lambda row: Relation(**_relation_fields(row, mapping, known)), report)
    return (relation for _, relation in found)


def _read_demand(table: Table, mapping: ColumnMapping, known: set[str], report: ValidationReport) -> Iterable[Demand]:
    found = read_rows(table, "demand", lambda row: Demand(**_demand_fields(row, mapping, known)), report)
    return (wanted for _, wanted in found)


def read_rows(
    table: Table, kind: str, made: Callable[[Row], T], report: ValidationReport, withheld: Collection[str] = ()
) -> Iterable[tuple[int, T]]:
    """The number of each row and what is `made` of it, one after another; a row that `made` raises RowError for is refused and
    reported, without what was found in it where that is in a column that is `withheld`.
    """
    counts = report.table(kind)
    _refuse_broken(table, counts, report)
    for number, row in table.rows:
        counts.read += 1
        try:
            one = made(row)
        except RowError as error:
            counts.refused += 1
            report.add(
                "refused",
                error.code,
                file=table.name,
                row=number,
                column=error.column,
                expected=error.expected,
                found=_WITHHELD if error.column in withheld else error.found,
            )
            continue
        counts.kept += 1
        yield number, one


def _demand_fields(row: Row, mapping: ColumnMapping, known: set[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: _cell(row, mapping, name, parsing.text) for name in ("a", "b", "capability", "source")
    }
    for side in ("a", "b"):
        if fields[side] not in known and (side == "a" or fields["b"]):
            raise RowError(side, CellError("unknown_partner", "the id of a partner in the catalogue"), fields[side])
    if fields["a"] == fields["b"]:
        raise RowError("b", CellError("same_partner", "two different partners"), fields["b"])
    if not (fields["b"] or fields["capability"]):
        raise RowError("b", CellError("nothing_wanted", "a partner in b, or a capability"), "")
    fields["count"] = _cell(row, mapping, "count", parsing.number)
    if fields["count"] is None or fields["count"] < 0:
        raise RowError("count", CellError("not_a_number", "a number of at least 0"), fields["count"])
    fields["date"] = _cell(row, mapping, "date", parsing.date)
    return {name: value if name == "count" else value or None for name, value in fields.items()}


def _relation_fields(row: Row, mapping: ColumnMapping, known: set[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: _cell(row, mapping, name, parsing.text) for name in ("a", "b", "source")}
    for side in ("a", "b"):
        if fields[side] not in known:
            raise RowError(side, CellError("unknown_partner", "the id of a partner in the catalogue"), fields[side])
    if fields["a"] == fields["b"]:
        raise RowError("b", CellError("same_partner", "two different partners"), fields["b"])
    fields["type"] = _word(row, mapping, "type", RELATION_TYPES)
    fields["status"] = _word(row, mapping, "status", RELATION_STATUSES) or None
    fields["directed"] = _cell(row, mapping, "directed", parsing.boolean)
    fields["weight"] = _cell(row, mapping, "weight", parsing.number)
    if fields["weight"] is not None and fields["weight"] < 0:
        raise RowError("weight", CellError("not_a_number", "a number of at least 0"), fields["weight"])
    for name in ("announced_on", "started_on", "ended_on", "observed_at"):
        fields[name] = _cell(row, mapping, name, parsing.date)
    return {**fields, "source": fields["source"] or None}


def _word(row: Row, mapping: ColumnMapping, name: str, allowed: Sequence[str]) -> str:
    word = str(_cell(row, mapping, name, parsing.text)).lower()
    if word not in allowed and (word or name == "type"):
        raise RowError(name, CellError(f"unknown_{name}", f"one of {', '.join(allowed)}"), word)
    return word


def _read_accounts(
    table: Table, mapping: ColumnMapping, known: set[str], key: bytes, report: ValidationReport
) -> AccountTable:
    rows: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    looks = [0, 0]
    found = read_rows(
        table, "accounts", lambda row: _account_fields(row, mapping, known), report, mapping.sources["account"]
    )
    for number, fields in found:
        looks[bool(HASHED.fullmatch(fields["account"].strip().lower()))] += 1
        place = (fields["partner"], hash_account(fields["account"], key), fields["population"])
        if place in rows:
            report.add("note", "repeated_account", file=table.name, row=number, column="account", found=_WITHHELD)
        rows.setdefault(place, (fields["segment"], fields["value"], fields["date"]))
    if min(looks):
        expected = (
            f"accounts of one kind; {looks[True]} look hashed, {looks[False]} plain: they will not be found the same"
        )
        report.add("note", "mixed_accounts", file=table.name, column="account", expected=expected)
    partners, hashed, populations = zip(*rows, strict=True) if rows else ((), (), ())
    segments, values, dates = zip(*rows.values(), strict=True) if rows else ((), (), ())
    return AccountTable(partners, hashed, populations, segments, values, dates, key_id(key))


def _account_fields(row: Row, mapping: ColumnMapping, known: set[str]) -> dict[str, Any]:
    account_column = mapping.sources["account"][0]
    fields: dict[str, Any] = {
        name: _cell(row, mapping, name, parsing.text) for name in ("partner", "account", "segment")
    }
    if fields["partner"] not in known:
        column = mapping.sources["partner"][0]
        raise RowError(column, CellError("unknown_partner", "the id of a partner in the catalogue"), fields["partner"])
    if not fields["account"]:
        raise RowError(account_column, CellError("missing_account", "a company domain or an opaque key"), "")
    if is_free_mail(fields["account"]):
        raise RowError(account_column, CellError("free_mail", "a company's own domain"), "")
    fields["population"] = _word(row, mapping, "population", POPULATIONS) or "customer"
    fields["value"] = _cell(row, mapping, "value", parsing.number)
    day = _cell(row, mapping, "date", parsing.date)
    return {**fields, "segment": fields["segment"] or None, "date": day.isoformat() if day else None}


def _with_integrations(
    partners: Sequence[Partner], stated: Iterable[Relation], report: ValidationReport
) -> Iterable[Relation]:
    """Stated relations, then the partners' `integrations` as relations; each linked pair once, in a fixed order."""
    by_name = {partner.name.casefold(): partner.id for partner in reversed(partners)}
    known = {partner.id for partner in partners}
    kept = sorted(set(stated), key=lambda one: one.model_dump_json())
    linked = {frozenset((one.a, one.b)) for one in kept if one.type == "integration"}
    for row, partner in enumerate(partners, start=1):
        for named in partner.integrations:
            other = named if named in known else by_name.get(named.casefold())
            if other is None:
                report.add(
                    "note", "unresolved_integration", file="partners", row=row, column="integrations",
                    expected="the id or name of a partner in the catalogue", found=named,
                )  # fmt: skip
            elif other != partner.id and frozenset((partner.id, other)) not in linked:
                linked.add(frozenset((partner.id, other)))
                kept.append(
                    Relation(a=partner.id, b=other, type="integration", status="active", source="partners.integrations")
                )
    return kept


def _refuse_broken(table: Table, counts: Any, report: ValidationReport) -> None:  # noqa: ANN401 - report.Counts
    for number, expected in table.broken:
        counts.read += 1
        counts.refused += 1
        report.add("refused", "unreadable_row", file=table.name, row=number, expected=expected)


def _several(sources: Source | Sequence[Source] | None) -> Sequence[Source]:
    if sources is None:
        return []
    return list(sources) if isinstance(sources, (list, tuple)) else [sources]  # type: ignore[list-item]


def _slug(name: str) -> str:
    return _NOT_SLUG.sub("-", name.lower()).strip("-")[:200]
