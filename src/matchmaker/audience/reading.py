"""Account files of millions of rows as an Incidence: hashed on the way in, bad rows counted and reported.

While it is read a row costs about 20 bytes and a distinct account its text once and its hash; the texts are gone afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.aliases import applied
from matchmaker.audience.files import AccountFile, Block
from matchmaker.audience.hashing import FREE, MISSING, PLAIN, Form, hashed, settled
from matchmaker.audience.incidence import Incidence, distinct
from matchmaker.errors import CatalogueError
from matchmaker.profiles.accounts import POPULATIONS, check_key, key_id
from matchmaker.profiles.report import ValidationReport

if TYPE_CHECKING:
    from matchmaker.audience.aliases import Aliases
    from matchmaker.profiles.columns import ColumnMapping
    from matchmaker.progress import Progress

_EXPECTED = {
    FREE: ("free_mail", "a company's own domain"),
    MISSING: ("missing_account", "a company domain or an opaque key"),
    PLAIN: ("plain_account", "a hashed account, 32 hex digits"),
}


@dataclass(frozen=True)
class Read:
    """What was read, and how. aliased: distinct accounts for which another one stands."""

    incidence: Incidence
    report: ValidationReport
    mapping: ColumnMapping
    aliased: int


def read_accounts(
    path: Path,
    *,
    key: bytes | None,
    partners: Collection[str] | None = None,
    aliases: Aliases | None = None,
    form: Form = "auto",
    mapping: Mapping[str, str | Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Read:
    """Read a Parquet, CSV, TSV or JSONL file with the columns of `accounts` (docs/data-formats.md).

    partners: ids that are known, those without a row having no account; None: all that the file names. aliases: accounts that are
    one company. form: whether accounts are hashed already (hashing.FORMS). Bad rows are refused and reported, columns that feed no
    field are noted.

    Raises CatalogueError when no row can be used or when `auto` finds both forms, ColumnError, SettingsError without a key.
    """
    key, report, file = check_key(key), ValidationReport(), AccountFile(path, mapping)
    file.note_unread(report)
    blocks = list(file.blocks(report, progress))
    names, partner_codes = _one_dictionary([block.partner for block in blocks])
    texts, account_codes = _one_dictionary([block.account for block in blocks])
    refused = _together([block.refused for block in blocks], bool)
    hashes, states = hashed(texts, key, settled(form, texts, account_codes, path.name))
    hashes, aliased = applied(hashes, aliases.hashed(key) if aliases else {})

    known = [*names.to_pylist(), ""]
    ids = tuple(sorted(set(known) - {""} if partners is None else set(partners)))
    row_of = {partner: row for row, partner in enumerate(ids)}
    owner = np.array([row_of.get(name, -1) for name in known], dtype=np.int32)[partner_codes]
    state = np.append(states, np.int8(MISSING))[account_codes]

    def refuse(mask: NDArray[np.bool_], code: str, field: str, expected: str, found: Any = None) -> None:  # noqa: ANN401
        rows = np.flatnonzero(mask & ~refused)
        file.refuse(report, rows, code, field, expected, lambda n: found(rows[n]) if found else "(withheld)")
        refused[rows] = True

    refuse(owner < 0, "unknown_partner", "partner", "the id of a known partner", lambda row: known[partner_codes[row]])
    for number, (code, expected) in _EXPECTED.items():
        refuse(state == number, code, "account", expected)
    kept = ~refused
    counts = report.table("accounts")
    counts.read, counts.kept, counts.refused = len(kept), int(kept.sum()), int(refused.sum())
    if not counts.kept and (counts.read or partners is None):
        raise CatalogueError(_without_rows(report, path.name))

    accounts, code_of = distinct(hashes)
    codes = code_of[account_codes[kept]]
    held = np.zeros(len(accounts), dtype=bool)
    held[codes] = True
    values, currency = _values(blocks, kept, report, path.name)
    population = _together([block.population for block in blocks], np.int8)[kept]
    incidence = Incidence.coded(
        ids, owner[kept], (np.cumsum(held) - 1)[codes].astype(np.int32), population, values, accounts[held],
        key_id=key_id(key), currency=currency,
    )  # fmt: skip
    if repeated := counts.kept - int(incidence.sizes[:, :-1].sum()):
        report.codes["note:repeated_account"] += repeated
    return Read(incidence, report, file.mapping, aliased)


def _one_dictionary(columns: Sequence[Any]) -> tuple[Any, NDArray[np.int32]]:
    """The distinct texts of several blocks as an Arrow array, and the place among them of each row, -1 where nothing stands."""
    import pyarrow as pa

    if not columns:
        return pa.array([], pa.string()), np.zeros(0, dtype=np.int32)
    chunks = pa.chunked_array(columns).unify_dictionaries().chunks
    codes = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
    return chunks[0].dictionary, np.concatenate(codes).astype(np.int32, copy=False)


def _together(parts: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:  # noqa: ANN401 - numpy's name for it
    return np.concatenate([np.zeros(0, dtype=dtype), *parts]).astype(dtype, copy=False)


def _values(
    blocks: Sequence[Block], kept: NDArray[np.bool_], report: ValidationReport, file: str
) -> tuple[NDArray[np.float64] | None, str | None]:
    """Values of the kept rows and their currency; none where no opportunity has one, or where they are in several currencies."""
    if not blocks or blocks[0].value is None:
        return None, None
    values = _together([block.value for block in blocks if block.value is not None], np.float64)
    population = _together([block.population for block in blocks], np.int8)
    used = kept & ~np.isnan(values) & (population == POPULATIONS.index("opportunity"))
    if not used.any():
        return None, None
    if blocks[0].currency is None:
        return values[kept], None
    names, codes = _one_dictionary([block.currency for block in blocks])
    found = sorted({names[int(code)].as_py().upper() for code in np.unique(codes[used]) if code >= 0})
    if len(found) > 1:
        report.add(
            "note", "mixed_currencies", file=file, column="currency", expected="values of opportunities in one currency",
            found=", ".join(found),
        )  # fmt: skip
        return None, None
    return values[kept], found[0] if found else None


def _without_rows(report: ValidationReport, file: str) -> str:
    refused = [issue for issue in report.issues if issue.severity == "refused"]
    if not refused:
        return f"{file} holds no row. Give at least one account of one partner."
    first = min(refused, key=lambda issue: issue.row or 0)
    return (
        f"No account could be read from {file} ({'; '.join(report.summary())}). The first that was refused is row {first.row}, "
        f"column {first.column!r}: expected {first.expected}, found {first.found!r}."
    )
