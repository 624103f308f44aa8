"""Loops over pairs of stored partners, and over what is listed, compiled: one after another, without copies of what they hold.

Each loop fills one array and gives the numbers of the array formula that it names, but for the order of float64 sums. No pair
knows of another, so neither order nor blocks change a number. Compiled on first use, which takes seconds, and kept beside this
file, or in numba's own cache where this folder cannot be written.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic
from numpy.typing import NDArray

from matchmaker.matching import scales
from matchmaker.matching.diversity import SMOOTHING
from matchmaker.matching.evidence import DIGITS, KINDS
from matchmaker.matching.prior import LEXICAL, TOTAL
from matchmaker.matching.scorer import TEXTS

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
_P = ParamSpec("_P")
_R = TypeVar("_R")

_KINDS, _GAIN, _REDUNDANCY, _LEXICAL, _TOTAL = (
    len(KINDS),
    KINDS.index("gain"),
    KINDS.index("redundancy"),
    LEXICAL,
    TOTAL,
)
_LINE, _AHEAD = 64, 12
"""Bytes of a line of the processor's cache, and how many pairs ahead what they hold is fetched."""
_SCALE = 10.0**DIGITS
_TEXTS, _IS_TEXT = len(TEXTS), tuple(kind in TEXTS for kind in range(_KINDS))
_LEVELS, _KNOTS, _TIE, _SHAPE = scales.LEVELS, scales.KNOTS, scales.TIE, scales.SHAPE
_LAST, _TOP_NATS, _REACH = scales.LAST, scales.TOP_NATS, scales.MAX_REACH


def _compiled(function: Callable[_P, _R], *, lanes: bool = False, within: bool = False) -> Callable[_P, _R]:
    """`function`, compiled; lanes: a sum may be taken in several of them; within: made part of what calls it."""
    loose: bool | set[str] = {"reassoc", "nsz", "contract"} if lanes else False
    try:
        return numba.njit(cache=True, error_model="numpy", fastmath=loose, forceinline=within)(function)
    except RuntimeError:  # no folder that a cache could stand in
        return numba.njit(error_model="numpy", fastmath=loose, forceinline=within)(function)


def _within(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compiled into what calls it: where a call would take as long as what it does."""
    return _compiled(function, within=True)


def _summed(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compiled for speed of a sum, which is rounded afterwards or exact in any order."""
    return _compiled(function, lanes=True, within=True)


@intrinsic
def _prefetch(typing: Any, address: Any) -> Any:  # noqa: ANN401 - numba's own
    """Have the processor read a line of its cache, without waiting for it."""
    del typing, address

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        del context, signature
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind, name = ir.FunctionType(ir.VoidType(), [byte, number, number, number]), "llvm.prefetch.p0i8"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [builder.inttoptr(arguments[0], byte), number(0), number(3), number(1)])
        return number(0)

    return numba.types.int32(numba.types.uintp), code


@_within
def _fetch(first: int, size: int) -> None:
    """Have `size` bytes from the address `first` on at hand: pairs drawn by chance would be waited for, each at its turn."""
    for place in range(0, size, _LINE):
        _prefetch(np.uintp(first + place))  # type: ignore[call-arg]  # numba gives the first


@_summed
def _dot(one: Singles, row: int, other: Singles, at: int) -> float:
    total = 0.0
    for place in range(one.shape[1]):
        total += np.float64(one[row, place]) * np.float64(other[at, place])
    return total


@_summed
def _rough(one: Singles, row: int, other: Singles, at: int) -> np.float32:
    """`_dot` in float32, which is off by no more than d * 2**-23 for unit vectors of d numbers."""
    total = np.float32(0.0)
    for place in range(one.shape[1]):
        total += one[row, place] * other[at, place]
    return total


@_within
def _rounded(value: float) -> float:
    return float(np.rint(value * _SCALE) / _SCALE)


@_compiled
def _silent(vectors: Singles, row: int) -> bool:
    return not np.any(vectors[row])


@_compiled
def cosines(vectors: Singles, rows_a: Ints, rows_b: Ints, out: Floats) -> None:
    """Fill out (k,) with the cosines of `evidence.symmetric_evidence`, NaN where either row is the zero vector."""
    first, size = vectors.ctypes.data, vectors.strides[0]
    for pair in range(len(rows_a)):
        if pair + _AHEAD < len(rows_b):
            _fetch(first + rows_b[pair + _AHEAD] * size, size)
        a, b = rows_a[pair], rows_b[pair]
        out[pair] = _rounded(_dot(vectors, a, vectors, b))
        if out[pair] == 0.0 and (_silent(vectors, a) or _silent(vectors, b)):
            out[pair] = math.nan


@_compiled
def gains(
    goals: Singles,
    goal_offsets: Ints,
    floors: Singles,
    offers: Singles,
    offer_offsets: Ints,
    receivers: Ints,
    givers: Ints,
    out: Floats,
) -> None:
    """Fill out (k,) with `gain.directed_gain` of each receiver from its giver; floors: (g,) `gain.floor` of the goals' marks."""
    unsure = goals.shape[1] * 2.0**-23
    for pair in range(len(receivers)):
        first, last = goal_offsets[receivers[pair]], goal_offsets[receivers[pair] + 1]
        low, high = offer_offsets[givers[pair]], offer_offsets[givers[pair] + 1]
        total = 0.0
        for goal in range(first, last):
            near = -math.inf
            for offer in range(low, high):
                near = max(near, float(_rough(goals, goal, offers, offer)))
            if near <= floors[goal] - unsure:  # most goals are met by nobody's offers: no need to know how far exactly
                continue
            best = -math.inf
            for offer in range(low, high):
                best = max(best, _dot(goals, goal, offers, offer))
            total += max(best - np.float64(floors[goal]), 0.0)
        known = first < last and low < high
        out[pair] = np.float32(_rounded(total / (last - first))) if known else math.nan


@_compiled
def lexical(terms: Codes, values: Singles, offsets: Ints, rows_a: Ints, rows_b: Ints, out: Floats) -> None:
    """Fill out (k,) with `LexicalIndex.pairs`."""
    for pair in range(len(rows_a)):
        if pair + _AHEAD < len(rows_b):
            low, high = offsets[rows_b[pair + _AHEAD]], offsets[rows_b[pair + _AHEAD] + 1]
            _fetch(terms.ctypes.data + low * terms.itemsize, (high - low) * terms.itemsize)
            _fetch(values.ctypes.data + low * values.itemsize, (high - low) * values.itemsize)
        one, one_end = offsets[rows_a[pair]], offsets[rows_a[pair] + 1]
        other, other_end = offsets[rows_b[pair]], offsets[rows_b[pair] + 1]
        total = 0.0
        while one < one_end and other < other_end:
            mine, theirs = terms[one], terms[other]
            if mine == theirs:
                total += np.float64(np.float32(values[other] * values[one]))
            one += mine <= theirs
            other += theirs <= mine
        out[pair] = min(total, 1.0)


@_compiled
def shared_weights(codes: Codes, offsets: Ints, weights: Singles, rows_a: Ints, rows_b: Ints, out: Floats) -> None:
    """Fill out (k,) with the summed weight of the codes that both rows have, as `LabelSets.shared`."""
    for pair in range(len(rows_a)):
        one, one_end = offsets[rows_a[pair]], offsets[rows_a[pair] + 1]
        other, other_end = offsets[rows_b[pair]], offsets[rows_b[pair] + 1]
        total = 0.0
        while one < one_end and other < other_end:
            mine, theirs = codes[one], codes[other]
            if mine == theirs:
                total += np.float64(weights[mine])
            one += mine <= theirs
            other += theirs <= mine
        out[pair] = total


@_compiled
def shared_counts(codes: Codes, offsets: Ints, rows_a: Ints, rows_b: Ints, out: Ints) -> None:
    """Fill out (k,) with the number of ascending codes that both rows have, as `AccountSets.shared`."""
    for pair in range(len(rows_a)):
        one, one_end = offsets[rows_a[pair]], offsets[rows_a[pair] + 1]
        other, other_end = offsets[rows_b[pair]], offsets[rows_b[pair] + 1]
        found = 0
        while one < one_end and other < other_end:
            mine, theirs = codes[one], codes[other]
            found += mine == theirs
            one += mine <= theirs
            other += theirs <= mine
        out[pair] = found


@_summed
def _below(knots: Singles, row: int, kind: int, x: np.float32) -> int:
    """How many knots are below x, counted in float32, which the processor has wide registers for."""
    count = np.float32(0.0)
    for knot in range(_KNOTS):
        count += np.float32(1.0) if knots[row, kind, knot] < x else np.float32(0.0)
    return int(count)


@_summed
def _upto(knots: Singles, row: int, kind: int, x: np.float32) -> int:
    """How many knots are below x or x itself."""
    count = np.float32(0.0)
    for knot in range(_KNOTS):
        count += np.float32(1.0) if knots[row, kind, knot] <= x else np.float32(0.0)
    return int(count)


@_within
def _read(knots: Singles, width: Singles, row: int, kind: int, x: float) -> tuple[float, float]:
    """As `scales.read` of one value: its surprise in nats, and its percentile."""
    upto = np.float32(x + _TIE)
    low = _below(knots, row, kind, np.float32(x - _TIE))
    place = low
    if low < _KNOTS and knots[row, kind, low] <= upto:  # a knot that equals x but for rounding
        high = _upto(knots, row, kind, upto)
        if high - low >= 2:
            share = 0.5 * (_LEVELS[low] + _LEVELS[high - 1])
            return -math.log(1.0 - share), share
        place += int(np.float64(knots[row, kind, low]) < x)
    if place == _KNOTS:
        excess = min((x - np.float64(knots[row, kind, _LAST])) / np.float64(width[row, kind]), _REACH)
        nats = _TOP_NATS + math.log(1.0 + _SHAPE * excess) / _SHAPE
        return nats, -math.expm1(-nats)
    if place == 0:
        beneath = max(np.float64(knots[row, kind, 0]) - x, 0.0)
        share = _LEVELS[0] / (1.0 + beneath / np.float64(width[row, kind]))
    else:
        left, right = np.float64(knots[row, kind, place - 1]), np.float64(knots[row, kind, place])
        gap, rise = right - left, _LEVELS[place] - _LEVELS[place - 1]
        share = _LEVELS[place - 1] + (x - left) / (gap if gap > 0.0 else 1.0) * rise
    return -math.log(1.0 - share), share


@_compiled
def prior(
    knots: Singles,
    width: Singles,
    weights: Floats,
    goaled: Flags,
    rows_a: Ints,
    rows_b: Ints,
    raw: Floats,
    back: Floats,
    strength: Floats,
    nats: Floats,
    standing: Floats,
    alike: Floats,
) -> None:
    """Both directions of `prior.both_ways`, and `scorer.likeness`.

    weights: (2, kinds) of a receiver without goals and with; goaled: (n,) who has some; raw: (kinds, k) as a sees it; back: (k,)
    the gain as b sees it; strength: (k,). Fills nats (2, k), the surprise of the totals to a and to b; standing (kinds, k), mean
    percentiles in [0, 1) of both sides, NaN where unknown; alike (k,), nats.
    """
    first, size = knots.ctypes.data, knots.strides[0]
    for pair in range(len(rows_a)):
        if pair + _AHEAD < len(rows_b):
            _fetch(first + rows_b[pair + _AHEAD] * size, size)
        texts = 0.0
        for way in range(2):
            row = rows_b[pair] if way else rows_a[pair]
            mine = int(goaled[row])
            shares, total = 0.0, 0.0
            for kind in range(_KINDS):
                x = back[pair] if way and kind == _GAIN else raw[kind, pair]
                if math.isnan(x):
                    standing[kind, pair] = math.nan
                    continue
                surprise, share = _read(knots, width, row, kind, x)
                standing[kind, pair] = 0.5 * share + (standing[kind, pair] if way else 0.0)
                weight = weights[mine, kind] * (strength[pair] if kind == _LEXICAL else 1.0)
                shares += weight
                total += weight * (1.0 - share if kind == _REDUNDANCY else surprise)
                texts += surprise if _IS_TEXT[kind] else 0.0
            nats[way, pair] = _read(knots, width, row, _TOTAL, total / max(shares, 1e-12))[0]
        alike[pair] = texts / (2 * _TEXTS)


@_compiled
def _mix(codes: Ints, weights: Floats, label: Ints, target: Floats) -> int:
    """The mix of `diversity._Mix`: fills label (kinds, m), each candidate's numbered through all kinds, and target (labels,), the
    share of each; returns how many there are.
    """
    seen, known = np.empty(codes.size, dtype=np.int64), 0
    for kind in range(len(codes)):
        begun, mass = known, 0.0
        for one in range(codes.shape[1]):
            place = begun
            while place < known and seen[place] != codes[kind, one]:
                place += 1
            if place == known:
                seen[place], target[place] = codes[kind, one], 0.0
                known += 1
            label[kind, one] = place
            target[place] += weights[one] + 1e-9
            mass += weights[one] + 1e-9
        target[begun:known] /= mass
    return known


@_compiled
def _drift(target: Floats, counts: Floats, turn: int, gained: Floats) -> float:
    """KL(p || q~) of a list of `turn` and one that has no label, in nats; fills gained (labels,), what a label takes from it."""
    without, part = 0.0, (1.0 - SMOOTHING) / (turn + 1)
    for place in range(len(target)):
        now = part * counts[place] + SMOOTHING * target[place]
        without += target[place] * math.log(target[place] / now)
        gained[place] = target[place] * math.log1p(part / now)
    return without


@_compiled
def _best(score: Floats, free: Flags, barred: bool) -> int:
    """Place of the first of the highest scores, of those that are free if others are barred."""
    pick = -1
    for one in range(len(score)):
        if (free[one] or not barred) and (pick < 0 or score[one] > score[pick]):
            pick = one
    return pick


@_compiled
def greedy(
    relevant: Floats,
    similarity: Singles,
    pool: Ints,
    codes: Ints,
    free: Flags,
    k: int,
    diversity: float,
    limit: int,
) -> tuple[Ints, Floats]:
    """As `diversity.greedy`."""
    kinds, size = codes.shape
    label, target = np.empty((kinds, size), dtype=np.int64), np.empty(kinds * size)
    target = target[: _mix(codes, np.maximum(relevant, 0.0), label, target)]
    counts, gained = np.zeros(len(target)), np.empty(len(target))
    left, spent = np.sum(free), 0
    open_, nearest, score = (1.0 - diversity) * relevant, np.zeros(size), relevant.copy()
    chosen, won = np.empty(min(k, size), dtype=np.int64), np.empty(min(k, size))
    for turn in range(len(chosen)):
        if turn:
            without = _drift(target, counts, turn, gained)
            for one in range(size):
                met = 0.0
                for kind in range(kinds):
                    met += gained[label[kind, one]]
                score[one] = open_[one] - 0.5 * diversity * (nearest[one] + (without - met) / max(kinds, 1))
        pick = _best(score, free, bool(left > 0 and spent >= (limit if turn else 0)))
        chosen[turn], won[turn] = pick, score[pick]
        open_[pick] = -math.inf
        for kind in range(kinds):
            counts[label[kind, pick]] += 1.0
        for one in range(size):
            nearest[one] = max(nearest[one], np.float64(similarity[pool[pick], pool[one]]))
        left -= free[pick]
        spent += not free[pick]
    return chosen, won
