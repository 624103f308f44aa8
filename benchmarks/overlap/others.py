"""The same counts by other means, on some of the partners: what they take, and whether they find the same."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from matchmaker.audience.incidence import Incidence
from matchmaker.audience.pairs import all_pairs
from matchmaker.profiles.accounts import POPULATIONS


def beside(incidence: Incidence, some: int) -> dict[str, Any]:
    """Seconds of pandas, SciPy and bitsets beside ours for the pairs of `some` partners; all on one thread."""
    rows = np.random.default_rng(3).choice(len(incidence.partner_ids), some, replace=False)
    part = incidence.only(np.sort(rows).tolist())
    list(all_pairs(part, threads=1))  # compiled, and the view by account made
    started = time.perf_counter()
    found = sum(_sums(table) for table in all_pairs(part, threads=1))
    ours = time.perf_counter() - started
    facts: dict[str, Any] = {"subset: partners": some, "subset: entries": len(part), "subset: ours, seconds": ours}
    for name, count in (("pandas merge", _pandas), ("SciPy blocks", _scipy), ("bitsets", _bitsets)):
        started = time.perf_counter()
        theirs = count(part)
        seconds = time.perf_counter() - started
        if theirs != (found[0] if isinstance(theirs, int) else tuple(found)):
            raise SystemExit(f"{name} finds {theirs}, ours {found}")
        facts[f"subset: {name}, seconds"] = seconds
        facts[f"subset: {name} / ours"] = seconds / ours
    return facts


def _sums(table: Any) -> Any:
    """Shared accounts of all pairs, and the sums of the nine cells."""
    cells = [f"a_{own}_b_{its}" for own in POPULATIONS for its in POPULATIONS]
    return np.array([np.sum(table.column(name).to_numpy(), dtype=np.int64) for name in ("shared", *cells)])


def _pandas(part: Incidence) -> tuple[int, ...]:
    """A merge of the rows with themselves, counted by pair and populations; then one of the entries for whatever population."""
    import pandas as pd

    owner = np.repeat(np.arange(len(part.partner_ids)), np.diff(part.offsets))
    entries = pd.DataFrame({"partner": owner, "account": part.codes})
    rows = pd.concat([entries[part.kinds >> bit & 1 == 1].assign(population=bit) for bit in range(len(POPULATIONS))])
    both = rows.merge(rows, on="account")
    both = both[both.partner_x < both.partner_y]
    cells = both.groupby(["partner_x", "partner_y", "population_x", "population_y"]).size()
    total = cells.groupby(["population_x", "population_y"]).sum()
    any_ = entries.merge(entries, on="account")
    shared = any_[any_.partner_x < any_.partner_y].groupby(["partner_x", "partner_y"]).size()
    width = range(len(POPULATIONS))
    return (int(shared.sum()), *(int(total.get((own, its), 0)) for own in width for its in width))


def _scipy(part: Incidence) -> int:
    """Products of a sparse matrix with its transpose, in blocks of rows; whatever population only."""
    from scipy.sparse import csr_array, triu

    shape = (len(part.partner_ids), part.universe)
    matrix = csr_array((np.ones(len(part), dtype=np.int32), part.codes, part.offsets), shape=shape)
    turned, total = matrix.T.tocsr(), 0
    for low in range(0, shape[0], 64):
        total += int(triu(matrix[low : low + 64] @ turned, k=low + 1).sum())
    return total


def _bitsets(part: Incidence) -> int:
    """One bit an account and partner, rows put together by AND and counted; whatever population only."""
    n, words = len(part.partner_ids), -(-part.universe // 64)
    bits = np.zeros((n, words * 64), dtype=bool)
    bits[np.repeat(np.arange(n), np.diff(part.offsets)), part.codes] = True
    packed = np.packbits(bits, axis=1).view(np.uint64)
    return sum(int(np.bitwise_count(packed[row] & packed[row + 1 :]).sum(dtype=np.int64)) for row in range(n - 1))
