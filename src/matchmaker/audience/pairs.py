"""The overlap of one pair, of one partner with all others, and of everybody with everybody: exact, for who may see everything.

What a key that is bound to a partner may be told stands in audience/disclosure.py.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matchmaker.audience.figures import ANY, Counts, Floats, Ints
from matchmaker.audience.overlap import MINIMUM
from matchmaker.errors import SettingsError
from matchmaker.profiles.accounts import POPULATIONS
from matchmaker.progress import Silent

if TYPE_CHECKING:
    import pyarrow as pa

    from matchmaker.audience.incidence import Incidence
    from matchmaker.progress import Progress

ORDERS: Mapping[str, Callable[[Counts], Any]] = {
    "lift": lambda counts: counts.lift_low,
    "shared": lambda counts: counts.shared,
    "get": lambda counts: counts.get,
    "give": lambda counts: counts.give,
    "greenfield": lambda counts: counts.greenfield_of_one,
    "revenue": lambda counts: np.zeros(len(counts.shared)) if counts.worth is None else counts.worth[0],
}
"""What partners can be ranked by, largest first."""
_CELLS = 1 << 22
"""Cells of a block of `all_pairs`: 16 MB of counts."""
_SINGLE = ("share_a", "share_b", "jaccard", "lift", "lift_low", "reciprocity")


@dataclass(frozen=True)
class Overlap:
    """What one partner and another one share, from the first one's side. Figures that cannot be told are None, `reasons` say why.

    matrix: accounts by your population, then theirs. share_of_yours: share of your accounts that they have, share_of_theirs: of
    theirs that you have, both in [0, 1]. lift: 1 is what chance gives; lift_low its 5 % lower bound; p_value: of as many or more
    by chance. greenfield: their customers that you have in no population, their_greenfield: the reverse. give: your customers that
    are prospects of theirs, get: the reverse; reciprocity: min / max of both. potential_revenue: your open opportunities with
    accounts that they have. basis: "exact", or "disclosed" (rounded and held back).
    """

    partner: str
    other: str
    your_accounts: int | None
    their_accounts: int | None
    shared: int | None
    matrix: dict[str, dict[str, int | None]]
    share_of_yours: float | None
    share_of_theirs: float | None
    jaccard: float | None
    lift: float | None
    lift_low: float | None
    p_value: float | None
    greenfield: int | None
    their_greenfield: int | None
    give: int | None
    get: int | None
    reciprocity: float | None
    quadrant: str | None
    potential_revenue: float | None
    currency: str | None
    basis: str
    reasons: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def overlap_of_pair(incidence: Incidence, partner: str, other: str, *, universe: int | None = None) -> Overlap:
    """What two partners share. universe: number of accounts that could be shared, by default all that anybody has.

    Raises UnknownPartnerError, SettingsError.
    """
    if partner == other:
        raise SettingsError("A partner shares everything with itself: name two different ones.")
    two = incidence.only([incidence.row(partner), incidence.row(other)])
    counts = _counts(two, 0, np.array([1]), _universe(incidence, universe))
    return _told(incidence, partner, [other], counts)[0]


def overlaps_of(
    incidence: Incidence,
    partner: str,
    *,
    by: str = "lift",
    limit: int | None = None,
    minimum_shared: int = 1,
    universe: int | None = None,
) -> list[Overlap]:
    """What a partner shares with every other one, most first. by: one of ORDERS; figures that are unknown come last, partners that
    tie in the order of shared accounts, then of ids. Raises UnknownPartnerError, SettingsError.
    """
    if by not in ORDERS:
        raise SettingsError(f"Overlaps are ranked by one of {', '.join(ORDERS)}, not by {by!r}.")
    row = incidence.row(partner)
    others = np.delete(np.arange(len(incidence.partner_ids)), row)
    counts = _counts(incidence, row, others, _universe(incidence, universe))
    rank = np.nan_to_num(np.asarray(ORDERS[by](counts), dtype=np.float64), nan=-np.inf)
    order = np.lexsort((others, -counts.shared, -rank))
    order = order[counts.shared[order] >= minimum_shared][:limit]
    ids = [incidence.partner_ids[others[place]] for place in order]
    return _told(incidence, partner, ids, _taken(counts, order))


def all_pairs(
    incidence: Incidence,
    *,
    minimum_shared: int = 1,
    universe: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Iterator[pa.Table]:
    """Every pair that shares at least `minimum_shared` accounts, once, a before b: tables in the order of the partners, which
    `schema` describes. threads: that count at the same time, by default one for each core; at most twice as many tables are held.
    Raises SettingsError for a universe below the number of distinct accounts.
    """
    n, universe = len(incidence.partner_ids), _universe(incidence, universe)
    step = max(_CELLS // max(16 * n, 1), 1)
    asked = [np.arange(low, min(low + step, n)) for low in range(0, n, step)]
    threads, shown = threads or os.cpu_count() or 1, progress or Silent()
    if n:
        incidence.holders  # noqa: B018 - made once, before the threads
    waiting: deque[tuple[int, Future[pa.Table]]] = deque()
    shown.start("partners", n)
    with ThreadPoolExecutor(threads) as pool:
        try:
            for rows in asked:
                waiting.append((len(rows), pool.submit(_block, incidence, rows, minimum_shared, universe)))
                if len(waiting) >= 2 * threads:
                    yield from _finished(waiting, shown)
            while waiting:
                yield from _finished(waiting, shown)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            shown.done()


def schema() -> pa.Schema:
    """Columns of `all_pairs`. a_customer_b_prospect: accounts that are customers of a and prospects of b; greenfield_a: customers
    of b that a has in no population; revenue_a: a's opportunities with accounts that b has; otherwise as in Overlap.
    """
    import pyarrow as pa

    counts = ["accounts_a", "accounts_b", "shared", *(_cell(p, q) for p in POPULATIONS for q in POPULATIONS)]
    counts += ["greenfield_a", "greenfield_b"]
    return pa.schema(
        [(name, pa.string()) for name in ("a", "b")]
        + [(name, pa.int32()) for name in counts]
        + [(name, pa.float32()) for name in _SINGLE]
        + [(name, pa.float64()) for name in ("p_value", "revenue_a", "revenue_b")]
    )


def _finished(waiting: deque[tuple[int, Future[pa.Table]]], shown: Progress) -> Iterator[pa.Table]:
    rows, future = waiting.popleft()
    yield future.result()
    shown.advance(rows)


def _block(incidence: Incidence, rows: Ints, minimum_shared: int, universe: int) -> pa.Table:
    """The pairs of some partners with all later ones."""
    import pyarrow as pa

    table, worth = _counted(incidence, rows, later=True)
    slot, other = np.nonzero(table[:, ANY, ANY] >= max(minimum_shared, 1))
    sizes = incidence.sizes.T
    counts = Counts(
        np.moveaxis(table, 0, 2)[:, :, slot, other],
        sizes[:, rows[slot]],
        sizes[:, other],
        None if worth is None else worth[slot, :, other].T,
        universe,
    )
    ids = pa.array(incidence.partner_ids, pa.string())
    columns = _columns(counts) | {"a": ids.take(pa.array(rows[slot])), "b": ids.take(pa.array(other))}
    return pa.table({field.name: columns[field.name] for field in schema()}, schema())


def _columns(counts: Counts) -> dict[str, Any]:
    import pyarrow as pa

    found: dict[str, Any] = {
        "accounts_a": counts.one[ANY],
        "accounts_b": counts.other[ANY],
        "shared": counts.shared,
        "greenfield_a": counts.greenfield_of_one,
        "greenfield_b": counts.greenfield_of_other,
        "share_a": counts.share_of_one,
        "share_b": counts.share_of_other,
        "jaccard": counts.jaccard,
        "lift": counts.lift,
        "lift_low": counts.lift_low,
        "p_value": counts.p_value,
        "reciprocity": counts.reciprocity,
    }
    for place, own in enumerate(POPULATIONS):
        found |= {_cell(own, its): counts.table[place, at] for at, its in enumerate(POPULATIONS)}
    worth = np.full((2, len(counts.shared)), np.nan) if counts.worth is None else counts.worth
    found |= {"revenue_a": worth[0], "revenue_b": worth[1]}
    return {
        name: pa.array(values, schema().field(name).type, from_pandas=True)
        if np.issubdtype(values.dtype, np.integer)
        else pa.array(values.astype(np.float32 if name in _SINGLE else np.float64), from_pandas=True)
        for name, values in found.items()
    }


def _cell(own: str, its: str) -> str:
    return f"a_{own}_b_{its}"


def _counted(incidence: Incidence, asked: Ints, *, later: bool) -> tuple[Any, Floats | None]:
    """Table (k, 4, 4, n) int32 and worth (k, 2, n) of some partners with everybody, or with later ones."""
    from matchmaker.audience.counting import add_values, count

    held, n = incidence.holders, len(incidence.partner_ids)
    table = np.zeros((len(asked), ANY + 1, ANY + 1, n), dtype=np.int32)
    count(
        asked, later, incidence.offsets, incidence.codes, incidence.kinds, held.starts, held.tags, held.place, table
    )  # fmt: skip
    if incidence.values is None or held.values is None:
        return table, None
    worth = np.zeros((len(asked), 2, n))
    add_values(
        asked, later, incidence.offsets, incidence.codes, held.starts, held.tags, held.place, incidence.values,
        held.values, worth,
    )  # fmt: skip
    return table, worth


def counted_with(incidence: Incidence, row: int, others: Ints) -> Ints:
    """Accounts (4, 4, k) that one partner shares with each of `others` (k,), by own population, then theirs; ANY as the fourth."""
    return np.asarray(_counted(incidence, np.array([row]), later=False)[0][0][:, :, others], dtype=np.int64)


def _counts(incidence: Incidence, row: int, others: Ints, universe: int) -> Counts:
    """Counts of one partner with some others."""
    table, worth = _counted(incidence, np.array([row]), later=False)
    sizes = incidence.sizes.T
    return Counts(
        table[0][:, :, others].astype(np.int64),
        np.repeat(sizes[:, [row]], len(others), axis=1),
        sizes[:, others],
        None if worth is None else worth[0][:, others],
        universe,
    )


def _taken(counts: Counts, places: Ints) -> Counts:
    worth = None if counts.worth is None else counts.worth[:, places]
    return Counts(counts.table[:, :, places], counts.one[:, places], counts.other[:, places], worth, counts.universe)


def _told(incidence: Incidence, partner: str, others: list[str], counts: Counts) -> list[Overlap]:
    """One answer a pair."""
    rows = {
        name: [None if np.isnan(value) else float(value) for value in values]
        for name, values in (
            ("share_of_yours", counts.share_of_one),
            ("share_of_theirs", counts.share_of_other),
            ("jaccard", counts.jaccard),
            ("lift", counts.lift),
            ("lift_low", counts.lift_low),
            ("p_value", counts.p_value),
            ("reciprocity", counts.reciprocity),
        )
    }
    whole = {
        "your_accounts": counts.one[ANY],
        "their_accounts": counts.other[ANY],
        "shared": counts.shared,
        "greenfield": counts.greenfield_of_one,
        "their_greenfield": counts.greenfield_of_other,
        "give": counts.give,
        "get": counts.get,
    }
    return [
        Overlap(
            partner=partner,
            other=other,
            matrix={
                own: {its: int(counts.table[p, q, place]) for q, its in enumerate(POPULATIONS)}
                for p, own in enumerate(POPULATIONS)
            },
            quadrant=quadrant(int(counts.give[place]), int(counts.get[place])),
            potential_revenue=None if counts.worth is None else float(counts.worth[0, place]),
            currency=incidence.currency,
            basis="exact",
            reasons=_reasons(counts, place),
            **{name: values[place] for name, values in rows.items()},  # type: ignore[arg-type]
            **{name: int(values[place]) for name, values in whole.items()},
        )
        for place, other in enumerate(others)
    ]


def _universe(incidence: Incidence, universe: int | None) -> int:
    """The number of accounts that could be shared. Raises SettingsError."""
    if universe is not None and universe < incidence.universe:
        raise SettingsError(
            f"The universe is {universe:,}, but {incidence.universe:,} distinct accounts are there. Leave out those that could "
            "not be shared, or name a number that is not below."
        )
    return incidence.universe if universe is None else universe


def quadrant(give: int, get: int) -> str:
    """Who can introduce whom: "both", "you give", "you get" or "neither"."""
    return {(True, True): "both", (True, False): "you give", (False, True): "you get"}.get(
        (give > 0, get > 0), "neither"
    )


def _reasons(counts: Counts, place: int) -> tuple[str, ...]:
    one, other = int(counts.one[ANY, place]), int(counts.other[ANY, place])
    found = [f"{who} no account" for who, count in (("you have", one), ("they have", other)) if not count]
    if 0 < min(one, other) < MINIMUM:
        found.append(f"no lift: a side has fewer than {MINIMUM} accounts")
    if counts.worth is None:
        found.append("no revenue: no value is stated, or values are in several currencies")
    return tuple(found)
