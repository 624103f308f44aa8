"""The course of two partners in one facet: how far apart they will be, whether they come closer, and whether that can be said."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from matchmaker.trajectories import distance
from matchmaker.trajectories.distance import Z80
from matchmaker.trajectories.field import YEAR, Floats, Ints, Singles
from matchmaker.trajectories.lines import FEWEST, Lines

CONVERGING, PARALLEL, DIVERGING, INSUFFICIENT = "converging", "parallel", "diverging", "insufficient data"
STILL = 0.1
"""Two whose distance changes within the horizon by surely less than this share of it keep it: parallel."""
_FAR = 200.0
"""Years that a date can be away."""


@dataclass(frozen=True)
class Span:
    """A figure with its 80 % interval; None where an end is open."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Approach:
    """Closest approach. years: from the last snapshot, negative for the past; date: the same as a day."""

    years: Span
    date: dt.date


@dataclass(frozen=True)
class Course:
    """Two partners in one facet.

    verdict: converging, parallel, diverging or insufficient data; reason: why; direction: "closer" or "apart", what the snapshots
    point to even where they are too few, None where one of the two was seen once only; snapshots: how many there are of either;
    now, then: distance at the last snapshot and at the horizon; within: probability of standing within `radius` at the horizon;
    speed: distance lost a year, negative where it grows; approach: only where its interval excludes zero.
    Of fewer than four snapshots of either, `then`, `within`, `speed` and `approach` are None.
    """

    verdict: str
    reason: str
    direction: str | None
    snapshots: tuple[int, int]
    radius: float
    now: Span | None
    then: Span | None = None
    within: float | None = None
    speed: Span | None = None
    approach: Approach | None = None


def courses_of(lines: Lines, row: int, others: Ints, *, years: float, radius: float, last: dt.date) -> list[Course]:
    """Courses of partner `row` with each of `others` (m,).

    years: horizon, above 0; radius: distance at which two count as met; last: day of the last snapshot.
    """
    gap = _Gap.of(lines, row, others)
    now = _spans(distance.sums(gap.p, gap.s))
    ahead = distance.sums(gap.p + years * gap.v, gap.s + 2 * years * gap.c + years**2 * gap.u + years * gap.w)
    then, within = _spans(ahead), distance.probability_within(ahead, radius).tolist()
    growth = distance.closing(gap.p, gap.v, gap.s, gap.c, gap.u)
    spread = np.sqrt(growth.variance)
    length = np.maximum([one.value for one in now], 1e-12)
    speeds = np.stack([growth.mean, growth.mean + Z80 * spread, growth.mean - Z80 * spread]) / -length
    found = []
    for place, other in enumerate(others.tolist()):
        seen = (int(lines.seen[row]), int(lines.seen[other]))
        direction = None if min(seen) < 2 else "closer" if growth.mean[place] < 0 else "apart"
        if min(seen) < FEWEST:
            found.append(
                Course(INSUFFICIENT, _too_few(seen), direction, seen, radius, now[place] if min(seen) else None)
            )
            continue
        speed = Span(*speeds[:, place].tolist())
        verdict, reason = _verdict(speed, now[place].value, years)
        sure = abs(growth.mean[place]) > Z80 * spread[place]
        approach = _approach(gap, place, last) if sure else None
        found.append(
            Course(verdict, reason, direction, seen, radius, now[place], then[place], within[place], speed, approach)
        )
    return found


def meeting_time(course: Course, years: float) -> float:
    """Years from the last snapshot to the closest approach, at most the horizon, and the horizon where none is told."""
    return years if course.approach is None else min(max(course.approach.years.value, 0.0), years)


def _too_few(seen: tuple[int, int]) -> str:
    if not min(seen):
        return "one of the two was never seen in this facet"
    counts = " and ".join(f"{one} {'time' if one == 1 else 'times'}" for one in seen)
    told = "a direction" if min(seen) > 1 else "where they stand"
    return f"the two were seen {counts}; of fewer than {FEWEST} snapshots no more than {told} is told"


def _verdict(speed: Span, length: float, years: float) -> tuple[str, str]:
    low, high = speed.low or 0.0, speed.high or 0.0
    apart = f"their distance, {length:.2f} by all snapshots,"
    changes = f"{-high:+.2f} to {-low:+.2f} a year in four cases of five"
    if max(abs(low), abs(high)) * years < STILL * length:
        return PARALLEL, f"{apart} changes by {changes}: less than a tenth of it within the horizon"
    if low > 0:
        return (
            CONVERGING,
            f"{apart} shrinks by {speed.value:.2f} a year ({low:.2f} to {high:.2f} in four cases of five)",
        )
    if high < 0:
        return (
            DIVERGING,
            f"{apart} grows by {-speed.value:.2f} a year ({-high:.2f} to {-low:.2f} in four cases of five)",
        )
    return INSUFFICIENT, f"{apart} may shrink or grow: it changes by {changes}"


@dataclass(frozen=True)
class _Gap:
    """Differences to partners: position p, velocity v, their variances s, u and covariance c, and w the variance that a year of
    wandering adds, each (m, k).
    """

    p: Floats
    v: Floats
    s: Floats
    c: Floats
    u: Floats
    w: Floats

    @classmethod
    def of(cls, lines: Lines, row: int, others: Ints) -> _Gap:
        def less(part: Singles) -> Floats:
            return np.asarray(np.subtract(part[row], part[others], dtype=np.float64))

        def both(part: Singles) -> Floats:
            return np.asarray(np.add(part[row], part[others], dtype=np.float64))

        return cls(
            less(lines.position),
            less(lines.velocity),
            both(lines.var_position),
            both(lines.covariance),
            both(lines.var_velocity),
            both(lines.wander[:, None] * lines.noise),
        )


def _spans(of: distance.Sums) -> list[Span]:
    return [Span(*one) for one in np.stack([distance.quantile(of, z) for z in (0.0, -Z80, Z80)], axis=1).tolist()]


def _approach(gap: _Gap, place: int, last: dt.date) -> Approach | None:
    """Time at which the squared distance stops to shrink, with the interval of Fieller: the times at which its growth
    g(t) = dp . dv + t dv . dv is not told from zero. E g(t) = a + b t and Var g(t) = q0 + q1 t + q2 t², so that its ends are the
    roots of (a + b t)² = z² (q0 + q1 t + q2 t²). For pairs whose interval excludes t = 0. Source: Fieller, JRSS B 1954.
    """
    p, v, s, c, u = (part[place] for part in (gap.p, gap.v, gap.s, gap.c, gap.u))
    a, b = float((p * v + c).sum()), float((v * v + u).sum())
    if b <= 0:
        return None
    z = Z80 * Z80
    roots = _roots(
        b * b - z * float((4 * v * v * u + 2 * u * u).sum()),
        2 * a * b - z * float((4 * p * v * u + 4 * v * v * c + 4 * c * u).sum()),
        a * a - z * float((p * p * u + v * v * s + 2 * p * v * c + s * u + c * c).sum()),
    )
    middle = -a / b
    ends = sorted((root for root in roots if root * middle > 0), key=abs)
    near, far = ends[0] if ends else None, ends[1] if len(ends) > 1 else None
    low, high = (near, far) if middle > 0 else (far, near)
    day = last + dt.timedelta(days=max(min(middle, _FAR), -_FAR) * YEAR)
    return Approach(Span(middle, low, high), day)


def _roots(second: float, first: float, zeroth: float) -> tuple[float, ...]:
    """Real roots of a quadratic whose `zeroth` is above 0, in the form that loses no digits."""
    inside = first * first - 4 * second * zeroth
    if inside < 0:
        return ()
    part = -(first + math.copysign(math.sqrt(inside), first)) / 2
    return tuple(one for one in (part / second if second else None, zeroth / part if part else None) if one is not None)
