"""What a key that is bound to a partner is told of overlaps: nothing that concerns fewer than a minimum of accounts.

The rules, and what they protect against, stand in docs/overlap.md. In short: every account is in one population of a partner; of
the nine counts of a pair each is rounded down at a random place and shown if at least the minimum is left; a row or a column of
them is held back where too few accounts of a side are left outside; everything else is computed from what is shown; and what was
shown stands until the owner makes a new release and the counts have moved by the minimum.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.audience.ledger import Held, Ledger
from matchmaker.audience.overlap import MINIMUM, lift
from matchmaker.audience.pairs import Overlap, counted_with, overlap_of_pair, overlaps_of
from matchmaker.errors import SettingsError
from matchmaker.profiles.accounts import POPULATIONS, check_key

if TYPE_CHECKING:
    from matchmaker.audience.incidence import Incidence

Shown = tuple[int | None, ...]
_WIDTH = len(POPULATIONS)
_CUSTOMER, _PROSPECT, _OPPORTUNITY = (POPULATIONS.index(one) for one in ("customer", "prospect", "opportunity"))
_UNIVERSE = "[]"
"""Names in the ledger are lists of the partners that a figure is of: a pair, one, or none for the number of all accounts."""
ORDERS = ("lift", "shared", "get", "give", "greenfield", "revenue")


class Disclosure:
    """One door to overlaps for keys of all kinds. `bound` names the partner a key speaks for; None is the owner of all data, who
    sees exact figures.
    """

    def __init__(
        self,
        incidence: Incidence,
        *,
        ledger: Ledger,
        key: bytes | None,
        release: int,
        minimum: int = MINIMUM,
        counts_only: bool = False,
    ) -> None:
        """key: the secret of the accounts, from which the places of rounding follow. release: number of the data that figures may
        be renewed from; the owner raises it, at intervals that no partner decides. counts_only: no ratio, no lift, no revenue.

        Raises SettingsError for a minimum that is odd or below 10, a release below 0, or an unusable key.
        """
        if minimum < 10 or minimum % 2:
            raise SettingsError(f"The minimum is an even number of at least 10, not {minimum}.")
        if release < 0:
            raise SettingsError(f"A release is a number of at least 0, not {release}.")
        self._exact, self._incidence = incidence, incidence.strongest
        self._ledger, self._key, self._release = ledger, check_key(key)[:64], release
        self._minimum, self._step, self._counts_only = minimum, minimum // 2, counts_only
        self._reasons = (
            f"each count of a population is rounded down by up to {2 * (self._step - 1)} and shown from {minimum} on; what is not "
            "shown counts as none in sums and differences, which may be off either way; a null is no zero",
            *(["counts only"] if counts_only else ["no p-value: it would need exact counts"]),
        )

    def pair(self, bound: str | None, partner: str, other: str) -> Overlap:
        """What `partner` shares with `other`. Raises SettingsError for a key of another partner, UnknownPartnerError."""
        if bound is None:
            return overlap_of_pair(self._exact, partner, other)
        self._check(bound, partner)
        if partner == other:
            raise SettingsError("A partner shares everything with itself: name two different ones.")
        return self._told(partner, [self._incidence.row(other)])[0]

    def others(self, bound: str | None, partner: str, *, by: str = "lift", limit: int | None = None) -> list[Overlap]:
        """What `partner` shares with all others of whom something can be shown, most first by what is shown. Errors as there."""
        if bound is None:
            return overlaps_of(self._exact, partner, by=by, limit=limit)
        self._check(bound, partner)
        if by not in ORDERS:
            raise SettingsError(f"Overlaps are ranked by one of {', '.join(ORDERS)}, not by {by!r}.")
        row = self._incidence.row(partner)
        told = self._told(partner, [other for other in range(len(self._incidence.partner_ids)) if other != row])
        field = {"lift": "lift_low", "revenue": "potential_revenue"}.get(by, by)
        shown = [one for one in told if one.shared is not None]

        def rank(one: Overlap) -> tuple[float, int, str]:
            value = getattr(one, field)
            return (math.inf if value is None else -value, -(one.shared or 0), one.other)

        return sorted(shown, key=rank)[:limit]

    def _check(self, bound: str, partner: str) -> None:
        if bound != partner:
            raise SettingsError(f"This key speaks for {bound!r}: it is told of no overlaps of {partner!r}.")

    def _told(self, partner: str, others: Sequence[int]) -> list[Overlap]:
        row, ids = self._incidence.row(partner), self._incidence.partner_ids
        cells = self._cells(row, others)
        sizes = self._sizes([row, *others])
        universe = self._published({_UNIVERSE: (self._incidence.universe,)})[_UNIVERSE][0]
        return [self._answer(row, ids[other], cells[other], sizes[row], sizes[other], universe) for other in others]

    def _cells(self, row: int, others: Sequence[int]) -> dict[int, Shown]:
        """What is shown of the nine counts, by own population, then the other one's, of each of `others`."""
        table = counted_with(self._incidence, row, np.array(others, dtype=np.int64))[:_WIDTH, :_WIDTH]
        names, counts, sizes = {}, {}, {}
        for place, other in enumerate(others):
            cells = table[:, :, place]
            low, high = min(row, other), max(row, other)
            names[other] = json.dumps([self._incidence.partner_ids[one] for one in (low, high)])
            counts[names[other]] = tuple(map(int, (cells if row == low else cells.T).ravel()))
            sizes[names[other]] = [*self._incidence.sizes[low, :_WIDTH], *self._incidence.sizes[high, :_WIDTH]]
        shown = self._published(counts, sizes)
        return {other: _seen_from(shown[name], turned=row > other) for other, name in names.items()}

    def _sizes(self, rows: Sequence[int]) -> dict[int, Shown]:
        """What is shown of each partner's own counts, by population."""
        names = {row: json.dumps([self._incidence.partner_ids[row]]) for row in rows}
        shown = self._published(
            {name: tuple(map(int, self._incidence.sizes[row, :_WIDTH])) for row, name in names.items()}
        )
        return {row: shown[name] for row, name in names.items()}

    def _published(
        self, counts: Mapping[str, tuple[int, ...]], sizes: Mapping[str, Sequence[int]] | None = None
    ) -> dict[str, Shown]:
        """What is shown of counts, by name: what was shown before, unless this release is a later one and a count has moved by the
        minimum; else rounded anew, once in a release. sizes: of tables of pairs, the accounts of either side by population.
        """
        held = self._ledger.get(counts)
        fresh = {
            name: self._renewed(held.get(name), name, own, (sizes or {}).get(name))
            for name, own in counts.items()
            if name not in held or held[name].release < self._release
        }
        if fresh:
            self._ledger.put(fresh)
            held |= self._ledger.get(fresh)  # another process may have been first
        return {name: held[name].shown for name in counts}

    def _renewed(self, old: Held | None, name: str, counts: tuple[int, ...], sizes: Sequence[int] | None) -> Held:
        """The figures of this release."""
        if old and max(abs(new - before) for new, before in zip(counts, old.counts, strict=True)) < self._minimum:
            return Held(self._release, old.counts, old.shown)
        return Held(self._release, counts, self._rounded(name, counts, sizes))

    def _rounded(self, name: str, counts: tuple[int, ...], sizes: Sequence[int] | None) -> Shown:
        """Each count less a number below the step that nobody knows, down to a multiple of the step; None below the minimum."""
        secret = hashlib.blake2b(f"{name} {self._release}".encode(), key=self._key, person=b"mm-disclosure").digest()
        offsets = [int.from_bytes(secret[at : at + 4], "big") % self._step for at in range(0, len(secret), 4)]
        rounded = [self._down(count - offset) for count, offset in zip(counts, offsets, strict=False)]
        shown = tuple(value if value >= self._minimum else None for value in rounded)
        if sizes is None:
            return shown
        outside = [self._down(int(size) - offsets[len(counts) + place]) for place, size in enumerate(sizes)]
        return self._guarded(shown, outside)

    def _down(self, count: int) -> int:
        return count // self._step * self._step

    def _guarded(self, shown: Shown, sizes: Sequence[int]) -> Shown:
        """Without the rows and columns of a pair's table outside of which a side might have too few accounts: were they shown,
        those few would be told too. The worst goes first, and what it leaves is looked at again.
        """
        table = np.array([np.nan if cell is None else cell for cell in shown]).reshape(_WIDTH, _WIDTH)
        while True:
            most = np.nan_to_num(table + 2 * (self._step - 1))
            filled = np.concatenate((most.sum(axis=1), most.sum(axis=0)))
            left = np.where(filled > 0, np.array(sizes) - filled, np.inf)
            worst = int(left.argmin())
            if left[worst] >= 2 * self._minimum:
                return tuple(None if np.isnan(cell) else int(cell) for cell in table.ravel())
            (table if worst < _WIDTH else table.T)[worst % _WIDTH] = np.nan

    def _answer(self, row: int, other: str, cells: Shown, own: Shown, its: Shown, universe: int | None) -> Overlap:
        """Everything that follows from what is shown, rounded coarsely."""
        table = [list(cells[low : low + _WIDTH]) for low in range(0, len(cells), _WIDTH)]
        shared, mine, theirs = _sum(cells), _sum(own), _sum(its)
        give, get = table[_CUSTOMER][_PROSPECT], table[_PROSPECT][_CUSTOMER]
        ratios = {} if self._counts_only else _ratios(shared, mine, theirs, universe, give, get)
        open_ = None if self._counts_only else self._worth(row, _sum(table[_OPPORTUNITY]))
        return Overlap(
            partner=self._incidence.partner_ids[row],
            other=other,
            your_accounts=mine,
            their_accounts=theirs,
            shared=shared,
            matrix={
                one: dict(zip(POPULATIONS, line, strict=True)) for one, line in zip(POPULATIONS, table, strict=True)
            },
            share_of_yours=ratios.get("share_of_yours"),
            share_of_theirs=ratios.get("share_of_theirs"),
            jaccard=ratios.get("jaccard"),
            lift=ratios.get("lift"),
            lift_low=ratios.get("lift_low"),
            p_value=None,
            greenfield=self._left(its[_CUSTOMER], [line[_CUSTOMER] for line in table]),
            their_greenfield=self._left(own[_CUSTOMER], table[_CUSTOMER]),
            give=give,
            get=get,
            reciprocity=ratios.get("reciprocity"),
            quadrant=_quadrant(give, get),
            potential_revenue=open_,
            currency=self._incidence.currency,
            basis="disclosed",
            reasons=self._reasons,
        )

    def _left(self, whole: int | None, parts: Sequence[int | None]) -> int | None:
        """What is shown of a whole beyond the shown parts of it, if it is not below the minimum."""
        left = None if whole is None else whole - (_sum(parts) or 0)
        return left if left is not None and left >= self._minimum else None

    def _worth(self, row: int, shared: int | None) -> float | None:
        """The shown number of open opportunities times the mean value of all of one's own: no single value weighs in it."""
        span = self._incidence.span(row)
        if shared is None or self._incidence.values is None:
            return None
        open_ = self._incidence.kinds[span] == 1 << _OPPORTUNITY
        return _coarse(shared * float(self._incidence.values[span][open_].mean())) if open_.any() else None


def _ratios(
    shared: int | None, mine: int | None, theirs: int | None, universe: int | None, give: int | None, get: int | None
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    if give is not None and get is not None:
        found["reciprocity"] = round(min(give, get) / max(give, get), 2)
    if shared is None or mine is None or theirs is None:
        return found
    found |= {
        "share_of_yours": round(min(shared / mine, 1.0), 2),
        "share_of_theirs": round(min(shared / theirs, 1.0), 2),
        "jaccard": round(min(shared / max(mine + theirs - shared, 1), 1.0), 2),
    }
    if universe is not None:
        low = lift(np.array([shared]), np.int64(mine), np.array([theirs]), universe)[0]
        found |= {"lift": _coarse(shared * universe / (mine * theirs)), "lift_low": _coarse(float(np.exp(low)))}
    return found


def _seen_from(cells: Shown, *, turned: bool) -> Shown:
    return tuple(cells[its * _WIDTH + own] for own in range(_WIDTH) for its in range(_WIDTH)) if turned else cells


def _sum(cells: Sequence[int | None]) -> int | None:
    """The sum of what is shown; None where nothing is."""
    shown = [cell for cell in cells if cell is not None]
    return sum(shown) if shown else None


def _coarse(value: float) -> float | None:
    """Two significant digits."""
    return float(f"{value:.2g}") if math.isfinite(value) else None


def _quadrant(give: int | None, get: int | None) -> str | None:
    return {(True, True): "both", (True, False): "you give", (False, True): "you get"}.get(
        (give is not None, get is not None)
    )
