"""Overlaps of more accounts than fit into memory: a theta sketch of each population of each partner, with bounds of the error.

A theta sketch keeps the smallest k of the hashes of a set and the k-th one's place theta; k / theta estimates its size, and what
two sketches keep below the smaller theta estimates their intersection (Dasgupta, Lang, Rhodes and Thaler 2016, ICDT, "A framework
for estimating stream expression cardinalities"). A set of fewer than k accounts is counted exactly. Needs the extra `sketches`.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.aliases import applied
from matchmaker.audience.files import AccountFile
from matchmaker.audience.hashing import OK, Form, hashed, settled
from matchmaker.disk import cause
from matchmaker.errors import CatalogueError, MissingExtraError, StorageError, UnknownPartnerError
from matchmaker.profiles.accounts import POPULATIONS, check_key, key_id
from matchmaker.profiles.report import ValidationReport

if TYPE_CHECKING:
    from matchmaker.audience.aliases import Aliases
    from matchmaker.audience.incidence import Incidence
    from matchmaker.progress import Progress

ABOVE = 50_000_000
"""Account rows above which the command counts by sketches where it is not told otherwise."""
LG_K = 12
"""k is 2 to the power of this: sizes are within 1 / sqrt(k), 1.6 %, of the truth two times of three."""
DEVIATIONS = 3
"""Standard deviations of the bounds: 997 of 1,000 such intervals hold the truth."""
_ANY = len(POPULATIONS)


@dataclass(frozen=True)
class Estimate:
    """A number of accounts: estimated, and the interval that holds it 997 times of 1,000. All three are equal where it is exact."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class EstimatedOverlap:
    """What one partner and another one share, from the first one's side, as in pairs.Overlap, estimated."""

    partner: str
    other: str
    your_accounts: Estimate
    their_accounts: Estimate
    shared: Estimate
    matrix: dict[str, dict[str, Estimate]]
    greenfield: Estimate
    give: Estimate
    get: Estimate
    basis: str = "estimated"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


class Sketches:
    """The sketches of n partners. sketches (n, 4): of each population and of all together, as compact theta sketches."""

    def __init__(self, partner_ids: Sequence[str], sketches: Sequence[Sequence[Any]], key: str = "") -> None:
        """partner_ids: sorted; key: names the key of the accounts' hashes."""
        self.partner_ids, self.key_id, self._sketches = tuple(partner_ids), key, sketches
        self._row = {partner: row for row, partner in enumerate(self.partner_ids)}

    @classmethod
    def of(cls, incidence: Incidence, *, lg_k: int = LG_K) -> Sketches:
        """Of accounts that are in memory. Raises MissingExtraError."""
        made = _Making(lg_k)
        hashes = incidence.accounts[:, 1]
        for row in range(len(incidence.partner_ids)):
            span = incidence.span(row)
            for bit in range(len(POPULATIONS)):
                made.add(row, bit, hashes[incidence.codes[span][incidence.kinds[span] >> bit & 1 == 1]])
        return cls(incidence.partner_ids, made.done(len(incidence.partner_ids)), incidence.key_id)

    @classmethod
    def read(
        cls,
        path: Path,
        *,
        key: bytes | None,
        partners: Collection[str] | None = None,
        aliases: Aliases | None = None,
        form: Form = "auto",
        mapping: Mapping[str, str | Sequence[str]] | None = None,
        lg_k: int = LG_K,
        progress: Progress | None = None,
    ) -> tuple[Sketches, ValidationReport]:
        """Of a file of any length, a block of rows in memory at a time; arguments and errors as of reading.read_accounts, and
        MissingExtraError. Rows that are refused are counted; values are not read.
        """
        key, report, made = check_key(key), ValidationReport(), _Making(lg_k)
        mapped = aliases.hashed(key) if aliases else {}
        rows = {partner: row for row, partner in enumerate(partners or ())}
        counts = report.table("accounts")
        file = AccountFile(path, mapping)
        file.note_unread(report)
        for block in file.blocks(report, progress):
            texts, codes = block.account.dictionary, _codes(block.account)
            form = settled(form, texts, codes, path.name)
            hashes, states = hashed(texts, key, form)
            hashes, _ = applied(hashes, mapped)
            names = block.partner.dictionary.to_pylist()
            if partners is None:
                for name in names:
                    rows.setdefault(name, len(rows))
            owner = np.array([*(rows.get(name, -1) for name in names), -1])[_codes(block.partner)]
            good = ~block.refused & (owner >= 0) & (np.append(states, -1)[codes] == OK)
            made.add_rows(owner[good], block.population[good], hashes[codes[good], 1])
            counts.read, counts.kept = counts.read + len(good), counts.kept + int(good.sum())
        counts.refused = counts.read - counts.kept
        if not counts.kept:
            raise CatalogueError(f"No account could be read from {path.name} ({'; '.join(report.summary())}).")
        found, ids = made.done(len(rows)), sorted(rows)
        return cls(ids, [found[rows[partner]] for partner in ids], key_id(key)), report

    def overlap(self, partner: str, other: str) -> EstimatedOverlap:
        """What two partners share. Raises UnknownPartnerError."""
        mine, theirs = self._of(partner), self._of(other)
        matrix = {
            own: {its: _shared(mine[p], theirs[q]) for q, its in enumerate(POPULATIONS)}
            for p, own in enumerate(POPULATIONS)
        }
        return EstimatedOverlap(
            partner,
            other,
            _told(mine[_ANY]),
            _told(theirs[_ANY]),
            _shared(mine[_ANY], theirs[_ANY]),
            matrix,
            _without(theirs[POPULATIONS.index("customer")], mine[_ANY]),
            matrix["customer"]["prospect"],
            matrix["prospect"]["customer"],
        )

    def save(self, path: Path) -> None:
        """Write one .npz file, whole or not at all. Raises StorageError."""
        raw = [one.serialize() for sketches in self._sketches for one in sketches]
        arrays = {
            "ids": np.array(self.partner_ids, dtype=str),
            "key_id": np.array(self.key_id),
            "ends": np.cumsum([0, *map(len, raw)]),
            "sketches": np.frombuffer(b"".join(raw), dtype=np.uint8),
        }
        try:
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
                try:
                    np.savez(file, allow_pickle=False, **arrays)
                    file.flush()
                    Path(file.name).replace(path)
                finally:
                    Path(file.name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {cause(error)}. Free space or mend its rights.") from error

    @classmethod
    def load(cls, path: Path) -> Sketches:
        """Read what `save` wrote. Raises CatalogueError, MissingExtraError."""
        library = _library()
        try:
            with np.load(path, allow_pickle=False) as file:
                ids, ends, raw = file["ids"].tolist(), file["ends"].tolist(), file["sketches"].tobytes()
                named = str(file["key_id"])
            sketches = [
                library.compact_theta_sketch.deserialize(raw[low:high]) for low, high in itertools.pairwise(ends)
            ]
        except (OSError, ValueError, KeyError, EOFError, RuntimeError) as error:
            raise CatalogueError(f"{path} is not a file of sketches: {error}.") from error
        width = _ANY + 1
        return cls(ids, [sketches[low : low + width] for low in range(0, len(sketches), width)], named)

    def _of(self, partner: str) -> Sequence[Any]:
        if partner not in self._row:
            raise UnknownPartnerError(partner)
        return self._sketches[self._row[partner]]


class _Making:
    """Sketches that accounts are added to."""

    def __init__(self, lg_k: int) -> None:
        self._library, self._lg_k = _library(), lg_k
        self._held: dict[tuple[int, int], Any] = {}

    def add(self, row: int, population: int, hashes: NDArray[np.uint64]) -> None:
        held = self._held.get((row, population))
        if held is None:
            held = self._held[row, population] = self._library.update_theta_sketch(self._lg_k)
        for one in hashes.view(np.int64).tolist():
            held.update(one)

    def add_rows(self, owner: NDArray[np.int64], population: NDArray[np.int8], hashes: NDArray[np.uint64]) -> None:
        group = owner * len(POPULATIONS) + population
        order = np.argsort(group, kind="stable")
        groups, starts = np.unique(group[order], return_index=True)
        for one, low, high in zip(groups.tolist(), starts, [*starts[1:], len(order)], strict=False):
            row, population_of = divmod(one, len(POPULATIONS))
            self.add(row, population_of, hashes[order[low:high]])

    def done(self, rows: int) -> list[list[Any]]:
        """(rows, 4) compact sketches."""
        found = []
        for row in range(rows):
            union = self._library.theta_union(self._lg_k)
            parts = []
            for bit in range(len(POPULATIONS)):
                held = self._held.get((row, bit)) or self._library.update_theta_sketch(self._lg_k)
                union.update(held)
                parts.append(held.compact())
            found.append([*parts, union.get_result()])
        return found


def _codes(column: Any) -> NDArray[np.int32]:  # noqa: ANN401 - pyarrow is untyped
    return np.asarray(column.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int32)


def _shared(one: Any, other: Any) -> Estimate:  # noqa: ANN401 - datasketches is untyped
    both = _library().theta_intersection()
    both.update(one)
    both.update(other)
    return _told(both.get_result())


def _without(one: Any, other: Any) -> Estimate:  # noqa: ANN401 - as above
    return _told(_library().theta_a_not_b().compute(one, other))


def _told(sketch: Any) -> Estimate:  # noqa: ANN401 - as above
    return Estimate(sketch.get_estimate(), sketch.get_lower_bound(DEVIATIONS), sketch.get_upper_bound(DEVIATIONS))


def _library() -> Any:  # noqa: ANN401 - as above
    try:
        import datasketches
    except ImportError as error:
        raise MissingExtraError("Sketches need datasketches: pip install 'matchmaker[sketches]'.") from error
    return datasketches
