"""Counting what partners share: loops over accounts and those who hold them, compiled, without the interpreter's lock.

Every account's holders lie one after another. To count what one partner shares with all later ones, each of its accounts adds
one for every later holder of it: the work is half the sum of the squared numbers of holders, whatever the number of partners.
Compiled on first use, which takes seconds, and kept beside this file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Kinds = NDArray[np.uint8]
Tags = NDArray[np.uint32]
Floats = NDArray[np.float64]
_P = ParamSpec("_P")
_R = TypeVar("_R")
_KINDS = 8
"""Combinations of three populations."""
_ANY = 3


def _compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # no folder that a cache could stand in
        return numba.njit(nogil=True, error_model="numpy")(function)


@_compiled
def by_account(offsets: Ints, codes: Codes, kinds: Kinds, starts: Ints) -> tuple[Tags, Codes]:
    """Entries by account, those of one account in the order of the partners: kind * n + partner, and where each entry went."""
    n = np.uint32(len(offsets) - 1)
    tags, place = np.empty(len(codes), dtype=np.uint32), np.empty_like(codes)
    upto = starts[:-1].copy()
    for row in range(len(offsets) - 1):
        for entry in range(offsets[row], offsets[row + 1]):
            to = upto[codes[entry]]
            upto[codes[entry]] += 1
            tags[to], place[entry] = kinds[entry] * n + np.uint32(row), to
    return tags, place


@_compiled
def count(
    asked: Ints,
    later: bool,
    offsets: Ints,
    codes: Codes,
    kinds: Kinds,
    starts: Ints,
    tags: Tags,
    place: Codes,
    out: Codes,
) -> None:
    """Fill out (k, 4, 4, n) with the accounts that each of `asked` (k,) shares with every partner, or with every later one only,
    by the population on its own side and on the other one's; the fourth of either: in any population.
    """
    n = out.shape[3]
    seen = np.zeros(_KINDS * n, dtype=np.int32)
    for slot in range(len(asked)):
        row = asked[slot]
        own = np.zeros(_KINDS, dtype=np.bool_)
        for entry in range(offsets[row], offsets[row + 1]):
            own[kinds[entry]] = True
        for kind in range(1, _KINDS):
            if own[kind]:
                _see(row, kind, later, offsets, codes, kinds, starts, tags, place, seen)
                _tell(kind, row + 1 if later else 0, seen, out[slot])


@_compiled
def _see(
    row: int,
    kind: int,
    later: bool,
    offsets: Ints,
    codes: Codes,
    kinds: Kinds,
    starts: Ints,
    tags: Tags,
    place: Codes,
    seen: Codes,
) -> None:
    """Fill seen (8 n,) with the holders of the accounts that one partner has in one combination of populations."""
    seen[:] = 0
    for entry in range(offsets[row], offsets[row + 1]):
        if kinds[entry] == kind:
            code = codes[entry]
            for to in range(place[entry] + 1 if later else starts[code], starts[code + 1]):
                seen[tags[to]] += 1


@_compiled
def _tell(kind: int, low: int, seen: Codes, out: Codes) -> None:
    """Add to out (4, 4, n), from partner `low` on, what was seen of one combination of own populations."""
    n = out.shape[2]
    for other in range(1, _KINDS):
        for theirs in range(_ANY + 1):
            if theirs == _ANY or other >> theirs & 1:
                for mine in range(_ANY + 1):
                    if mine == _ANY or kind >> mine & 1:
                        _add(seen[other * n + low : other * n + n], out[mine, theirs, low:])


@_compiled
def _add(more: Codes, to: Codes) -> None:
    """Add one row to another: a loop by itself, so that it is compiled into vector instructions."""
    for place in range(len(to)):
        to[place] += more[place]


@_compiled
def add_values(
    asked: Ints,
    later: bool,
    offsets: Ints,
    codes: Codes,
    starts: Ints,
    tags: Tags,
    place: Codes,
    values: Floats,
    held_values: Floats,
    out: Floats,
) -> None:
    """Fill out (k, 2, n) with the summed values of the accounts that `count` counts: of the own entries, of the other one's."""
    n = out.shape[2]
    for slot in range(len(asked)):
        row = asked[slot]
        own, other = np.zeros(_KINDS * n), np.zeros(_KINDS * n)
        for entry in range(offsets[row], offsets[row + 1]):
            code, value = codes[entry], values[entry]
            for to in range(place[entry] + 1 if later else starts[code], starts[code + 1]):
                own[tags[to]] += value
                other[tags[to]] += held_values[to]
        for kind in range(1, _KINDS):
            for partner in range(n):
                out[slot, 0, partner] += own[kind * n + partner]
                out[slot, 1, partner] += other[kind * n + partner]


@_compiled
def tail(shared: Ints, one: Ints, other: Ints, universe: int, out: Floats) -> None:
    """Fill out (k,) with P(X >= shared), X hypergeometric: so many accounts in common when two sets of `one` and `other` accounts
    are drawn at random from `universe`. Feller (1968), An Introduction to Probability Theory I, section II.6.

    Terms are summed from `shared` away from the mode, where each is smaller than the one before.
    """
    for pair in range(len(shared)):
        k, a, b = shared[pair], one[pair], other[pair]
        least, most = max(0, a + b - universe), min(a, b)
        if k <= least:
            out[pair] = 1.0
            continue
        above = k * (universe + 2) > (a + 1) * (b + 1)
        at = k if above else k - 1
        term = math.exp(_chosen(a, at) + _chosen(universe - a, b - at) - _chosen(universe, b))
        total = 0.0
        while term > total * 1e-17 and least <= at <= most:
            total += term
            if above:
                term *= (a - at) / (at + 1.0) * ((b - at) / (universe - a - b + at + 1.0))
                at += 1
            else:
                term *= at / (a - at + 1.0) * ((universe - a - b + at) / (b - at + 1.0))
                at -= 1
        out[pair] = min(total, 1.0) if above else max(1.0 - total, 0.0)


@_compiled
def _chosen(n: int, k: int) -> float:
    """Ln of n over k."""
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
