"""Commands for account overlap: overlap pair, of, all; the steps of a private set intersection stand in cli/psi.py."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matchmaker.cli import psi
from matchmaker.cli.bulk import PARTIAL, Out, Threads
from matchmaker.cli.options import Json, Number
from matchmaker.cli.output import Bar, console, emit_json, table
from matchmaker.cli.psi import percent

if TYPE_CHECKING:
    from matchmaker.audience.disclosure import Disclosure
    from matchmaker.audience.incidence import Incidence
    from matchmaker.audience.sketches import Sketches
    from matchmaker.naming import Naming
    from matchmaker.profiles.report import ValidationReport

overlap = typer.Typer(
    name="overlap", help="Accounts that partners share: who could introduce whom to what.", no_args_is_help=True
)
AccountsFile = Annotated[
    Path,
    typer.Argument(
        help="Who has which account: Parquet, CSV, TSV or JSONL. Hashed with MATCHMAKER_ACCOUNT_KEY on the way in.",
        readable=False,
    ),
]
PartnerId = Annotated[
    str, typer.Argument(help="Id of a partner, as the file of accounts has it; with --model its exact name too.")
]
Names = Annotated[
    Path | None,
    typer.Option(
        "--model", "-m", help="Bundle that knows the partners' names.", envvar="MATCHMAKER_MODEL", readable=False
    ),
]
AliasFile = Annotated[
    Path | None,
    typer.Option("--aliases", help="Several domains of one company: columns alias and account.", readable=False),
]
FormOf = Annotated[
    str,
    typer.Option("--form", help="Accounts are: auto (told by their look), plain, hashed (by the same key), or mixed."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--map", help='Field of the accounts from your column: --map account="Customer domain". Repeatable.'),
]
Universe = Annotated[
    int | None,
    typer.Option("--universe", help="Accounts that could be shared; by default all distinct ones of the file.", min=1),
]
Bound = Annotated[
    bool, typer.Option("--disclosed", help="What a key of the first partner would be told: rounded and held back.")
]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", help="What was disclosed before (SQLite); with --disclosed.", readable=False),
]
Release = Annotated[
    int, typer.Option("--release", help="Number of the data that disclosed figures may be renewed from.", min=0)
]
Minimum = Annotated[int, typer.Option("--minimum", help="Accounts below which nothing is disclosed.", min=10)]
Sketch = Annotated[
    bool | None,
    typer.Option(
        "--sketch/--exact", help="Estimate by theta sketches, or count; by default estimates above 50 million rows."
    ),
]


_DATA = re.compile(r"[0-9@.]")
"""What stands in accounts, and hardly in the name of a column."""
_NAMED = 20
"""Columns that are named."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("pair", pair), ("of", of), ("all", all_), *psi.COMMANDS):
        overlap.command(name)(command)
    app.add_typer(overlap)


def pair(
    accounts: AccountsFile,
    partner: PartnerId,
    other: PartnerId,
    aliases: AliasFile = None,
    form: FormOf = "auto",
    map_: Columns = None,
    universe: Universe = None,
    disclosed: Bound = False,
    ledger: LedgerFile = None,
    release: Release = 0,
    minimum: Minimum = 20,
    sketch: Sketch = None,
    model: Names = None,
    json: Json = False,
) -> None:
    """What two partners share, by population, from the first one's side."""
    from matchmaker.audience.pairs import overlap_of_pair

    source, known = _Source(accounts, aliases, form, map_), _names(model)
    if not disclosed and source.sketched(sketch):
        sketches, report = source.sketches()
        naming = known.among(sketches.partner_ids)
        one, two = (_id(naming, name, accounts, model) for name in (partner, other))
        found: Any = sketches.overlap(one, two)
    else:
        incidence, report = source.incidence()
        naming = known.among(incidence.partner_ids)
        one, two = (_id(naming, name, accounts, model) for name in (partner, other))
        if disclosed:
            found = _door(incidence, ledger, release, minimum).pair(one, one, two)
        else:
            found = overlap_of_pair(incidence, one, two, universe=universe)
    _tell(report)
    if json:
        emit_json({**found.to_dict(), "report": _counted(report)})
    else:
        _show_pair(found.to_dict(), naming)
    _end(report)


def of(
    accounts: AccountsFile,
    partner: PartnerId,
    k: Number = 20,
    by: Annotated[
        str, typer.Option("--by", help="Most first by: lift, shared, get, give, greenfield or revenue.")
    ] = "lift",
    aliases: AliasFile = None,
    form: FormOf = "auto",
    map_: Columns = None,
    universe: Universe = None,
    disclosed: Bound = False,
    ledger: LedgerFile = None,
    release: Release = 0,
    minimum: Minimum = 20,
    model: Names = None,
    json: Json = False,
) -> None:
    """The partners that one shares most accounts with, beyond chance."""
    from matchmaker.audience.pairs import overlaps_of

    known = _names(model)
    incidence, report = _Source(accounts, aliases, form, map_).incidence()
    naming = known.among(incidence.partner_ids)
    partner = _id(naming, partner, accounts, model)
    if disclosed:
        found = _door(incidence, ledger, release, minimum).others(partner, partner, by=by, limit=k)
    else:
        found = overlaps_of(incidence, partner, by=by, limit=k, universe=universe)
    _tell(report)
    if json:
        emit_json({"partner": partner, "overlaps": [one.to_dict() for one in found], "report": _counted(report)})
    elif not found:
        name = naming.shown(partner)
        held_back = (
            f"Nothing of what {name} may share is told: fewer than {minimum} accounts with each other partner, or none."
        )
        typer.echo(held_back if disclosed else f"{name} shares no account with another partner of {accounts.name}.")
    else:
        columns = [
            "partner",
            "shared",
            "of yours",
            "of theirs",
            "lift",
            "at least",
            "greenfield",
            "give",
            "get",
            "revenue",
        ]
        rows = [
            (
                naming.shown(one.other), one.shared, percent(one.share_of_yours), percent(one.share_of_theirs), _short(one.lift),
                _short(one.lift_low), one.greenfield, one.give, one.get, _money(one.potential_revenue, one.currency),
            )
            for one in found
        ]  # fmt: skip
        table(f"Overlaps of {naming.shown(partner)} ({found[0].basis})", columns, rows, right=columns[1:])
    _end(report)


def all_(
    accounts: AccountsFile,
    out: Out,
    minimum_shared: Annotated[
        int, typer.Option("--minimum-shared", help="Leave out pairs that share fewer accounts.", min=1)
    ] = 1,
    aliases: AliasFile = None,
    form: FormOf = "auto",
    map_: Columns = None,
    universe: Universe = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Every pair of partners that shares an account, with all figures, as one table. Exact: for the owner of all data."""
    from time import perf_counter

    from matchmaker.audience.pairs import all_pairs
    from matchmaker.audience.writing import write_pairs
    from matchmaker.batch.pieces import pieces_of
    from matchmaker.batch.run import lean

    pieces_of(out)
    begun = perf_counter()
    with lean():
        incidence, report = _Source(accounts, aliases, form, map_).incidence()
        tables = all_pairs(
            incidence, minimum_shared=minimum_shared, universe=universe, threads=threads, progress=Bar()
        )  # fmt: skip
        pairs = write_pairs(tables, out)
    seconds = perf_counter() - begun
    _tell(report)
    facts = {
        "output": str(out),
        "partners": len(incidence.partner_ids),
        "accounts": incidence.universe,
        "pairs": pairs,
        "seconds": round(seconds, 3),
        "key_id": incidence.key_id,
    }
    if json:
        emit_json({**facts, "report": _counted(report)})
    else:
        console().print(
            f"{out}: {pairs:,} pairs of {facts['partners']:,} partners and {facts['accounts']:,} accounts in {seconds:,.1f} s."
        )
    _end(report)


@dataclass(frozen=True)
class _Source:
    """A file of accounts and how it is read."""

    path: Path
    aliases: Path | None
    form: Any
    columns: list[str] | None

    def sketched(self, wanted: bool | None) -> bool:
        """Whether it is estimated: as was said, else when it is large."""
        from matchmaker.audience.files import AccountFile
        from matchmaker.audience.sketches import ABOVE

        if wanted is not None:
            return wanted
        with self._columns_told():
            return AccountFile(self.path, self._options()["mapping"]).about() > ABOVE

    def incidence(self) -> tuple[Incidence, ValidationReport]:
        from matchmaker.audience.reading import read_accounts

        with self._columns_told():
            found = read_accounts(self.path, progress=Bar(), **self._options())
        return found.incidence, found.report

    def sketches(self) -> tuple[Sketches, ValidationReport]:
        from matchmaker.audience.sketches import Sketches

        with self._columns_told():
            return Sketches.read(self.path, progress=Bar(), **self._options())

    @contextmanager
    def _columns_told(self) -> Iterator[None]:
        """Say of a file whose columns are not recognised which it has, and how they are named."""
        from matchmaker.batch.source import Source
        from matchmaker.errors import ColumnError

        try:
            yield
        except ColumnError as error:
            what, _, _ = str(error).partition(". ")
            raise ColumnError(
                f"{what}. {_columns_of(Source(self.path).columns)} "
                'Name them yourself: --map partner="COLUMN" --map account="COLUMN".'
            ) from error

    def _options(self) -> dict[str, Any]:
        from matchmaker.audience.aliases import Aliases
        from matchmaker.profiles.columns import parse_map_args

        return {
            "key": _key(),
            "aliases": Aliases.of_file(self.aliases) if self.aliases else None,
            "form": self.form,
            "mapping": parse_map_args(self.columns or []),
        }


def _columns_of(columns: list[str]) -> str:
    """Names of columns, for people, unless they look like data: without a header line they would be the first account."""
    if any(_DATA.search(name) for name in columns):
        return f"It has {len(columns)} columns whose names look like data: is its header line missing?"
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return f"Columns there: {', '.join(columns[:_NAMED])}{more}."


def _names(model: Path | None) -> Naming:
    """Names of the partners of a bundle; none without one."""
    from matchmaker.engine import Matchmaker
    from matchmaker.naming import Naming

    return Naming({} if model is None else Naming.of(Matchmaker.load(model, background_check=False).fitted).names)


def _id(naming: Naming, partner: str, accounts: Path, model: Path | None) -> str:
    """The id of a partner of the accounts. Raises UnknownPartnerError with near ones."""
    from matchmaker.errors import UnknownPartnerError
    from matchmaker.naming import near

    found = naming.id(partner)
    if found is not None:
        return found
    error = UnknownPartnerError(partner, near(partner, naming.names))
    if not error.suggestions:
        what = "an id" if model is None else "an id or an exact name"
        named = " Where names are wanted, name the bundle that knows them with --model." if model is None else ""
        error.args = (
            f"No partner of {accounts.name} is {partner!r}. Give {what} of a partner that has accounts there.{named}",
        )
    raise error


def _key() -> bytes | None:
    from matchmaker.profiles.accounts import KEY_VARIABLE

    return os.fsencode(os.environ.get(KEY_VARIABLE, "")) or None


def _door(incidence: Incidence, ledger: Path | None, release: int, minimum: int) -> Disclosure:
    from matchmaker.audience.disclosure import Disclosure
    from matchmaker.audience.ledger import FileLedger
    from matchmaker.errors import SettingsError

    if ledger is None:
        raise SettingsError("--disclosed needs --ledger: without what was disclosed before, answers could be compared.")
    return Disclosure(incidence, ledger=FileLedger(ledger), key=_key(), release=release, minimum=minimum)


def _tell(report: ValidationReport) -> None:
    """Counts, and the first issues, on standard error."""
    for line in report.summary():
        typer.echo(line, err=True)
    for issue in report.issues[:10]:
        row = "" if issue.row is None else f"row {issue.row}, "
        typer.echo(
            f"  {issue.severity} {issue.code}: {row}column {issue.column}: expected {issue.expected}, found {issue.found!r}",
            err=True,
        )


def _counted(report: ValidationReport) -> dict[str, Any]:
    return {**report.to_dict(), "issues": len(report.issues)}


def _end(report: ValidationReport) -> None:
    """Exit status 5 where rows were refused: the answer is whole but for them."""
    if not report.ok:
        raise typer.Exit(PARTIAL)


def _show_pair(found: dict[str, Any], naming: Naming) -> None:
    from matchmaker.profiles.accounts import POPULATIONS

    partner, other = (naming.shown(found[side]) for side in ("partner", "other"))
    rows = [(own, *(_count(found["matrix"][own][its]) for its in POPULATIONS)) for own in POPULATIONS]
    columns = [f"{partner} \\ {other}", *POPULATIONS]
    table(f"Accounts that {partner} and {other} share ({found['basis']})", columns, rows, right=columns[1:])
    figures = [
        ("your accounts", _count(found["your_accounts"])),
        ("their accounts", _count(found["their_accounts"])),
        ("shared", _count(found["shared"])),
        ("share of yours", percent(found.get("share_of_yours"))),
        ("share of theirs", percent(found.get("share_of_theirs"))),
        ("Jaccard", _short(found.get("jaccard"))),
        ("lift", _short(found.get("lift"))),
        ("lift, 5 % lower bound", _short(found.get("lift_low"))),
        ("p-value", _short(found.get("p_value"))),
        ("greenfield (their customers, not yours)", _count(found["greenfield"])),
        ("you give (your customers, their prospects)", _count(found["give"])),
        ("you get (their customers, your prospects)", _count(found["get"])),
        ("reciprocity", _short(found.get("reciprocity"))),
        ("potential revenue", _money(found.get("potential_revenue"), found.get("currency"))),
    ]
    table("Figures", ["", "value"], figures, right=["value"])
    for reason in found.get("reasons", ()):
        typer.echo(f"Note: {reason}.")


def _count(value: Any) -> str | None:  # noqa: ANN401 - a count, an estimate of one, or nothing
    if isinstance(value, dict):
        return f"{value['value']:,.0f} ({value['low']:,.0f} to {value['high']:,.0f})"
    return None if value is None else f"{value:,}"


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}"


def _money(value: float | None, currency: str | None) -> str | None:
    return None if value is None else f"{value:,.0f} {currency or ''}".strip()
